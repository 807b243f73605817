//! Reading a board: live, finished or dumped, the same way.
//!
//! A reader maps the board read-only, loads, and compares; it never stores, so it cannot hold a writer up, and it
//! trusts nothing it loads. What it met in the middle of a change it tries again a few times and then keeps as it was:
//! a view is never a mixture. Where the orderings are argued: [`crate::docs::protocol`].

mod decode;
mod poll;
mod wait;
mod witness;

pub(crate) use decode::hexadecimal;
pub use poll::Numbers;

use std::path::Path;
use std::time::Duration;

use crate::atomics::{Ordering, fence};
use crate::error::{AttachError, ReadError};
use crate::layout::{ColdImage, HotImage, SlotImage, decode_text};
use crate::liveness::clock;
use crate::progress::BoardState;
use crate::segment::{self, Segment};
use crate::stamp::{self, Control, HotReading, Meta, READ_ATTEMPTS};
use crate::view::{BoardView, SlotView, Snapshot};

/// How often a slot that was never seen whole is tried: longer, as there is no earlier view to keep.
const FIRST_ATTEMPTS: usize = 64;

/// A board attached for reading. Nothing it does is noticed by the board's writers.
pub struct Reader {
    segment: Segment,
    seen: Vec<Seen>,
    polled: Vec<Numbers>,
    cold: Box<ColdImage>,
    witness: witness::Witness,
    title_stamp: Option<u64>,
    epoch: Option<u32>,
    /// The `taken_at_ns` of the snapshot that `seen` is about.
    last_taken_at_ns: u64,
}

/// What a reader last showed of a slot.
#[derive(Clone, Copy, Default)]
struct Seen {
    control: u64,
    stamp: u64,
    revision: u16,
    /// Whether the snapshot has a view of this slot at all.
    shown: bool,
}

impl Reader {
    /// Attach to a board, a finished board, `shm:NAME`, or a dump.
    ///
    /// # Errors
    /// When nothing is there, or what is there is not a board that this version reads.
    pub fn open(path: &Path) -> Result<Self, AttachError> {
        let segment = segment::open_read(path)?;
        if segment.facts().is_dump() {
            check_dump(&segment, path)?;
        }
        let slots = segment.facts().slot_count as usize;
        Ok(Self {
            witness: witness::Witness::of(&segment),
            segment,
            seen: vec![Seen::default(); slots],
            polled: vec![Numbers::default(); slots],
            cold: Box::default(),
            title_stamp: None,
            epoch: None,
            last_taken_at_ns: 0,
        })
    }

    /// What was attached: a path, or `shm:NAME`.
    pub fn path(&self) -> &Path {
        self.segment.path()
    }

    /// Whether this is a dump: it will not change any more.
    pub fn is_dump(&self) -> bool {
        self.segment.facts().is_dump()
    }

    /// Whether the board's creator has closed it.
    pub fn closed(&self) -> bool {
        stamp::is_closed(&self.segment.header().closed)
    }

    /// When the board was closed: nanoseconds since 1970.
    pub fn closed_unix_ns(&self) -> Option<i64> {
        let at = self.segment.header().closed_unix_ns.load(Ordering::Relaxed);
        (self.closed() && at != 0).then(|| i64::try_from(at).ok()).flatten()
    }

    /// Bring a snapshot up to date. Returns whether anything in it changed since this reader last filled it.
    ///
    /// Views of slots are changed in place: nothing is allocated for a slot whose texts did not grow. A slot that could
    /// not be read whole keeps its last view.
    ///
    /// # Errors
    /// When the board was cut short or can no longer be read; the snapshot then keeps its last good reading.
    pub fn refresh(&mut self, into: &mut Snapshot) -> Result<bool, ReadError> {
        self.check_length()?;
        let now_ns = self.now_ns();
        let mut changed = false;
        if self.last_taken_at_ns == 0 || into.taken_at_ns != self.last_taken_at_ns {
            self.start_over(into);
            changed = true;
        }
        changed |= self.refresh_board(&mut into.board);
        let state_moved = self.epoch.replace(into.board.epoch) != Some(into.board.epoch);
        for slot in 0..self.used() {
            changed |= self.refresh_slot(slot, into, state_moved);
        }
        changed |= self.witness.examine(&self.segment, into, now_ns, state_moved);
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

    /// The newest whole lines of a slot's log ring, at most `lines` of them, oldest first.
    pub fn log_tail(&self, slot: u32, lines: usize) -> Vec<String> {
        let Some((counters, ring)) = self.segment.log(slot) else { return Vec::new() };
        let window = stamp::read_log(counters, ring);
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
    /// [`refresh`](Self::refresh). Numbers and texts ring no bell: read them at your own pace.
    pub fn wait_change(&self, timeout: Duration) -> bool {
        wait::wait_change(&self.segment, self.epoch.unwrap_or(0), timeout)
    }

    /// A slot as plain bytes, with its good copies twice; `None` where there is nothing whole to show.
    pub(crate) fn slot_image(&self, slot: u32) -> Option<SlotImage> {
        let line = self.segment.hot(slot)?;
        let record = self.segment.cold(slot)?;
        for _ in 0..FIRST_ATTEMPTS {
            let Some(hot) = stamp::read_hot(line) else { continue };
            if Control::from_word(hot.control).unnamed() {
                return None;
            }
            let mut cold = ColdImage::default();
            let whole = stamp::read_cold(record, &mut cold);
            fence(Ordering::Acquire);
            if whole && line.control.load(Ordering::Relaxed) == hot.control {
                let HotReading { control, stamp, numbers } = hot;
                return Some(SlotImage { hot: HotImage { control, stamp, copies: [numbers; 2] }, cold });
            }
        }
        None
    }

    pub(crate) fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Slots from this one on were never used.
    pub(crate) fn used(&self) -> u32 {
        self.segment.header().used.load(Ordering::Acquire).min(self.segment.facts().slot_count)
    }

    fn now_ns(&self) -> u64 {
        if self.is_dump() { self.segment.facts().taken_at_ns.max(1) } else { clock::now_ns() }
    }

    fn check_length(&self) -> Result<(), ReadError> {
        let path = || self.segment.path().to_path_buf();
        let expected = self.segment.length() as u64;
        match self.segment.length_now() {
            Ok(Some(found)) if found < expected => {
                return Err(ReadError::Truncated { path: path(), found, expected });
            }
            Ok(_) => {}
            Err(source) => return Err(ReadError::Io { path: path(), source }),
        }
        self.segment.reload().map_err(|source| match source.kind() {
            std::io::ErrorKind::UnexpectedEof => ReadError::Truncated { path: path(), found: 0, expected },
            _ => ReadError::Io { path: path(), source },
        })
    }

    /// Forget what was shown: the snapshot is another one.
    fn start_over(&mut self, into: &mut Snapshot) {
        self.seen.fill(Seen::default());
        (self.title_stamp, self.epoch) = (None, None);
        into.slots.clear();
        into.board = BoardView::default();
        decode::board_facts(self.segment.facts(), &mut into.board);
    }

    fn refresh_board(&mut self, board: &mut BoardView) -> bool {
        let header = self.segment.header();
        let epoch = header.epoch.load(Ordering::Acquire);
        let number = header.state.load(Ordering::Relaxed);
        let state = u8::try_from(number).ok().and_then(BoardState::from_number).unwrap_or(board.state);
        let mut changed = std::mem::replace(&mut board.epoch, epoch) != epoch;
        changed |= std::mem::replace(&mut board.state, state) != state;
        if self.title_stamp != Some(header.title.stamp.load(Ordering::Relaxed))
            && let Some((stamp, words)) = header.title.read_soon()
        {
            self.title_stamp = Some(stamp);
            decode_text(&words, &mut board.title);
            changed = true;
        }
        changed
    }

    fn refresh_slot(&mut self, slot: u32, into: &mut Snapshot, state_moved: bool) -> bool {
        let Some(line) = self.segment.hot(slot) else { return false };
        let seen = self.seen[slot as usize];
        let control = line.control.load(Ordering::Relaxed);
        let same = control == seen.control && line.numbers.stamp.load(Ordering::Relaxed) == seen.stamp;
        // How a process ended may be written after its slot's state: look again when any state has moved.
        let ended = Control::from_word(control).slot_state().is_some_and(|state| state.ended());
        if same && !(state_moved && ended) {
            return false;
        }
        let attempts = if seen.shown { READ_ATTEMPTS } else { FIRST_ATTEMPTS };
        (0..attempts).find_map(|_| self.try_slot(slot, into, state_moved && ended)).unwrap_or(false)
    }

    /// One try to bring a slot's view up to date; `None` when a change came in between.
    fn try_slot(&mut self, slot: u32, into: &mut Snapshot, look_again: bool) -> Option<bool> {
        let line = self.segment.hot(slot)?;
        let seen = self.seen[slot as usize];
        let hot = stamp::read_hot(line)?;
        let control = Control::from_word(hot.control);
        if control.unnamed() {
            return Some(false); // Nothing to show yet; what was shown stays until the new owner has a name.
        }
        let revision = Meta::from_word(hot.numbers[2]).revision;
        let cold_moved = look_again || !seen.shown || seen.control != hot.control || seen.revision != revision;
        if cold_moved {
            let whole = stamp::read_cold(self.segment.cold(slot)?, &mut self.cold);
            fence(Ordering::Acquire); // Pairs with the fence in `begin_claim`.
            if !whole || line.control.load(Ordering::Relaxed) != hot.control {
                return None;
            }
        }
        let view = view_of(into, slot);
        if cold_moved {
            decode::cold(&self.cold, control, view);
        }
        decode::numbers(&hot, control, view);
        if cold_moved || seen.shown {
            decode::phases(&self.cold, view, cold_moved);
        }
        self.seen[slot as usize] = Seen { control: hot.control, stamp: hot.stamp, revision, shown: true };
        Some(true)
    }
}

/// The view of this slot in the snapshot, put in its place if it is not there yet.
fn view_of(into: &mut Snapshot, slot: u32) -> &mut SlotView {
    // Slots are used from the first on, so that a view is nearly always at its own index.
    let own = slot as usize;
    let found = match into.slots.get(own) {
        Some(view) if view.index == slot => Ok(own),
        _ => into.slots.binary_search_by_key(&slot, |view| view.index),
    };
    let at = match found {
        Ok(at) => at,
        Err(at) => {
            into.slots.insert(at, SlotView { index: slot, ..SlotView::default() });
            at
        }
    };
    &mut into.slots[at]
}

/// Whether a dump holds the bytes that were written to it.
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
