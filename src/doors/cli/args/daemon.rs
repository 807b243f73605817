//! The arguments of `vx daemon`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::values::duration;
use crate::doors::daemon::{DEFAULT_IDLE, EventType};

pub(super) const DAEMON_NOTES: &str = "\
Every command works without the daemon. With VX_DAEMON=off clients don't use it; with VX_DAEMON=require they fail if \
none runs. docs/clients/daemon.md describes the protocol.";

/// The commands of `vx daemon`.
#[derive(Debug, Subcommand)]
pub(in crate::doors::cli) enum DaemonCommand {
    /// Start it, and return once it is ready.
    Start(IdleArguments),
    /// Ask it to end, and return once it has ended.
    Stop,
    /// Stop it, and start it again.
    Restart(IdleArguments),
    /// Show whether it runs: exit code 0 if it does, 3 if it doesn't.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run the daemon in the foreground, for service managers.
    Run {
        #[command(flatten)]
        idle: IdleArguments,
        /// Serve one client on standard input and output instead, and end with it.
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
    /// Print events as they come, one line of JSON each.
    #[command(after_help = EVENTS_HELP)]
    Events {
        /// Only events of this type.
        #[arg(long = "type", value_name = "TYPE", value_parser = event_types())]
        types: Vec<String>,
        /// Watch `vx.toml` and `vx.lock` in this directory and those above it [default: the working directory].
        #[arg(long, value_name = "DIR")]
        directory: Vec<PathBuf>,
    },
}

/// The end of the help of `vx daemon events`.
const EVENTS_HELP: &str =
    "If the daemon is restarted, the events go on; if none is back within 30 s, the command ends with exit code 1.";

fn event_types() -> PossibleValuesParser {
    PossibleValuesParser::new(EventType::ALL.map(EventType::name))
}

/// The time after which a daemon that is not needed ends.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct IdleArguments {
    /// End after this time without a client or work; 0 for never [default: 10m].
    #[arg(long, value_name = "TIME", value_parser = idle)]
    idle: Option<Idle>,
}

/// `None` for never.
#[derive(Clone, Copy, Debug)]
struct Idle(Option<Duration>);

impl IdleArguments {
    /// The limit; `None` for never.
    pub(in crate::doors::cli) fn limit(&self) -> Option<Duration> {
        self.idle.map_or(Some(DEFAULT_IDLE), |Idle(limit)| limit)
    }

    /// The same as arguments of a command line.
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
