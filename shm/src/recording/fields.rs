//! The fields of a slot as bytes, and the mask of the fields that differ between two readings.
//!
//! The fields in their order: generation, key and its hash, version, kind, parent, runner, writer of the log, process
//! group · state · step, attempt, unit, health · done, as a difference · total · process id · liveness and its duration
//! in milliseconds · message · details · error · exit status, signal · result · transitions · time of the end · name of
//! the step, address, port, slot waited for · cause. Moments are nanoseconds relative to the time of the reading,
//! negative if before it.

use super::bytes::{RecordingByteReader, put_number, put_optional, put_signed, put_text};
use crate::progress::{Health, Kind, SlotState, Step, Unit};
use crate::view::{Liveness, SlotView, Transition, WaitsFor};

pub(super) const LIFE: u64 = 1;
const STATE: u64 = 1 << 1;
const STEP: u64 = 1 << 2;
const DONE: u64 = 1 << 3;
const TOTAL: u64 = 1 << 4;
const PID: u64 = 1 << 5;
const LIVENESS: u64 = 1 << 6;
const MESSAGE: u64 = 1 << 7;
const DETAILS: u64 = 1 << 8;
const ERROR: u64 = 1 << 9;
const EXIT: u64 = 1 << 10;
const RESULT: u64 = 1 << 11;
const TRANSITIONS: u64 = 1 << 12;
const ENDED_AT: u64 = 1 << 13;
const NOTES: u64 = 1 << 14;
/// Since minor version 1.
const CAUSE: u64 = 1 << 15;
/// More than a board shows today, so that a recording of a later version with more transitions still reads.
const MOST_TRANSITIONS: u64 = 32;
/// All fields that are more than numbers of progress.
pub(super) const WEIGHTY: u64 = LIFE | STATE | STEP | PID | ERROR | EXIT | RESULT | ENDED_AT;

/// Two starts of a quiet time that are this close count as the same: they are only as exact as heartbeats and readings.
const SAME_MOMENT_NS: u64 = 250_000_000;

/// Return the bit `field` if `differs` is true, else no bit.
pub(super) fn when<T: Default>(differs: bool, field: T) -> T {
    if differs { field } else { T::default() }
}

pub(super) fn differences((before, quiet_since_ns): (&SlotView, u64), now: &SlotView, taken_at_ns: u64) -> u64 {
    when(life(before) != life(now), LIFE)
        | when(before.state != now.state, STATE)
        | when(step(before) != step(now), STEP)
        | when(before.done != now.done, DONE)
        | when(before.total != now.total, TOTAL)
        | when(before.pid != now.pid, PID)
        | when(liveness_differs(before.liveness, quiet_since_ns, now.liveness, taken_at_ns), LIVENESS)
        | when(before.message != now.message, MESSAGE)
        | when(before.details != now.details, DETAILS)
        | when(before.error != now.error, ERROR)
        | when((before.exit_code, before.signal) != (now.exit_code, now.signal), EXIT)
        | when(before.result != now.result, RESULT)
        | when(transitions_differ(before, now), TRANSITIONS)
        | when(before.ended_at_ns != now.ended_at_ns, ENDED_AT)
        | when(notes(before) != notes(now), NOTES)
        | when(before.cause != now.cause, CAUSE)
}

fn life(slot: &SlotView) -> impl PartialEq + '_ {
    let processes = (slot.parent, slot.runner, slot.log_writer, slot.process_group);
    (slot.generation, &slot.key, slot.key_hash, &slot.version, slot.kind, processes)
}

fn step(slot: &SlotView) -> impl PartialEq {
    (slot.step, slot.attempt, slot.unit, slot.health)
}

fn notes(slot: &SlotView) -> impl PartialEq + '_ {
    (&slot.step_name, &slot.address, slot.port, &slot.waits_for)
}

/// Durations grow with every reading, so the moments at which they began are compared.
fn liveness_differs(before: Liveness, since_before_ns: u64, now: Liveness, taken_at_ns: u64) -> bool {
    match (before, now) {
        (Liveness::Stalled(_), Liveness::Stalled(ms)) | (Liveness::Silent(_), Liveness::Silent(ms)) => {
            quiet_since(ms, taken_at_ns).abs_diff(since_before_ns) > SAME_MOMENT_NS
        }
        (before, now) => before != now,
    }
}

fn quiet_since(for_ms: u64, taken_at_ns: u64) -> u64 {
    taken_at_ns.saturating_sub(for_ms.saturating_mul(1_000_000))
}

/// Whether the transitions differ in more than the last one's `done`, which follows from the slot's own.
fn transitions_differ(before: &SlotView, now: &SlotView) -> bool {
    let mut known = before.transitions.clone();
    if let Some(present) = known.last_mut() {
        present.done = now.done;
    }
    known != now.transitions
}

pub(super) fn put_slot(into: &mut Vec<u8>, mask: u64, before: &SlotView, now: &SlotView, taken_at_ns: u64) {
    let has = |field: u64| mask & field != 0;
    let moment = |at_ns: u64| at_ns.wrapping_sub(taken_at_ns).cast_signed();
    if has(LIFE) {
        put_number(into, u64::from(now.generation));
        put_text(into, &now.key);
        put_text(into, &now.version);
        put_number(into, now.key_hash);
        into.push(now.kind.number());
        for number in [now.parent, now.runner, now.log_writer, now.process_group] {
            put_optional(into, number.map(u64::from));
        }
    }
    if has(STATE) {
        into.push(now.state.number());
    }
    if has(STEP) {
        into.extend([now.step.number(), now.attempt, now.unit.number(), now.health.number()]);
    }
    if has(DONE) {
        put_signed(into, now.done.wrapping_sub(before.done).cast_signed());
    }
    if has(TOTAL) {
        put_optional(into, now.total);
    }
    if has(PID) {
        put_optional(into, now.pid.map(u64::from));
    }
    if has(LIVENESS) {
        put_liveness(into, now.liveness);
    }
    if has(MESSAGE) {
        put_text(into, &now.message);
    }
    if has(DETAILS) {
        put_text(into, &now.details);
    }
    if has(ERROR) {
        put_optional_text(into, now.error.as_deref());
    }
    if has(EXIT) {
        for number in [now.exit_code, now.signal] {
            put_optional(into, number.map(|number| u64::from(number.cast_unsigned())));
        }
    }
    if has(RESULT) {
        put_optional_text(into, now.result.as_deref());
    }
    if has(TRANSITIONS) {
        put_transitions(into, &now.transitions, moment);
    }
    if has(ENDED_AT) {
        into.push(u8::from(now.ended_at_ns.is_some()));
        put_signed(into, now.ended_at_ns.map_or(0, moment));
    }
    if has(NOTES) {
        put_notes(into, now);
    }
    if has(CAUSE) {
        put_optional_text(into, now.cause.as_deref());
    }
}

fn put_notes(into: &mut Vec<u8>, now: &SlotView) {
    put_optional_text(into, now.step_name.as_deref());
    put_optional_text(into, now.address.as_deref());
    put_optional(into, now.port.map(u64::from));
    put_optional(into, now.waits_for.as_ref().map(|other| u64::from(other.slot)));
    if let Some(other) = &now.waits_for {
        put_number(into, u64::from(other.generation));
        put_text(into, &other.board_id);
    }
}

fn put_transitions(into: &mut Vec<u8>, transitions: &[Transition], moment: impl Fn(u64) -> i64) {
    put_number(into, (transitions.len() as u64).min(MOST_TRANSITIONS));
    for entry in transitions.iter().take(MOST_TRANSITIONS as usize) {
        into.push(entry.step.number());
        put_signed(into, moment(entry.entered_at_ns));
        put_number(into, entry.done);
    }
}

pub(super) fn take_slot(
    payload: &mut RecordingByteReader<'_>,
    mask: u64,
    slot: &mut SlotView,
    quiet_since_ns: &mut u64,
    taken_at_ns: u64,
) -> Option<()> {
    if mask == 0 || mask >= CAUSE << 1 {
        return None;
    }
    let has = |field: u64| mask & field != 0;
    if has(LIFE) {
        slot.generation = payload.small()?;
        payload.text()?.clone_into(&mut slot.key);
        payload.text()?.clone_into(&mut slot.version);
        slot.key_hash = payload.number()?;
        slot.kind = Kind::from_number(payload.byte()?).unwrap_or(Kind::Task);
        for number in [&mut slot.parent, &mut slot.runner, &mut slot.log_writer, &mut slot.process_group] {
            *number = take_small(payload)?;
        }
    }
    if has(STATE) {
        slot.state = SlotState::from_number(payload.byte()?).unwrap_or(slot.state);
    }
    if has(STEP) {
        slot.step = Step::new(payload.byte()?);
        slot.attempt = payload.byte()?;
        slot.unit = Unit::from_number(payload.byte()?).unwrap_or(Unit::Unknown);
        slot.health = Health::from_number(payload.byte()?).unwrap_or(Health::Unknown);
    }
    if has(DONE) {
        slot.done = slot.done.wrapping_add(payload.signed()?.cast_unsigned());
    }
    if has(TOTAL) {
        slot.total = payload.optional()?;
    }
    if has(PID) {
        slot.pid = take_small(payload)?;
    }
    if has(LIVENESS) {
        (slot.liveness, *quiet_since_ns) = take_liveness(payload, taken_at_ns)?;
    }
    take_record(payload, mask, slot, taken_at_ns)?;
    follow(slot);
    Some(())
}

/// Read the fields that come after those that change often.
fn take_record(payload: &mut RecordingByteReader<'_>, mask: u64, slot: &mut SlotView, taken_at_ns: u64) -> Option<()> {
    let has = |field: u64| mask & field != 0;
    if has(MESSAGE) {
        payload.text()?.clone_into(&mut slot.message);
    }
    if has(DETAILS) {
        payload.text()?.clone_into(&mut slot.details);
    }
    if has(ERROR) {
        slot.error = take_optional_text(payload)?;
    }
    if has(EXIT) {
        for number in [&mut slot.exit_code, &mut slot.signal] {
            *number = take_small(payload)?.map(u32::cast_signed);
        }
    }
    if has(RESULT) {
        slot.result = take_optional_text(payload)?;
    }
    if has(TRANSITIONS) {
        take_transitions(payload, &mut slot.transitions, taken_at_ns)?;
    }
    if has(ENDED_AT) {
        let there = payload.byte()? != 0;
        let at_ns = taken_at_ns.wrapping_add_signed(payload.signed()?);
        slot.ended_at_ns = there.then_some(at_ns);
    }
    if has(NOTES) {
        take_notes(payload, slot)?;
    }
    if has(CAUSE) {
        slot.cause = take_optional_text(payload)?;
    }
    Some(())
}

fn take_notes(payload: &mut RecordingByteReader<'_>, slot: &mut SlotView) -> Option<()> {
    slot.step_name = take_optional_text(payload)?;
    slot.address = take_optional_text(payload)?;
    slot.port = payload.optional()?.map(u16::try_from).transpose().ok()?;
    slot.waits_for = match take_small(payload)? {
        None => None,
        Some(slot) => Some(WaitsFor { slot, generation: payload.small()?, board_id: payload.text()?.to_owned() }),
    };
    Some(())
}

fn take_small(payload: &mut RecordingByteReader<'_>) -> Option<Option<u32>> {
    payload.optional()?.map(u32::try_from).transpose().ok()
}

/// Copy the slot's `done` into its last transition, the present step's, which is not written again for it.
fn follow(slot: &mut SlotView) {
    if let Some(present) = slot.transitions.last_mut() {
        present.done = slot.done;
    }
}

fn take_transitions(
    payload: &mut RecordingByteReader<'_>,
    transitions: &mut Vec<Transition>,
    taken_at_ns: u64,
) -> Option<()> {
    let count = payload.number().filter(|count| *count <= MOST_TRANSITIONS)?;
    transitions.clear();
    for _ in 0..count {
        let step = Step::new(payload.byte()?);
        let entered_at_ns = taken_at_ns.wrapping_add_signed(payload.signed()?);
        let done = payload.number()?;
        transitions.push(Transition { step, entered_at_ns, done });
    }
    Some(())
}

fn put_liveness(into: &mut Vec<u8>, liveness: Liveness) {
    let (number, for_ms) = match liveness {
        Liveness::Unknown => (0, 0),
        Liveness::Alive => (1, 0),
        Liveness::Stalled(for_ms) => (2, for_ms),
        Liveness::Silent(for_ms) => (3, for_ms),
        Liveness::Lost => (4, 0),
    };
    into.push(number);
    put_number(into, for_ms);
}

fn take_liveness(payload: &mut RecordingByteReader<'_>, taken_at_ns: u64) -> Option<(Liveness, u64)> {
    let (number, for_ms) = (payload.byte()?, payload.number()?);
    let liveness = match number {
        1 => Liveness::Alive,
        2 => Liveness::Stalled(for_ms),
        3 => Liveness::Silent(for_ms),
        4 => Liveness::Lost,
        _ => Liveness::Unknown,
    };
    Some((liveness, quiet_since(for_ms, taken_at_ns)))
}

fn put_optional_text(into: &mut Vec<u8>, text: Option<&str>) {
    into.push(u8::from(text.is_some()));
    put_text(into, text.unwrap_or_default());
}

fn take_optional_text(payload: &mut RecordingByteReader<'_>) -> Option<Option<String>> {
    let there = payload.byte()? != 0;
    let text = payload.text()?;
    Some(there.then(|| text.to_owned()))
}
