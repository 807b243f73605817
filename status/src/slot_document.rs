//! A slot as JSON: the one form for dumps, requests to a run, the daemon, `vx ps` and the tools of a model.

use serde::Serialize;
use vx_shm::{BoardView, Liveness, SlotView, WaitsFor};

use crate::error_cell::ErrorCell;
use crate::standing::Standing;
use crate::turn_facts::TurnFacts;
use crate::vocabulary::{Phases, unit_of, word_of};

/// A slot with the words of its kind of work. `None` stands for unknown values; times are RFC 3339.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SlotDocument {
    /// Name of the work.
    pub key: String,
    /// Version of a tool, or the agent of a turn.
    pub version: Option<String>,
    /// Kind of work.
    pub kind: &'static str,
    /// Place in the table.
    pub slot: u32,
    /// Life of that place.
    pub generation: u32,
    /// Slot that started this one.
    pub parent: Option<u32>,
    /// The state that the slot's writer, or its parent, has recorded.
    pub state: &'static str,
    /// Word that people see. It includes `stalled` and `lost`, which only readers find out.
    pub standing: &'static str,
    /// It has ended; nothing more will come.
    pub ended: bool,
    /// Present step, in the writer's own word if it has one.
    pub step: String,
    /// Work done, in `unit`.
    pub done: u64,
    /// All of the work.
    pub total: Option<u64>,
    /// Share that is done, 0 to 100.
    pub percent: Option<f64>,
    /// Unit of `done` and `total`.
    pub unit: &'static str,
    /// Health of a service.
    pub health: &'static str,
    /// Work that this one waits for.
    pub waits_for: Option<AwaitedSlot>,
    /// The reason that it waits, failed or was skipped: a process, a person, other work.
    pub cause: Option<String>,
    /// Process that can be asked about this work.
    pub runner: Option<u32>,
    /// Process that writes its log.
    pub log_writer: Option<u32>,
    /// Process group of its command.
    pub process_group: Option<u32>,
    /// Address of a service.
    pub address: Option<String>,
    /// Port of that address.
    pub port: Option<u16>,
    /// Process that writes the slot.
    pub pid: Option<u32>,
    /// That process still exists.
    pub alive: Option<bool>,
    /// Signs of life of that process.
    pub liveness: Option<LivenessDocument>,
    /// Number of this attempt, from 1.
    pub attempt: u8,
    /// One line about what it does.
    pub message: Option<String>,
    /// More lines.
    pub details: Option<String>,
    /// Facts of a turn.
    pub turn: Option<TurnFacts>,
    /// Error, with all its lines as people see them.
    pub error: Option<String>,
    /// Kind of the error.
    pub error_kind: Option<String>,
    /// Next step after the error.
    pub hint: Option<String>,
    /// Exit code of its process.
    pub exit_code: Option<i32>,
    /// Signal that ended its process.
    pub signal: Option<i32>,
    /// The work's result: the directory of an installed tool.
    pub result: Option<String>,
    /// Steps so far, oldest first.
    pub transitions: Vec<TransitionDocument>,
    /// Time of its end.
    pub ended_at: Option<String>,
    /// Requests that its runner accepts for it now. Empty if the runner was not asked.
    pub can: Vec<&'static str>,
}

/// A slot, perhaps of another board, that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AwaitedSlot {
    /// Id of its board.
    pub board: String,
    /// Its place in the table.
    pub slot: u32,
    /// Life of that place.
    pub generation: u32,
}

/// The signs of life of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LivenessDocument {
    /// `alive`, `stalled`, `silent` or `lost`.
    pub state: &'static str,
    /// Time in this state, in milliseconds.
    pub for_ms: Option<u64>,
}

/// The beginning of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransitionDocument {
    /// The step.
    pub step: String,
    /// Time at which it began.
    pub entered_at: Option<String>,
    /// Work that was done by then.
    pub done: u64,
}

impl SlotDocument {
    /// The slot of this board, as any of its readers sees it.
    pub fn new(board: &BoardView, slot: &SlotView) -> Self {
        let error = ErrorCell::of_slot(slot);
        let standing = Standing::from_slot(slot);
        let transitions = slot.phases().map(|entry| TransitionDocument {
            step: entry.phase.to_string(),
            entered_at: wall_clock(board, entry.entered_at_ns),
            done: entry.done,
        });
        Self {
            key: slot.key.clone(),
            version: non_empty(&slot.version),
            kind: slot.kind.name(),
            slot: slot.index,
            generation: slot.generation,
            parent: slot.parent,
            state: slot.state.name(),
            standing: standing.word(),
            ended: standing.over(),
            step: word_of(slot).to_owned(),
            done: slot.done,
            total: slot.total,
            percent: slot.percent(),
            unit: unit_of(slot).name(),
            health: slot.health.name(),
            // A killed writer leaves it on the board.
            waits_for: slot.waits_for.as_ref().filter(|_| !standing.over()).map(AwaitedSlot::from),
            cause: slot.cause.clone(),
            runner: slot.runner,
            log_writer: slot.log_writer,
            process_group: slot.process_group,
            address: slot.address.clone(),
            port: slot.port,
            pid: slot.pid,
            alive: is_alive(slot),
            liveness: liveness(slot),
            attempt: slot.attempt,
            message: non_empty(&slot.message),
            details: non_empty(&slot.details),
            turn: (slot.kind == vx_shm::Kind::Turn).then(|| TurnFacts::parse(&slot.details)),
            error: error.as_ref().map(ErrorCell::shown_text),
            error_kind: ErrorCell::kind_of_slot(slot).map(|kind| kind.to_string()),
            hint: error.as_ref().and_then(|error| error.hint.as_ref()).map(ToString::to_string),
            exit_code: slot.exit_code,
            signal: slot.signal,
            result: slot.result.clone(),
            transitions: transitions.collect(),
            ended_at: slot.ended_at_ns.and_then(|at| wall_clock(board, at)),
            can: Vec::new(),
        }
    }
}

impl SlotDocument {
    /// Returns whether both say the same about the work. The length of a stall grows with each reading, so it is left
    /// out.
    pub fn says_same(&self, other: &Self) -> bool {
        let timeless = |document: &Self| document.liveness.as_ref().map(|liveness| liveness.state);
        timeless(self) == timeless(other) && *self == Self { liveness: self.liveness.clone(), ..other.clone() }
    }
}

impl From<&WaitsFor> for AwaitedSlot {
    fn from(other: &WaitsFor) -> Self {
        Self { board: other.board_id.clone(), slot: other.slot, generation: other.generation }
    }
}

/// A moment of the board's monotonic clock as RFC 3339; `None` outside the years of a calendar.
pub(crate) fn wall_clock(board: &BoardView, at_ns: u64) -> Option<String> {
    jiff::Timestamp::from_nanosecond(board.unix_ns_at(at_ns)).ok().map(|moment| moment.to_string())
}

/// Returns whether a process is at work on the slot; `None` if that is not known.
pub(crate) fn is_alive(slot: &SlotView) -> Option<bool> {
    match slot.liveness {
        _ if slot.state.ended() => Some(false),
        Liveness::Unknown => None,
        Liveness::Alive | Liveness::Stalled(_) | Liveness::Silent(_) => Some(true),
        Liveness::Lost => Some(false),
    }
}

/// The signs of life of the slot's process; `None` if they are not known.
pub(crate) fn liveness(slot: &SlotView) -> Option<LivenessDocument> {
    let (state, for_ms) = match slot.liveness {
        Liveness::Unknown => return None,
        Liveness::Alive => ("alive", None),
        Liveness::Stalled(for_ms) => ("stalled", Some(for_ms)),
        Liveness::Silent(for_ms) => ("silent", Some(for_ms)),
        Liveness::Lost => ("lost", None),
    };
    Some(LivenessDocument { state, for_ms })
}

pub(crate) fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_wall_clock_and_moments_no_calendar_has_are_null() {
        let board = BoardView { created_unix_ns: 1_000_000_000, created_at_ns: 50, ..BoardView::default() };
        assert_eq!(wall_clock(&board, 1_500_000_050).as_deref(), Some("1970-01-01T00:00:02.5Z"));
        assert!(wall_clock(&board, 0).is_some());
        let far = BoardView { created_unix_ns: i64::MAX, ..BoardView::default() };
        assert!(wall_clock(&far, u64::MAX).is_some_and(|moment| moment.starts_with("28")));
    }

    #[test]
    fn a_turn_has_its_facts_as_numbers_and_other_work_has_none() {
        let slot = SlotView { kind: vx_shm::Kind::Turn, details: "tokens 7\nsession s".into(), ..SlotView::default() };
        let document = SlotDocument::new(&BoardView::default(), &slot);
        assert_eq!(document.turn.map(|facts| (facts.tokens, facts.session)), Some((7, "s".to_owned())));
        assert_eq!(SlotDocument::new(&BoardView::default(), &SlotView::default()).turn, None);
    }
}
