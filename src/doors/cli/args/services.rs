//! The arguments of the commands about services.

use clap::Args;
use jiff::Timestamp;
use regex_lite::Regex;

use vx_services::entries::{Level, since};

pub(super) const UP_NOTES: &str = "\
Without NAME the services belong to this command: it prints their output, on a terminal above a line for each, and \
Ctrl-C stops them; a second Ctrl-C kills them. `vx top` shows them from any other terminal.\n\
With NAME or `--detach` it returns once they are ready, with one line each; they run until `vx down` or `vx stop`.\n\
Running services whose declaration has changed are restarted; those that are no longer declared are stopped.\n\
Exit codes: 0 ready, or stopped on request; 1 a service ended before it was ready, or failed; 2 wrong configuration.";

/// Arguments of `vx up`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct UpArguments {
    /// Only these services, with the services they need.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Return once they are ready; they run until `vx down`.
    #[arg(long, conflicts_with = "foreground")]
    pub detach: bool,
    /// Stay, print their output, and stop them at the end, also with NAME.
    #[arg(long)]
    pub foreground: bool,
    /// Stay, and show them on the whole screen, also with NAME; on leaving it, choose whether they stop or go on.
    #[arg(long, conflicts_with_all = ["detach", "json"])]
    pub tui: bool,
    /// Ignore the mouse in that view.
    #[arg(long, requires = "tui")]
    pub no_mouse: bool,
    /// Print the services that are ready as JSON.
    #[arg(long, conflicts_with = "foreground")]
    pub json: bool,
    /// Don't install missing tools first.
    #[arg(long)]
    pub no_sync: bool,
    /// Leave running services as they are if their declaration has changed or is gone, and name them.
    #[arg(long)]
    pub no_restart: bool,
}

/// Arguments of `vx ps`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct PsArguments {
    /// Everything that is known about each.
    #[arg(long)]
    pub long: bool,
    /// The services of all projects of this user, including those whose supervisor was killed.
    #[arg(long)]
    pub all: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `vx logs`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct LogsArguments {
    /// Only these services.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Keep printing new lines as they come.
    #[arg(long, short)]
    pub follow: bool,
    /// The most lines to print.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 200)]
    pub lines: usize,
    /// Only lines that are no older than this: a duration such as `5m`, or a time.
    #[arg(long, value_name = "TIME", value_parser = moment_since)]
    pub since: Option<Timestamp>,
    /// Only lines of at least this level: debug, info, warn or error.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub level: Option<Level>,
    /// Only lines that match this regular expression.
    #[arg(long, value_name = "REGEX", value_parser = Regex::new)]
    pub grep: Option<Regex>,
    /// As JSON, one line each.
    #[arg(long)]
    pub json: bool,
}

fn moment_since(text: &str) -> Result<Timestamp, String> {
    since(text, Timestamp::now()).map_err(|error| error.to_string())
}

fn level(text: &str) -> Result<Level, String> {
    let found = Level::ALL.into_iter().find(|level| level.name() == text);
    found.ok_or_else(|| "expected debug, info, warn or error".to_owned())
}
