//! A board that this process makes, and on which it records how its children ended.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use vx_shm::{Board, BoardState, Ending, Reservation, SlotState};

use crate::error::write_error;
use crate::fork::Own;
use crate::text::Text;

const BOARDS_KEPT_FOR: Duration = Duration::from_secs(3600);
const BOARDS_KEPT: usize = 32;

#[pyclass(frozen, module = "vxboard")]
pub(crate) struct BoardWriter {
    path: PathBuf,
    own: Own<Board>,
}

#[pymethods]
impl BoardWriter {
    #[new]
    fn new(py: Python<'_>, path: PathBuf, title: Text<'_>, capacity: u32) -> PyResult<Self> {
        match Own::make(py, || Board::create(&path, &*title, capacity)) {
            Ok(own) => Ok(Self { path, own }),
            Err(error) => Err(write_error(py, &path, &error, error.hint())),
        }
    }

    /// Remove boards that are over from a directory, by vx's own rule. A board that can't be removed stays.
    #[staticmethod]
    fn tidy(directory: PathBuf) {
        let _ = vx_shm::gc(&directory, BOARDS_KEPT_FOR, BOARDS_KEPT);
    }

    fn set_title(&self, title: Text<'_>) {
        self.own.with(|board| board.as_ref().map(|board| board.set_title(&title)));
    }

    /// Record how the process of a slot ended. A slot that has ended already keeps its state and only gets the exit.
    fn record_exit(
        &self,
        py: Python<'_>,
        slot: u32,
        generation: u32,
        exit_code: Option<i32>,
        signal: Option<i32>,
    ) -> PyResult<()> {
        let ending = Ending { exit_code, signal, ..Ending::new(SlotState::Died) };
        let slot = Reservation { slot, generation };
        let ended = self.own.with(|board| board.as_ref().map_or(Ok(()), |board| board.end(slot, &ending)));
        ended.map_err(|error| write_error(py, &self.path, &error, error.hint()))
    }

    /// Close the board in the state of this name. Does nothing in a forked child.
    fn close(&self, state: &str) -> PyResult<()> {
        let ends = [BoardState::Done, BoardState::Failed, BoardState::Cancelled];
        let state = ends.into_iter().find(|end| end.name() == state).ok_or_else(|| {
            let names = ends.map(BoardState::name).join(", ");
            PyValueError::new_err(format!("a board does not end as `{state}`: use one of {names}"))
        })?;
        self.own.with(|board| board.take().map(|board| board.close(state)));
        Ok(())
    }
}
