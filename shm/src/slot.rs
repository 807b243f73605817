//! One slot of a board: claim it, publish to it, end it.
//!
//! A slot has one writer, the process that claimed it, and any number of readers. Readers never write and so cannot
//! hold it up. Publishing numbers is five stores into one cache line: no system call, no lock, no clock, nothing to
//! allocate. The pairs of stores and loads, and the argument for them: [`crate::docs::protocol`].

mod acquire;
mod behalf;
mod byte_lock;
mod ending;
mod error;
mod log_writer;
mod notes;
mod reserved;
mod work;

pub(crate) use acquire::{
    NewLife, begin_life, candidates, creator_alive, key_hash_of, lock_slot, reserve_again, reserve_place, take_place,
};
pub(crate) use behalf::kept_for;
pub(crate) use byte_lock::{ObservedStamp, ReleaseSlotByte, beat_slot};
pub use ending::Ending;
pub(crate) use ending::write_end;
use ending::write_ending;
pub use error::{ClaimError, EndError, ReserveError};
pub use log_writer::LogWriter;
pub use reserved::Reserved;
pub use work::{Reservation, SlotWork};

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::lanes;
use crate::layout::{NotesImage, encode_text_into};
use crate::liveness::{beats, clock};
use crate::progress::{Health, Kind, SlotState, Step, Unit};
use crate::segment::{self, HotHandle, Segment, lock, sleep};
use crate::stamp::{self, ControlWord, Meta, StepChange};
use byte_lock::{OwnByte, SlotBeats};

/// Longest line kept in a slot's log ring, in bytes; longer lines are cut.
pub const LOG_LINE_BYTES: usize = 1000;

/// A slot that this process has claimed and may write to.
///
/// If it is dropped without [`end`](Self::end), as in a crash, the slot stays as it was last published, and every
/// reader finds that no process holds it any more.
pub struct Slot {
    total: u64,
    /// [`Meta`] as it is stored: encoded when it changes, not with each publication.
    meta: u64,
    index: u32,
    generation: u32,
    text: stamp::PublishedText,
    notes: NotesImage,
    /// `false` if the record names another process as the writer of the log.
    writes_log: bool,
    hot: HotHandle,
    /// What holds the slot's byte: this slot alone, or a pool.
    hold: Arc<dyn ReleaseSlotByte>,
    /// `false` once `hold` has let go of the byte, so that dropping does not do it again.
    held: bool,
}

impl Slot {
    /// Claim the slot that a board's creator reserved for this process. `board` is its path, or `shm:NAME`.
    ///
    /// # Errors
    /// When the board cannot be attached, or the reservation was already claimed, ended or replaced by another life.
    pub fn claim(board: &Path, slot: u32, generation: u32) -> Result<Self, ClaimError> {
        Self::claim_beating(board, slot, generation, beats::INTERVAL)
    }

    /// As [`claim`](Self::claim), with beats at this interval instead of 4 times a second, for a process that mostly
    /// sleeps: each beat wakes it up. Readers show it as silent after six intervals without a beat.
    ///
    /// # Errors
    /// As [`claim`](Self::claim).
    pub fn claim_beating(board: &Path, slot: u32, generation: u32, every: Duration) -> Result<Self, ClaimError> {
        let segment = open(board)?;
        acquire::claim_reserved(&segment, slot, generation, every)?;
        Self::begin(segment, slot, generation, every)
    }

    /// Take a free slot of another process's board. A key that has ended, or whose writer is gone, gets its old slot
    /// again, as its next attempt. Otherwise the slot is one that was never used, or the one that ended longest ago, or
    /// one whose writer is gone and whose end no other process will record.
    ///
    /// # Errors
    /// When the board cannot be attached, has no free slot, or has a slot with that key that has not ended.
    pub fn join(board: &Path, key: &str, version: &str, kind: Kind) -> Result<Self, ClaimError> {
        Self::join_as(board, &SlotWork::new(key, version, kind))
    }

    /// As [`join`](Self::join), with more about the work than its name.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn join_as(board: &Path, work: &SlotWork<'_>) -> Result<Self, ClaimError> {
        let segment = open(board)?;
        let (slot, generation) = take_place(&segment, work)?;
        Self::begin(segment, slot, generation, beats::INTERVAL)
    }

    /// Start writing to a slot that this process has claimed: start its heartbeat, and wake the readers that wait.
    fn begin(segment: Segment, index: u32, generation: u32, every: Duration) -> Result<Self, ClaimError> {
        let (slot, beating) = Self::attach(Arc::new(segment), index, generation)?;
        beats::keep(&beating, every).map_err(ClaimError::Beats)?;
        ring(slot.segment());
        Ok(slot)
    }

    /// A slot with its own segment, which has locked only this slot's byte.
    fn attach(segment: Arc<Segment>, index: u32, generation: u32) -> Result<(Self, Arc<SlotBeats>), ClaimError> {
        let beating = Arc::new(SlotBeats::new(segment.clone(), index));
        let hold = Arc::new(OwnByte::new(segment.clone(), beating.clone()));
        Ok((Self::held_by(segment, index, generation, hold)?, beating))
    }

    /// A slot that continues with the words on the board. `hold` has locked its byte.
    pub(crate) fn held_by(
        segment: Arc<Segment>,
        index: u32,
        generation: u32,
        hold: Arc<dyn ReleaseSlotByte>,
    ) -> Result<Self, ClaimError> {
        let capacity = segment.facts().slot_count;
        let hot = HotHandle::new(segment, index).ok_or(ClaimError::NoSuchSlot { slot: index, capacity })?;
        let [_, total, meta] = hot.line().numbers.own();
        let text = stamp::PublishedText::from_record(hot.record());
        let cold = hot.segment().cold(index);
        let notes = cold.map_or(NotesImage::default(), |cold| bytemuck::cast(cold.notes.own()));
        let log_writer = cold.map_or(0, |cold| stamp::identity_of(cold).log_writer);
        let writes_log = log_writer == 0 || log_writer == std::process::id();
        Ok(Self { total, meta, index, generation, text, notes, writes_log, hot, hold, held: true })
    }

    /// Its place in the table.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Finished work of this step, as last published. A process that continues a slot counts on from this value.
    pub fn done(&self) -> u64 {
        self.hot.line().numbers.own_first()
    }

    /// Total work of this step; `None` while unknown.
    pub fn total(&self) -> Option<u64> {
        self.meta().total_known.then_some(self.total)
    }

    /// Which step it is in.
    pub fn step(&self) -> Step {
        Step::new(self.meta().step)
    }

    /// Generation of this life of the slot.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Publish the work finished in this step so far: bytes for a download. Costs about two nanoseconds; call it once
    /// per buffer.
    #[inline]
    pub fn publish(&mut self, done: u64) {
        self.hot.line().numbers.write(&[done, self.total, self.meta]);
    }

    /// Set the total work of this step; `None` while unknown.
    pub fn set_total(&mut self, total: Option<u64>) {
        self.publish_of(self.done(), total);
    }

    /// Publish finished and total work at once: a reader never sees one without the other.
    pub fn publish_of(&mut self, done: u64, total: Option<u64>) {
        self.total = total.unwrap_or(0);
        self.meta = Meta { total_known: total.is_some(), ..self.meta() }.word();
        self.publish(done);
    }

    /// Enter a step: `done` starts over at 0, and total and unit are the new step's.
    pub fn enter(&mut self, step: impl Into<Step>, total: Option<u64>) {
        let (left_done, meta) = (self.done(), self.meta());
        let (count, entered) = (meta.transitions, step.into().number());
        let change = StepChange { count, left_done, entered, now_ns: clock::now_ns() };
        self.total = total.unwrap_or(0);
        let transitions = stamp::next_count(count);
        let known = Meta { step: entered, total_known: total.is_some(), unit: Unit::Unknown.number(), ..meta };
        self.meta = Meta { transitions, ..known }.revised().word();
        if let Some(cold) = self.segment().cold(self.index) {
            stamp::enter_step(self.hot.line(), cold, &change, &[0, self.total, self.meta]);
        }
    }

    /// Set the unit of this step's numbers, if it is not the usual one.
    pub fn set_unit(&mut self, unit: Unit) {
        self.meta = Meta { unit: unit.number(), ..self.meta() }.word();
        self.publish(self.done());
    }

    /// Set the health of what this process runs. Wakes the readers that wait.
    pub fn set_health(&mut self, health: Health) {
        self.meta = Meta { health: health.number(), ..self.meta() }.word();
        self.publish(self.done());
        ring(self.segment());
    }

    /// Set the number of the attempt, from 1.
    pub fn attempt(&mut self, number: u8) {
        self.meta = Meta { attempt: number, ..self.meta() }.word();
        self.publish(self.done());
    }

    /// Publish one line about the work under way. One of more than 78 bytes is cut, and marked as cut.
    pub fn message(&mut self, text: &str) {
        encode_text_into(text, self.text.message());
        if !self.text.settled() {
            return self.publish_text();
        }
        let numbers = self.revised();
        let (line, record, way) = self.hot.parts();
        stamp::publish_message(line, record, way, &self.text, &numbers);
    }

    /// Publish a longer text, possibly of several lines. One of more than 110 bytes is cut, and marked as cut.
    pub fn details(&mut self, text: &str) {
        encode_text_into(text, self.text.details());
        self.publish_text();
    }

    /// Append one line of output to the slot's log ring, which keeps the newest 4 KiB. Does nothing on a board without
    /// rings, or if another process writes the log.
    pub fn log_line(&mut self, line: &[u8]) {
        if self.writes_log {
            log_writer::append_line(self.segment(), self.index, line);
        }
    }

    /// End the slot, with its error or result if there is one. Wakes the readers that wait.
    ///
    /// # Errors
    /// When the state given does not end a slot; the slot is then left as a crash would leave it.
    pub fn end(mut self, ending: Ending) -> Result<(), EndError> {
        if !ending.state.ended() {
            return Err(EndError::NotAnEnd { state: ending.state });
        }
        self.held = false;
        let write = || write_ending(self.segment(), self.index, self.generation, &ending);
        lanes::end(write, || self.let_go(ending.state));
        ring(self.segment());
        Ok(())
    }

    fn let_go(&self, left_as: SlotState) {
        self.hold.let_go(self.index, ControlWord::new(self.generation, left_as, true));
    }

    #[cold]
    fn publish_text(&mut self) {
        let numbers = self.revised();
        let (line, record, way) = self.hot.parts();
        stamp::publish_text(line, record, way, &mut self.text, &numbers);
    }

    /// Return the present numbers with the next revision, which announces a change of the record.
    #[inline(always)]
    fn revised(&mut self) -> [u64; 3] {
        self.meta = Meta::revised_word(self.meta);
        [self.done(), self.total, self.meta]
    }

    fn meta(&self) -> Meta {
        Meta::from_word(self.meta)
    }

    fn segment(&self) -> &Segment {
        self.hot.segment()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.held {
            self.let_go(SlotState::Live);
        }
    }
}

/// Count a change of state and wake the readers that wait for one.
pub(crate) fn ring(segment: &Segment) {
    let bell = segment.bell();
    if stamp::ring(&segment.header().epoch, bell) {
        sleep::wake_all(&bell.wake);
    }
}

/// Open a board for a new claim.
pub(crate) fn open(board: &Path) -> Result<Segment, ClaimError> {
    let segment = segment::open_write(board)?;
    if segment.facts().is_dump() || stamp::is_closed(&segment.header().closed) {
        return Err(ClaimError::Closed);
    }
    Ok(segment)
}

/// Lock the table, or return an error with the time waited for it.
pub(crate) fn table(segment: &Segment) -> Result<lock::TableGuard<'_>, ReserveError> {
    lock::lock_table(segment.lock_file())?.map_err(|waited_ms| ReserveError::Busy { waited_ms })
}

/// Load the control word of a slot in its present life, for a process that changes its state.
pub(crate) fn control_of(segment: &Segment, slot: u32) -> Option<ControlWord> {
    segment.hot(slot).map(stamp::load_control)
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("index", &self.index).field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Decode the state of a control word as far as this version knows it; a newer one counts as in use.
pub(crate) fn known_state(control: ControlWord) -> SlotState {
    control.slot_state().unwrap_or(SlotState::Live)
}
