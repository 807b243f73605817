//! Keys that lead out of the view, and keys for work that runs until it is stopped.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use vx_shm::{Kind, SlotView};
use vx_status::fixture::{FixedLogs, done, downloading, ended, many};
use vx_status::vocabulary::service;

use super::*;
use crate::keys;

/// A board with a service that is ready at this address.
fn serving(address: &str, state: SlotState) -> Snapshot {
    let slot = SlotView {
        kind: Kind::Service,
        step: service::READY,
        address: Some(address.to_owned()),
        runner: Some(7),
        state,
        ended_at_ns: state.ended().then_some(104 * vx_status::fixture::SECOND),
        ..downloading(0, "web", "", 0, None)
    };
    Snapshot { slots: vec![slot, done(1, "go", "1", 9, 104.0)], ..many(0) }
}

fn viewing(snapshot: Snapshot) -> Model {
    let model = Model { size: (100, 30), has_control: true, is_guest: true, can_open: true, ..Model::default() };
    with_reading(model, snapshot)
}

/// Press a key, as in a terminal.
fn press(model: &mut Model, code: KeyCode) -> Option<Effect> {
    let message = keys::message(&KeyEvent::new(code, KeyModifiers::NONE), model)?;
    update(model, message).effect
}

fn meaning(model: &Model, key: &str) -> Option<&'static str> {
    keys::offered(model).into_iter().find(|(known, _)| known == key).map(|(_, meaning)| meaning)
}

#[test]
fn the_address_of_a_service_is_opened_from_its_row_and_its_log_from_the_pane() {
    let mut model = viewing(serving("http://localhost:5173", SlotState::Live));
    assert_eq!(meaning(&model, "o"), Some("browser"));
    let opened = press(&mut model, KeyCode::Char('o'));
    assert_eq!(opened, Some(Effect::OpenAddress("http://localhost:5173".to_owned())));
    assert_eq!(model.notice.as_deref(), Some("opening http://localhost:5173"));
    press(&mut model, KeyCode::Enter);
    assert_eq!(meaning(&model, "o"), Some("pager"));
    assert_eq!(press(&mut model, KeyCode::Char('o')), Some(Effect::Page("web".to_owned())));
    press(&mut model, KeyCode::Esc);
    press(&mut model, KeyCode::Char('j'));
    assert_eq!((tool(&model), meaning(&model, "o")), ("go", Some("pager")));
}

#[test]
fn an_address_is_not_offered_where_nothing_answers_or_it_is_none_of_the_web() {
    for (address, state, can_open) in [
        ("http://localhost:5173", SlotState::Done, true),
        ("http://localhost:5173", SlotState::Live, false),
        ("file:///etc/passwd", SlotState::Live, true),
        ("--help", SlotState::Live, true),
    ] {
        let mut model = Model { can_open, ..viewing(serving(address, state)) };
        assert_eq!(meaning(&model, "o"), Some("pager"), "{address} {state:?}");
        assert_eq!(press(&mut model, KeyCode::Char('o')), Some(Effect::Page("web".to_owned())));
    }
}

#[test]
fn a_service_is_restarted_whether_it_runs_or_not_and_other_work_is_tried_again() {
    for state in [SlotState::Live, SlotState::Done, SlotState::Died] {
        let mut model = viewing(serving("http://localhost:5173", state));
        press(&mut model, KeyCode::Char('g'));
        assert_eq!(meaning(&model, "r"), Some("restart"), "{state:?}");
        assert_eq!(press(&mut model, KeyCode::Char('r')), Some(Effect::Restart("web".to_owned())));
        assert_eq!(model.notice.as_deref(), Some("restarting web"));
    }
    let mut failed = serving("http://localhost:5173", SlotState::Live);
    failed.slots[1] = SlotView { runner: Some(7), ..ended(1, "go", SlotState::Failed, Some("no")) };
    let mut model = viewing(failed);
    press(&mut model, KeyCode::Char('G'));
    assert_eq!((tool(&model), meaning(&model, "r")), ("go", Some("try again")));
    assert_eq!(press(&mut model, KeyCode::Char('r')), Some(Effect::Retry(vec!["go".to_owned()])));
}

#[test]
fn a_service_that_takes_no_requests_is_not_restarted_and_the_reason_is_shown() {
    let mut read_only = serving("http://localhost:5173", SlotState::Live);
    read_only.slots[0].runner = None;
    let mut model = viewing(read_only);
    assert_eq!(meaning(&model, "r"), None);
    assert_eq!(press(&mut model, KeyCode::Char('r')), None);
    assert!(model.notice.as_deref().is_some_and(|notice| notice.contains("read-only")), "{:?}", model.notice);
    let why = "it is gone".to_owned();
    update(&mut model, UpdateMessage::RequestFailed(RequestFailure::NotRestarted { key: "web".to_owned(), why }));
    assert_eq!(model.notice.as_deref(), Some("web is not restarted: it is gone"));
    let mut watching = Model { has_control: false, ..model };
    assert_eq!((press(&mut watching, KeyCode::Char('r')), meaning(&watching, "r")), (None, None));
}

#[test]
fn nothing_is_offered_again_where_the_process_that_ran_it_is_gone() {
    let mut failed = many(0);
    failed.slots = vec![ended(0, "lint", SlotState::Failed, Some("exit code 2"))];
    failed.slots[0].runner = Some(7);
    let mut model = viewing(failed);
    assert_eq!(meaning(&model, "r"), Some("try again"));
    update(&mut model, UpdateMessage::Unreached(vec![7]));
    assert_eq!(meaning(&model, "r"), None);
    assert_eq!(press(&mut model, KeyCode::Char('r')), None);
    assert!(model.notice.as_deref().is_some_and(|notice| notice.contains("read-only")), "{:?}", model.notice);
    assert_eq!(press(&mut model, KeyCode::Char('R')), None);
    update(&mut model, UpdateMessage::Unreached(Vec::new()));
    assert_eq!(press(&mut model, KeyCode::Char('r')), Some(Effect::Retry(vec!["lint".to_owned()])));
}

#[test]
fn a_service_that_is_built_is_built_again_from_its_row_and_from_that_of_the_build() {
    let mut built = serving("http://localhost:5173", SlotState::Live);
    let mut build = built.slots[0].clone();
    (build.kind, build.parent) = (Kind::Build, Some(built.slots[0].index));
    (build.index, build.key) = (5, "web:build".to_owned());
    assert_eq!(meaning(&viewing(built.clone()), "b"), None, "it has no build");
    built.slots.push(build);
    let mut model = viewing(built);
    assert_eq!(meaning(&model, "b"), Some("rebuild"));
    assert_eq!(press(&mut model, KeyCode::Char('b')), Some(Effect::Rebuild("web".to_owned())));
    press(&mut model, KeyCode::Char('j'));
    assert_eq!(press(&mut model, KeyCode::Char('b')), Some(Effect::Rebuild("web:build".to_owned())));
    let why = "it is gone".to_owned();
    update(&mut model, UpdateMessage::RequestFailed(RequestFailure::NotRebuilt { key: "web".to_owned(), why }));
    assert_eq!(model.notice.as_deref(), Some("web is not rebuilt: it is gone"));
    let mut watching = Model { has_control: false, ..model };
    assert_eq!((press(&mut watching, KeyCode::Char('b')), meaning(&watching, "b")), (None, None));
}

/// A board whose first tool failed with this error.
fn failed_with(error: &str) -> Snapshot {
    Snapshot {
        slots: vec![ended(0, "app", SlotState::Failed, Some(error)), downloading(1, "go", "1", 1, None)],
        ..many(0)
    }
}

fn opened(effect: Option<Effect>) -> Vec<String> {
    let Some(Effect::OpenEditor { places, .. }) = effect else { panic!("the editor is not opened: {effect:?}") };
    places.into_iter().map(|place| format!("{}:{}", place.file, place.line)).collect()
}

#[test]
fn enter_on_an_error_opens_the_places_that_it_names_those_in_view_first() {
    let mut model = viewing(failed_with("it does not compile\nsrc/a.rs:3:5: no such name\nsrc/b.rs:7: nor this"));
    press(&mut model, KeyCode::Char('g'));
    press(&mut model, KeyCode::Char('e'));
    assert_eq!(meaning(&model, "Enter"), Some("open"), "the keys go to the table");
    press(&mut model, KeyCode::Enter);
    assert_eq!(meaning(&model, "Enter"), Some("edit"));
    assert_eq!(opened(press(&mut model, KeyCode::Enter))[..2], ["src/a.rs:3", "src/b.rs:7"]);
    let log = (0..40).map(|line| format!("log/x{line}.rs:{}:1", line + 1)).collect();
    read(&mut model, &mut FixedLogs(log));
    press(&mut model, KeyCode::Char('G'));
    let places = opened(press(&mut model, KeyCode::Enter));
    assert!(places[0].starts_with("log/x"), "{places:?}");
    assert!(places.contains(&"src/a.rs:3".to_owned()), "what is out of view comes later: {places:?}");
}

#[test]
fn a_viewer_is_not_offered_an_editor_where_no_place_is_named() {
    let mut model = viewing(failed_with("it does not compile"));
    for code in [KeyCode::Char('g'), KeyCode::Char('e'), KeyCode::Enter] {
        press(&mut model, code);
    }
    assert_eq!((model.focus, meaning(&model, "Enter")), (Focus::Pane, None));
    assert_eq!(press(&mut model, KeyCode::Enter), None);
}

#[test]
fn one_step_back_from_the_table_leads_to_the_list_of_boards_where_there_is_one() {
    let mut model = Model { has_list: true, ..viewing(many(3)) };
    press(&mut model, KeyCode::Enter);
    assert_eq!((model.focus, press(&mut model, KeyCode::Esc)), (Focus::Pane, None));
    press(&mut model, KeyCode::Char('/'));
    type_in(&mut model, "tool");
    press(&mut model, KeyCode::Enter);
    assert_eq!(meaning(&model, "Esc"), Some("show all"));
    assert_eq!((press(&mut model, KeyCode::Esc), model.filter.as_str()), (None, ""));
    assert_eq!(meaning(&model, "Esc"), Some("boards"));
    assert_eq!(press(&mut model, KeyCode::Esc), Some(Effect::Boards));
    let mut low = Model { has_list: true, size: (100, 20), ..viewing(many(3)) };
    press(&mut low, KeyCode::Char('l'));
    assert!(low.areas().pane.is_some());
    assert_eq!(press(&mut low, KeyCode::Esc), None);
    assert_eq!((low.areas().pane, press(&mut low, KeyCode::Esc)), (None, Some(Effect::Boards)));
    let mut alone = viewing(many(3));
    assert_eq!((press(&mut alone, KeyCode::Esc), meaning(&alone, "Esc")), (None, None));
}

#[test]
fn on_a_small_screen_the_pane_that_was_asked_for_covers_the_table() {
    for size in [(40, 10), (100, 8)] {
        let mut small = Model { size, has_list: true, ..viewing(many(3)) };
        for key in [KeyCode::Char('l'), KeyCode::Enter] {
            assert_eq!((small.areas().pane, small.focus), (None, Focus::Table));
            press(&mut small, key);
            assert_eq!((small.areas().pane_rows(), small.focus), (usize::from(size.1 - 3), Focus::Pane), "{size:?}");
            assert_eq!(press(&mut small, KeyCode::Esc), None, "the table is back");
        }
        assert_eq!(press(&mut small, KeyCode::Esc), Some(Effect::Boards));
    }
}

#[test]
fn the_whole_time_is_offered_only_where_it_is_not_shown_already() {
    let mut later = many(200);
    later.taken_at_ns += 60 * vx_status::fixture::SECOND;
    for slot in later.slots.iter_mut().filter(|slot| !slot.state.ended()) {
        slot.transitions.iter_mut().for_each(|transition| transition.entered_at_ns += 60 * vx_status::fixture::SECOND);
    }
    let mut folded = viewing(later);
    assert_eq!(meaning(&folded, "t"), Some("whole time"));
    let part = folded.axis;
    press(&mut folded, KeyCode::Char('t'));
    assert!(meaning(&folded, "t") == Some("live part") && folded.axis != part);
    press(&mut folded, KeyCode::Char('t'));
    assert_eq!(folded.axis, part);
    let mut whole = viewing(many(3));
    assert_eq!((meaning(&whole, "t"), press(&mut whole, KeyCode::Char('t'))), (None, None));
    assert!(!keys::all(&whole).iter().any(|(key, _)| key == "t"));
}
