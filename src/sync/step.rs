//! What a run consists of: one step per tool, decided before anything starts.

use vx_shm::SlotState;

use crate::config::InstallConfig;

/// What has to happen with one tool.
#[derive(Debug)]
pub struct Step {
    /// The tool, by its name in `vx.toml`.
    pub tool: String,
    /// The exact version; empty where none could be found.
    pub version: String,
    /// What to do.
    pub action: Action,
}

/// What to do with one tool.
pub enum Action {
    /// Install it in a child process.
    Install(Preparation),
    /// Nothing: it is there, or not for this machine.
    Skip {
        /// Why nothing has to be done.
        reason: String,
    },
    /// Nothing can be done: no release was found for what was asked.
    Fail {
        /// Why, with what to do next.
        error: String,
    },
}

/// Makes the configuration of an install, which may have to ask where its archives are; the error says why it cannot
/// be made, with what to do next. It runs while other installs are at work already, and again for each retry.
pub(super) type Preparation = Box<dyn Fn() -> Result<InstallConfig, String> + Send + Sync>;

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Install(_) => f.write_str("Install"),
            Self::Skip { reason } => write!(f, "Skip({reason})"),
            Self::Fail { error } => write!(f, "Fail({error})"),
        }
    }
}

/// How one step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepEnd {
    /// The tool.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// `Done`, `Failed`, `Cancelled`, `Skipped` or `Died`.
    pub state: SlotState,
}

/// How a whole run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunEnd {
    /// Each step, in the plan's order.
    pub steps: Vec<StepEnd>,
    /// Whether somebody asked for the run to stop.
    pub cancelled: bool,
}

impl RunEnd {
    /// Whether every tool is there.
    pub fn success(&self) -> bool {
        !self.cancelled && self.steps.iter().all(|step| step.state.good())
    }
}
