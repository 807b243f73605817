//! The arguments with which a script writes to a board.

use clap::Args;

use super::board_words::{ClosedState, EndState, UnitWord};
use crate::running::reports::Done;

pub(super) const PUT_EXAMPLES: &str = "\
A script makes its own board, or joins an existing one:

  export VX_BOARD=$(vx board create --title 'nightly build')
  trap 'vx board close' EXIT
  vx board put compile --step running --total 12
  for unit in src/*.c; do
      cc -c \"$unit\" && vx board put compile --done +1 --message \"$unit\"
  done
  vx board put compile --state done

`vx top`, `vx board watch` and `vx board wait` follow it from any terminal. The slot belongs to
the script: if the script dies, the slot reads as lost. If a background function is killed while the
script goes on, its slot does not: name that process with --owner $BASHPID, or run the job with
`vx board run`. In a make recipe each line has its own shell, and make itself owns the work:
--owner $$PPID.
Putting a key again after its end reuses its row, as the next attempt.";

/// Arguments of `vx board put`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct PutArguments {
    /// The key of the slot; each key has one slot. By default, in a command under `vx board run`, the slot of that
    /// command, which then does not read its output for progress.
    pub key: Option<String>,
    /// The current step: queued, waiting, preparing, running or finishing, or any name (30 bytes) for a step of the
    /// running work. Entering another step sets `done` to 0 and removes the total. `--phase` is the same.
    #[arg(long, value_name = "STEP", alias = "phase")]
    pub step: Option<String>,
    /// Work finished in this step: a number, or `+N` to add to the current one.
    #[arg(long, value_name = "N|+N", value_parser = done)]
    pub done: Option<Done>,
    /// Total work in this step.
    #[arg(long, value_name = "N")]
    pub total: Option<u64>,
    /// The unit of both numbers in this step.
    #[arg(long, value_enum)]
    pub unit: Option<UnitWord>,
    /// One line about the current step (78 bytes).
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// A longer text (110 bytes).
    #[arg(long, value_name = "TEXT")]
    pub details: Option<String>,
    /// The version of the key; only the first call can set it.
    #[arg(long, value_name = "TEXT")]
    pub version: Option<String>,
    /// End the slot. A slot that has ended stays as it is.
    #[arg(long, value_enum)]
    pub state: Option<EndState>,
    /// The reason for a failure or cancellation (870 bytes).
    #[arg(long, value_name = "TEXT", requires = "state")]
    pub error: Option<String>,
    /// The board: a parent's process id, a name or a file. By default the board that was made by the script, or by the
    /// run it belongs to [env: VX_BOARD].
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,
    /// The process that does the work [default: the calling script].
    #[arg(long, value_name = "PID")]
    pub owner: Option<u32>,
}

/// Arguments of `vx board create`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct CreateArguments {
    /// A name for the board; the name of an ended board can be reused. Without a name, the script's process id names
    /// the board.
    pub name: Option<String>,
    /// The title of the board [default: the name, or the working directory's].
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Number of slots.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub slots: u32,
    /// The process that owns the board [default: the calling script].
    #[arg(long, value_name = "PID")]
    pub owner: Option<u32>,
}

/// Arguments of `vx board close`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct CloseArguments {
    /// The board: its owner's process id, a name or a file. By default the board that the script made [env: VX_BOARD].
    pub board: Option<String>,
    /// The result [default: the result of its slots; failed if one has not ended].
    #[arg(long, value_enum)]
    pub state: Option<ClosedState>,
    /// The process that owns the board [default: the calling script].
    #[arg(long, value_name = "PID")]
    pub owner: Option<u32>,
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
}
