//! Decodes a slot's words into its view. Any words give a view: a number that this version does not know leaves the
//! default.

use crate::layout::{ColdImage, HeaderImage, decode_text};
use crate::progress::{Kind, Phase, SlotState};
use crate::stamp::{Control, HotReading, Meta};
use crate::view::{BoardView, Creator, PhaseEntry, SlotView};

/// The facts of a board's header, which never change.
pub(super) fn board_facts(facts: &HeaderImage, into: &mut BoardView) {
    into.id = hexadecimal(facts.board_id);
    into.created_unix_ns = facts.created_unix_ns;
    into.created_at_ns = facts.created_at_ns;
    into.creator = Creator { pid: facts.creator_pid, alive: None };
    into.capacity = facts.slot_count;
}

/// An id for people and files: 32 hexadecimal digits.
pub(crate) fn hexadecimal(id: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(id))
}

/// The fields that change often.
pub(super) fn numbers(hot: &HotReading, control: Control, view: &mut SlotView) {
    let meta = Meta::from_word(hot.numbers[2]);
    view.generation = control.generation;
    view.state = shown_state(control);
    view.phase = Phase::from_number(meta.phase).unwrap_or(Phase::Queued);
    view.attempt = meta.attempt.max(1);
    view.done = hot.numbers[0];
    view.total = meta.total_known.then_some(hot.numbers[1]);
}

/// A slot that is being claimed shows as reserved; a state this version does not know, as live.
fn shown_state(control: Control) -> SlotState {
    match control.slot_state() {
        Some(SlotState::Claiming) => SlotState::Reserved,
        Some(state) => state,
        None => SlotState::Live,
    }
}

/// The fields that change seldom. The record was read under this control word.
pub(super) fn cold(image: &ColdImage, control: Control, view: &mut SlotView) {
    let state = shown_state(control);
    let claimed = state != SlotState::Reserved;
    decode_text(&image.key, &mut view.key);
    decode_text(&image.version, &mut view.version);
    decode_text(&image.good_text().message, &mut view.message);
    decode_text(&image.good_text().details, &mut view.details);
    view.kind = Kind::from_number(image.kind).unwrap_or(Kind::Task);
    view.pid = (claimed && image.pid != 0).then_some(image.pid);
    let ended = state.ended();
    optional_text(&image.error, ended, &mut view.error);
    if state == SlotState::Skipped
        && let Some(reason) = view.error.take()
    {
        // The reason of a skip is not an error.
        view.message = reason;
    }
    optional_text(&image.install_path, ended, &mut view.install_path);
    view.exit_code = (image.exit_flags & 1 != 0).then_some(image.exit_code);
    view.signal = (image.exit_flags & 2 != 0).then_some(i32::from(image.exit_signal));
    view.ended_at_ns = (ended && image.ended_at != 0).then_some(image.ended_at);
}

fn optional_text(cell: &[u64], there: bool, into: &mut Option<String>) {
    if !there || cell.first().is_none_or(|word| *word as u16 == 0) {
        *into = None;
        return;
    }
    decode_text(cell, into.get_or_insert_default());
}

/// The phases entered so far, oldest first. `moved` is true if the record was read anew; else only the present phase's
/// `done` follows the numbers.
pub(super) fn phases(image: &ColdImage, view: &mut SlotView, moved: bool) {
    if moved {
        let present = image.phases[usize::from(view.phase.number())].entered_at;
        view.phases.clear();
        let entered = Phase::ALL.iter().zip(&image.phases).filter(|(_, entry)| entry.entered_at != 0);
        // An entry later than the present phase's own is one publication ahead of the numbers.
        view.phases.extend(entered.filter(|(_, entry)| entry.entered_at <= present).map(|(phase, entry)| PhaseEntry {
            phase: *phase,
            entered_at_ns: entry.entered_at,
            done: entry.done,
        }));
        view.phases.sort_by_key(|entry| entry.entered_at_ns);
    }
    let (phase, done) = (view.phase, view.done);
    if let Some(entry) = view.phases.iter_mut().find(|entry| entry.phase == phase) {
        entry.done = done;
    }
}
