//! The tools of a project that have newer versions than its lock: within its requests, and overall.

use vx_base::paths::Home;
use vx_base::system::parallel::in_parallel;
use vx_base::trouble::Trouble;
use vx_plan::Newest;

use crate::tools::installs::server_wait_notice::naming_the_silent;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::project::{Access, Faults, ProjectPlace, Workspace};

/// How many tools are asked about at once.
const TOOLS_AT_ONCE: usize = 32;

/// A tool with its locked and its newest versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolVersions {
    /// The tool.
    pub tool: String,
    /// The project's request.
    pub request: String,
    /// The version in the lock, which may have an old format.
    pub locked: Option<String>,
    /// The newest versions.
    pub newest: Newest,
}

/// The versions of each tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outdated {
    /// The number of tools asked about.
    pub asked: usize,
    /// The tools that have a list of versions, including those that are up to date.
    pub tools: Vec<ToolVersions>,
    /// The reason for each tool whose source did not answer.
    pub failed: Vec<Trouble>,
}

impl ToolVersions {
    /// Whether locking it again would change its version.
    pub fn upgradable(&self) -> bool {
        self.locked.as_deref() != Some(&self.newest.matching)
    }

    /// Whether there is no newer version that may be chosen.
    pub fn up_to_date(&self) -> bool {
        !self.upgradable() && self.newest.latest == self.newest.matching
    }

    /// Whether a newer version is still too young.
    pub fn has_soon(&self) -> bool {
        self.newest.matching_soon.is_some() || self.newest.latest_soon.is_some()
    }
}

/// Ask for the newest versions of these tools of a project, or of all its tools if empty.
///
/// # Errors
/// The project cannot be used, or does not declare one of the tools.
pub fn outdated(
    home: Home,
    place: &ProjectPlace,
    tools: &[String],
    frontend: &dyn Frontend,
) -> Result<Outdated, WorkError> {
    let workspace = Workspace::open(home, place, Faults::Refuse, frontend)?;
    workspace.notice_old_lock(frontend);
    let asked = workspace.select(tools)?;
    let sources = workspace.sources(Access::NetworkAnew);
    let resolver = workspace.resolver(&sources);
    resolver.recipes(&asked).map_err(WorkError::NoRecipes)?;
    let ask_all = || in_parallel(asked.iter().collect(), TOOLS_AT_ONCE, |ask| (ask, resolver.newest(ask)));
    let answers = naming_the_silent(&sources, frontend, ask_all);
    let mut outdated = Outdated { asked: asked.len(), ..Outdated::default() };
    for (ask, answer) in answers {
        match answer {
            None => {}
            Some(Err(error)) => outdated.failed.push(error.about(&ask.name)),
            Some(Ok(newest)) => outdated.tools.push(ToolVersions {
                tool: ask.name.clone(),
                request: ask.request.text().to_owned(),
                locked: locked(&workspace, &ask.name),
                newest,
            }),
        }
    }
    Ok(outdated)
}

/// The version that a lock of any format names.
fn locked(workspace: &Workspace, tool: &str) -> Option<String> {
    let current = workspace.lock.tools.get(tool).map(|locked| locked.version.clone());
    current.or_else(|| workspace.lock_origin.pins().get(tool).cloned())
}
