//! The board of a run: its own, or another process's that the run joins.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use vx_shm::{Board, BoardState, Ending, Reservation, Reserved, Slot, SlotState, SlotWork, Step};

use crate::channel::Mark;

/// A board as a run uses it.
pub trait RunBoard: Send + Sync {
    /// Its file, or `shm:NAME`.
    fn path(&self) -> &Path;

    /// Name a slot for a job.
    ///
    /// # Errors
    /// There is no room, or the key is in use.
    fn reserve(&self, work: &SlotWork<'_>) -> io::Result<Reservation>;

    /// Reserve an ended slot once more, for another attempt; `total` is the amount of its work, if known.
    ///
    /// # Errors
    /// The slot can't be reserved again, as on another process's board.
    fn reserve_again(&self, ended: Reservation, attempt: u8, total: Option<u64>) -> io::Result<Reservation>;

    /// Make the mark that everything started for a slot carries.
    fn mark(&self, reservation: Reservation) -> Mark;

    /// Write a line that the job's process printed; ignored if the slot has begun another life since.
    fn log_line(&self, reservation: Reservation, line: &[u8]);

    /// Record the end of a slot, unless its process has recorded one.
    fn end(&self, reservation: Reservation, ending: &Ending);

    /// Record the end of the run.
    fn close(&self, state: BoardState);
}

impl RunBoard for Board {
    fn path(&self) -> &Path {
        Self::path(self)
    }

    fn reserve(&self, work: &SlotWork<'_>) -> io::Result<Reservation> {
        self.reserve_as(work).map_err(io::Error::other)
    }

    fn reserve_again(&self, ended: Reservation, attempt: u8, total: Option<u64>) -> io::Result<Reservation> {
        Self::reserve_again(self, ended, attempt, total).map_err(io::Error::other)
    }

    fn mark(&self, reservation: Reservation) -> Mark {
        Mark::for_slot(self, reservation)
    }

    fn log_line(&self, reservation: Reservation, line: &[u8]) {
        if let Some(mut log) = self.log_writer(reservation) {
            log.line(line);
        }
    }

    fn end(&self, reservation: Reservation, ending: &Ending) {
        // The run keeps the outcome as well, so a board that cannot be written does not fail it.
        let _ = Self::end(self, reservation, ending);
    }

    fn close(&self, state: BoardState) {
        Self::close(self, state);
    }
}

/// A board of another process, on which a run has slots. It stays open at the end of the run.
#[derive(Debug)]
pub struct JoinedBoard {
    path: PathBuf,
    /// The slot of the work that this run is a part of.
    parent: Option<u32>,
    /// Slots that have not ended, by their numbers.
    slots: Mutex<HashMap<u32, Arc<Reserved>>>,
}

impl JoinedBoard {
    /// Join the board in this file, as a part of the work in the slot `parent`.
    pub fn new(path: PathBuf, parent: Option<u32>) -> Self {
        Self { path, parent, slots: Mutex::default() }
    }

    fn slot(&self, reservation: Reservation) -> Option<Arc<Reserved>> {
        self.slots.lock().get(&reservation.slot).cloned()
    }
}

impl RunBoard for JoinedBoard {
    fn path(&self) -> &Path {
        &self.path
    }

    fn reserve(&self, work: &SlotWork<'_>) -> io::Result<Reservation> {
        let work = SlotWork { parent: work.parent.or(self.parent), ..*work };
        let reserved = Slot::reserve(&self.path, &work, Step::default(), None).map_err(io::Error::other)?;
        let reservation = reserved.reservation();
        self.slots.lock().insert(reservation.slot, Arc::new(reserved));
        Ok(reservation)
    }

    fn reserve_again(&self, _: Reservation, _: u8, _: Option<u64>) -> io::Result<Reservation> {
        Err(io::Error::other("the board belongs to another process, which reuses a slot once it has ended"))
    }

    fn mark(&self, reservation: Reservation) -> Mark {
        let id = self.slot(reservation).map_or_else(String::new, |slot| slot.board_id());
        Mark::on(&self.path, id, reservation)
    }

    fn log_line(&self, reservation: Reservation, line: &[u8]) {
        if let Some(mut log) = self.slot(reservation).as_deref().and_then(Reserved::log_writer) {
            log.line(line);
        }
    }

    fn end(&self, reservation: Reservation, ending: &Ending) {
        let slot = self.slots.lock().remove(&reservation.slot);
        // A slot that has begun another life has its own end.
        let _ = slot.map(|slot| slot.end(ending));
    }

    fn close(&self, _: BoardState) {}
}

/// A run that did not begin leaves no slot behind.
impl Drop for JoinedBoard {
    fn drop(&mut self) {
        for slot in self.slots.lock().values() {
            let _ = slot.end(&Ending::new(SlotState::Cancelled));
        }
    }
}
