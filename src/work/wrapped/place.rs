//! The place of a command on a board: a slot of a board that is there, one on a board of its own, or none.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Sender, bounded};
use vx_shm::{Board, BoardState, ClaimError, Ending, Kind, Reservation, ReserveError, Slot, SlotState};

use super::WrapError;
use crate::channel::slot_key;
use crate::process::{Exit, callers};
use crate::run::{FlightRecorder, create_board, log_file, logs_of};
use crate::trouble::Trouble;
use crate::work::boards::{self, BoardError};
use crate::work::reports::{ReportError, refused};

/// Slots of a board that a command makes for itself and those that it starts.
const SLOTS: u32 = 64;

/// The place of a command on a board.
pub struct Place {
    /// `None` where no board could be had.
    pub(super) slot: Option<Slot>,
    path: Option<PathBuf>,
    log: Option<PathBuf>,
    own: Option<Own>,
}

/// A board of the command's own.
struct Own {
    board: Board,
    reservation: Reservation,
    /// Closed at the end, for the recorder.
    finished: Sender<()>,
    recorder: Option<FlightRecorder>,
}

impl Place {
    /// Take a place on the named board, else on the board of one of the callers, else on a new one with this title.
    /// Where no board can be had, or the key is in use on a board that was not named, the place is none, and the trouble
    /// says why.
    ///
    /// # Errors
    /// The named board does not exist, is over or full, or the key is in use on it.
    pub fn take(key: &str, board: Option<&str>, title: &str) -> Result<(Self, Option<Trouble>), WrapError> {
        let key = slot_key(key);
        let named = board.is_some_and(|board| !board.is_empty());
        match boards::find_own(board, Some(&key), &callers()) {
            Ok(path) => match Slot::join(&path, &key, "", Kind::Task) {
                Ok(slot) => return Ok((Self::on(slot, path, &key, None), None)),
                Err(error) if named => return Err(refused(&path, error).into()),
                // A board that is over, or full, is no place for a new piece of work.
                Err(ClaimError::Closed | ClaimError::Place(ReserveError::Full { .. })) => {}
                Err(error) => return Ok((Self::none(), Some(Trouble::of(&refused(&path, error))))),
            },
            Err(BoardError::NotMade) => {}
            Err(error) if named => return Err(error.into()),
            Err(_) => {}
        }
        Ok(Self::own(&key, title).map_or_else(|error| (Self::none(), Some(Trouble::of(&error))), |own| (own, None)))
    }

    fn own(key: &str, title: &str) -> Result<Self, ReportError> {
        let board = create_board(&boards::directory()?, title, SLOTS)?;
        let reservation = board.reserve(key, "", Kind::Task).map_err(|error| ReportError::Refused(error.into()))?;
        let path = board.path().to_owned();
        let claimed = Slot::claim(&path, reservation.slot, reservation.generation);
        let slot = claimed.map_err(ReportError::Refused)?;
        let (finished, over) = bounded(0);
        // The user did not ask for a recording, so the command runs without one, too.
        let recorder = FlightRecorder::start(&path, None, over).ok();
        let own = Own { board, reservation, finished, recorder };
        Ok(Self::on(slot, path, key, Some(own)))
    }

    fn on(slot: Slot, path: PathBuf, key: &str, own: Option<Own>) -> Self {
        let log = log_file(&logs_of(&path), key);
        Self { slot: Some(slot), path: Some(path), log: Some(log), own }
    }

    /// No place.
    pub(super) fn none() -> Self {
        Self { slot: None, path: None, log: None, own: None }
    }

    /// The file of the board.
    pub fn board(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The file for the command's output.
    pub(super) fn log(&self) -> Option<&Path> {
        self.log.as_deref()
    }

    /// Record the end of the command. A board of its own is closed.
    pub(super) fn end(self, ending: &Ending, exit: Exit) {
        let (exit_code, signal) = match exit {
            Exit::Code(code) => (Some(code), None),
            Exit::Signal(signal) => (None, Some(signal)),
        };
        let ending = Ending { exit_code, signal, ..ending.clone() };
        let state = match ending.state {
            SlotState::Done => BoardState::Done,
            SlotState::Cancelled => BoardState::Cancelled,
            _ => BoardState::Failed,
        };
        if let Some(slot) = self.slot {
            // Only the states of `ending` above come here, and all of them end a slot.
            let _ = slot.end(ending.clone());
        }
        if let Some(Own { board, reservation, finished, recorder }) = self.own {
            let _ = board.end(reservation, &ending);
            board.close(state);
            drop(finished);
            if let Some(recorder) = recorder {
                let _ = recorder.finish();
            }
        }
    }
}
