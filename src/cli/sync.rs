//! `vx sync`: install what the project declares.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::{RunArguments, SyncArguments};
use super::carry_out::{Errand, carry_out, check_places};
use super::failure::{FAILED, Failure, Outcome, USAGE};
use super::show::{View, choose_view};
use super::workspace::{Workspace, all_of};
use super::{print, releases};
use crate::install::sweep;
use crate::project::ToolRequest;
use crate::sync::{Decision, Plan, Resolution, Resolver, Want, remember};

/// Run `vx sync`.
pub(super) fn run(project: Option<&Path>, arguments: &SyncArguments) -> Outcome {
    let view = choose_view(&arguments.run.output)?;
    let mut workspace = Workspace::open(project)?;
    let asked = workspace.select(&arguments.tools)?;
    let sources = Arc::new(workspace.sources(arguments.run.offline));
    let resolver = Resolver { frozen: arguments.frozen, ..workspace.resolver(&sources) };
    resolver.recipes(&asked).map_err(all_of)?;
    let undeclared = resolver.undeclared(&asked);
    if !undeclared.is_empty() {
        return Err(all_of(undeclared));
    }
    if arguments.locked {
        refuse_unlocked(&workspace, &asked)?;
    }
    let Resolution { wanted, locked, warnings } = resolver.resolve(&asked, |_| false);
    warnings.iter().for_each(print::warning);
    let wants = releases::wants(&wanted);
    let plan = releases::plan_for(&workspace.home, wanted, arguments.run.force);
    if arguments.check || arguments.dry_run {
        return preview(&plan, arguments.check);
    }
    if !plan.complete() {
        check_places(&workspace.home, &arguments.run)?;
    }
    if !arguments.frozen && workspace.write_lock(locked)? {
        print::note("wrote vx.lock");
    }
    remember_wants(&workspace, wants, &asked);
    if plan.complete() && may_stay_silent(&arguments.run, view) {
        // No install will come across what a killed run left.
        sweep(&workspace.home);
        let count = plan.decisions.len();
        let are = if count == 1 { "tool is" } else { "tools are" };
        match count {
            0 => print::note(format_args!("`{}` declares no tools", workspace.project.path.display())),
            count => print::note(format_args!("nothing to do: {count} {are} up to date")),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let title = title(&workspace);
    let steps = releases::steps(plan, &workspace.home, &sources, &arguments.run);
    let jobs = workspace.project.settings.jobs;
    let (home, run) = (&workspace.home, &arguments.run);
    carry_out(steps, &Errand { title: &title, home, view, run, configured_jobs: jobs, again: "vx sync" })
}

/// Nobody waits for a board of a run with nothing to do, unless they asked for what is made from one.
fn may_stay_silent(run: &RunArguments, view: View) -> bool {
    let asked = [&run.dump, &run.record, &run.export.trace, &run.export.timings];
    asked.iter().all(|file| file.is_none()) && view != View::Json
}

fn refuse_unlocked(workspace: &Workspace, asked: &[ToolRequest]) -> Result<(), Failure> {
    let differences = workspace.lock_differences(asked);
    if differences.is_empty() {
        return Ok(());
    }
    Err(Failure::hinted_text(
        USAGE,
        format!("vx.lock does not fit vx.toml:\n  {}", differences.join("\n  ")),
        "run `vx lock` and commit vx.lock, or leave out `--locked`",
    ))
}

fn preview(plan: &Plan, check: bool) -> Outcome {
    for (tool, decision) in &plan.decisions {
        match decision {
            Decision::Install { release, .. } => {
                let size = release.size_bytes();
                let size = if size > 0 { format!(", {:.1} MB to fetch", size as f64 / 1e6) } else { String::new() };
                print::data(format_args!("install {tool} {} from {}{size}", release.version, release.source));
            }
            Decision::Nothing { version, reason } => print::data(format_args!("keep {tool} {version} ({reason})")),
            Decision::Fail { error } => print::error(format_args!("{tool}: {error}"), None),
        }
    }
    let failed = plan.decisions.iter().any(|(_, decision)| matches!(decision, Decision::Fail { .. }));
    match (check && !plan.complete()) || failed {
        true => Ok(ExitCode::from(FAILED)),
        false => Ok(ExitCode::SUCCESS),
    }
}

/// Not knowing which project wants a release loses nothing but a column of `vx list`.
fn remember_wants(workspace: &Workspace, wants: Vec<Want>, asked: &[ToolRequest]) {
    // What this run did not look at is wanted as before.
    let unasked = |known: &Want| {
        let declared = workspace.project.tools.iter().any(|tool| tool.name == known.tool);
        declared && !asked.iter().any(|ask| ask.name == known.tool)
    };
    if let Err(error) = remember(&workspace.home, &workspace.project.directory, wants, unasked) {
        print::warning(format_args!("cannot note what this project wants: {error}"));
    }
}

/// The project's own name, else its directory's.
fn title(workspace: &Workspace) -> String {
    let named = workspace.project.entries.iter().find(|entry| entry.key == "project.name");
    if let Some(name) = named.map(|entry| entry.value.trim_matches('"')).filter(|name| !name.is_empty()) {
        return name.to_owned();
    }
    let directory = workspace.project.directory.file_name().unwrap_or_default();
    directory.to_string_lossy().into_owned()
}
