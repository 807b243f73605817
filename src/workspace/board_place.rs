//! The place of a run's board: the usual directory, else another one, else memory of this process.
//!
//! A run does not depend on other processes reading its board, so its work goes on wherever the board is. Children find
//! a board in memory like any other, by its path.

use std::path::PathBuf;

use vx_base::paths::{Home, RuntimeError, known_directories, runtime_directory, spare_directories};
use vx_base::trouble::Trouble;
use vx_run::board_error::BoardTrouble;
use vx_run::{collect_boards, create_board};
use vx_shm::{Board, BoardSubject, CreateError};

use super::error::WorkError;
use super::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

/// The fewest slots of a board: other processes may add their own slots to it.
const MIN_SLOTS: usize = 64;

/// The place of a board that is not made yet.
#[derive(Debug)]
pub enum BoardPlace {
    /// The usual directory.
    Usual(PathBuf),
    /// Another directory.
    Spare(PathBuf, RuntimeError),
    /// Memory, since no directory can hold the board.
    Memory(RuntimeError),
}

impl BoardPlace {
    /// Find the first usable place.
    ///
    /// # Errors
    /// The user has named a directory that must not be used.
    pub fn find(home: &Home) -> Result<Self, RuntimeError> {
        let error = match runtime_directory() {
            Ok(usual) => return Ok(Self::Usual(usual)),
            Err(error) if error.is_bad_choice() => return Err(error),
            Err(error) => error,
        };
        Ok(match spare_directories(None, home.root()).into_iter().next() {
            Some(directory) => Self::Spare(directory, error),
            None => Self::Memory(error),
        })
    }

    /// Make the board for this many steps here, or in the next place that has room for it. If that is not the usual
    /// place, the frontend gets a notice with the reason.
    ///
    /// # Errors
    /// No place has room for it.
    pub fn make_board(
        self,
        home: &Home,
        subject: BoardSubject<'_>,
        steps: usize,
        frontend: &dyn Frontend,
    ) -> Result<Board, WorkError> {
        let (first, reason) = match self {
            Self::Usual(directory) => (Some(directory), None),
            Self::Spare(directory, error) => (Some(directory), Some(Trouble::from_error(&error))),
            Self::Memory(error) => (None, Some(Trouble::from_error(&error))),
        };
        // Clean up the other places for boards; the place in use is cleaned up when the board is made.
        for place in known_directories(Some(home.root())).iter().filter(|place| Some(*place) != first.as_ref()) {
            let _ = collect_boards(place); // The next run tries again to remove what is left.
        }
        let capacity = steps.max(MIN_SLOTS) as u32;
        let elsewhere = |directory, reason| frontend.notice(Notice::BoardElsewhere { directory, reason });
        let error = match first.as_ref().map(|directory| create_board(directory, subject, capacity)) {
            Some(Ok(board)) => {
                first.zip(reason).into_iter().for_each(|(directory, reason)| elsewhere(directory, reason));
                return Ok(board);
            }
            Some(Err(error @ CreateError::Io { .. })) => Some(error),
            Some(Err(error)) => return Err(error.into()),
            None => None,
        };
        let reason = reason.or_else(|| error.as_ref().map(|error| Trouble::from_error(&BoardTrouble(error))));
        for directory in spare_directories(first.as_deref(), home.root()) {
            if let Ok(board) = create_board(&directory, subject, capacity) {
                reason.into_iter().for_each(|reason| elsewhere(directory.clone(), reason));
                return Ok(board);
            }
        }
        let board = Board::create_unnamed(subject, capacity).map_err(|unseen| error.unwrap_or(unseen))?;
        reason.into_iter().for_each(|reason| frontend.notice(Notice::BoardUnseen { reason }));
        Ok(board)
    }
}
