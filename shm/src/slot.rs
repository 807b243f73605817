//! One slot of a board: claim it, publish to it, end it.
//!
//! A slot has one writer, the process that claimed it, and any number of readers. Readers never write and so cannot
//! hold it up. Publishing numbers is five stores into one cache line: no system call, no lock, no clock, nothing to
//! allocate. The pairs of stores and loads, and the argument for them: [`crate::docs::protocol`].

mod behalf;
mod ending;
mod error;
mod log_writer;
mod notes;
mod place;
mod reserved;
mod work;

pub(crate) use behalf::kept_for;
pub use ending::Ending;
pub(crate) use ending::write_end;
use ending::write_ending;
pub use error::{ClaimError, EndError, ReserveError};
pub use log_writer::LogWriter;
pub(crate) use place::{reserve_again, reserve_place, take_place};
pub use reserved::Reserved;
pub use work::{Reservation, Work};

use std::path::Path;
use std::sync::Arc;

use crate::atomics::Ordering;
use crate::layout::{DETAILS_WORDS, MESSAGE_WORDS, NotesImage, TEXT_WORDS, encode_text};
use crate::liveness::beats::{self, Beating};
use crate::liveness::{Beat, beat_units, clock};
use crate::progress::{Health, Kind, SlotState, Step, Unit};
use crate::segment::{self, HotHandle, Segment, lock, sleep};
use crate::stamp::{self, Control, Meta, StepChange};

/// The longest line kept in a slot's log ring, in bytes; the rest of a longer one is left out.
pub const LOG_LINE_BYTES: usize = 1000;

/// A slot that this process has claimed and may write to.
///
/// Dropped without [`end`](Self::end), as a crash would, the slot stays as it was last published, and every reader
/// finds that no process holds it any more.
pub struct Slot {
    total: u64,
    /// [`Meta`] as it is stored: put together when it changes, not with each publication.
    meta: u64,
    index: u32,
    generation: u32,
    text: [u64; TEXT_WORDS],
    notes: NotesImage,
    /// False if the record names another process as the writer of the log.
    writes_log: bool,
    hot: HotHandle,
    /// The process that claimed it. A forked child has a copy of this value, and shares the lock with its parent.
    owner: u32,
    beats: Arc<SlotBeats>,
}

impl Slot {
    /// Claim the slot that a board's creator reserved for this process. `board` is its path, or `shm:NAME`.
    ///
    /// # Errors
    /// When the board cannot be attached, or the reservation was claimed, ended or overtaken before.
    pub fn claim(board: &Path, slot: u32, generation: u32) -> Result<Self, ClaimError> {
        let segment = open(board)?;
        place::claim_reserved(&segment, slot, generation)?;
        Self::begin(segment, slot, generation)
    }

    /// Take a free slot of another process's board: a never-used one first, else the one that ended longest ago, a
    /// second or more; else one whose writer is gone and whose end no other process will record. Such a one comes first
    /// if it has the same key.
    ///
    /// # Errors
    /// When the board cannot be attached, has no free slot, or has a slot with that key that has not ended.
    pub fn join(board: &Path, key: &str, version: &str, kind: Kind) -> Result<Self, ClaimError> {
        Self::join_as(board, &Work::new(key, version, kind))
    }

    /// As [`join`](Self::join), with more about the work than its name.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn join_as(board: &Path, work: &Work<'_>) -> Result<Self, ClaimError> {
        let segment = open(board)?;
        let (slot, generation) = take_place(&segment, work)?;
        Self::begin(segment, slot, generation)
    }

    /// A claimed slot of this process. Its heartbeat starts, and the readers that wait are woken.
    fn begin(segment: Segment, index: u32, generation: u32) -> Result<Self, ClaimError> {
        let slot = Self::attach(segment, index, generation)?;
        beats::keep(&slot.beats).map_err(ClaimError::Beats)?;
        ring(slot.segment());
        Ok(slot)
    }

    fn attach(segment: Segment, index: u32, generation: u32) -> Result<Self, ClaimError> {
        let capacity = segment.facts().slot_count;
        let segment = Arc::new(segment);
        let hot = HotHandle::new(segment.clone(), index).ok_or(ClaimError::NoSuchSlot { slot: index, capacity })?;
        let [_, total, meta] = hot.line().numbers.own();
        let text = segment.cold(index).map_or([0; TEXT_WORDS], |cold| cold.text.own());
        let notes = segment.cold(index).map_or(NotesImage::default(), |cold| bytemuck::cast(cold.notes.own()));
        let owner = std::process::id();
        let log_writer = segment.cold(index).map_or(0, |cold| stamp::identity_of(cold).log_writer);
        let writes_log = log_writer == 0 || log_writer == owner;
        let beats = Arc::new(SlotBeats::new(segment, index));
        Ok(Self { total, meta, index, generation, text, notes, writes_log, hot, owner, beats })
    }

    /// The slot's place in the table.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Finished work of this step, as last published. A process that continues a slot counts on from here.
    pub fn done(&self) -> u64 {
        self.hot.line().numbers.own()[0]
    }

    /// Total work of this step; `None` while unknown.
    pub fn total(&self) -> Option<u64> {
        self.meta().total_known.then_some(self.total)
    }

    /// The step it is in.
    pub fn step(&self) -> Step {
        Step::new(self.meta().step)
    }

    /// The life of the slot that this is.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Work finished in this step so far: bytes for a download. Costs about two nanoseconds; call it once per buffer.
    #[inline]
    pub fn publish(&mut self, done: u64) {
        self.hot.line().numbers.write(&[done, self.total, self.meta]);
    }

    /// Set the total work of this step; `None` while unknown.
    pub fn set_total(&mut self, total: Option<u64>) {
        self.publish_of(self.done(), total);
    }

    /// Finished and total work, in one publication: a reader never sees one without the other.
    pub fn publish_of(&mut self, done: u64, total: Option<u64>) {
        self.total = total.unwrap_or(0);
        self.meta = Meta { total_known: total.is_some(), ..self.meta() }.word();
        self.publish(done);
    }

    /// Enter a step: `done` starts over at 0, total and unit are this step's.
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

    /// Set the unit of this step's numbers, where it is not the usual one.
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

    /// One line about the work under way; of a longer one the beginning is kept and marked as cut (78 bytes).
    pub fn message(&mut self, text: &str) {
        self.text[..MESSAGE_WORDS].copy_from_slice(&encode_text::<MESSAGE_WORDS>(text));
        self.publish_text();
    }

    /// A longer text, possibly of several lines; its beginning is kept and marked as cut (110 bytes).
    pub fn details(&mut self, text: &str) {
        self.text[MESSAGE_WORDS..].copy_from_slice(&encode_text::<DETAILS_WORDS>(text));
        self.publish_text();
    }

    /// One line of output for the slot's log ring, which keeps the newest 4 KiB. Does nothing on a board without rings,
    /// nor where the log has a writer of its own.
    pub fn log_line(&mut self, line: &[u8]) {
        if self.writes_log {
            log_writer::append_line(self.segment(), self.index, line);
        }
    }

    /// End the slot, with the error or the install path if there is one. Wakes the readers that wait.
    ///
    /// # Errors
    /// When the state given does not end a slot; the slot is then left as a crash would leave it.
    pub fn end(self, ending: Ending) -> Result<(), EndError> {
        if !ending.state.ended() {
            return Err(EndError::NotAnEnd { state: ending.state });
        }
        write_ending(self.segment(), self.index, self.generation, &ending);
        ring(self.segment());
        Ok(())
    }

    fn publish_text(&mut self) {
        self.meta = self.meta().revised().word();
        if let Some(cold) = self.segment().cold(self.index) {
            let numbers = [self.done(), self.total, self.meta];
            stamp::publish_text(self.hot.line(), cold, &self.text, &numbers);
        }
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
        // The byte is freed here, because the thread that beats may keep the file open a moment longer; but not in a
        // forked child, which would free it for its parent, too.
        if self.owner == std::process::id()
            && let Some(file) = self.segment().lock_file()
        {
            lock::unlock(file, lock::slot_byte(self.index));
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

/// The table's lock, or an error with the time waited for it.
pub(crate) fn table(segment: &Segment) -> Result<lock::TableGuard<'_>, ReserveError> {
    lock::lock_table(segment.lock_file())?.map_err(|waited_ms| ReserveError::Busy { waited_ms })
}

/// A slot, as the thread that beats sees it.
struct SlotBeats {
    segment: Arc<Segment>,
    index: u32,
    /// The last stamp seen, and the time at which it was first seen.
    seen: parking_lot::Mutex<(u64, u32)>,
}

impl SlotBeats {
    fn new(segment: Arc<Segment>, index: u32) -> Self {
        Self { segment, index, seen: parking_lot::Mutex::new((0, 0)) }
    }
}

impl Beating for SlotBeats {
    fn beat(&self, now_ns: u64) {
        let (Some(hot), Some(word)) = (self.segment.hot(self.index), self.segment.beat(self.index)) else { return };
        let beaten = beat_units(now_ns, self.segment.facts().created_at_ns);
        let mut seen = self.seen.lock();
        let stamp = hot.numbers.stamp.load(Ordering::Relaxed);
        if *seen == (0, 0) || seen.0 != stamp {
            *seen = (stamp, beaten);
        }
        word.store(Beat { beaten, moved: seen.1 }.word(), Ordering::Relaxed);
    }
}

/// The control word of a slot in its present life, for a process that changes its state.
pub(crate) fn control_of(segment: &Segment, slot: u32) -> Option<Control> {
    segment.hot(slot).map(stamp::look)
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("index", &self.index).field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// The state of a control word that this version knows; a newer one counts as in use.
pub(crate) fn known_state(control: Control) -> SlotState {
    control.slot_state().unwrap_or(SlotState::Live)
}
