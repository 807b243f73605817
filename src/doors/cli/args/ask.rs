//! The arguments of a request to a runner.

use clap::Args;

pub(super) const STOP_NOTES: &str = "\
Asks the process to end, and kills it three seconds later; a command under `vx board run` after two, a service \
after its own time. Waits for the end of a service; for other work use `vx board wait --for KEY=ended`.";

/// Arguments of a request for one piece of work.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct AskArguments {
    /// The key of its slot, as `vx top` shows it.
    pub key: String,
    /// The board: a parent's process id, a name or a file. By default the newest one at work that has the key.
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,
    /// Print the request as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `vx stop`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct StopArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub asked: AskArguments,
    /// Kill it at once, with everything that it started.
    #[arg(long)]
    pub kill: bool,
}
