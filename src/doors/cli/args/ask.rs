//! The words of a request to a runner.

use clap::Args;

pub(super) const STOP_NOTES: &str = "\
Its process is asked to end, and killed three seconds later; a command under `vx board run` after two, \
a service after its own time. A service is waited for; for other work `vx board wait --for KEY=ended` does.";

/// Arguments of a request for one piece of work.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct AskArguments {
    /// The key of its slot, as `vx top` shows it.
    pub key: String,
    /// The board: a parent's process id, a name or a file. By default the newest one at work that has the key.
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,
    /// Print what was asked as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `vx stop`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct StopArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub asked: AskArguments,
    /// Kill it at once, with all that it started.
    #[arg(long)]
    pub kill: bool,
}
