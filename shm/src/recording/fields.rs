//! The fields of a slot as bytes, and the mask of those that differ between two readings.
//!
//! The fields in their order: generation, key, version, kind · state · phase, attempt · done, as a difference · total ·
//! process id · liveness and its duration in milliseconds · message · details · error · exit status, signal · install
//! path · phases · time of the end. Moments are nanoseconds relative to the time of the reading, negative if before it.

use super::bytes::{Bytes, put_number, put_optional, put_signed, put_text};
use crate::progress::{Kind, Phase, SlotState};
use crate::view::{Liveness, PhaseEntry, SlotView};

pub(super) const LIFE: u64 = 1;
const STATE: u64 = 1 << 1;
const PHASE: u64 = 1 << 2;
const DONE: u64 = 1 << 3;
const TOTAL: u64 = 1 << 4;
const PID: u64 = 1 << 5;
const LIVENESS: u64 = 1 << 6;
const MESSAGE: u64 = 1 << 7;
const DETAILS: u64 = 1 << 8;
const ERROR: u64 = 1 << 9;
const EXIT: u64 = 1 << 10;
const INSTALL_PATH: u64 = 1 << 11;
const PHASES: u64 = 1 << 12;
const ENDED_AT: u64 = 1 << 13;
/// More than the phases of any board today, so that a recording of a later version with more phases still reads.
const MOST_PHASES: u64 = 32;
/// The fields that are more than numbers of progress.
pub(super) const WEIGHTY: u64 = LIFE | STATE | PHASE | PID | ERROR | EXIT | INSTALL_PATH | ENDED_AT;

/// The start of a quiet time is only as exact as the heartbeats and the readings: two starts this close are the same.
const SAME_MOMENT_NS: u64 = 250_000_000;

/// The bit `field` if `differs` is true, else no bit.
pub(super) fn when<T: Default>(differs: bool, field: T) -> T {
    if differs { field } else { T::default() }
}

pub(super) fn differences((before, quiet_since_ns): (&SlotView, u64), now: &SlotView, taken_at_ns: u64) -> u64 {
    let life = (before.generation, &before.key, &before.version, before.kind)
        != (now.generation, &now.key, &now.version, now.kind);
    when(life, LIFE)
        | when(before.state != now.state, STATE)
        | when((before.phase, before.attempt) != (now.phase, now.attempt), PHASE)
        | when(before.done != now.done, DONE)
        | when(before.total != now.total, TOTAL)
        | when(before.pid != now.pid, PID)
        | when(liveness_differs(before.liveness, quiet_since_ns, now.liveness, taken_at_ns), LIVENESS)
        | when(before.message != now.message, MESSAGE)
        | when(before.details != now.details, DETAILS)
        | when(before.error != now.error, ERROR)
        | when((before.exit_code, before.signal) != (now.exit_code, now.signal), EXIT)
        | when(before.install_path != now.install_path, INSTALL_PATH)
        | when(phases_differ(before, now), PHASES)
        | when(before.ended_at_ns != now.ended_at_ns, ENDED_AT)
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

/// The phases differ otherwise than in the present phase's `done`, which follows from the slot's own.
fn phases_differ(before: &SlotView, now: &SlotView) -> bool {
    let alike = |(one, other): (&PhaseEntry, &PhaseEntry)| {
        let done = if one.phase == now.phase { now.done } else { one.done };
        PhaseEntry { done, ..*one } == *other
    };
    before.phases.len() != now.phases.len() || !before.phases.iter().zip(&now.phases).all(alike)
}

pub(super) fn put_slot(into: &mut Vec<u8>, mask: u64, before: &SlotView, now: &SlotView, taken_at_ns: u64) {
    let has = |field: u64| mask & field != 0;
    let moment = |at_ns: u64| at_ns.wrapping_sub(taken_at_ns).cast_signed();
    if has(LIFE) {
        put_number(into, u64::from(now.generation));
        put_text(into, &now.key);
        put_text(into, &now.version);
        into.push(now.kind.number());
    }
    if has(STATE) {
        into.push(now.state.number());
    }
    if has(PHASE) {
        into.extend([now.phase.number(), now.attempt]);
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
    if has(INSTALL_PATH) {
        put_optional_text(into, now.install_path.as_deref());
    }
    if has(PHASES) {
        put_phases(into, &now.phases, moment);
    }
    if has(ENDED_AT) {
        into.push(u8::from(now.ended_at_ns.is_some()));
        put_signed(into, now.ended_at_ns.map_or(0, moment));
    }
}

fn put_phases(into: &mut Vec<u8>, phases: &[PhaseEntry], moment: impl Fn(u64) -> i64) {
    put_number(into, (phases.len() as u64).min(MOST_PHASES));
    for entry in phases.iter().take(MOST_PHASES as usize) {
        into.push(entry.phase.number());
        put_signed(into, moment(entry.entered_at_ns));
        put_number(into, entry.done);
    }
}

pub(super) fn take_slot(
    payload: &mut Bytes<'_>,
    mask: u64,
    slot: &mut SlotView,
    quiet_since_ns: &mut u64,
    taken_at_ns: u64,
) -> Option<()> {
    if mask == 0 || mask >= ENDED_AT << 1 {
        return None;
    }
    let has = |field: u64| mask & field != 0;
    if has(LIFE) {
        slot.generation = payload.small()?;
        payload.text()?.clone_into(&mut slot.key);
        payload.text()?.clone_into(&mut slot.version);
        slot.kind = Kind::from_number(payload.byte()?).unwrap_or(Kind::Task);
    }
    if has(STATE) {
        slot.state = SlotState::from_number(payload.byte()?).unwrap_or(slot.state);
    }
    if has(PHASE) {
        slot.phase = Phase::from_number(payload.byte()?).unwrap_or(slot.phase);
        slot.attempt = payload.byte()?;
    }
    if has(DONE) {
        slot.done = slot.done.wrapping_add(payload.signed()?.cast_unsigned());
    }
    if has(TOTAL) {
        slot.total = payload.optional()?;
    }
    if has(PID) {
        slot.pid = payload.optional()?.map(u32::try_from).transpose().ok()?;
    }
    if has(LIVENESS) {
        (slot.liveness, *quiet_since_ns) = take_liveness(payload, taken_at_ns)?;
    }
    take_record(payload, mask, slot, taken_at_ns)?;
    follow(slot);
    Some(())
}

/// The fields behind those that change often.
fn take_record(payload: &mut Bytes<'_>, mask: u64, slot: &mut SlotView, taken_at_ns: u64) -> Option<()> {
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
            let found = payload.optional()?.map(u32::try_from).transpose().ok()?;
            *number = found.map(u32::cast_signed);
        }
    }
    if has(INSTALL_PATH) {
        slot.install_path = take_optional_text(payload)?;
    }
    if has(PHASES) {
        take_phases(payload, &mut slot.phases, taken_at_ns)?;
    }
    if has(ENDED_AT) {
        let there = payload.byte()? != 0;
        let at_ns = taken_at_ns.wrapping_add_signed(payload.signed()?);
        slot.ended_at_ns = there.then_some(at_ns);
    }
    Some(())
}

/// Copy the slot's `done` into the entry of its present phase, where it is not written twice.
fn follow(slot: &mut SlotView) {
    let (phase, done) = (slot.phase, slot.done);
    if let Some(entry) = slot.phases.iter_mut().find(|entry| entry.phase == phase) {
        entry.done = done;
    }
}

fn take_phases(payload: &mut Bytes<'_>, phases: &mut Vec<PhaseEntry>, taken_at_ns: u64) -> Option<()> {
    let count = payload.number().filter(|count| *count <= MOST_PHASES)?;
    phases.clear();
    for _ in 0..count {
        let phase = Phase::from_number(payload.byte()?);
        let entered_at_ns = taken_at_ns.wrapping_add_signed(payload.signed()?);
        let done = payload.number()?;
        // Leave out a phase that this version does not know.
        phases.extend(phase.map(|phase| PhaseEntry { phase, entered_at_ns, done }));
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

fn take_liveness(payload: &mut Bytes<'_>, taken_at_ns: u64) -> Option<(Liveness, u64)> {
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

fn take_optional_text(payload: &mut Bytes<'_>) -> Option<Option<String>> {
    let there = payload.byte()? != 0;
    let text = payload.text()?;
    Some(there.then(|| text.to_owned()))
}
