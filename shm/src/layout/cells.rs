//! The words of a live board: atomics in their places, which any process may store to at any time.

use crate::atomics::{AtomicU32, AtomicU64};

use super::{
    CAUSE_WORDS, ERROR_WORDS, FACT_WORDS, IDENTITY_WORDS, NOTE_WORDS, PROJECT_WORDS, RESULT_WORDS, TEXT_WORDS,
    TITLE_WORDS, TRANSITIONS,
};

/// Two copies of `W` words under one stamp. The stamp's lowest bit names the copy that is whole.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Latch<const W: usize> {
    /// Publications so far. Never set back.
    pub stamp: AtomicU64,
    /// The good copy and the spare one.
    pub copies: [LatchCopy<W>; 2],
}

/// One copy under a [`Latch`].
#[repr(transparent)]
#[derive(Debug)]
pub struct LatchCopy<const W: usize>(pub [AtomicU64; W]);

impl<const W: usize> Default for LatchCopy<W> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

/// A slot's hot line: the words that change often, in one cache line.
#[repr(C)]
#[derive(Debug, Default)]
pub struct HotLine {
    /// Generation and state; see [`ControlWord`](crate::stamp::ControlWord).
    pub control: AtomicU64,
    /// `done`, `total` and meta.
    pub numbers: Latch<3>,
}

/// [`CauseImage`](super::CauseImage) in words: the cause of a wait or an end, behind a slot's cold record.
pub type CauseLatch = Latch<CAUSE_WORDS>;

/// A slot's cold record: the words that change seldom.
#[repr(C)]
#[derive(Debug)]
pub struct ColdRecord {
    /// [`IdentityImage`](super::IdentityImage), in words: written while claiming.
    pub identity: [AtomicU64; IDENTITY_WORDS],
    /// How the process exited, from its parent's `wait()`.
    pub exit: AtomicU64,
    /// When the slot ended.
    pub ended_at: AtomicU64,
    /// Message and details.
    pub text: Latch<TEXT_WORDS>,
    /// [`NotesImage`](super::NotesImage), in words.
    pub notes: Latch<NOTE_WORDS>,
    /// A ring of the last steps: when each was entered, and the work done when it was left.
    pub transitions: [[AtomicU64; 2]; TRANSITIONS],
    /// Reason of a failure. Written before the state that announces it.
    pub error: [AtomicU64; ERROR_WORDS],
    /// Place of the result. Written before the state that announces it.
    pub result: [AtomicU64; RESULT_WORDS],
}

impl Default for ColdRecord {
    fn default() -> Self {
        Self {
            identity: std::array::from_fn(|_| AtomicU64::new(0)),
            exit: AtomicU64::new(0),
            ended_at: AtomicU64::new(0),
            text: Latch::default(),
            notes: Latch::default(),
            transitions: std::array::from_fn(|_| [AtomicU64::new(0), AtomicU64::new(0)]),
            error: std::array::from_fn(|_| AtomicU64::new(0)),
            result: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

/// The header page.
#[repr(C)]
#[derive(Debug, Default)]
pub struct HeaderPage {
    /// [`HeaderImage`](super::HeaderImage), in words: written once, before [`ready`](Self::ready).
    pub facts: [AtomicU64; FACT_WORDS],
    /// [`READY`](super::READY) once the board can be attached.
    pub ready: AtomicU64,
    _pad0: [u64; 7],
    /// Goes up with each state change of a slot or of the board.
    pub epoch: AtomicU32,
    _pad1: [u32; 15],
    /// The board's state.
    pub state: AtomicU32,
    /// How many slots were ever used: all slots from this number on are free.
    pub used: AtomicU32,
    /// When the board was closed: nanoseconds since 1970.
    pub closed_unix_ns: AtomicU64,
    _pad2: [u64; 6],
    /// 1 after the creator has closed the board.
    pub closed: AtomicU32,
    _pad3: u32,
    /// The id of the board that takes this one's place, or zeros.
    pub successor: [AtomicU64; 2],
    _pad4: [u64; 5],
    /// The board's title.
    pub title: Latch<TITLE_WORDS>,
    _pad5: [u64; 7],
    /// Hash of the whole key of the board's project; 0 for no project. Written once, before [`ready`](Self::ready).
    pub project_hash: AtomicU64,
    /// Number of the kind of the board's work, plus 1; 0 if unknown. Also written once.
    pub kind: AtomicU32,
    _pad6: u32,
    /// A text cell: the key of the board's project. Also written once.
    pub project: LatchCopy<PROJECT_WORDS>,
}

/// The doorbell page: the only one that a waiting reader maps writable.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Doorbell {
    /// Changes with every ring.
    pub wake: AtomicU32,
    _pad: [u32; 31],
    /// How many readers sleep, or slept when they were killed: a hint that a wake is worth a system call.
    pub waiters: AtomicU32,
}

/// Three counters in front of a log ring: bytes ever written, never set back.
#[repr(C)]
#[derive(Debug, Default)]
pub struct LogCounters {
    /// Bytes written or being written: whatever lies more than a ring's length before this may be overwritten.
    pub reserved: AtomicU64,
    /// Bytes that are there.
    pub committed: AtomicU64,
    /// Offset of this generation's first byte.
    pub start: AtomicU64,
}
