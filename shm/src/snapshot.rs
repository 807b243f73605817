//! Reading a board: live, finished or dumped, the same way.
//!
//! A reader maps the board read-only, loads, and compares; it never stores, so it cannot hold a writer up, and it
//! trusts nothing it loads. If a slot is changed during a read, the reader tries again a few times and then keeps the
//! earlier view: a view is never a mixture. The argument for the orderings: [`crate::docs::protocol`].

mod creator;
mod decode;
#[cfg(feature = "dump")]
mod image;
mod poll;
mod processes;
mod refresh;
mod wait;

pub use poll::PolledNumbers;
use wait::{BoardWait, Woken};

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::atomics::Ordering;
use crate::error::{AttachError, ReadError};
use crate::layout::{CREATOR_HOLDS_NO_LOCK, ColdImage, READY};
use crate::liveness::clock;
use crate::segment::{self, Segment, lock};
use crate::stamp;
use crate::view::Snapshot;

/// A board attached for reading, without any effect on the board's writers.
pub struct Reader {
    segment: Arc<Segment>,
    // The vectors are empty until the first look, so that attaching only maps and checks.
    seen: Vec<refresh::ShownSlotState>,
    polled: Vec<PolledNumbers>,
    cold: Option<Box<ColdImage>>,
    witness: processes::ProcessExaminer,
    /// Begun by the first wait that watches the creator; holds `None` if this system cannot watch it.
    creators_end: OnceLock<Option<creator::CreatorWatch>>,
    title_stamp: Option<u64>,
    epoch: Option<u32>,
    /// The `taken_at_ns` of the snapshot that `seen` belongs to.
    last_taken_at_ns: u64,
}

impl Reader {
    /// Attach to a board, a finished board, `shm:NAME`, or a dump.
    ///
    /// # Errors
    /// If nothing has that name, or it is not a board of this version.
    pub fn open(path: &Path) -> Result<Self, AttachError> {
        let segment = segment::open_read(path)?;
        if segment.facts().is_dump() {
            check_dump(&segment, path)?;
        }
        Ok(Self {
            witness: processes::ProcessExaminer::for_segment(&segment),
            segment: Arc::new(segment),
            creators_end: OnceLock::new(),
            seen: Vec::new(),
            polled: Vec::new(),
            cold: None,
            title_stamp: None,
            epoch: None,
            last_taken_at_ns: 0,
        })
    }

    /// The name it was opened by: a path, or `shm:NAME`.
    pub fn path(&self) -> &Path {
        self.segment.path()
    }

    /// Whether this is a dump, which does not change any more.
    pub fn is_dump(&self) -> bool {
        self.segment.facts().is_dump()
    }

    /// Whether the board's creator has closed it.
    pub fn closed(&self) -> bool {
        stamp::is_closed(&self.segment.header().closed)
    }

    /// Whether the creator holds the board's lock, as a run does; never for a board that was made on behalf of a
    /// script.
    pub fn held_by_creator(&self) -> bool {
        let holds = self.segment.facts().compatible & CREATOR_HOLDS_NO_LOCK == 0;
        holds && self.segment.lock_file().and_then(|file| lock::held(file, lock::CREATOR)) == Some(true)
    }

    /// When the board was closed: nanoseconds since 1970.
    pub fn closed_unix_ns(&self) -> Option<i64> {
        let at = stamp::closed_at(self.segment.header()).filter(|at| *at != 0)?;
        i64::try_from(at).ok()
    }

    /// Bring a snapshot up to date. Returns whether anything in it changed since this reader last filled it.
    ///
    /// Views of slots are changed in place: nothing is allocated for a slot whose texts did not grow. A slot that could
    /// not be read whole keeps its last view.
    ///
    /// # Errors
    /// When the board was cut short, overwritten, or can no longer be read; the snapshot then keeps the last whole view
    /// of each slot.
    pub fn refresh(&mut self, into: &mut Snapshot) -> Result<bool, ReadError> {
        self.check_length()?;
        self.reload()?;
        if self.last_taken_at_ns != 0 && into.taken_at_ns == self.last_taken_at_ns {
            return self.read_again(into);
        }
        // This is another snapshot than last time. A new one is filled first, so that `into` keeps its content if the
        // board is gone.
        let mut fresh = Snapshot::default();
        self.start_over(&mut fresh);
        self.read_again(&mut fresh)?;
        *into = fresh;
        Ok(true)
    }

    /// Read everything once: first the words of the board, then the state of its processes.
    fn read_once(&mut self, into: &mut Snapshot, now_ns: u64) -> bool {
        let mut changed = self.refresh_board(&mut into.board);
        let state_moved = self.epoch.replace(into.board.epoch) != Some(into.board.epoch);
        for slot in 0..self.used() {
            changed |= self.refresh_slot(slot, into, state_moved);
        }
        changed | self.witness.examine(&self.segment, into, now_ns, state_moved)
    }

    fn read_again(&mut self, into: &mut Snapshot) -> Result<bool, ReadError> {
        let now_ns = self.now_ns();
        let mut changed = self.read_once(into, now_ns);
        if into.board.abandoned() {
            // The creator may have closed the board, and ended, since its state was read: read that last state.
            self.reload()?;
            if stamp::epoch(&self.segment.header().epoch) != into.board.epoch {
                changed |= self.read_once(into, now_ns);
            }
        }
        if changed {
            // If the board was cut meanwhile, the changes cannot be trusted: behind a cut in the middle of a page the
            // system leaves zeros and raises no fault.
            self.check_length()?;
        }
        into.taken_at_ns = if self.is_dump() { now_ns } else { now_ns.max(self.last_taken_at_ns + 1) };
        self.last_taken_at_ns = into.taken_at_ns;
        Ok(changed)
    }

    /// One reading of the whole board.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub fn snapshot(&mut self) -> Result<Snapshot, ReadError> {
        let mut snapshot = Snapshot::default();
        self.refresh(&mut snapshot)?;
        Ok(snapshot)
    }

    /// Read the newest whole lines of a slot's log ring, at most `lines` of them, oldest first.
    pub fn log_tail(&self, slot: u32, lines: usize) -> Vec<String> {
        let Some((counters, ring)) = self.segment.log(slot) else { return Vec::new() };
        let window = stamp::read_log(counters, ring);
        if self.segment.vanished() {
            return Vec::new(); // A part of the window may be zeros instead of the board's bytes.
        }
        let whole = match window.bytes.iter().position(|byte| *byte == b'\n') {
            Some(_) if window.from_start => &window.bytes[..],
            Some(at) => &window.bytes[at + 1..],
            None => return Vec::new(),
        };
        let all: Vec<&[u8]> =
            whole.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).collect();
        let newest = &all[all.len().saturating_sub(lines)..];
        newest.iter().map(|line| String::from_utf8_lossy(&line[..line.len() - 1]).into_owned()).collect()
    }

    /// Sleep until a slot or the board changes its state, at most `timeout`. Returns whether one did since the last
    /// [`refresh`](Self::refresh), or the board's creator has ended. Changes of numbers and texts do not end the wait:
    /// read them at your own pace.
    ///
    /// If the system can wake this reader, nothing runs during a wait of any length. A wait of a second or less does
    /// not watch the creator. [`Duration::MAX`] waits without end. A board that was cut or written over does not
    /// change any more: the wait returns `true` at once, and the next [`refresh`](Self::refresh) returns the error.
    pub fn wait_change(&self, timeout: Duration) -> bool {
        if self.check_length().is_err() {
            return true;
        }
        let until = Instant::now().checked_add(timeout);
        let creator = self.witness.living_creator();
        let (segment, epoch) = (&self.segment, self.epoch.unwrap_or(0));
        let watch = |creator| {
            let begun = self.creators_end.get_or_init(|| creator::CreatorWatch::begin(creator, segment));
            begun.as_ref().map(creator::CreatorWatch::ended)
        };
        let woken = BoardWait { segment, epoch, creator, until, watch: &watch }.wait();
        if woken == Woken::CreatorEnded {
            self.witness.note_creators_end();
        }
        woken != Woken::TimeOut
    }

    /// How many slots were ever used: all slots from this number on were never used.
    pub(crate) fn used(&self) -> u32 {
        stamp::used(&self.segment.header().used).min(self.segment.facts().slot_count)
    }

    fn now_ns(&self) -> u64 {
        if self.is_dump() { self.segment.facts().taken_at_ns.max(1) } else { clock::now_ns() }
    }

    /// Check that the board is still whole and as long as it was.
    fn check_length(&self) -> Result<(), ReadError> {
        match self.segment.length_now() {
            Ok(Some(found)) if found < self.segment.length() as u64 => Err(self.truncated(found)),
            Ok(_) => self.check_whole(),
            Err(source) => Err(ReadError::Io { path: self.segment.path().to_path_buf(), source }),
        }
    }

    /// Bring a private copy of the board up to date.
    fn reload(&self) -> Result<(), ReadError> {
        self.segment.reload().map_err(|source| match source.kind() {
            std::io::ErrorKind::UnexpectedEof => self.truncated(self.segment.length_now().ok().flatten().unwrap_or(0)),
            _ => ReadError::Io { path: self.segment.path().to_path_buf(), source },
        })
    }

    /// Check that the words just read were the board's: its pages did not vanish meanwhile, and its header is still
    /// there.
    pub(crate) fn check_whole(&self) -> Result<(), ReadError> {
        let ready = self.segment.header().ready.load(Ordering::Relaxed);
        if ready == READY && !self.segment.vanished() {
            return Ok(());
        }
        let found = self.segment.length_now().ok().flatten().unwrap_or(0);
        if self.segment.vanished() || found < self.segment.length() as u64 {
            return Err(self.truncated(found));
        }
        Err(ReadError::Overwritten { path: self.segment.path().to_path_buf() })
    }

    fn truncated(&self, found: u64) -> ReadError {
        let expected = self.segment.length() as u64;
        ReadError::Truncated { path: self.segment.path().to_path_buf(), found, expected }
    }
}

/// Check that a dump holds the bytes that were written to it.
fn check_dump(segment: &Segment, path: &Path) -> Result<(), AttachError> {
    use crate::layout::LayoutFault;
    if segment.body_crc() == segment.facts().body_crc {
        return Ok(());
    }
    Err(AttachError::new(path, LayoutFault::Damaged { what: "the dump's checksum does not match" }))
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("path", &self.segment.path()).finish_non_exhaustive()
    }
}
