//! The place of a run's board: the usual directory, else another one, else memory of this process alone.
//!
//! Nothing of a run depends on other processes that read its board, so the work goes on wherever that is. Its children find
//! a board in memory as they find any other, by its path.

use std::path::PathBuf;

use vx_base::paths::{Home, RuntimeError, known_directories, runtime_directory, spare_directories};
use vx_base::trouble::Trouble;
use vx_run::board_error::BoardTrouble;
use vx_run::{collect_boards, create_board};
use vx_shm::{Board, BoardSubject, CreateError};

use super::error::WorkError;
use super::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

/// The fewest slots of a board: other processes may join it with slots of their own.
const MIN_SLOTS: usize = 64;

/// The place of a board that is not made yet.
#[derive(Debug)]
pub enum BoardPlace {
    /// The usual directory.
    Usual(PathBuf),
    /// Another directory.
    Spare(PathBuf, RuntimeError),
    /// No directory can have it.
    Memory(RuntimeError),
}

impl BoardPlace {
    /// Find the first place that there is.
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

    /// Make the board for this many steps here, or in the next place that has room for it. A place that is not the usual
    /// one is reported, with the reason.
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
        // The other places for boards are cleared here; the one in use, where the board is made.
        for place in known_directories(Some(home.root())).iter().filter(|place| Some(*place) != first.as_ref()) {
            let _ = collect_boards(place); // What cannot be removed stays for the next run to try again.
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
