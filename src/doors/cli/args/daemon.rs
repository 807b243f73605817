//! The words of `vx daemon`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::values::duration;
use crate::doors::daemon::{DEFAULT_IDLE, EventType};

pub(super) const DAEMON_NOTES: &str = "\
Nothing needs the daemon: every command works without it. VX_DAEMON=off keeps clients from it, VX_DAEMON=require makes it \
an error that none runs. See docs/clients/daemon.md for the protocol.";

/// The commands of `vx daemon`.
#[derive(Debug, Subcommand)]
pub(in crate::doors::cli) enum DaemonCommand {
    /// Start it, and return once it is ready.
    Start(IdleArguments),
    /// Ask it to end, and return once it is gone.
    Stop,
    /// Stop it, and start it again.
    Restart(IdleArguments),
    /// Show whether it runs: exit code 0 if it does, 3 if not.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Be the daemon, in the foreground: for service managers.
    Run {
        #[command(flatten)]
        idle: IdleArguments,
        /// Answer one client on standard input and output instead, and end with it.
        #[arg(long, conflicts_with = "idle")]
        stdio: bool,
    },
    /// Print its log.
    Logs,
    /// Call a method, and print the answer as JSON.
    Call {
        /// The method, such as `vx/status`.
        method: String,
        /// The parameters, as JSON.
        params: Option<String>,
    },
    /// Print events as they come, a line of JSON each.
    #[command(after_help = EVENTS_HELP)]
    Events {
        /// Only these.
        #[arg(long = "type", value_name = "TYPE", value_parser = event_types())]
        types: Vec<String>,
        /// Directories whose `vx.toml` and `vx.lock`, with those above, are watched [default: the working directory].
        #[arg(long, value_name = "DIR")]
        directory: Vec<PathBuf>,
    },
}

/// The end of the help of `vx daemon events`.
const EVENTS_HELP: &str =
    "It goes on when the daemon is restarted, and ends with exit code 1 if none comes back within 30 s.";

fn event_types() -> PossibleValuesParser {
    PossibleValuesParser::new(EventType::ALL.map(EventType::name))
}

/// The time after which a daemon that is not needed ends.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct IdleArguments {
    /// End after this time without a client or work, 10m without it; 0 is never.
    #[arg(long, value_name = "TIME", value_parser = idle)]
    idle: Option<Idle>,
}

/// A limit; `None` is never.
#[derive(Clone, Copy, Debug)]
struct Idle(Option<Duration>);

impl IdleArguments {
    /// The limit; `None` is never.
    pub(in crate::doors::cli) fn limit(&self) -> Option<Duration> {
        self.idle.map_or(Some(DEFAULT_IDLE), |Idle(limit)| limit)
    }

    /// The same as words of a command line.
    pub(in crate::doors::cli) fn words(&self) -> Vec<OsString> {
        match self.idle {
            None => Vec::new(),
            Some(Idle(None)) => vec!["--idle".into(), "0".into()],
            Some(Idle(Some(limit))) => vec!["--idle".into(), format!("{}ms", limit.as_millis()).into()],
        }
    }
}

fn idle(text: &str) -> Result<Idle, String> {
    if text == "0" { Ok(Idle(None)) } else { duration(text).map(|limit| Idle(Some(limit))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_handed_on_as_it_was_given() {
        for (text, limit) in [("0", None), ("90s", Some(Duration::from_secs(90))), ("10m", Some(DEFAULT_IDLE))] {
            let given = IdleArguments { idle: Some(idle(text).expect(text)) };
            assert_eq!(given.limit(), limit);
            let words = given.words();
            let again = idle(&words[1].to_string_lossy()).expect("it is read again");
            assert_eq!(again.0, limit);
        }
        assert!(idle("-1s").is_err() && idle("soon").is_err());
        assert_eq!(IdleArguments { idle: None }.limit(), Some(DEFAULT_IDLE));
    }
}
