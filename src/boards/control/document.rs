//! A slot as its clients see it: one JSON object, short, with the words of its kind of work.

use serde_json::{Value, json};
use vx_shm::SlotView;
use vx_status::error_cell::ErrorCell;
use vx_status::standing::Standing;
use vx_status::vocabulary::{unit_of, word_of};

use super::hand::Hand;

/// The slot, with what its runner says that can be asked for it.
pub(super) fn document(slot: &SlotView, hand: &dyn Hand, runner: u32) -> Value {
    let mut document = slot_document(slot);
    if slot.runner == Some(runner) {
        document["can"] = hand.verbs(slot).into_iter().map(|verb| verb.name()).collect();
    }
    document
}

/// The slot as any reader of the board sees it, who does not know what can be asked for it. `null` is what is not known.
pub fn slot_document(slot: &SlotView) -> Value {
    let error = ErrorCell::of_slot(slot);
    json!({
        "key": slot.key,
        "version": text_or_null(&slot.version),
        "kind": slot.kind.name(),
        "slot": slot.index,
        "generation": slot.generation,
        "parent": slot.parent,
        "state": slot.state.name(),
        "standing": Standing::of(slot).word(),
        "ended": slot.state.ended(),
        "step": word_of(slot),
        "done": slot.done,
        "total": slot.total,
        "unit": unit_of(slot).name(),
        "percent": slot.percent(),
        "health": slot.health.name(),
        "attempt": slot.attempt,
        "message": text_or_null(&slot.message),
        "error": error.as_ref().map(ErrorCell::shown_text),
        "error_kind": ErrorCell::kind_of_slot(slot),
        "hint": error.as_ref().and_then(|error| error.hint.as_deref()),
        "exit_code": slot.exit_code,
        "signal": slot.signal,
        "address": slot.address,
        "port": slot.port,
        "result": slot.result,
        "runner": slot.runner,
        "can": [],
    })
}

fn text_or_null(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
