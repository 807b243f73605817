//! What `vx doctor --fix` has to ask others for: locking the project, installing releases again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use crate::cli::args::{DoctorArguments, OutputArguments, RunArguments};
use crate::cli::carry_out::{Errand, carry_out};
use crate::cli::failure::Failure;
use crate::cli::show::choose_view;
use crate::cli::workspace::{Workspace, platform, sources};
use crate::cli::{install, lock as lock_command, print, releases};
use crate::paths::Home;
use crate::project::{Lock, Settings, ToolRequest};
use crate::source::Sources;
use crate::sync::{Found, Resolver, Step, Want, Wanted, wanted_by};

/// Lock the project; false when nothing came of it, which has been told.
pub(super) fn lock(project: Option<&Path>) -> bool {
    let locked = Workspace::open(project).and_then(|mut workspace| lock_command::lock(&mut workspace, &[]));
    match locked {
        Ok((_, changed)) => changed,
        Err(failure) => {
            failure.report();
            false
        }
    }
}

/// Install these releases again, each in the place of what is there once it is whole. What fails is told.
pub(super) fn install(home: &Home, project: Option<&Path>, wanted: &[(String, String)], arguments: &DoctorArguments) {
    let run = run_arguments(arguments);
    let own = Workspace::open(project).ok();
    let elsewhere = wanted_by(home);
    let mut steps = Vec::new();
    for (tool, version) in wanted {
        let want = Want { tool: tool.clone(), version: version.clone() };
        let others = elsewhere.get(&want).map(Vec::as_slice).unwrap_or_default();
        match step(home, own.as_ref(), others, &want, &run) {
            Ok(found) => steps.extend(found),
            Err(failure) => {
                print::error(format_args!("{tool} {version}: {failure}"), None);
            }
        }
    }
    if steps.is_empty() {
        return;
    }
    let view = match choose_view(&run.output) {
        Ok(view) => view,
        Err(failure) => {
            failure.report();
            return;
        }
    };
    let errand = Errand { title: "doctor", home, view, run: &run, configured_jobs: None, again: "vx doctor --fix" };
    if let Err(failure) = carry_out(steps, &errand) {
        failure.report();
    }
}

/// How to install a release: as this project locks it, else as another does, else by its name.
fn step(
    home: &Home,
    own: Option<&Workspace>,
    others: &[PathBuf],
    want: &Want,
    run: &RunArguments,
) -> Result<Vec<Step>, Failure> {
    if let Some(steps) = own.and_then(|workspace| by_lock(workspace, want, run)) {
        return Ok(steps);
    }
    for directory in others {
        let opened = Workspace::open(Some(directory)).ok();
        if let Some(steps) = opened.and_then(|workspace| by_lock(&workspace, want, run)) {
            return Ok(steps);
        }
    }
    by_name(home, want, run)
}

fn by_lock(workspace: &Workspace, want: &Want, run: &RunArguments) -> Option<Vec<Step>> {
    let locked = workspace.lock.tools.get(&want.tool).filter(|locked| locked.version == want.version)?;
    let ask = workspace.project.tools.iter().find(|ask| ask.name == want.tool)?;
    let sources = Arc::new(workspace.sources(false));
    let lock = Lock { tools: BTreeMap::from([(want.tool.clone(), locked.clone())]) };
    let resolver = Resolver { frozen: true, lock: &lock, ..workspace.resolver(&sources) };
    let wanted = resolve(&resolver, ask).ok()?;
    Some(again(&workspace.home, wanted, &sources, run))
}

fn by_name(home: &Home, want: &Want, run: &RunArguments) -> Result<Vec<Step>, Failure> {
    let ask = install::request(&format!("{}@{}", want.tool, want.version), None)?;
    let sources = Arc::new(sources(home, home.root(), &Settings::default(), false));
    let resolver = Resolver {
        sources: &sources,
        platform: platform()?,
        order: &[],
        lock: &Lock::default(),
        pins: &BTreeMap::new(),
        frozen: false,
        all_platforms: false,
        declared: &[],
        digest_of: None,
    };
    let wanted = resolve(&resolver, &ask)?;
    Ok(again(home, wanted, &sources, run))
}

fn resolve(resolver: &Resolver<'_>, ask: &ToolRequest) -> Result<Vec<Wanted>, Failure> {
    let wanted = resolver.resolve(slice::from_ref(ask), |_| false).wanted;
    match wanted.first().map(|wanted| &wanted.found) {
        Some(Found::Release(_)) => Ok(wanted),
        Some(Found::Nothing { error }) => Err(Failure::failed(error)),
        _ => Err(Failure::failed("nobody says where it comes from")),
    }
}

fn again(home: &Home, wanted: Vec<Wanted>, sources: &Arc<Sources>, run: &RunArguments) -> Vec<Step> {
    releases::steps(releases::plan_for(home, wanted, true), home, sources, run)
}

fn run_arguments(arguments: &DoctorArguments) -> RunArguments {
    RunArguments {
        // Standard output holds nothing but the document then.
        output: OutputArguments { headless: arguments.json, ..OutputArguments::default() },
        force: true,
        offline: arguments.offline,
        ..RunArguments::default()
    }
}
