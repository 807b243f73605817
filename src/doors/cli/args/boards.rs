//! The arguments of `vx board`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};

use super::put::{CloseArguments, CreateArguments, PUT_EXAMPLES, PutArguments};
use super::run::ExportArguments;
use super::values::{duration, moment};
use super::wrap::{WRAP_EXAMPLES, WrapArguments};
use crate::boards::follow::RunWaitCondition;
use crate::boards::waiting::WorkWaitCondition;

/// The commands for boards.
#[derive(Debug, Subcommand)]
pub(in crate::doors::cli) enum BoardCommand {
    /// List the boards of this user's runs, newest first.
    Ls {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// List the recordings of the last runs instead, for `vx top` and `vx board export`.
        #[arg(long, conflicts_with = "json")]
        recordings: bool,
    },
    /// Print or save the content of a board.
    Dump {
        /// The board: a parent's process id, a name, a file, a dump, or a recording; the newest board by default.
        board: Option<String>,
        /// For a recording: the board at this time after its creation, such as `12.5s`; by default at its end.
        #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "raw")]
        at: Option<Duration>,
        /// Save the board itself to this file, which can be read like a live board.
        #[arg(long, value_name = "FILE")]
        raw: Option<PathBuf>,
        #[command(flatten)]
        #[allow(missing_docs)]
        format: DumpFormat,
    },
    /// Make a trace or a page of timings from a recording, or from a board that was recorded.
    #[command(group(clap::ArgGroup::new("into").args(["trace", "timings"]).required(true).multiple(true)))]
    Export {
        /// The recording, or the board: a parent's process id, a name, a file, or a dump; the newest board by default.
        board: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs)]
        into: ExportArguments,
    },
    /// Print a JSON line for each change until the run ends.
    Watch(WatchArguments),
    /// Wait until a run has ended, or some of its work is ready, done or over.
    ///
    /// The exit code is 0 if the result is the expected one, 1 if it is another, and 124 if the timeout passed first.
    Wait(WaitArguments),
    /// Put the progress of the calling script on a board.
    ///
    /// The first call with a key takes a slot for the script; later calls change the named values and leave the rest.
    /// Simultaneous calls take effect one after the other. A key that another process writes is refused.
    #[command(after_long_help = PUT_EXAMPLES)]
    Put(PutArguments),
    /// Run a command with its progress on a board, read from what it prints.
    ///
    /// Output, exit code and signals stay the command's own. The board is the one that `--board` names, else the
    /// calling script's, else a new one, and `vx top` shows it.
    #[command(after_long_help = WRAP_EXAMPLES)]
    Run(WrapArguments),
    /// Make a board for the calling script, and print its file.
    ///
    /// The board belongs to the script: it counts as abandoned if the script ends without `vx board close`.
    Create(CreateArguments),
    /// Close the calling script's board with a result; no more changes follow.
    Close(CloseArguments),
    /// Remove old boards of ended runs and old recordings.
    ///
    /// Boards are kept for an hour, at most 32; recordings for a week, at most 32 and 8 MiB.
    Gc,
}

/// Arguments of `vx board wait`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct WaitArguments {
    /// The board: a parent's process id, a name or a file; the newest by default.
    pub board: Option<String>,
    /// The expected result of the whole run.
    #[arg(long, value_enum, default_value_t = RunWaitCondition::Done)]
    pub until: RunWaitCondition,
    /// Wait only for this work: until it is `ready` to be used, is `done`, or has `ended`, no matter how. If given
    /// several times, waits for all of them. The work may not have a slot yet.
    #[arg(long = "for", value_name = "KEY=STATE", conflicts_with = "until")]
    pub wanted: Vec<WorkWaitCondition>,
    /// Give up after this long, such as `90s`.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `vx board watch`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct WatchArguments {
    /// The board: a parent's process id, a name or a file; the newest by default.
    pub board: Option<String>,
    /// Only changes of a state: reserved, claimed, done, failed. Between them the command sleeps and reads nothing.
    #[arg(long, conflicts_with = "every")]
    pub states: bool,
    /// The interval for reading numbers, texts and lost processes while a process is at work; a change of a state is
    /// printed at once.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "100ms")]
    pub every: Duration,
}

/// The names of the outcomes to wait for.
impl ValueEnum for RunWaitCondition {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Done, Self::Failed]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Done => PossibleValue::new("done").help("All requested work has succeeded"),
            Self::Failed => PossibleValue::new("failed").help("Something failed"),
        })
    }
}

/// The output form of `vx board dump`; text by default.
#[derive(Debug, Clone, Copy, Args)]
#[group(multiple = false)]
pub(in crate::doors::cli) struct DumpFormat {
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// As comma-separated values.
    #[arg(long)]
    pub csv: bool,
    /// As a table.
    #[arg(long)]
    pub text: bool,
}
