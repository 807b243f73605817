//! The views of turns as text.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use vx_shm::{BoardState, BoardView, Creator, Health, Kind, Liveness, SlotState, SlotView, Snapshot, Step, Transition};
use vx_status::appearance::OutputStyle;
use vx_status::fixture::{SECOND, SnapshotSequence};
use vx_status::lines::{PlainOptions, plain};
use vx_status::slot::SlotId;
use vx_status::source::{Expectations, Inputs};
use vx_status::vocabulary::turn::{ANSWERING, STARTING, THINKING, USING_A_TOOL};

use crate::inline::live_rows;
use crate::keys;
use crate::message::UpdateMessage;
use crate::model::Model;
use crate::theme::Theme;
use crate::update::update;
use crate::view;

fn slot(index: u32, key: &str, steps: &[(Step, u64)], details: &str) -> SlotView {
    let transitions =
        steps.iter().map(|(step, second)| Transition { step: *step, entered_at_ns: second * SECOND, done: 0 });
    SlotView {
        index,
        generation: 1,
        key: key.to_owned(),
        version: "claude".to_owned(),
        kind: Kind::Turn,
        state: SlotState::Live,
        step: steps.last().expect("a step").0,
        transitions: transitions.collect(),
        details: details.to_owned(),
        attempt: 1,
        pid: Some(4_000 + index),
        runner: Some(3_999),
        liveness: Liveness::Alive,
        ..SlotView::default()
    }
}

/// A turn that has ended, one at work, one that asks its user, and one still to come.
fn batch() -> Snapshot {
    let begun = [(Step::FIRST, 100), (STARTING, 100), (THINKING, 102)];
    let steps = |last: (Step, u64)| [&begun[..], &[last]].concat();
    let docs = slot(0, "docs", &steps((ANSWERING, 105)), "messages 12\ntools 3\ntokens 48120\ncost $0.1234\nsession a");
    let docs = SlotView { state: SlotState::Done, ended_at_ns: Some(130 * SECOND), pid: None, ..docs };
    let tests = slot(1, "tests", &steps((USING_A_TOOL, 104)), "messages 4\ntools 1\nsession b");
    let tests = SlotView { step_name: Some("Bash".to_owned()), ..tests };
    let tables = slot(2, "tables", &steps((USING_A_TOOL, 103)), "messages 5\ntools 2\nsession c");
    let tables = SlotView { health: Health::WaitingForPerson, message: "Delete the old table?".to_owned(), ..tables };
    let last = SlotView { liveness: Liveness::Unknown, state: SlotState::Reserved, ..slot(3, "last", &begun[..1], "") };
    let board = BoardView {
        title: "4 turns".to_owned(),
        state: BoardState::Running,
        created_at_ns: 100 * SECOND,
        creator: Creator { pid: 3_999, alive: Some(true) },
        ..BoardView::default()
    };
    Snapshot { board, slots: vec![docs, tests, tables, last], taken_at_ns: 145 * SECOND }
}

fn watching(size: (u16, u16)) -> Model {
    let mut model = Model { size, ..Model::default() };
    see(&mut model, batch());
    model
}

fn see(model: &mut Model, snapshot: Snapshot) {
    update(model, UpdateMessage::Data { snapshot: Arc::new(snapshot), paces: Vec::new() });
}

fn press(model: &mut Model, letter: char) {
    let message = keys::message(&KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE), model);
    update(model, message.unwrap_or_else(|| panic!("{letter:?} means nothing here")));
}

fn picture(model: &Model) -> String {
    let size = model.size;
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a test terminal");
    let theme = Theme::new(OutputStyle::default());
    terminal.draw(|frame| view::draw(model, &theme, frame.buffer_mut())).expect("a drawing");
    terminal.backend().to_string()
}

#[test]
fn a_turn_that_waits_for_a_person_stands_first_and_each_has_its_figures() {
    insta::assert_snapshot!("turns_120x16", picture(&watching((120, 16))));
    insta::assert_snapshot!("turns_70x12", picture(&watching((70, 12))));
    let mut facts = watching((120, 30));
    press(&mut facts, 'i');
    insta::assert_snapshot!("turns_facts", picture(&facts));
}

#[test]
fn a_turn_that_begins_to_wait_for_a_person_is_selected_until_a_key_is_pressed() {
    let asking = |place: Option<usize>| {
        let mut snapshot = batch();
        for (at, slot) in snapshot.slots.iter_mut().enumerate() {
            slot.health = if Some(at) == place { Health::WaitingForPerson } else { Health::Unknown };
        }
        snapshot
    };
    let id = |place: usize| Some(SlotId::from_slot(&batch().slots[place]));
    let mut model = Model { size: (120, 30), ..Model::default() };
    see(&mut model, asking(None));
    assert_eq!(model.selected, id(0));
    see(&mut model, asking(Some(2)));
    assert_eq!((model.selected, model.order[0]), (id(2), 2));
    see(&mut model, asking(None));
    assert_eq!((model.selected, model.order[0]), (id(2), 0));
    press(&mut model, 'g');
    see(&mut model, asking(Some(1)));
    assert_eq!((model.selected, model.order[0]), (id(0), 1), "the user has chosen a row");
}

#[test]
fn a_turn_that_waits_for_a_person_stands_above_failures_where_not_all_rows_fit() {
    let mut snapshot = batch();
    let asks = snapshot.slots.remove(2);
    let failed = |index: u32| SlotView {
        state: SlotState::Failed,
        ended_at_ns: Some(110 * SECOND),
        ..slot(index, &format!("failed-{index}"), &[(Step::FIRST, 100), (THINKING, 101)], "")
    };
    snapshot.slots.extend((10..40).map(failed).chain([asks]));
    let mut model = Model { size: (120, 16), ..Model::default() };
    see(&mut model, snapshot);
    assert_eq!(model.lines[0].row(), Some(model.rows.len() - 1), "{}", picture(&model));
}

#[test]
fn the_inline_view_and_plain_lines_say_who_waits_for_a_person() {
    let rows = live_rows(&Theme::new(OutputStyle::default()), &batch(), &[], &Expectations::default(), (100, 30));
    let mut out = Vec::new();
    let mut inputs = Inputs::watching(SnapshotSequence::new([batch()]));
    let (finish, finished) = crossbeam_channel::bounded(0);
    drop::<crossbeam_channel::Sender<()>>(finish);
    plain(&mut inputs, &PlainOptions::default(), &mut out, finished).expect("it is written");
    let lines = String::from_utf8(out).expect("text");
    let said: Vec<&str> = lines.lines().filter(|line| line.contains("waits for you")).collect();
    insta::assert_snapshot!("turns_inline", format!("{}\n\n{}\n", rows.join("\n"), said.join("\n")));
}
