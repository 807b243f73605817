//! Syncing: install what a project declares.

use std::slice;
use std::sync::Arc;

use super::carry_out::{Assignment, carry_out, check_places};
use super::consent::Asking;
use super::error::WorkError;
use super::frontend::Frontend;
use super::notice::Notice;
use super::options::RunOptions;
use super::releases;
use super::run::{Purpose, RunOutcome};
use super::told::tell;
use super::workspace::{Access, Faults, Place, Workspace, check_entries};
use crate::install::sweep;
use crate::paths::Home;
use crate::project::ToolRequest;
use crate::sync::{Plan, Resolution, Resolved, ResolvedTool, Resolver, Want, remember};
use crate::trouble::Trouble;

/// The options of a sync.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncOptions {
    /// The tools; all when none is named.
    pub tools: Vec<String>,
    /// Refuse to run if the lock does not match the project.
    pub locked: bool,
    /// Use the lock alone, even if it does not match the project.
    pub frozen: bool,
    /// Refuse to run if one of the tools cannot be had at all, so that nothing is begun.
    pub strict: bool,
    /// Plan only, and change nothing.
    pub plan_only: bool,
    /// True if the tools are for a script, which runs without those that cannot be had.
    pub for_script: bool,
    /// The way to get the consent of the project's user, if it is lacking.
    pub asking: Asking,
    /// Make a board even if there is nothing to do.
    pub always_board: bool,
    /// The options of the run.
    pub run: RunOptions,
}

/// The outcome of a sync.
#[derive(Debug)]
pub enum SyncOutcome {
    /// Only a plan was asked for.
    Planned(Plan),
    /// There was nothing to do.
    UpToDate,
    /// A run was carried out.
    Ran(RunOutcome),
}

/// Install the tools that the project at `place` declares.
///
/// # Errors
/// The run did not start. A tool that fails later is part of the outcome, not an error.
pub fn sync(
    home: Home,
    place: &Place,
    options: &SyncOptions,
    frontend: &dyn Frontend,
) -> Result<SyncOutcome, WorkError> {
    let view = frontend.view()?;
    let mut workspace = Workspace::open_asking(home, place, Faults::Refuse, |_| options.asking, frontend)?;
    workspace.notice_old_lock(frontend);
    tell(&workspace.home, &workspace.consent, frontend);
    let (asked, withheld) = of_catalogue(&workspace, workspace.select(&options.tools)?);
    if asked.is_empty() && !withheld.is_empty() {
        return Err(workspace.consent.refusal(&withheld));
    }
    let sources = Arc::new(workspace.sources(Access::of_run(&options.run)));
    let resolver = Resolver { frozen: options.frozen, ..workspace.resolver(&sources) };
    if options.strict || (!options.for_script && all_refused(&resolver, &asked)) {
        check_tools(&resolver, &asked)?;
    }
    check_entries(&resolver, &asked)?;
    if options.locked {
        refuse_unlocked(&workspace, &asked)?;
    }
    let Resolution { wanted, locked, warnings, ages } = resolve(&resolver, &asked);
    for warning in warnings {
        frontend.notice(Notice::Resolution(warning));
    }
    for remark in ages {
        frontend.notice(Notice::Age(remark));
    }
    let wants = releases::wants(&wanted);
    let mut plan = releases::plan_for(&workspace.home, &sources, wanted, options.run.force);
    for doubt in plan.doubts.drain(..) {
        frontend.notice(Notice::Resolution(doubt));
    }
    if options.plan_only {
        if plan.complete() {
            complete(&workspace, &withheld)?;
        }
        return Ok(SyncOutcome::Planned(plan));
    }
    if !plan.complete() {
        check_places(&workspace.home, &options.run)?;
    }
    if !options.frozen && workspace.write_lock(locked, frontend)? {
        frontend.notice(Notice::LockWritten);
    }
    note_wants(&workspace, wants, &asked, frontend);
    // Without an install no board is needed, unless its events or files are requested.
    if plan.complete() && !options.always_board && !options.run.wants_board() {
        // Without an install, no other step would remove the leftovers of a killed run.
        sweep(&workspace.home);
        let project = workspace.project.path.clone();
        frontend.notice(Notice::UpToDate { project, tools: plan.decisions.len() });
        return complete(&workspace, &withheld).map(|()| SyncOutcome::UpToDate);
    }
    let steps = releases::steps(plan, &workspace.home, &sources, &options.run);
    let assignment = Assignment {
        purpose: if options.for_script { Purpose::Script } else { Purpose::Sync },
        title: &workspace.title(),
        home: &workspace.home,
        options: &options.run,
        configured_jobs: workspace.project.settings.jobs,
    };
    let outcome = carry_out(steps, &assignment, view, frontend)?;
    if outcome.good() {
        complete(&workspace, &withheld)?;
    }
    Ok(SyncOutcome::Ran(outcome))
}

/// The tools that may be installed, and the names of those on this system that need a consent that is lacking.
fn of_catalogue(workspace: &Workspace, asked: Vec<ToolRequest>) -> (Vec<ToolRequest>, Vec<String>) {
    let (withheld, asked): (Vec<_>, Vec<_>) = asked.into_iter().partition(|ask| ask.withheld);
    let here = withheld.into_iter().filter(|ask| ask.wanted_on(workspace.platform.os));
    (asked, here.map(|ask| ask.name).collect())
}

/// The error of the tools that were left out.
fn complete(workspace: &Workspace, withheld: &[String]) -> Result<(), WorkError> {
    if withheld.is_empty() { Ok(()) } else { Err(workspace.consent.refusal(withheld)) }
}

/// Resolve these tools. A tool that needs an undeclared one fails alone, and so does one that vx does not know.
fn resolve(resolver: &Resolver<'_>, asked: &[ToolRequest]) -> Resolution {
    let undeclared = resolver.undeclared(asked);
    let is_alone = |ask: &ToolRequest| undeclared.iter().any(|error| error.tool == ask.name);
    let usable: Vec<ToolRequest> = asked.iter().filter(|ask| !is_alone(ask)).cloned().collect();
    let mut resolution = resolver.resolve(&usable, |_| false);
    for error in &undeclared {
        let optional = asked.iter().any(|ask| ask.name == error.tool && ask.optional);
        let found = Resolved::Nothing { error: Trouble::of(error) };
        resolution.wanted.push(ResolvedTool { tool: error.tool.clone(), optional, found });
    }
    resolution
}

/// True if vx knows how to get none of these tools: then the configuration is wrong, and nothing is begun.
fn all_refused(resolver: &Resolver<'_>, asked: &[ToolRequest]) -> bool {
    asked.iter().all(|ask| check_tools(resolver, slice::from_ref(ask)).is_err())
}

/// Check that vx knows how to get each tool that is not optional, and that the tools that others need are declared.
pub(super) fn check_tools(resolver: &Resolver<'_>, asked: &[ToolRequest]) -> Result<(), WorkError> {
    let needed: Vec<ToolRequest> = asked.iter().filter(|ask| !ask.optional).cloned().collect();
    resolver.recipes(&needed).map_err(WorkError::NoRecipes)?;
    match resolver.undeclared(&needed) {
        undeclared if undeclared.is_empty() => Ok(()),
        undeclared => Err(WorkError::Undeclared(undeclared)),
    }
}

fn refuse_unlocked(workspace: &Workspace, asked: &[ToolRequest]) -> Result<(), WorkError> {
    match workspace.lock_differences(asked) {
        differences if differences.is_empty() => Ok(()),
        differences => Err(WorkError::Unlocked { differences }),
    }
}

/// Record the releases that the project wants. If that fails, only the project's name is missing in `vx list`.
fn note_wants(workspace: &Workspace, wants: Vec<Want>, asked: &[ToolRequest], frontend: &dyn Frontend) {
    // Keep the records of tools that were not part of this sync.
    let unasked = |known: &Want| {
        let declared = workspace.project.tools.iter().any(|tool| tool.name == known.tool);
        declared && !asked.iter().any(|ask| ask.name == known.tool)
    };
    if let Err(error) = remember(&workspace.home, &workspace.project.directory, wants, unasked) {
        frontend.notice(Notice::WantsNotNoted(error));
    }
}
