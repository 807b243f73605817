//! Syncing: install what a project declares and inherits.

mod share;

use std::slice;

use vx_base::paths::Home;
use vx_plan::{Plan, Resolver};
use vx_project::ToolRequest;
use vx_run::project_key;
use vx_shm::{BoardSubject, Kind};
use vx_store::sweep;

use super::carry_out::{RunAssignment, carry_out, check_places};
use super::releases;
use super::strays::end_strays_of_killed;
use crate::tools::installs::wanted_by::{WantedRelease, remember};
use crate::workspace::consent::ConsentSource;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::options::RunOptions;
use crate::workspace::frontend::run::{Purpose, RunOutcome};
use crate::workspace::project::{Faults, ProjectPlace, Workspace, check_entries};
pub(crate) use share::of_catalogue;
use share::{ResolvedShare, Share};

/// The options of a sync.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncOptions {
    /// The tools; all tools if empty.
    pub tools: Vec<String>,
    /// Refuse to run if the lock does not match the project.
    pub locked: bool,
    /// Use only the lock, even if it does not match the project.
    pub frozen: bool,
    /// Refuse to run if vx does not know how to get one of the tools, so that nothing is started.
    pub strict: bool,
    /// Only plan, and change nothing.
    pub plan_only: bool,
    /// Whether the tools are for a script, which runs without tools that cannot be installed.
    pub for_script: bool,
    /// How to get the user's consent, if it is missing.
    pub asking: ConsentSource,
    /// Make a board even if there is nothing to do.
    pub always_board: bool,
    /// The options of the run.
    pub run: RunOptions,
}

/// The outcome of a sync.
#[derive(Debug)]
pub enum SyncOutcome {
    /// Only a plan was requested.
    Planned(Plan),
    /// There was nothing to do.
    UpToDate,
    /// A run was carried out.
    Ran(RunOutcome),
}

/// Install the tools that the project at `place` declares or inherits. Each is resolved and locked by the project that
/// declares it.
///
/// # Errors
/// The run did not start. A tool that fails later is part of the outcome, not an error.
pub fn sync(
    home: Home,
    place: &ProjectPlace,
    options: &SyncOptions,
    frontend: &dyn Frontend,
) -> Result<SyncOutcome, WorkError> {
    let view = frontend.view()?;
    let mut workspace = Workspace::open_asking(home, place, Faults::Refuse, |_| options.asking, frontend)?;
    let shares = Share::all(&workspace, options, frontend)?;
    if shares.iter().all(|share| share.asked.is_empty()) {
        complete(&workspace, &shares)?;
    }
    check(&workspace, &shares, options)?;
    let mut resolved = share::resolve(&workspace, &shares, options, frontend);
    let up_to_date = resolved.iter().all(|resolved| resolved.plan.complete());
    if options.plan_only {
        if up_to_date {
            complete(&workspace, &shares)?;
        }
        return Ok(SyncOutcome::Planned(Plan::joined(resolved.into_iter().map(|resolved| resolved.plan))));
    }
    if !up_to_date {
        check_places(&workspace.home, &options.run)?;
    }
    keep(&mut workspace, &shares, &mut resolved, options.frozen, frontend)?;
    // Without an install no board is needed, unless its events or files are requested.
    if up_to_date && !options.always_board && !options.run.wants_board() {
        // Without an install, no other step would remove the leftovers of a killed run.
        end_strays_of_killed(&workspace.home, frontend);
        sweep(&workspace.home);
        let project = workspace.project.path.clone();
        let tools = resolved.iter().map(|resolved| resolved.plan.decisions.len()).sum();
        frontend.notice(Notice::UpToDate { project, tools });
        return complete(&workspace, &shares).map(|()| SyncOutcome::UpToDate);
    }
    let steps = shares
        .iter()
        .zip(resolved)
        .flat_map(|(share, resolved)| releases::steps(resolved.plan, &workspace.home, &share.sources, &options.run));
    let (title, project) = (workspace.title(), project_key(&workspace.project.directory));
    let subject = BoardSubject { title: &title, kind: Some(Kind::Install), project: Some(&project) };
    let assignment = RunAssignment {
        purpose: if options.for_script { Purpose::Script } else { Purpose::Sync },
        subject,
        home: &workspace.home,
        options: &options.run,
        configured_jobs: workspace.project.settings.jobs,
        declared: share::declared(&workspace, &shares),
    };
    let outcome = carry_out(steps.collect(), &assignment, view, frontend)?;
    if outcome.good() {
        complete(&workspace, &shares)?;
    }
    Ok(SyncOutcome::Ran(outcome))
}

/// Check everything that forbids starting.
fn check(workspace: &Workspace, shares: &[Share], options: &SyncOptions) -> Result<(), WorkError> {
    let is_refused = |share: &Share| all_refused(&share.resolver(workspace, options.frozen), &share.asked);
    let refused = !options.for_script && shares.iter().all(is_refused);
    for share in shares {
        let resolver = share.resolver(workspace, options.frozen);
        if options.strict || refused {
            check_tools(&resolver, &share.asked)?;
        }
        check_entries(&resolver, &share.asked)?;
    }
    if options.locked { check_locks(workspace, shares) } else { Ok(()) }
}

/// Check that the lock of each project fits the tools that the project contributes.
fn check_locks(workspace: &Workspace, shares: &[Share]) -> Result<(), WorkError> {
    let (mut differences, mut first) = (Vec::new(), None);
    for share in shares {
        differences.extend(share.lock_differences(workspace));
        first = first.or_else(|| (!differences.is_empty()).then_some(share.depth));
    }
    let Some(depth) = first else { return Ok(()) };
    let above = (depth > 0).then(|| workspace.at_depth(depth).project.directory.clone());
    Err(WorkError::Unlocked { differences, above })
}

/// Store what was resolved: in the lock of each project, and in the record of the releases it wants. The lock of a
/// project further up is written only if it lacks an entry; if it cannot be written, the frontend gets a notice.
fn keep(
    workspace: &mut Workspace,
    shares: &[Share],
    resolved: &mut [ResolvedShare],
    frozen: bool,
    frontend: &dyn Frontend,
) -> Result<(), WorkError> {
    for (share, resolved) in shares.iter().zip(resolved) {
        let of = workspace.at_depth_mut(share.depth);
        let locked = std::mem::take(&mut resolved.locked);
        let inherited = share.depth > 0;
        let kept = frozen || (inherited && locked.is_empty());
        if !kept {
            match of.write_lock(locked, frontend) {
                Ok(true) if inherited => frontend.notice(Notice::LockWrittenAbove { path: of.lock_path().to_owned() }),
                Ok(true) => frontend.notice(Notice::LockWritten),
                Err(WorkError::LockWrite(error)) if inherited => frontend.notice(Notice::LockKept(error)),
                written => drop(written?),
            }
        }
        note_wants(of, std::mem::take(&mut resolved.wants), &share.asked, frontend);
    }
    Ok(())
}

/// Fail if tools were left out because consent is missing.
fn complete(workspace: &Workspace, shares: &[Share]) -> Result<(), WorkError> {
    let lacking = shares.iter().find(|share| !share.withheld.is_empty());
    lacking.map_or(Ok(()), |share| Err(workspace.at_depth(share.depth).consent.refusal(&share.withheld)))
}

/// Whether vx does not know how to get any of these tools: then the configuration is wrong, and nothing is started.
fn all_refused(resolver: &Resolver<'_>, asked: &[ToolRequest]) -> bool {
    asked.iter().all(|ask| check_tools(resolver, slice::from_ref(ask)).is_err())
}

/// Check that vx knows how to get each tool that is not optional, and that the tools that others need are declared.
pub(crate) fn check_tools(resolver: &Resolver<'_>, asked: &[ToolRequest]) -> Result<(), WorkError> {
    let needed: Vec<ToolRequest> = asked.iter().filter(|ask| !ask.optional).cloned().collect();
    resolver.recipes(&needed).map_err(WorkError::NoRecipes)?;
    match resolver.undeclared(&needed) {
        undeclared if undeclared.is_empty() => Ok(()),
        undeclared => Err(WorkError::Undeclared(undeclared)),
    }
}

/// Record the releases that the project wants. If that fails, `vx list` just does not name the project.
fn note_wants(workspace: &Workspace, wants: Vec<WantedRelease>, asked: &[ToolRequest], frontend: &dyn Frontend) {
    // Keep the records of tools that were not part of this sync.
    let unasked = |known: &WantedRelease| {
        let declared = workspace.project.tools.iter().any(|tool| tool.name == known.tool);
        declared && !asked.iter().any(|ask| ask.name == known.tool)
    };
    if let Err(error) = remember(&workspace.home, &workspace.project.directory, wants, unasked) {
        frontend.notice(Notice::WantsNotNoted(error));
    }
}
