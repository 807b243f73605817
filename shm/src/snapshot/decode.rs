//! Decodes a slot's words into its view. Any words give a view: a number that this version does not know decodes to the
//! default.

use crate::atomics::Ordering;
use crate::layout::{
    CAUSE_WORDS, CauseImage, ColdImage, HeaderImage, HeaderPage, NO_PARENT, NotesImage, PROJECT_WORDS, decode_text,
    hexadecimal,
};
use crate::progress::{Health, Kind, SlotState, Step, Unit};
use crate::stamp::{ControlWord, HotReading, Meta, shown};
use crate::view::{BoardView, Creator, ProjectKey, SlotView, Transition, WaitsFor};

/// Decode the facts of a board's header, which never change.
pub(super) fn board_facts(facts: &HeaderImage, header: &HeaderPage, into: &mut BoardView) {
    into.id = hexadecimal(facts.board_id);
    into.created_unix_ns = facts.created_unix_ns;
    into.created_at_ns = facts.created_at_ns;
    into.creator = Creator { pid: facts.creator_pid, alive: None };
    into.capacity = facts.slot_count;
    (into.kind, into.project) = if facts.names_project() { subject(header) } else { (None, None) };
}

/// Read the kind of the board's work and its project, which were written before the board was ready.
fn subject(header: &HeaderPage) -> (Option<Kind>, Option<ProjectKey>) {
    let kind = header.kind.load(Ordering::Relaxed).checked_sub(1);
    let kind = kind.and_then(|number| u8::try_from(number).ok()).and_then(Kind::from_number);
    let hash = header.project_hash.load(Ordering::Relaxed);
    let cell: [u64; PROJECT_WORDS] = std::array::from_fn(|at| header.project.0[at].load(Ordering::Relaxed));
    let mut project = ProjectKey { hash, text: String::new() };
    decode_text(&cell, &mut project.text);
    (kind, (hash != 0).then_some(project))
}

/// Decode the cause of the slot's wait or end, if it belongs to the life that is shown.
pub(super) fn cause(words: Option<[u64; CAUSE_WORDS]>, view: &mut SlotView) {
    let image: CauseImage = words.map(bytemuck::cast).unwrap_or_default();
    optional_text(&image.text, image.generation == view.generation, &mut view.cause);
}

/// Decode the fields that change often.
pub(super) fn numbers(hot: &HotReading, control: ControlWord, view: &mut SlotView) {
    let meta = Meta::from_word(hot.numbers[2]);
    view.generation = control.generation;
    view.state = shown_state(control);
    view.step = Step::new(meta.step);
    view.attempt = meta.attempt.max(1);
    view.done = hot.numbers[0];
    view.total = meta.total_known.then_some(hot.numbers[1]);
    view.unit = Unit::from_number(meta.unit).unwrap_or(Unit::Unknown);
    view.health = Health::from_number(meta.health).unwrap_or(Health::Unknown);
    // The last entry is the present step, whose work goes on.
    if let Some(present) = view.transitions.last_mut() {
        present.done = view.done;
    }
}

/// A slot that is being claimed shows as reserved; a state this version does not know, as live.
fn shown_state(control: ControlWord) -> SlotState {
    match control.slot_state() {
        Some(SlotState::Claiming) => SlotState::Reserved,
        Some(state) => state,
        None => SlotState::Live,
    }
}

/// Decode the fields that change seldom. The record was read under this reading of the hot line; `count` is the count
/// of transitions after the record was copied.
pub(super) fn cold(image: &ColdImage, hot: &HotReading, count: u16, view: &mut SlotView) {
    let (control, meta) = (ControlWord::from_word(hot.control), Meta::from_word(hot.numbers[2]));
    identity(image, view);
    notes(bytemuck::cast(*image.good_notes()), meta.transitions, view);
    view.transitions.clear();
    view.transitions.extend(shown(&image.transitions, meta.transitions, count).map(|entry| Transition {
        step: Step::new(entry.entered as u8),
        entered_at_ns: entry.entered & !0xff,
        done: entry.done,
    }));
    let state = shown_state(control);
    let claimed = state != SlotState::Reserved;
    decode_text(&image.good_text().message, &mut view.message);
    decode_text(&image.good_text().details, &mut view.details);
    view.pid = Some(image.identity.pid).filter(|pid| claimed && *pid != 0);
    let ended = state.ended();
    optional_text(&image.error, ended, &mut view.error);
    if state == SlotState::Skipped
        && let Some(reason) = view.error.take()
    {
        // The reason of a skip is not an error.
        view.message = reason;
    }
    optional_text(&image.result, ended, &mut view.result);
    view.exit_code = (image.exit_flags & 1 != 0).then_some(image.exit_code);
    view.signal = (image.exit_flags & 2 != 0).then_some(i32::from(image.exit_signal));
    view.ended_at_ns = (ended && image.ended_at != 0).then_some(image.ended_at);
}

fn identity(image: &ColdImage, view: &mut SlotView) {
    let identity = &image.identity;
    let process = |pid: u32| (pid != 0).then_some(pid);
    decode_text(&identity.key, &mut view.key);
    decode_text(&identity.version, &mut view.version);
    view.key_hash = identity.key_hash;
    view.kind = Kind::from_number(identity.kind).unwrap_or(Kind::Task);
    view.parent = (identity.parent_slot != NO_PARENT).then_some(identity.parent_slot.into());
    view.runner = process(identity.runner);
    view.log_writer = process(identity.log_writer);
    view.process_group = process(identity.process_group);
}

fn notes(notes: NotesImage, transitions: u16, view: &mut SlotView) {
    optional_text(&notes.step_name, notes.named_at == u32::from(transitions), &mut view.step_name);
    optional_text(&notes.address, true, &mut view.address);
    view.port = u16::try_from(notes.port).ok().filter(|port| *port != 0);
    view.waits_for = (notes.waits_board != [0; 16]).then(|| WaitsFor {
        board_id: hexadecimal(notes.waits_board),
        slot: notes.waits_slot,
        generation: notes.waits_generation,
    });
}

fn optional_text(cell: &[u64], there: bool, into: &mut Option<String>) {
    if !there || cell.first().is_none_or(|word| *word as u16 == 0) {
        *into = None;
        return;
    }
    decode_text(cell, into.get_or_insert_default());
}
