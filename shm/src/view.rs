//! A reader's view: plain values copied out of a board, the same for a live board, a finished one and a dump.

use crate::layout::hash_key;
use crate::progress::{BoardState, Health, Kind, SlotState, Step, Unit};

/// One reading of a whole board. Each slot is whole; two slots may be from different instants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The board as a whole.
    pub board: BoardView,
    /// Every slot that was ever used, in slot order. You may reorder or remove views: a refresh updates each where it
    /// is, and adds a removed one again, whole, once its slot changes.
    pub slots: Vec<SlotView>,
    /// When it was taken, in nanoseconds of the board's monotonic clock.
    pub taken_at_ns: u64,
}

/// A board as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardView {
    /// Id of the board, unique on this machine: 32 hexadecimal digits.
    pub id: String,
    /// What its creator stored last. `Running` with a dead creator means that the creator was killed.
    pub state: BoardState,
    /// What the board is about, for people: the project's name.
    pub title: String,
    /// What kind of work it shows; `None` if it is of several kinds or none, and on boards of minor version 0.
    pub kind: Option<Kind>,
    /// Project that the work is for; `None` if its creator named none, and on boards of minor version 0.
    pub project: Option<ProjectKey>,
    /// Wall clock at creation, in nanoseconds since 1970.
    pub created_unix_ns: i64,
    /// Monotonic clock at creation; times of steps count on the same clock.
    pub created_at_ns: u64,
    /// Process that made the board.
    pub creator: Creator,
    /// Goes up with each state change of any slot or the board; not with numbers.
    pub epoch: u32,
    /// Number of slots that the board has.
    pub capacity: u32,
}

/// Key of the project that a board's work is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectKey {
    /// Hash of the whole key.
    pub hash: u64,
    /// Text of the key; a long one is cut, and marked as cut.
    pub text: String,
}

/// Process that created a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Creator {
    /// Its process id, in the creator's pid namespace.
    pub pid: u32,
    /// Whether that very process still runs; `None` if that cannot be known (a dump, another machine or namespace).
    pub alive: Option<bool>,
}

/// What is known about the life of a writer whose slot has not ended.
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
    /// No process holds the slot, and no process that would record its end is known to run.
    Lost,
}

/// A step that a slot entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Step that was entered.
    pub step: Step,
    /// Nanoseconds on the board's monotonic clock, to 256 ns.
    pub entered_at_ns: u64,
    /// Work finished in it: at its end, or so far for the present step. Bytes for a download.
    pub done: u64,
}

/// A slot that another slot waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitsFor {
    /// Id of the board that the slot is on: 32 hexadecimal digits.
    pub board_id: String,
    /// Place of the slot in that board's table.
    pub slot: u32,
    /// Generation of that slot.
    pub generation: u32,
}

/// One slot: the newest publication that could be read whole.
///
/// Text is valid UTF-8 but may hold anything else a writer put there, control characters included: a program that shows
/// it on a terminal cleans it first.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotView {
    /// Place of the slot in the table.
    pub index: u32,
    /// Counts the claims of this place; `(index, generation)` names one life of a slot.
    pub generation: u32,
    /// What the slot is about, such as a tool's name; a long one is cut, and marked as cut. Unique among the board's
    /// slots that have not ended.
    pub key: String,
    /// Hash of the whole key.
    pub key_hash: u64,
    /// Version of the subject; empty for none.
    pub version: String,
    /// What kind of work the slot shows.
    pub kind: Kind,
    /// How far the slot is in its life.
    pub state: SlotState,
    /// Step that its writer is in, or was in when it ended.
    pub step: Step,
    /// Name that the writer gave that step; `None` to show the vocabulary's word.
    pub step_name: Option<String>,
    /// Work finished in this step: bytes for a download.
    pub done: u64,
    /// Total work of this step; `None` while unknown.
    pub total: Option<u64>,
    /// Unit of both.
    pub unit: Unit,
    /// Health of what its process runs.
    pub health: Health,
    /// Number of the attempt, from 1.
    pub attempt: u8,
    /// Process id of the writer; `None` before a claim.
    pub pid: Option<u32>,
    /// Whether its writer lives.
    pub liveness: Liveness,
    /// When its writer last beat, on the board's monotonic clock, to 10 ms; only for a writer that is
    /// [`Lost`](Liveness::Lost) and ever beat.
    pub last_beat_at_ns: Option<u64>,
    /// Slot that this one is a part of.
    pub parent: Option<u32>,
    /// Slot that it waits for.
    pub waits_for: Option<WaitsFor>,
    /// Process that starts and stops the work; `None` if no process can be asked to.
    pub runner: Option<u32>,
    /// Process that writes the slot's log, if that is not the slot's own.
    pub log_writer: Option<u32>,
    /// Process group of the work.
    pub process_group: Option<u32>,
    /// Address under which its process is reached.
    pub address: Option<String>,
    /// Port that its process listens on.
    pub port: Option<u16>,
    /// Who or what is the reason that it waits, failed or was skipped, in a few words; `None` if no process stored one,
    /// and on boards of minor version 0.
    pub cause: Option<String>,
    /// One line about the work under way.
    pub message: String,
    /// A longer text, possibly of several lines.
    pub details: String,
    /// Why it failed, once it failed.
    pub error: Option<String>,
    /// Exit status of the process, once its parent collected it.
    pub exit_code: Option<i32>,
    /// Signal that ended the process, once its parent collected it.
    pub signal: Option<i32>,
    /// Place of the result, once it is there.
    pub result: Option<String>,
    /// Last steps entered, at most eight, oldest first; one that was entered twice appears twice. The last is the
    /// present one.
    pub transitions: Vec<Transition>,
    /// When the slot ended, on the board's monotonic clock.
    pub ended_at_ns: Option<u64>,
}

impl ProjectKey {
    /// Whether this is the key of the project, however long the key is.
    pub fn matches(&self, key: &str) -> bool {
        self.hash == hash_key(key) && shows(&self.text, key)
    }
}

/// Whether a shown text is this key, or the beginning of this key, marked as cut.
fn shows(text: &str, key: &str) -> bool {
    text == key || key.starts_with(text.strip_suffix('…').unwrap_or(text))
}

impl BoardView {
    /// Whether the board's work is for the project with this key.
    pub fn is_of_project(&self, key: &str) -> bool {
        self.project.as_ref().is_some_and(|project| project.matches(key))
    }

    /// Whether its creator is known to be gone without having closed the board.
    pub fn abandoned(&self) -> bool {
        self.state == BoardState::Running && self.creator.alive == Some(false)
    }

    /// Convert a moment of the board's monotonic clock to the wall clock, in nanoseconds since 1970.
    pub fn unix_ns_at(&self, at_ns: u64) -> i128 {
        i128::from(self.created_unix_ns) + i128::from(at_ns) - i128::from(self.created_at_ns)
    }
}

impl SlotView {
    /// Whether this is the slot's key, however long it is.
    pub fn has_key(&self, key: &str) -> bool {
        self.key_hash == hash_key(key) && shows(&self.key, key)
    }

    /// How much of a known total is finished, in percent with one decimal; `None` while the total is unknown or zero.
    pub fn percent(&self) -> Option<f64> {
        let total = self.total.filter(|total| *total > 0)?;
        let tenths = u128::from(self.done.min(total)) * 1000 / u128::from(total);
        Some(tenths as f64 / 10.0)
    }
}

impl Default for BoardView {
    fn default() -> Self {
        Self {
            id: String::new(),
            state: BoardState::Running,
            title: String::new(),
            kind: None,
            project: None,
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
            key_hash: 0,
            version: String::new(),
            kind: Kind::Install,
            state: SlotState::Free,
            step: Step::FIRST,
            step_name: None,
            done: 0,
            total: None,
            unit: Unit::Unknown,
            health: Health::Unknown,
            attempt: 1,
            pid: None,
            liveness: Liveness::Unknown,
            last_beat_at_ns: None,
            parent: None,
            waits_for: None,
            runner: None,
            log_writer: None,
            process_group: None,
            address: None,
            port: None,
            cause: None,
            message: String::new(),
            details: String::new(),
            error: None,
            exit_code: None,
            signal: None,
            result: None,
            transitions: Vec::new(),
            ended_at_ns: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_known_by_its_whole_key_though_only_the_beginning_is_shown() {
        let key = "/long/".repeat(200);
        let project = ProjectKey { hash: hash_key(&key), text: format!("{}…", &key[..1_006]) };
        assert!(project.matches(&key) && !project.matches(&format!("{key}two")) && !project.matches(&key[..1_006]));
        let board = BoardView { project: Some(project), ..BoardView::default() };
        assert!(board.is_of_project(&key) && !BoardView::default().is_of_project(""));
    }

    #[test]
    fn unknown_and_empty_totals_have_no_percent_and_more_than_all_is_all() {
        let slot = |done, total| SlotView { done, total, ..SlotView::default() };
        assert_eq!(SlotView::default().percent(), None);
        assert_eq!(slot(0, Some(0)).percent(), None);
        assert_eq!(slot(9, Some(3)).percent(), Some(100.0));
        assert_eq!(slot(u64::MAX - 1, Some(u64::MAX)).percent(), Some(99.9));
        assert_eq!(slot(1, Some(3)).percent(), Some(33.3));
    }
}
