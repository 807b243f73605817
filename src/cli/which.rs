//! `vx which`: where a tool's program is, for the project at hand or else of the newest release installed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::slice;

use super::failure::{FAILED, Failure, Outcome};
use super::routes::program;
use super::workspace::{Workspace, all_of};
use super::{env, print, store};
use crate::install::{Release, Store};
use crate::project::discover;
use crate::source::programs_on_path;
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

/// Run `vx which --all`.
pub(super) fn all(project: Option<&Path>, name: &str) -> Outcome {
    let routes = env::routes(project)?;
    let mut places = routes.all(name);
    let installed = Store::new(store::home()?).list().map_err(|error| Failure::hinted(FAILED, &error))?;
    let mut providing: Vec<&Release> = installed.iter().collect();
    providing.sort_by_key(|release| std::cmp::Reverse(release.receipt.installed_at));
    places.extend(providing.into_iter().filter_map(|release| program(release, name)));
    if let Some(path) = std::env::var_os("PATH") {
        places.extend(programs_on_path(name, &path));
    }
    let mut told: Vec<PathBuf> = Vec::new();
    for place in places {
        if !told.contains(&place) {
            print::data(place.display());
            told.push(place);
        }
    }
    if told.is_empty() {
        return Err(store::unknown_program(name, &routes.names()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The program that the project's own release of a tool provides, by the lock; `None` for names it does not declare.
///
/// What the project declares is answered by nothing else: another tool's program of the same name is not meant.
fn of_project(directory: Option<&Path>, name: &str) -> Result<Option<PathBuf>, Failure> {
    let workspace = Workspace::open(directory)?;
    let sources = workspace.sources(true);
    let resolver = Resolver { frozen: true, all_platforms: false, ..workspace.resolver(&sources) };
    let here = || workspace.project.tools.iter().filter(|ask| ask.wanted_on(workspace.platform.os));
    // A tool of this very name comes before one that has a program of it.
    let named = here().find(|ask| ask.name == name);
    let Some(ask) = named.or_else(|| here().find(|ask| resolver.provides(ask, name))) else { return Ok(None) };
    let store = Store::new(workspace.home.clone());
    resolver.recipes(slice::from_ref(ask)).map_err(all_of)?;
    if resolver.lockable(ask) && !workspace.lock.tools.contains_key(&ask.name) {
        return Err(not_locked(&store, &ask.name));
    }
    let resolution = resolver.resolve(slice::from_ref(ask), |_| false);
    resolution.wanted.first().map(|wanted| provided(wanted, &store, name)).transpose()
}

fn not_locked(store: &Store, tool: &str) -> Failure {
    let installed = store.list().is_ok_and(|releases| releases.iter().any(|release| release.receipt.tool == tool));
    let text = match installed {
        true => format!("{tool} is installed, and vx.lock does not say which version of it is meant"),
        false => format!("{tool} is not installed yet, nor is it in vx.lock"),
    };
    Failure::failed(text).hint("run `vx sync`")
}

fn provided(wanted: &Wanted, store: &Store, name: &str) -> Result<PathBuf, Failure> {
    let tool = &wanted.tool;
    match &wanted.found {
        Found::OnPath { program, .. } => Ok(program.clone()),
        Found::Release(release) => {
            let version = &release.version;
            let Some(installed) = store.installed(tool, version) else {
                return Err(Failure::failed(format!("{tool} {version} is not installed yet")).hint("run `vx sync`"));
            };
            program(&installed, name).ok_or_else(|| {
                Failure::failed(format!("{tool} {version} was installed without a program `{name}`"))
                    .hint(format!("install it again with `vx sync --force {tool}`"))
            })
        }
        Found::Nothing { error } => {
            let (text, hint) = error.split_once("\nhint: ").unwrap_or((error, "run `vx sync`"));
            Err(Failure::failed(format!("{tool}: {text}")).hint(hint))
        }
        Found::NotHere => Err(Failure::failed(format!("{tool} is not for this system"))),
    }
}
