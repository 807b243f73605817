//! What a reader sees: plain values copied out of a board, the same for a live board, a finished one and a dump.

use crate::progress::{BoardState, Kind, Phase, SlotState};

/// One reading of a whole board. Each slot is whole; two slots may be from different instants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// What holds for the board as a whole.
    pub board: BoardView,
    /// Every slot that was ever used, in slot order.
    pub slots: Vec<SlotView>,
    /// When this reading was taken, in nanoseconds of the board's monotonic clock.
    pub taken_at_ns: u64,
}

/// A board as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardView {
    /// The board's id, unique on this machine: 32 hexadecimal digits.
    pub id: String,
    /// As its creator last said. `Running` with a dead creator means that the creator was killed.
    pub state: BoardState,
    /// What the board is about, for people: the project's name.
    pub title: String,
    /// Wall clock at creation, in nanoseconds since 1970.
    pub created_unix_ns: i64,
    /// Monotonic clock at creation; phase times count on the same clock.
    pub created_at_ns: u64,
    /// The process that made the board.
    pub creator: Creator,
    /// Goes up with each state change of any slot or the board; not with numbers.
    pub epoch: u32,
    /// How many slots the board has.
    pub capacity: u32,
}

/// The process that created a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Creator {
    /// Its process id, in the creator's pid namespace.
    pub pid: u32,
    /// Whether that very process still runs; `None` where that cannot be known (a dump, another machine or namespace).
    pub alive: Option<bool>,
}

/// Who stands behind a slot that has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Liveness {
    /// Cannot be known: a dump, or another pid namespace.
    #[default]
    Unknown,
    /// The writer holds its slot and beats.
    Alive,
    /// The writer holds its slot and beats, but its numbers have not moved for this many milliseconds.
    Stalled(u64),
    /// The writer holds its slot, but has not beaten for this many milliseconds: stopped or starved.
    Silent(u64),
    /// Nobody holds the slot and its creator is gone too: nothing more will come.
    Lost,
}

/// When a slot entered a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseEntry {
    /// The phase entered.
    pub phase: Phase,
    /// Nanoseconds on the board's monotonic clock.
    pub entered_at_ns: u64,
    /// Work finished in it: when it was left, or so far for the present phase. Bytes for a download.
    pub done: u64,
}

/// One slot: the newest publication that could be read whole.
///
/// Text is valid UTF-8 but may hold anything else a writer put there, control characters included: whoever shows it
/// on a terminal cleans it first.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotView {
    /// The slot's place in the table.
    pub index: u32,
    /// Counts the claims of this place; `(index, generation)` names one life of a slot.
    pub generation: u32,
    /// What the slot is about: a tool's name. Unique among the board's slots that have not ended.
    pub key: String,
    /// The version of it, or nothing.
    pub version: String,
    /// What the slot stands for.
    pub kind: Kind,
    /// Where it is in its life.
    pub state: SlotState,
    /// What its writer is doing, or was doing when it ended.
    pub phase: Phase,
    /// Work finished in this phase: bytes for a download.
    pub done: u64,
    /// Work there is in this phase; `None` while unknown.
    pub total: Option<u64>,
    /// Which attempt this is, from 1.
    pub attempt: u8,
    /// The writer's process id; `None` before a claim.
    pub pid: Option<u32>,
    /// Who stands behind it.
    pub liveness: Liveness,
    /// When its writer beat last, on the board's monotonic clock, to 10 ms; only where that writer is
    /// [`Lost`](Liveness::Lost) and ever beat.
    pub last_beat_at_ns: Option<u64>,
    /// One line about what is going on.
    pub message: String,
    /// A longer text, possibly of several lines.
    pub details: String,
    /// Why it failed, once it did.
    pub error: Option<String>,
    /// The process's exit status, once its parent collected it.
    pub exit_code: Option<i32>,
    /// The signal that ended the process, once its parent collected it.
    pub signal: Option<i32>,
    /// Where the result is, once it is there.
    pub install_path: Option<String>,
    /// The phases entered so far, oldest first; a phase entered twice appears with its last entry.
    pub phases: Vec<PhaseEntry>,
    /// When the slot ended, on the board's monotonic clock.
    pub ended_at_ns: Option<u64>,
}

impl BoardView {
    /// Whether its creator is known to be gone without having said what became of the board.
    pub fn abandoned(&self) -> bool {
        self.state == BoardState::Running && self.creator.alive == Some(false)
    }
}

impl Default for BoardView {
    fn default() -> Self {
        Self {
            id: String::new(),
            state: BoardState::Running,
            title: String::new(),
            created_unix_ns: 0,
            created_at_ns: 0,
            creator: Creator::default(),
            epoch: 0,
            capacity: 0,
        }
    }
}

impl Default for SlotView {
    fn default() -> Self {
        Self {
            index: 0,
            generation: 0,
            key: String::new(),
            version: String::new(),
            kind: Kind::Install,
            state: SlotState::Free,
            phase: Phase::Queued,
            done: 0,
            total: None,
            attempt: 1,
            pid: None,
            liveness: Liveness::Unknown,
            last_beat_at_ns: None,
            message: String::new(),
            details: String::new(),
            error: None,
            exit_code: None,
            signal: None,
            install_path: None,
            phases: Vec::new(),
            ended_at_ns: None,
        }
    }
}
