//! Repairing releases: each is installed again, and replaces the damaged one once it is complete.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::slice;
use std::sync::Arc;

use vx_base::trouble::{Trouble, TroubleKind};
use vx_fetch::Sources;
use vx_plan::{PlanStep, ResolvedTool, Resolver, ToolResolution};
use vx_project::{Lock, Project, ToolRequest};
use vx_shm::{BoardSubject, Kind};

use super::carry_out::{RunAssignment, carry_out};
use super::installing::request;
use super::releases;
use crate::tools::installs::wanted_by::{WantedRelease, wanted_by};
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::options::RunOptions;
use crate::workspace::frontend::run::{DeclarationLocations, Purpose, RunOutcome};
use crate::workspace::project::{Access, Faults, ProjectPlace, Workspace};

/// Install these releases again, as a run with these options and `--force` would. The frontend gets a notice of each
/// release for which no source was found. Returns `None` if that was so for all of them.
///
/// # Errors
/// The run did not start.
pub fn repair(
    workspace: &Workspace,
    wants: &[WantedRelease],
    options: &RunOptions,
    frontend: &dyn Frontend,
) -> Result<Option<RunOutcome>, WorkError> {
    workspace.notice_old_lock(frontend);
    let options = RunOptions { force: true, ..options.clone() };
    let elsewhere = wanted_by(&workspace.home);
    let mut steps = Vec::new();
    for want in wants {
        let others = elsewhere.get(want).map(Vec::as_slice).unwrap_or_default();
        match steps_for(workspace, others, want, &options, frontend) {
            Ok(found) => steps.extend(found),
            Err(trouble) => {
                let subject = format!("{} {}", want.tool, want.version);
                frontend.notice(Notice::NotMended(trouble.about(subject)));
            }
        }
    }
    if steps.is_empty() {
        return Ok(None);
    }
    let view = frontend.view()?;
    let (purpose, home) = (Purpose::Repair, &workspace.home);
    let subject = BoardSubject { kind: Some(Kind::Install), ..BoardSubject::titled("doctor") };
    let (configured_jobs, declared) = (None, DeclarationLocations::default());
    let assignment = RunAssignment { purpose, subject, home, options: &options, configured_jobs, declared };
    carry_out(steps, &assignment, view, frontend).map(Some)
}

/// The steps for a release: from this project's lock, from another project's, or else by tool and version alone.
fn steps_for(
    workspace: &Workspace,
    others: &[PathBuf],
    want: &WantedRelease,
    options: &RunOptions,
    frontend: &dyn Frontend,
) -> Result<Vec<PlanStep>, Trouble> {
    if let Some(steps) = by_lock(workspace, want, options) {
        return Ok(steps);
    }
    for directory in others {
        let place = ProjectPlace::At(directory.clone());
        let Ok(other) = Workspace::open(workspace.home.clone(), &place, Faults::Refuse, frontend) else { continue };
        other.notice_old_lock(frontend);
        if let Some(steps) = by_lock(&other, want, options) {
            return Ok(steps);
        }
    }
    by_name(workspace, want, options)
}

fn by_lock(workspace: &Workspace, want: &WantedRelease, options: &RunOptions) -> Option<Vec<PlanStep>> {
    let locked = workspace.lock.tools.get(&want.tool).filter(|locked| locked.version == want.version)?;
    let ask = workspace.project.tools.iter().find(|ask| ask.name == want.tool)?;
    let sources = Arc::new(workspace.sources(Access::Network));
    let lock = Lock { tools: BTreeMap::from([(want.tool.clone(), locked.clone())]) };
    let resolver = Resolver { frozen: true, lock: &lock, ..workspace.resolver(&sources) };
    let wanted = resolve(&resolver, ask).ok()?;
    Some(again(workspace, wanted, &sources, options))
}

/// The steps for a release that no known lock names, by its tool and version.
///
/// The settings of the current project, such as its mirrors and `require_signatures`, also apply to these downloads,
/// even though that project may not want the release: one command works with one workspace. Its tools, lock and order
/// of sources don't apply.
fn by_name(workspace: &Workspace, want: &WantedRelease, options: &RunOptions) -> Result<Vec<PlanStep>, Trouble> {
    let none = Project::none(&workspace.project.directory);
    let ask =
        request(&format!("{}@{}", want.tool, want.version), &none).map_err(|error| Trouble::from_error(&error))?;
    let sources = Arc::new(workspace.sources(Access::Network));
    let resolver = Resolver {
        order: &[],
        lock: &Lock::default(),
        pins: &BTreeMap::new(),
        all_platforms: false,
        declared: &[],
        ..workspace.resolver(&sources)
    };
    let wanted = resolve(&resolver, &ask)?;
    Ok(again(workspace, wanted, &sources, options))
}

fn resolve(resolver: &Resolver<'_>, ask: &ToolRequest) -> Result<Vec<ResolvedTool>, Trouble> {
    let wanted = resolver.resolve(slice::from_ref(ask), |_| false).wanted;
    match wanted.first().map(|wanted| &wanted.found) {
        Some(ToolResolution::Release(_)) => Ok(wanted),
        Some(ToolResolution::Nothing { error }) => Err(error.clone()),
        _ => Err(Trouble::new(TroubleKind::NotFound, "no source is known for it")),
    }
}

fn again(
    workspace: &Workspace,
    wanted: Vec<ResolvedTool>,
    sources: &Arc<Sources>,
    options: &RunOptions,
) -> Vec<PlanStep> {
    let plan = releases::plan_for(&workspace.home, sources, wanted, true);
    releases::steps(plan, &workspace.home, sources, options)
}
