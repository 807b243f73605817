//! The words of `vx board`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};
use vx_shm::{BoardState, Phase, SlotState};

use super::{ExportArguments, duration, moment};

const PUT_EXAMPLES: &str = "\
A script makes a board of its own, or joins one that is there:

  export VX_BOARD=$(vx board create --title 'nightly build')
  trap 'vx board close' EXIT
  vx board put compile --phase extracting --total 12
  for unit in src/*.c; do
      cc -c \"$unit\" && vx board put compile --done +1 --message \"$unit\"
  done
  vx board put compile --state done

`vx top`, `vx board watch` and `vx board wait` follow it from any terminal. The slot belongs to
the script: should that die, it reads as lost. Each line of a recipe of make is a shell of its own,
and make itself the one whose work it is: --owner $$PPID.";

/// What to do with boards.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BoardCommand {
    /// List the boards of this user's runs, newest first.
    Ls {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// The recordings of the last runs instead, for `vx top` and `vx board export`.
        #[arg(long, conflicts_with = "json")]
        recordings: bool,
    },
    /// Print or save what a board says.
    Dump {
        /// The board: a parent's process id, a name, a file, a dump, or a recording; the newest board when left out.
        board: Option<String>,
        /// Of a recording: how it was so long after the board was made, such as `12.5s`; its end when left out.
        #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "raw")]
        at: Option<Duration>,
        /// Save the board itself to this file, which reads like a live board.
        #[arg(long, value_name = "FILE")]
        raw: Option<PathBuf>,
        #[command(flatten)]
        #[allow(missing_docs)]
        format: DumpFormat,
    },
    /// Make a trace or a page of timings from a recording, or from what was recorded of a board.
    #[command(group(clap::ArgGroup::new("into").args(["trace", "timings"]).required(true).multiple(true)))]
    Export {
        /// The recording, or the board: a parent's process id, a name, a file, or a dump; the newest board when left out.
        board: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs)]
        into: ExportArguments,
    },
    /// Print a JSON line for each change until the run ends.
    Watch(WatchArguments),
    /// Wait until a run has ended: exit code 0 when it came out as asked for.
    Wait {
        /// The board: a parent's process id, a name or a file; the newest when left out.
        board: Option<String>,
        /// What to wait for.
        #[arg(long, value_enum, default_value_t = Until::Done)]
        until: Until,
        /// Give up after this long, such as `90s`.
        #[arg(long, value_name = "DURATION", value_parser = duration)]
        timeout: Option<Duration>,
    },
    /// Say on a board how far the calling script is.
    ///
    /// The first call with a key takes a slot for the script, later ones change what they name and leave the rest. Calls
    /// at the same time come one after the other. A key that another process writes is refused.
    #[command(after_long_help = PUT_EXAMPLES)]
    Put(PutArguments),
    /// Make a board for the calling script, and print its file.
    ///
    /// It is the script's: abandoned when the script ends without `vx board close`.
    Create(CreateArguments),
    /// Say what became of the calling script's board: nothing more will come.
    Close(CloseArguments),
    /// Remove old boards of ended runs and old recordings.
    ///
    /// Boards are kept for an hour, at most 32; recordings for a week, at most 32 and 8 MiB.
    Gc,
}

/// How `vx board watch` works.
#[derive(Debug, Args)]
pub(in crate::cli) struct WatchArguments {
    /// The board: a parent's process id, a name or a file; the newest when left out.
    pub board: Option<String>,
    /// Only changes of a state: reserved, claimed, done, failed. Between them it sleeps and looks at nothing.
    #[arg(long, conflicts_with = "every")]
    pub states: bool,
    /// Look for numbers, texts and lost processes this often while somebody is at work; a change of a state is printed
    /// at once.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "100ms")]
    pub every: Duration,
}

/// What `vx board put` says.
#[derive(Debug, Args)]
pub(in crate::cli) struct PutArguments {
    /// What the slot is about; one slot a key.
    pub key: String,
    /// What is going on. Entering another phase sets `done` to 0 and forgets the total.
    #[arg(long, value_enum)]
    pub phase: Option<PhaseName>,
    /// Work finished in this phase: a number, or `+N` for so much more than before.
    #[arg(long, value_name = "N|+N", value_parser = done)]
    pub done: Option<Done>,
    /// Work there is in this phase.
    #[arg(long, value_name = "N")]
    pub total: Option<u64>,
    /// One line about what is going on (78 bytes).
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// A longer text (110 bytes).
    #[arg(long, value_name = "TEXT")]
    pub details: Option<String>,
    /// The version of what it is about; told with the first call, it stays.
    #[arg(long, value_name = "TEXT")]
    pub version: Option<String>,
    /// End the slot. One that has ended already stays as it is.
    #[arg(long, value_enum)]
    pub state: Option<EndState>,
    /// Why it failed or was cancelled (870 bytes).
    #[arg(long, value_name = "TEXT", requires = "state")]
    pub error: Option<String>,
    /// The board: a parent's process id, a name or a file. When left out, the one that the script or the run that it
    /// belongs to has made.
    #[arg(long, value_name = "BOARD", env = "VX_BOARD", hide_env_values = true)]
    pub board: Option<String>,
    /// The process whose work this is [default: the script that calls].
    #[arg(long, value_name = "PID")]
    pub owner: Option<u32>,
}

/// How `vx board create` works.
#[derive(Debug, Args)]
pub(in crate::cli) struct CreateArguments {
    /// A name for it; one of a board that is over can be given again. Without a name it is known by the script's process
    /// id.
    pub name: Option<String>,
    /// What the board is about [default: the name, or the working directory's].
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// How many slots it has.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub slots: u32,
    /// The process whose board it is [default: the script that calls].
    #[arg(long, value_name = "PID")]
    pub owner: Option<u32>,
}

/// How `vx board close` works.
#[derive(Debug, Args)]
pub(in crate::cli) struct CloseArguments {
    /// The board: its owner's process id, a name or a file. When left out, the one that the script has made.
    #[arg(env = "VX_BOARD", hide_env_values = true)]
    pub board: Option<String>,
    /// What became of it [default: what its slots say; failed where one has not ended].
    #[arg(long, value_enum)]
    pub state: Option<ClosedState>,
    /// The process whose board it is [default: the script that calls].
    #[arg(long, value_name = "PID")]
    pub owner: Option<u32>,
}

/// What `vx board wait` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Until {
    /// Everything asked for is there.
    Done,
    /// Something failed.
    Failed,
}

/// How `vx board dump` prints; text when nothing is asked for.
#[derive(Debug, Clone, Copy, Args)]
#[group(multiple = false)]
pub(in crate::cli) struct DumpFormat {
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

/// Work finished, as a script says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Done {
    /// So much.
    At(u64),
    /// So much more.
    More(u64),
}

/// A word of the board, under the name it has there.
macro_rules! board_word {
    ($(#[$meta:meta])* $name:ident($word:ident): $($value:ident),*) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::cli) struct $name(pub $word);

        impl ValueEnum for $name {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self($word::$value)),*]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(PossibleValue::new(self.0.name()))
            }
        }
    };
}

board_word! {
    /// What a script is doing.
    PhaseName(Phase): Queued, Waiting, Resolving, Downloading, Verifying, Extracting, Linking, PostInstall
}
board_word! {
    /// How a script's slot ends.
    EndState(SlotState): Done, Failed, Cancelled, Skipped
}
board_word! {
    /// How a script's board ends.
    ClosedState(BoardState): Done, Failed, Cancelled
}

fn done(text: &str) -> Result<Done, String> {
    let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse().map_err(|_| "expected a number, such as 7 or +1".to_owned()),
        false => Err("expected a number, such as 7 or +1".to_owned()),
    };
    match text.strip_prefix('+') {
        Some(digits) => number(digits).map(Done::More),
        None => number(text).map(Done::At),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_done_is_a_number_or_so_much_more() {
        assert_eq!(done("7"), Ok(Done::At(7)));
        assert_eq!(done("+1"), Ok(Done::More(1)));
        for text in ["", "+", "++1", "-1", "1.5", "many", "99999999999999999999"] {
            assert!(done(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_phase_of_the_board_can_be_named() {
        let named: Vec<Phase> = PhaseName::value_variants().iter().map(|name| name.0).collect();
        assert_eq!(named, Phase::ALL);
    }
}
