//! JSON: the reading of a board as it is. The form that other programs rely on is made of it in the crate `vx-status`.

use serde_json::{Value, json};

use crate::view::{BoardView, Liveness, SlotView, Snapshot};

/// A snapshot as JSON. An unknown value is `null`; times are RFC 3339, sizes bytes.
pub fn to_json(snapshot: &Snapshot) -> Value {
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
        "slots": snapshot.slots.iter().map(|slot| slot_json(board, slot)).collect::<Vec<_>>(),
    })
}

fn slot_json(board: &BoardView, slot: &SlotView) -> Value {
    let phases = slot.phases.iter().map(|entry| {
        json!({ "phase": entry.phase, "entered_at": wall_clock(board, entry.entered_at_ns), "done": entry.done })
    });
    json!({
        "index": slot.index,
        "generation": slot.generation,
        "key": slot.key,
        "version": text_or_null(&slot.version),
        "kind": slot.kind,
        "state": slot.state,
        "phase": slot.phase,
        "done": slot.done,
        "total": slot.total,
        "percent": slot.percent(),
        "pid": slot.pid,
        "alive": alive(slot),
        "liveness": liveness(slot),
        "attempt": slot.attempt,
        "message": text_or_null(&slot.message),
        "details": text_or_null(&slot.details),
        "error": slot.error,
        "exit_code": slot.exit_code,
        "signal": slot.signal,
        "install_path": slot.install_path,
        "phases": phases.collect::<Vec<_>>(),
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
    use crate::progress::{Phase, SlotState};
    use crate::view::PhaseEntry;

    fn slot() -> SlotView {
        SlotView { key: "node".into(), state: SlotState::Live, phase: Phase::Downloading, ..SlotView::default() }
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
        let entry = PhaseEntry { phase: Phase::Downloading, entered_at_ns: 0, done: 5 };
        let snapshot = Snapshot { slots: vec![SlotView { phases: vec![entry], ..slot() }], ..Snapshot::default() };
        let json = to_json(&snapshot);
        assert_eq!(json["board"]["creator"]["alive"], Value::Null);
        assert_eq!(json["board"]["state"], "running");
        let slot = json["slots"][0].as_object().unwrap();
        for null in ["version", "total", "percent", "pid", "alive", "message", "error", "exit_code", "signal"] {
            assert_eq!(slot[null], Value::Null, "{null}");
        }
        assert_eq!(slot["phases"][0]["phase"], "downloading");
        assert_eq!(slot["phases"][0]["entered_at"], "1970-01-01T00:00:00Z");
    }
}
