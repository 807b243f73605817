//! The steps of a run: one for each tool, decided before anything starts.

use vx_base::trouble::Trouble;

use vx_store::config::InstallConfig;

/// A tool, and what is to be done for it.
#[derive(Debug)]
pub struct PlanStep {
    /// Its name in `vx.toml`.
    pub tool: String,
    /// The exact version; empty if none could be found.
    pub version: String,
    /// Size of its archives in bytes; `None` if the size of one is unknown, and without an install.
    pub size_bytes: Option<u64>,
    /// Whether the run succeeds without it.
    pub optional: bool,
    /// What to do.
    pub action: ToolAction,
}

/// What to do for a tool.
pub enum ToolAction {
    /// Install it in a child process.
    Install(Preparation),
    /// Do nothing: the tool is installed, or isn't for this machine.
    Skip {
        /// Reason, as in `up to date`.
        reason: String,
    },
    /// Fail: no release matches the request.
    Fail {
        /// Why.
        error: Trouble,
    },
}

/// Makes the configuration of an install, for which it may ask a registry for the addresses of archives. It is called
/// while other installs are already running, and again for each retry.
///
/// It reports the name of a server that doesn't answer, and `None` once that server has answered.
pub(super) type Preparation = Box<dyn Fn(ServerWaitReporter<'_>) -> Result<InstallConfig, Trouble> + Send + Sync>;

/// Shows the server that a preparation waits for.
pub type ServerWaitReporter<'w> = &'w (dyn Fn(Option<&str>) + Sync);

impl std::fmt::Debug for ToolAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Install(_) => f.write_str("Install"),
            Self::Skip { reason } => write!(f, "Skip({reason})"),
            Self::Fail { error } => write!(f, "Fail({error})"),
        }
    }
}
