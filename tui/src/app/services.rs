//! The views of services as text: alone, and beside other work.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use vx_shm::{BoardState, BoardView, Creator, Health, Kind, Liveness, SlotState, SlotView, Snapshot, Step, Transition};
use vx_status::appearance::{OutputStyle, Palette};
use vx_status::fixture::{SECOND, counting};
use vx_status::slot::SlotId;
use vx_status::source::{Expectations, LogLine, LogPart, LogPlace, Logs, PrintedLine, SlotProcessUsage};
use vx_status::vocabulary::{build, service};

use crate::inline::{live_rows, print_above, printed_line, redraw};
use crate::keys;
use crate::message::UpdateMessage;
use crate::model::Model;
use crate::theme::Theme;
use crate::update::update;
use crate::view;

const COLOURED: OutputStyle = OutputStyle { colour: true, ascii: false, words_only: false, palette: Palette::Terminal };

fn slot(index: u32, key: &str, steps: &[(Step, u64)]) -> SlotView {
    let transitions =
        steps.iter().map(|(step, second)| Transition { step: *step, entered_at_ns: second * SECOND, done: 0 });
    SlotView {
        index,
        generation: 1,
        key: key.to_owned(),
        kind: Kind::Service,
        state: SlotState::Live,
        step: steps.last().expect("a step").0,
        transitions: transitions.collect(),
        attempt: 1,
        pid: Some(4_000 + index),
        runner: Some(3_999),
        liveness: Liveness::Alive,
        ..SlotView::default()
    }
}

fn with_port(port: u16, slot: SlotView) -> SlotView {
    SlotView { port: Some(port), address: Some(format!("http://localhost:{port}")), ..slot }
}

/// A service in every state, and a build that has failed.
fn shop() -> Snapshot {
    use service::{BACKING_OFF, READY, RUNNING, STARTING, STOPPING, WAITING};
    let queued = Step::FIRST;
    let ready = |slot: SlotView| SlotView { health: Health::Ready, ..slot };
    let front = ready(with_port(5_173, slot(0, "front", &[(queued, 100), (STARTING, 101), (READY, 102)])));
    let api = ready(with_port(8_080, slot(1, "api", &[(queued, 100), (STARTING, 103), (READY, 104)])));
    let worker = slot(2, "worker", &[(queued, 100), (STARTING, 104), (RUNNING, 105), (BACKING_OFF, 170)]);
    let worker = SlotView {
        attempt: 4,
        health: Health::WaitingToRestart,
        message: "it failed: exit code 1; starts again in 2 s".to_owned(),
        ..worker
    };
    let redis = with_port(16_379, slot(3, "redis", &[(queued, 100), (STARTING, 100), (READY, 101)]));
    let redis = SlotView { health: Health::Unhealthy, message: "no answer within 5 s".to_owned(), ..redis };
    let mail = slot(4, "mail", &[(queued, 100), (WAITING, 100)]);
    let mail = SlotView { message: "waits for worker".to_owned(), ..mail };
    let migrate = slot(5, "migrate", &[(queued, 100), (STARTING, 101), (RUNNING, 102)]);
    let migrate = SlotView { state: SlotState::Done, ended_at_ns: Some(103 * SECOND), pid: None, ..migrate };
    let docs = slot(6, "docs", &[(queued, 100), (STARTING, 101), (READY, 102)]);
    let docs = SlotView { state: SlotState::Cancelled, ended_at_ns: Some(150 * SECOND), pid: None, ..docs };
    let search = slot(7, "search", &[(queued, 100), (STARTING, 101), (READY, 102), (STOPPING, 179)]);
    let compiled = SlotView {
        kind: Kind::Build,
        parent: Some(1),
        state: SlotState::Failed,
        ended_at_ns: Some(162 * SECOND),
        error: Some("cmd/api/main.go:12:3: undefined: prize\ncmd/api/main.go:14:1: missing return".to_owned()),
        ..slot(8, "api build", &[(queued, 159), (build::COMPILING, 160)])
    };
    let board = BoardView {
        title: "shop".to_owned(),
        state: BoardState::Running,
        created_at_ns: 100 * SECOND,
        creator: Creator { pid: 3_999, alive: Some(true) },
        ..BoardView::default()
    };
    let slots = vec![front, api, worker, redis, mail, migrate, docs, search, compiled];
    Snapshot { board, slots, taken_at_ns: 180 * SECOND }
}

fn watching(snapshot: &Snapshot, size: (u16, u16)) -> Model {
    let mut model = Model { size, ..Model::default() };
    update(&mut model, UpdateMessage::Data { snapshot: Arc::new(snapshot.clone()), paces: Vec::new() });
    let usage = |number: u32| SlotProcessUsage {
        pid: 5_000 + number,
        processes: 1 + number,
        processor_permille: Some(7 + 300 * number),
        memory_bytes: 81_400_000,
    };
    let measured =
        snapshot.slots.iter().zip(0u32..).take(2).map(|(slot, number)| (SlotId::from_slot(slot), usage(number)));
    update(&mut model, UpdateMessage::Usage(measured.collect()));
    model
}

fn press(model: &mut Model, codes: &[KeyCode]) {
    for code in codes {
        let message = keys::message(&KeyEvent::new(*code, KeyModifiers::NONE), model);
        update(model, message.unwrap_or_else(|| panic!("{code:?} means nothing here")));
    }
}

fn picture(model: &Model, look: OutputStyle) -> String {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).expect("a test terminal");
    terminal.draw(|frame| view::draw(model, &Theme::new(look), frame.buffer_mut())).expect("a drawing");
    terminal.backend().to_string()
}

#[test]
fn a_service_in_every_state_at_every_size() {
    for size in [(50, 14), (80, 24), (100, 30), (120, 40), (160, 40)] {
        let mut model = watching(&shop(), size);
        press(&mut model, &[KeyCode::Char('g')]);
        if size.1 > 20 {
            press(&mut model, &[KeyCode::Char('i')]);
        }
        insta::assert_snapshot!(format!("services_{}x{}", size.0, size.1), picture(&model, COLOURED));
        let ascii = picture(&model, OutputStyle { ascii: true, ..OutputStyle::default() });
        assert!(ascii.is_ascii(), "{ascii}");
    }
}

#[test]
fn services_stand_above_the_tasks_of_the_same_board_with_the_columns_of_both() {
    let mut snapshot = shop();
    snapshot.slots.truncate(3);
    for (place, slot) in snapshot.slots.iter_mut().enumerate() {
        slot.index = 1 + u32::try_from(place).expect("few");
    }
    snapshot.slots.insert(0, counting(0, "tests", 30, 120));
    let model = watching(&snapshot, (120, 30));
    insta::assert_snapshot!("services_beside_tasks", picture(&model, COLOURED));
}

#[test]
fn the_error_of_a_service_is_that_of_its_last_build() {
    let mut model = watching(&shop(), (100, 30));
    press(&mut model, &[KeyCode::Char('g'), KeyCode::Char('j'), KeyCode::Char('e')]);
    let shown = picture(&model, COLOURED);
    for text in ["the earlier build still runs", "cmd/api/main.go:12:3: undefined: prize", "main.go:14:1: missing"] {
        assert!(shown.contains(text), "{shown}");
    }
    let mut mended = shop();
    let last = mended.slots.last_mut().expect("the build");
    (last.state, last.error) = (SlotState::Done, None);
    update(&mut model, UpdateMessage::Data { snapshot: Arc::new(mended), paces: Vec::new() });
    let shown = picture(&model, COLOURED);
    assert!(shown.contains("no error") && !shown.contains("main.go"), "{shown}");
}

/// Logs that say which of them are read together.
struct Together;

impl Logs for Together {
    fn tail(&mut self, key: &str, _: usize) -> Vec<String> {
        vec![format!("{key} alone")]
    }

    fn location(&self, _: &str) -> Option<String> {
        None
    }

    fn read_together(&mut self, keys: &[String], _: LogPlace) -> LogPart {
        let lines: Vec<LogLine> = keys
            .iter()
            .zip(0u64..)
            .map(|(key, number)| LogLine { at: number * 100, text: format!("12:00:0{number}.000 {key} | hello") })
            .collect();
        let end = lines.len() as u64 * 100;
        LogPart { lines, from: 0, to: end, size: end, last: true }
    }
}

#[test]
fn the_logs_of_the_services_in_the_table_are_shown_as_one_until_a_filter_leaves_one() {
    let mut model = watching(&shop(), (100, 30));
    let read = |model: &mut Model| {
        let (source, place, _) = model.wanted_log().expect("a log to read");
        let part = source.read(&mut Together, place);
        update(model, UpdateMessage::Log { of: source.id, place, part, location: source.location(&Together) });
        picture(model, COLOURED)
    };
    press(&mut model, &[KeyCode::Char('a')]);
    let all = read(&mut model);
    assert!(all.contains("all services in the table"), "{all}");
    assert!(all.contains("12:00:00.000 front | hello") && all.contains("worker | hello"), "{all}");
    let offers = keys::offered(&model);
    assert!(offers.contains(&("a".to_owned(), "own log")), "{offers:?}");
    press(&mut model, &[KeyCode::Char('/'), KeyCode::Char('r'), KeyCode::Char('e'), KeyCode::Enter]);
    let several = read(&mut model);
    assert!(several.contains("redis | hello") && !several.contains("worker | hello"), "{several}");
    press(&mut model, &[KeyCode::Esc, KeyCode::Char('a')]);
    let alone = read(&mut model);
    assert!(alone.contains(" alone") && !alone.contains("| hello"), "{alone}");
}

#[test]
fn the_inline_view_has_a_row_for_each_service_below_what_they_print() {
    let theme = Theme::new(OutputStyle::default());
    let expectations = Expectations::default();
    let rows = live_rows(&theme, &shop(), &[], &expectations, (100, 30));
    let narrow = live_rows(&theme, &shop(), &[], &expectations, (40, 30));
    insta::assert_snapshot!("services_inline", format!("{}\n\n{}\n", rows.join("\n"), narrow.join("\n")));
    assert!(narrow.iter().all(|row| vx_text::width(row) < 40), "{narrow:?}");
}

#[test]
fn lines_longer_than_the_screen_are_printed_whole_above_the_live_rows() {
    const SIZE: std::num::NonZero<u16> = std::num::NonZero::new(10).unwrap();
    const WIDTH: std::num::NonZero<u16> = std::num::NonZero::new(20).unwrap();
    let theme = Theme::new(OutputStyle::default());
    let mut screen = vt100::Parser::new(SIZE, WIDTH, 100);
    let line = |text: &str| printed_line(&theme, &PrintedLine { key: "api".to_owned(), text: text.to_owned() }, 5);
    let live = ["first live row".to_owned(), "second".to_owned()];
    let mut show = |lines: &[String]| {
        screen.process((print_above(lines) + &redraw(&[], &live)).as_bytes());
        screen.screen().contents()
    };
    assert_eq!(show(&[line("short")]), "api   | short\nfirst live row\nsecond");
    let long = show(&[line("0123456789012345678"), line("exactly twen")]);
    assert_eq!(long, "api   | short\napi   | 0123456789012345678\napi   | exactly twen\nfirst live row\nsecond");
    let hostile = show(&[line("a\u{1b}[2Jb\r\nc")]);
    assert!(hostile.ends_with("first live row\nsecond") && hostile.contains("api   | ab"), "{hostile}");
}
