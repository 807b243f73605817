//! The reading of a board as JSON: with the numbers of its steps, or with their words.

use serde_json::{Value, json};

use vx_shm::{BoardView, Liveness, SlotView, Snapshot};

use crate::error_cell::ErrorCell;
use crate::vocabulary::{Phases, word_of};

/// The form of what the vocabularies, and the cell of an error, give a meaning to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As the board holds it.
    Held,
    /// As people see it.
    Explained,
}

/// A snapshot as JSON. An unknown value is `null`; times are RFC 3339, sizes bytes.
pub(super) fn of(snapshot: &Snapshot, form: Form) -> Value {
    let board = &snapshot.board;
    json!({
        "board": {
            "id": board.id,
            "state": board.state,
            "title": board.title,
            "created_at": wall_clock(board, board.created_at_ns),
            "taken_at": wall_clock(board, snapshot.taken_at_ns),
            "creator": { "pid": board.creator.pid, "alive": board.creator.alive },
            "capacity": board.capacity,
            "epoch": board.epoch,
        },
        "slots": snapshot.slots.iter().map(|slot| slot_json(board, slot, form)).collect::<Vec<_>>(),
    })
}

fn slot_json(board: &BoardView, slot: &SlotView, form: Form) -> Value {
    let mut fields = common(board, slot);
    let more = match form {
        Form::Held => held(board, slot),
        Form::Explained => explained(board, slot),
    };
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    fields
}

fn held(board: &BoardView, slot: &SlotView) -> Value {
    let transitions = slot.transitions.iter();
    let transitions = transitions.map(|entry| transition(board, &json!(entry.step), entry.entered_at_ns, entry.done));
    json!({
        "step": slot.step,
        "step_name": slot.step_name,
        "transitions": transitions.collect::<Vec<_>>(),
        "error": slot.error,
    })
}

/// The writer's own word for the present step comes before the vocabulary's. The end of a slot may imply the kind of its
/// error.
fn explained(board: &BoardView, slot: &SlotView) -> Value {
    let error = ErrorCell::of_slot(slot);
    let transitions =
        slot.phases().map(|entry| transition(board, &json!(entry.phase), entry.entered_at_ns, entry.done));
    json!({
        "step": word_of(slot),
        "transitions": transitions.collect::<Vec<_>>(),
        "error": error.as_ref().map(ErrorCell::shown_text),
        "error_kind": ErrorCell::kind_of_slot(slot),
        "hint": error.as_ref().and_then(|error| error.hint.as_deref()),
    })
}

fn transition(board: &BoardView, step: &Value, entered_at_ns: u64, done: u64) -> Value {
    json!({ "step": step, "entered_at": wall_clock(board, entered_at_ns), "done": done })
}

fn common(board: &BoardView, slot: &SlotView) -> Value {
    let waits_for = slot
        .waits_for
        .as_ref()
        .map(|other| json!({ "board": other.board_id, "slot": other.slot, "generation": other.generation }));
    json!({
        "index": slot.index,
        "generation": slot.generation,
        "key": slot.key,
        "version": text_or_null(&slot.version),
        "kind": slot.kind,
        "state": slot.state,
        "done": slot.done,
        "total": slot.total,
        "percent": slot.percent(),
        "unit": slot.unit,
        "health": slot.health,
        "parent": slot.parent,
        "waits_for": waits_for,
        "runner": slot.runner,
        "log_writer": slot.log_writer,
        "process_group": slot.process_group,
        "address": slot.address,
        "port": slot.port,
        "pid": slot.pid,
        "alive": alive(slot),
        "liveness": liveness(slot),
        "attempt": slot.attempt,
        "message": text_or_null(&slot.message),
        "details": text_or_null(&slot.details),
        "exit_code": slot.exit_code,
        "signal": slot.signal,
        "result": slot.result,
        "ended_at": slot.ended_at_ns.and_then(|at| wall_clock(board, at)),
    })
}

/// A moment of the board's monotonic clock as RFC 3339; `None` outside the years of a calendar.
fn wall_clock(board: &BoardView, at_ns: u64) -> Option<String> {
    jiff::Timestamp::from_nanosecond(board.unix_ns_at(at_ns)).ok().map(|moment| moment.to_string())
}

/// True if a process is at work on the slot; `None` if that is not known.
fn alive(slot: &SlotView) -> Option<bool> {
    match slot.liveness {
        _ if slot.state.ended() => Some(false),
        Liveness::Unknown => None,
        Liveness::Alive | Liveness::Stalled(_) | Liveness::Silent(_) => Some(true),
        Liveness::Lost => Some(false),
    }
}

fn liveness(slot: &SlotView) -> Value {
    match slot.liveness {
        Liveness::Unknown => Value::Null,
        Liveness::Alive => json!({ "state": "alive", "for_ms": null }),
        Liveness::Stalled(for_ms) => json!({ "state": "stalled", "for_ms": for_ms }),
        Liveness::Silent(for_ms) => json!({ "state": "silent", "for_ms": for_ms }),
        Liveness::Lost => json!({ "state": "lost", "for_ms": null }),
    }
}

fn text_or_null(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::{SlotState, Step, Transition};

    fn slot() -> SlotView {
        SlotView { key: "node".into(), state: SlotState::Live, step: Step::new(3), ..SlotView::default() }
    }

    #[test]
    fn times_are_wall_clock_and_moments_no_calendar_has_are_null() {
        let board = BoardView { created_unix_ns: 1_000_000_000, created_at_ns: 50, ..BoardView::default() };
        assert_eq!(wall_clock(&board, 1_500_000_050).as_deref(), Some("1970-01-01T00:00:02.5Z"));
        assert!(wall_clock(&board, 0).is_some());
        let far = BoardView { created_unix_ns: i64::MAX, ..BoardView::default() };
        assert!(wall_clock(&far, u64::MAX).is_some_and(|moment| moment.starts_with("28")));
    }

    #[test]
    fn the_shape_others_rely_on_is_there_with_nulls_for_what_is_unknown() {
        let entry = Transition { step: Step::new(3), entered_at_ns: 0, done: 5 };
        let snapshot = Snapshot { slots: vec![SlotView { transitions: vec![entry], ..slot() }], ..Snapshot::default() };
        let json = of(&snapshot, Form::Held);
        assert_eq!(json["board"]["creator"]["alive"], Value::Null);
        assert_eq!(json["board"]["state"], "running");
        let slot = json["slots"][0].as_object().unwrap();
        for null in ["version", "total", "percent", "pid", "alive", "message", "error", "exit_code", "signal"] {
            assert_eq!(slot[null], Value::Null, "{null}");
        }
        assert_eq!(slot["transitions"][0]["step"], 3);
        assert_eq!(slot["transitions"][0]["entered_at"], "1970-01-01T00:00:00Z");
    }
}
