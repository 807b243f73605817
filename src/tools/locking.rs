//! Locking: resolve every tool of a project for every platform, and write the lock file.

mod digests;

use vx_base::paths::Home;
use vx_fetch::Artifact;
use vx_plan::{Resolution, Resolver, ToolResolution};
use vx_project::ToolRequest;
use vx_project::trust::ActingPart;

use crate::tools::installs::server_wait_notice::naming_the_silent;
use crate::tools::installs::syncing::{check_tools, of_catalogue};
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::project::{Access, Faults, ProjectPlace, Workspace, check_entries};
use crate::workspace::withheld_notice::tell;
use digests::ArchiveDigestFetcher;

/// The tools whose versions are chosen again, within their requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// No tools: entries that fit stay.
    Nothing,
    /// These tools, or all tools if empty.
    Tools(Vec<String>),
}

/// The options of locking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockOptions {
    /// The tools that are locked again at their versions, from what their sources offer now; if empty, all tools are
    /// brought up to date with the project.
    pub tools: Vec<String>,
    /// The tools whose versions are chosen again.
    pub upgrade: Upgrade,
}

impl Default for LockOptions {
    /// All tools, at the versions that fit.
    fn default() -> Self {
        Self { tools: Vec::new(), upgrade: Upgrade::Nothing }
    }
}

/// The outcome of locking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockOutcome {
    /// The number of tools in the project.
    pub tools: usize,
    /// The number of tools that could not be locked; a notice has the reason for each.
    pub failed: usize,
    /// Whether the lock file was written.
    pub written: bool,
    /// Whether the lock file keeps an old format, since pins would be lost.
    pub old_kept: bool,
}

/// The state of a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockState {
    /// Each difference between the lock and the project, in a sentence.
    pub differences: Vec<String>,
    /// Whether the lock pins versions in an old format.
    pub old: bool,
}

impl LockState {
    /// Whether locking would change nothing, as far as that is known without a request to a source.
    pub fn fits(&self) -> bool {
        self.differences.is_empty() && !self.old
    }
}

/// Compare the lock of the project at `place` with the project, without a request to a source.
///
/// # Errors
/// The project or its lock cannot be used.
pub fn lock_state(home: Home, place: &ProjectPlace, frontend: &dyn Frontend) -> Result<LockState, WorkError> {
    let workspace = Workspace::open(home, place, Faults::Refuse, frontend)?;
    workspace.notice_old_lock(frontend);
    let mut differences = workspace.lock_differences(&workspace.project.tools);
    let sources = workspace.sources(Access::Offline);
    let forged = workspace.resolver(&sources).forged(&workspace.project.tools);
    differences.extend(forged.iter().map(ToString::to_string));
    Ok(LockState { differences, old: !workspace.lock_origin.pins().is_empty() })
}

/// Bring the lock file up to date with the project, or lock some tools again.
///
/// # Errors
/// Nothing could be locked; or the consent for a tool is missing, while the others are locked. Tools that fail for
/// other reasons are part of the outcome.
pub fn lock(
    home: Home,
    place: &ProjectPlace,
    options: &LockOptions,
    frontend: &dyn Frontend,
) -> Result<LockOutcome, WorkError> {
    let mut workspace = Workspace::open(home, place, Faults::Refuse, frontend)?;
    workspace.notice_old_lock(frontend);
    let asked = workspace.select(&options.tools)?;
    let upgrade: Vec<String> = match &options.upgrade {
        Upgrade::Nothing => Vec::new(),
        Upgrade::Tools(named) if named.is_empty() => asked.iter().map(|ask| ask.name.clone()).collect(),
        Upgrade::Tools(named) => workspace.select(named)?.into_iter().map(|tool| tool.name).collect(),
    };
    // A cached list of versions may lack the newest version, and a cached document may differ from the registry's.
    let anew = !upgrade.is_empty() || !options.tools.is_empty();
    tell(&workspace.home, &workspace.consent, frontend);
    let (asked, withheld) = of_catalogue(&workspace, lockable(&workspace, asked));
    let sources = workspace.sources(if anew { Access::NetworkAnew } else { Access::Network });
    let home = workspace.home.clone();
    let digests = ArchiveDigestFetcher::new(&home, sources.trust(), frontend);
    let digest_of = |artifact: &Artifact| digests.get(artifact);
    let resolver = Resolver { digest_of: Some(&digest_of), renewed: &options.tools, ..workspace.resolver(&sources) };
    check_tools(&resolver, &asked)?;
    let upgraded = |tool: &str| upgrade.iter().any(|name| name == tool);
    let kept: Vec<ToolRequest> = asked.iter().filter(|ask| !upgraded(&ask.name)).cloned().collect();
    check_entries(&resolver, &kept)?;
    let resolution = naming_the_silent(&sources, frontend, || resolver.resolve_completely(&asked, upgraded));
    let failed = notice_all(&workspace, &resolution, frontend);
    let written = workspace.write_lock(resolution.locked, frontend)?;
    if !withheld.is_empty() && written {
        frontend.notice(Notice::LockWritten);
    }
    if !withheld.is_empty() {
        return Err(workspace.consent.refusal(&withheld));
    }
    Ok(LockOutcome { tools: asked.len(), failed, written, old_kept: !workspace.lock_origin.pins().is_empty() })
}

/// These tools, withheld only for reasons that matter to locking: a post-install command does not run here, so it does
/// not withhold its tool.
fn lockable(workspace: &Workspace, asked: Vec<ToolRequest>) -> Vec<ToolRequest> {
    let consent = &workspace.consent;
    let elsewhere = |tool: &str| {
        let parts = consent.withheld().iter().filter(|part| !matches!(part, ActingPart::PostInstall { .. }));
        parts.filter_map(ActingPart::withholds).any(|withheld| withheld == tool)
    };
    asked.into_iter().map(|ask| ToolRequest { withheld: ask.withheld && elsewhere(&ask.name), ..ask }).collect()
}

/// Send a notice of each tool that failed or changes. Returns the number of required tools that failed.
fn notice_all(workspace: &Workspace, resolution: &Resolution, frontend: &dyn Frontend) -> usize {
    let mut failed = 0;
    for wanted in &resolution.wanted {
        if let ToolResolution::Nothing { error } = &wanted.found {
            let error = error.clone().about(&wanted.tool);
            failed += usize::from(!wanted.optional);
            frontend.notice(if wanted.optional { Notice::Resolution(error) } else { Notice::NotLocked(error) });
        }
    }
    for warning in &resolution.warnings {
        frontend.notice(Notice::Resolution(warning.clone()));
    }
    for remark in &resolution.ages {
        frontend.notice(Notice::Age(remark.clone()));
    }
    for (tool, entry) in &resolution.locked {
        let before = workspace.lock.tools.get(tool);
        if before != Some(entry) {
            let before = before.map(|before| before.version.clone());
            frontend.notice(Notice::Locked { tool: tool.clone(), before, entry: entry.clone() });
        }
    }
    failed
}
