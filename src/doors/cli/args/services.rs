//! The words of the commands about services.

use clap::Args;
use jiff::Timestamp;
use regex_lite::Regex;

use vx_services::entries::{Level, since};

pub(super) const UP_NOTES: &str = "\
Without NAME the services belong to this command: it prints what they print, on a terminal above a line for each, and \
Ctrl-C stops them; a second Ctrl-C kills. `vx top` shows them from any other terminal.\n\
With NAME or `--detach` it returns once they are ready, with one line each; they run until `vx down` or `vx stop`.\n\
Services that run and are declared otherwise now start again; those that are not declared any more stop.\n\
Exit codes: 0 ready, or stopped on request; 1 a service ended before it was ready, or failed; 2 wrong configuration.";

/// Arguments of `vx up`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct UpArguments {
    /// Only these services, with those that they need.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Return once they are ready; they go on until `vx down`.
    #[arg(long, conflicts_with = "foreground")]
    pub detach: bool,
    /// Stay, print what they print, and stop them at the end, also with NAME.
    #[arg(long)]
    pub foreground: bool,
    /// Stay, and show them on the whole screen, also with NAME; leaving it stops them or lets them go on.
    #[arg(long, conflicts_with_all = ["detach", "json"])]
    pub tui: bool,
    /// Ignore the mouse in that view.
    #[arg(long, requires = "tui")]
    pub no_mouse: bool,
    /// Print the services that are ready as JSON.
    #[arg(long, conflicts_with = "foreground")]
    pub json: bool,
    /// Do not install missing tools first.
    #[arg(long)]
    pub no_sync: bool,
    /// Leave services that run and are declared otherwise now, or no more, as they are, and name them.
    #[arg(long)]
    pub no_restart: bool,
}

/// Arguments of `vx ps`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct PsArguments {
    /// Everything that is known of each.
    #[arg(long)]
    pub long: bool,
    /// The services of all projects of this user, also of those whose supervisor was killed.
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
    /// Go on with what they print from now on.
    #[arg(long, short)]
    pub follow: bool,
    /// The number of lines.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 200)]
    pub lines: usize,
    /// None older than this: a duration such as `5m`, or a time.
    #[arg(long, value_name = "TIME", value_parser = moment_since)]
    pub since: Option<Timestamp>,
    /// None of a lower level: debug, info, warn or error.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub level: Option<Level>,
    /// Only lines in which this regular expression is found.
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
