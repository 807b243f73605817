//! A slot that a process reserves on any board for a program that it starts: the first to claim it is its only writer.
//!
//! The reserver is not the board's creator, so the reservation holds as long as the reserver lives: its process number
//! and start time are the slot's identity until the claim. The reserver records the end, whichever process has written.

use std::path::Path;
use std::sync::Arc;

use super::acquire::{lock_slot, take_reserved};
use super::{
    ClaimError, EndError, Ending, LogWriter, Reservation, Slot, SlotWork, known_state, open, table, write_end,
};
use crate::layout::hexadecimal;
use crate::mutex::Mutex;
use crate::progress::{SlotState, Step};
use crate::segment::Segment;
use crate::stamp::{self, ControlWord};

/// A slot that this process has reserved with [`Slot::reserve`].
#[derive(Debug)]
pub struct Reserved {
    segment: Arc<Segment>,
    reservation: Reservation,
    /// Lets one thread at a time record the end: the system does not tell apart the threads that use one descriptor.
    turn: Mutex<()>,
}

impl Slot {
    /// Publish a message in a slot that is reserved and not yet claimed. For the process that reserved it: before the
    /// claim the slot has no other writer. Does nothing once the slot is claimed or has ended.
    ///
    /// # Errors
    /// When the board cannot be opened or locked.
    pub fn message_before_claim(board: &Path, reservation: Reservation, text: &str) -> Result<(), ClaimError> {
        let segment = Arc::new(open(board)?);
        // Claims and ends are written under the same lock.
        let _table = table(&segment)?;
        let Reservation { slot, generation } = reservation;
        let control = segment.hot(slot).map(stamp::load_control);
        let waits =
            |control: ControlWord| control.generation == generation && known_state(control) == SlotState::Reserved;
        if !control.is_some_and(waits) || !lock_slot(&segment, slot)? {
            return Ok(());
        }
        let (mut place, _) = Self::attach(segment.clone(), slot, generation)?;
        place.message(text);
        super::ring(place.segment());
        Ok(()) // Drops the place before the table's lock: its byte is for the process that will claim it.
    }

    /// Reserve a slot of any board for a program that this process starts. The slot is in this step at once, because
    /// the program may never claim it. Slots are taken in the order of [`join`](Self::join).
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn reserve(board: &Path, work: &SlotWork<'_>, step: Step, total: Option<u64>) -> Result<Reserved, ClaimError> {
        let segment = Arc::new(open(board)?);
        let (slot, generation) = take_reserved(&segment, work)?;
        let (mut place, _) = Self::attach(segment.clone(), slot, generation)?;
        place.enter(step, total);
        super::ring(place.segment());
        drop(place); // Unlocks the byte for the process that will claim it.
        Ok(Reserved { segment, reservation: Reservation { slot, generation }, turn: Mutex::new(()) })
    }
}

impl Reserved {
    /// All that a process needs to claim it.
    pub fn reservation(&self) -> Reservation {
        self.reservation
    }

    /// Id of its board: 32 hexadecimal digits.
    pub fn board_id(&self) -> String {
        hexadecimal(self.segment.facts().board_id)
    }

    /// Claim it for this process.
    ///
    /// # Errors
    /// As [`Slot::claim`], mostly because another process has claimed the slot.
    pub fn claim(&self) -> Result<Slot, ClaimError> {
        Slot::claim(self.segment.path(), self.reservation.slot, self.reservation.generation)
    }

    /// Get the writer of the slot's log, if [`SlotWork::log_writer`] named this process. One thread at a time may write
    /// it.
    pub fn log_writer(&self) -> Option<LogWriter<'_>> {
        LogWriter::for_life(&self.segment, self.reservation.slot, self.reservation.generation)
    }

    /// Record how the program ended, as [`Board::end`](crate::Board::end) does for the board's creator.
    ///
    /// # Errors
    /// When the slot is in a later life already, or the state given does not end one.
    pub fn end(&self, ending: &Ending) -> Result<(), EndError> {
        let _turn = self.turn.lock();
        write_end(&self.segment, self.reservation, ending)
    }
}
