//! A snapshot as JSON: the form that programs rely on, described by `docs/board-dump.schema.json`.

mod tree;

use serde_json::{Value, json};
use vx_shm::{SlotView, Snapshot};

use crate::error_cell::ErrorCell;
use crate::vocabulary::{Phases, word_of};

/// A snapshot as JSON. Unknown values are `null`; times are RFC 3339, sizes bytes.
///
/// It holds the board and its slots as [`numbers`] does, with the words of each slot's steps, and with its error in three
/// fields: `error`, all lines as people see them, `error_kind` and `hint`. The end of a slot may imply the kind.
pub fn to_json(snapshot: &Snapshot) -> Value {
    let mut document = tree::of(snapshot);
    if let Some(slots) = document["slots"].as_array_mut() {
        slots.iter_mut().zip(&snapshot.slots).for_each(|(slot, view)| explain(slot, view));
    }
    document
}

/// A snapshot as JSON with every number as the board holds it, and no word that a reader would have to know: the form of
/// the dump that is kept to check readers in other languages.
pub fn numbers(snapshot: &Snapshot) -> Value {
    tree::of(snapshot)
}

fn explain(slot: &mut Value, view: &SlotView) {
    let error = ErrorCell::of_slot(view);
    let phases = view.phases().map(|entry| entry.phase).zip(slot["transitions"].as_array().into_iter().flatten());
    let phases: Vec<Value> = phases
        .map(|(phase, entry)| json!({ "phase": phase, "entered_at": entry["entered_at"], "done": entry["done"] }))
        .collect();
    slot["phase"] = json!(word_of(view));
    slot["phases"] = json!(phases);
    slot["install_path"] = slot["result"].take();
    if let Some(fields) = slot.as_object_mut() {
        for replaced in ["step", "step_name", "transitions", "result"] {
            fields.remove(replaced);
        }
    }
    slot["error"] = json!(error.as_ref().map(ErrorCell::shown_text));
    slot["error_kind"] = json!(ErrorCell::kind_of_slot(view));
    slot["hint"] = json!(error.as_ref().and_then(|error| error.hint.as_deref()));
}

#[cfg(test)]
mod tests {
    use vx_shm::SlotState;

    use super::*;

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
