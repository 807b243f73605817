//! `vx which`: where a tool's program is, for the project at hand or else of the newest release installed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure::{FAILED, Failure, Outcome};
use super::workspace::{Workspace, all_of};
use super::{print, store};
use crate::install::{Release, Store};
use crate::project::discover;
use crate::sync::{Found, Resolver, Wanted};

/// Run `vx which`.
pub(super) fn run(project: Option<&Path>, name: &str) -> Outcome {
    let in_project = project.is_some() || discover::find(&std::env::current_dir()?).is_some();
    if in_project && let Some(path) = of_project(project, name)? {
        print::data(path.display());
        return Ok(ExitCode::SUCCESS);
    }
    let installed = Store::new(store::home()?).list().map_err(|error| Failure::hinted(FAILED, &error))?;
    // Newest installed last: `list` goes by tool, and of several releases the one made last is meant.
    let mut providing: Vec<&Release> = installed.iter().filter(|release| program(release, name).is_some()).collect();
    providing.sort_by_key(|release| release.receipt.installed_at);
    match providing.last().and_then(|release| program(release, name)) {
        Some(path) => {
            print::data(path.display());
            Ok(ExitCode::SUCCESS)
        }
        None => {
            let programs = installed.iter().flat_map(|release| &release.receipt.programs);
            let mut known: Vec<String> = programs.map(|program| program.name.clone()).collect();
            known.extend(installed.iter().map(|release| release.receipt.tool.clone()));
            Err(store::unknown_program(name, &known))
        }
    }
}

/// The program that the project's own release of a tool provides, by the lock.
fn of_project(directory: Option<&Path>, name: &str) -> Result<Option<PathBuf>, Failure> {
    let workspace = Workspace::open(directory)?;
    let sources = workspace.sources(true);
    let resolver = Resolver { frozen: true, all_platforms: false, ..workspace.resolver(&sources) };
    resolver.recipes(&workspace.project.tools).map_err(all_of)?;
    let resolution = resolver.resolve(&workspace.project.tools, |_| false);
    let store = Store::new(workspace.home.clone());
    for wanted in &resolution.wanted {
        if let Some(path) = provided(wanted, &store, name)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn provided(wanted: &Wanted, store: &Store, name: &str) -> Result<Option<PathBuf>, Failure> {
    match &wanted.found {
        Found::OnPath { program, .. } => Ok((wanted.tool == name).then(|| program.clone())),
        Found::Release(release) => {
            let own = wanted.tool == name || release.programs.iter().any(|program| program.name == name);
            match store.installed(&wanted.tool, &release.version) {
                _ if !own => Ok(None),
                Some(installed) => Ok(program(&installed, name)),
                None => {
                    let text = format!("{} {} is not installed yet", wanted.tool, release.version);
                    Err(Failure::failed(text).hint("run `vx sync`"))
                }
            }
        }
        Found::NotHere | Found::Nothing { .. } => Ok(None),
    }
}

/// The file of a release's program; for the tool's own name its first program where none is called so.
fn program(release: &Release, name: &str) -> Option<PathBuf> {
    release.program(name).or_else(|| {
        let first = release.receipt.programs.first().filter(|_| release.receipt.tool == name)?;
        release.program(&first.name)
    })
}
