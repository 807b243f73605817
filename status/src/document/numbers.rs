//! A board's reading as JSON, with the numbers of steps in place of a vocabulary's words.

use serde_json::{Value, json};
use vx_shm::{BoardView, SlotView};

use crate::slot_document::{AwaitedSlot, is_alive, liveness, non_empty, wall_clock};

/// A slot as the board holds it.
pub(super) fn slot(board: &BoardView, slot: &SlotView) -> Value {
    let transitions = slot.transitions.iter().map(|entry| {
        let entered_at = wall_clock(board, entry.entered_at_ns);
        json!({ "step": entry.step.number(), "entered_at": entered_at, "done": entry.done })
    });
    json!({
        "index": slot.index,
        "generation": slot.generation,
        "key": slot.key,
        "version": non_empty(&slot.version),
        "kind": slot.kind.name(),
        "state": slot.state.name(),
        "done": slot.done,
        "total": slot.total,
        "percent": slot.percent(),
        "unit": slot.unit.name(),
        "health": slot.health.name(),
        "parent": slot.parent,
        "waits_for": slot.waits_for.as_ref().map(AwaitedSlot::from),
        "cause": slot.cause,
        "runner": slot.runner,
        "log_writer": slot.log_writer,
        "process_group": slot.process_group,
        "address": slot.address,
        "port": slot.port,
        "pid": slot.pid,
        "alive": is_alive(slot),
        "liveness": liveness(slot),
        "attempt": slot.attempt,
        "message": non_empty(&slot.message),
        "details": non_empty(&slot.details),
        "exit_code": slot.exit_code,
        "signal": slot.signal,
        "result": slot.result,
        "step": slot.step.number(),
        "step_name": slot.step_name,
        "transitions": transitions.collect::<Vec<_>>(),
        "error": slot.error,
        "ended_at": slot.ended_at_ns.and_then(|at| wall_clock(board, at)),
    })
}
