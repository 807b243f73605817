//! A snapshot as JSON: the form that programs rely on, described by `docs/schemas/board-dump.schema.json`.

mod numbers;

use serde_json::{Value, json};
use vx_shm::{Kind, SlotView, Snapshot};

use crate::slot_document::{SlotDocument, wall_clock};

/// A snapshot as JSON. Unknown values are `null`; times are RFC 3339, sizes bytes.
///
/// Its slots are [`SlotDocument`]s.
///
/// Texts are the board's, whatever they hold. `to_string` leaves U+007F to U+009F as they are, which some terminals
/// obey: print the value through [`json_line`](vx_text::json_line).
pub fn to_json(snapshot: &Snapshot) -> Value {
    document(snapshot, |slot| json!(SlotDocument::new(&snapshot.board, slot)))
}

/// A snapshot as JSON with every number as the board holds it, and no word of a vocabulary. Readers in other languages
/// are tested against a dump in this form.
pub fn numbers(snapshot: &Snapshot) -> Value {
    document(snapshot, |slot| numbers::slot(&snapshot.board, slot))
}

fn document(snapshot: &Snapshot, slot: impl Fn(&SlotView) -> Value) -> Value {
    let board = &snapshot.board;
    json!({
        "board": {
            "id": board.id,
            "state": board.state.name(),
            "title": board.title,
            "kind": board.kind.map(Kind::name),
            "project": board.project.as_ref().map(|project| &project.text),
            "created_at": wall_clock(board, board.created_at_ns),
            "taken_at": wall_clock(board, snapshot.taken_at_ns),
            "creator": { "pid": board.creator.pid, "alive": board.creator.alive },
            "capacity": board.capacity,
            "epoch": board.epoch,
        },
        "slots": snapshot.slots.iter().map(slot).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vx_shm::{SlotState, SlotView};

    use super::*;
    use crate::error_cell::ErrorCell;

    #[test]
    fn the_shape_others_rely_on_is_there_with_nulls_for_what_is_unknown() {
        use vx_shm::{Step, Transition};
        let entry = Transition { step: Step::new(3), entered_at_ns: 0, done: 5 };
        let slot =
            SlotView { state: SlotState::Live, step: Step::new(3), transitions: vec![entry], ..SlotView::default() };
        let json = numbers(&Snapshot { slots: vec![slot], ..Snapshot::default() });
        assert_eq!(json["board"]["creator"]["alive"], Value::Null);
        assert_eq!(json["board"]["state"], "running");
        let slot = json["slots"][0].as_object().unwrap();
        for null in ["version", "total", "percent", "pid", "alive", "message", "error", "exit_code", "signal"] {
            assert_eq!(slot[null], Value::Null, "{null}");
        }
        assert_eq!(slot["transitions"][0]["step"], 3);
        assert_eq!(slot["transitions"][0]["entered_at"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn steps_are_words_and_the_writers_own_comes_first() {
        use vx_shm::{Kind, Step, Transition};
        let entry = |step| Transition { step: Step::new(step), entered_at_ns: 0, done: 5 };
        let slot = SlotView {
            kind: Kind::Task,
            step: Step::new(3),
            transitions: vec![entry(0), entry(3)],
            ..SlotView::default()
        };
        let named = SlotView { step_name: Some("linking".into()), ..slot.clone() };
        let document = to_json(&Snapshot { slots: vec![slot, named], ..Snapshot::default() });
        let [plain, named] = [0, 1].map(|at| &document["slots"][at]);
        assert_eq!((&plain["step"], &named["step"]), (&json!("running"), &json!("linking")));
        assert_eq!(
            (&plain["transitions"][1]["step"], &plain["transitions"][1]["done"]),
            (&json!("running"), &json!(5))
        );
        assert_eq!(named["transitions"][0]["step"], "queued");
        assert!(plain.get("step_name").is_none() && plain.get("result") == Some(&Value::Null));
    }

    #[test]
    fn a_cancelled_slot_has_its_kind_without_an_error() {
        let cancelled = SlotView { state: SlotState::Cancelled, ..SlotView::default() };
        let document = to_json(&Snapshot { slots: vec![cancelled], ..Snapshot::default() });
        let slot = &document["slots"][0];
        assert_eq!((&slot["error_kind"], &slot["error"]), (&json!("cancelled"), &Value::Null));
    }

    #[test]
    fn an_error_has_its_kind_and_hint_beside_it_and_all_are_null_where_there_is_none() {
        let cell = ErrorCell {
            text: "archive `a.tgz`: expected 1, got 2".into(),
            details: vec!["more".into()],
            kind: Some("digest".into()),
            hint: Some("do not trust it".into()),
        };
        let failed = SlotView { error: Some(cell.to_text()), ..SlotView::default() };
        let slots = vec![failed, SlotView::default()];
        let document = to_json(&Snapshot { slots, ..Snapshot::default() });
        let [failed, well] = [0, 1].map(|at| &document["slots"][at]);
        assert_eq!(failed["error"], "archive `a.tgz`: expected 1, got 2\nmore\nhint: do not trust it");
        assert_eq!((&failed["error_kind"], &failed["hint"]), (&json!("digest"), &json!("do not trust it")));
        assert!(["error", "error_kind", "hint"].iter().all(|name| well.get(name) == Some(&Value::Null)), "{well}");
    }
}
