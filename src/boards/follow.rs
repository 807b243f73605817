//! Following a board: waiting for each of its changes, or for its end.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use vx_base::trouble::{Explain, TroubleKind};
use vx_shm::{BoardState, Liveness, ReadError, Reader, SlotView, Snapshot};
use vx_status::vocabulary::begun;

use crate::boards::find::BoardError;

/// The changes of a board to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardChangeScope {
    /// Only changes of state: reserved, claimed, done, failed. These wake a waiting reader.
    States,
    /// Also changes of numbers and texts, and the death of a writer. These wake no reader, so the board is read at this
    /// interval while a writer is at work.
    All {
        /// The interval between two readings.
        every: Duration,
    },
}

/// Show the current board, then the board after each change, until nothing more can change or `show` breaks.
///
/// # Errors
/// The board can no longer be read.
pub fn watch(
    reader: &mut Reader,
    changes: BoardChangeScope,
    mut show: impl FnMut(&Snapshot) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut snapshot = Snapshot::default();
    let mut changed = reader.refresh(&mut snapshot)?;
    loop {
        if changed && show(&snapshot).is_break() || over(&snapshot) {
            return Ok(());
        }
        reader.wait_change(match changes {
            BoardChangeScope::All { every } if snapshot.slots.iter().any(at_work) => every,
            _ => Duration::MAX,
        });
        let epoch = snapshot.board.epoch;
        changed = reader.refresh(&mut snapshot)?;
        changed &= changes != BoardChangeScope::States || snapshot.board.epoch != epoch || over(&snapshot);
    }
}

/// Returns whether nothing more can change: the board is closed, or its creator is gone.
fn over(snapshot: &Snapshot) -> bool {
    snapshot.board.state != BoardState::Running || snapshot.board.creator.alive != Some(true)
}

/// Returns whether the slot's writer is at work.
fn at_work(slot: &SlotView) -> bool {
    begun(slot) && slot.liveness != Liveness::Lost
}

/// The outcome of a run to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunWaitCondition {
    /// Everything requested is installed.
    Done,
    /// Something failed.
    Failed,
}

/// Why a wait ended without the expected outcome.
#[derive(Debug, thiserror::Error)]
pub enum RunWaitError {
    /// The run ended otherwise.
    #[error("the run is {}", .state.map_or("abandoned: its parent process is gone", BoardState::name))]
    Otherwise {
        /// The board's state; `None` if its creator ended without closing it.
        state: Option<BoardState>,
        /// The board's file.
        board: PathBuf,
    },
    /// The run ended, and nothing had failed.
    #[error("the run ended and nothing failed")]
    NothingFailed,
    /// The run continues.
    #[error("the run has not ended in the time given")]
    TimeUp,
    /// There is no such board, or it can no longer be read.
    #[error(transparent)]
    Board(#[from] BoardError),
}

impl Explain for RunWaitError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Otherwise { .. } | Self::NothingFailed => TroubleKind::Board,
            Self::TimeUp => TroubleKind::Timeout,
            Self::Board(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Otherwise { board, .. } => Some(format!("`vx board dump {}` shows what happened", board.display())),
            Self::NothingFailed => None,
            Self::TimeUp => Some("it goes on, and `vx top` shows it; wait again, or longer".into()),
            Self::Board(error) => error.hint(),
        }
    }
}

/// Wait until a run has this outcome, at most `timeout`.
///
/// # Errors
/// The run ended otherwise, or not in time.
pub fn wait(reader: &mut Reader, until: RunWaitCondition, timeout: Option<Duration>) -> Result<(), RunWaitError> {
    // A timeout that is too long for the clock is no limit.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut snapshot = Snapshot::default();
    loop {
        reader.refresh(&mut snapshot).map_err(BoardError::Read)?;
        let failed = snapshot.slots.iter().any(|slot| slot.state.ended() && !slot.state.good());
        if until == RunWaitCondition::Failed && failed {
            return Ok(());
        }
        if over(&snapshot) {
            return match (until, snapshot.board.state) {
                (RunWaitCondition::Done, BoardState::Done) => Ok(()),
                (RunWaitCondition::Done, state) => {
                    let state = (state != BoardState::Running).then_some(state);
                    Err(RunWaitError::Otherwise { state, board: reader.path().to_owned() })
                }
                (RunWaitCondition::Failed, _) => Err(RunWaitError::NothingFailed),
            };
        }
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Err(RunWaitError::TimeUp);
        }
        reader.wait_change(left);
    }
}
