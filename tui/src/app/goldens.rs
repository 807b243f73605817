//! What the views look like, kept as text: every size, look and amount that has rules of its own.

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Color;
use vx_shm::{BoardState, Kind, Liveness, Phase, PhaseEntry, SlotState, SlotView, Snapshot};

use crate::history::History;
use crate::keys;
use crate::message::Message;
use crate::model::{Model, SlotId, Tab};
use crate::source::fixture::{FixedLogs, SECOND, everything, hostile, many};
use crate::table;
use crate::text::hostile as is_hostile;
use crate::theme::{Look, Palette, Theme};
use crate::update::update;
use crate::view;

const COLOURED: Look = Look { colour: true, ascii: false, words_only: false, palette: Palette::Terminal };

/// A model that watched `snapshot` for three seconds, during which every download brought 3 MB.
fn watched(snapshot: &Snapshot, size: (u16, u16)) -> Model {
    let mut history = History::default();
    let mut model = Model { size, ..Model::default() };
    for seconds_before in [3, 2, 1, 0] {
        let mut earlier = snapshot.clone();
        earlier.taken_at_ns = snapshot.taken_at_ns.saturating_sub(seconds_before * SECOND);
        for slot in &mut earlier.slots {
            slot.done = slot.done.saturating_sub(seconds_before * 1_000_000);
        }
        let paces = history.note(&earlier);
        update(&mut model, Message::Data { snapshot: Arc::new(earlier), paces });
    }
    model
}

fn with_log(mut model: Model, lines: usize) -> Model {
    let of = SlotId::of(model.selected_slot().expect("a selected slot"));
    let lines = (1..=lines).map(|line| format!("line {line} of the output")).collect();
    update(&mut model, Message::Log { of, lines, location: Some("/logs/tool.log".to_owned()) });
    model
}

fn press(model: &mut Model, codes: &[KeyCode]) {
    for code in codes {
        let message = keys::message(&KeyEvent::new(*code, KeyModifiers::NONE), model);
        update(model, message.unwrap_or_else(|| panic!("{code:?} means nothing here")));
    }
}

fn drawn(model: &Model, look: Look) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).expect("a test terminal");
    terminal.draw(|frame| view::draw(model, &Theme::new(look), frame.buffer_mut())).expect("a drawing");
    terminal
}

fn picture(model: &Model, look: Look) -> String {
    drawn(model, look).backend().to_string()
}

const ALL_SIZES: [(u16, u16); 6] = [(40, 8), (60, 15), (80, 24), (100, 30), (120, 40), (200, 60)];

#[test]
fn one_of_everything_at_every_size() {
    for size in ALL_SIZES {
        let model = with_log(watched(&everything(), size), 30);
        insta::assert_snapshot!(format!("everything_{}x{}", size.0, size.1), picture(&model, COLOURED));
    }
}

#[test]
fn ascii_alone_tells_as_much() {
    for size in [(40, 8), (100, 30)] {
        let model = with_log(watched(&everything(), size), 30);
        let text = picture(&model, Look { ascii: true, ..Look::default() });
        // Names stay as they are; everything that vx draws itself is ASCII.
        assert!(text.replace("日本語のツール", "").is_ascii(), "{text}");
        insta::assert_snapshot!(format!("ascii_{}x{}", size.0, size.1), text);
    }
}

#[test]
fn without_colour_there_is_none_and_the_text_is_the_same() {
    let model = with_log(watched(&everything(), (100, 30)), 30);
    assert_eq!(picture(&model, Look::default()), picture(&model, COLOURED));
    let plain = drawn(&model, Look::default());
    assert!(plain.backend().buffer().content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    let coloured = drawn(&model, COLOURED);
    assert!(coloured.backend().buffer().content().iter().any(|cell| cell.fg != Color::Reset));
}

#[test]
fn no_row_one_row_and_too_many_rows() {
    for count in [0, 1, 64, 500] {
        let mut model = watched(&many(count), (100, 30));
        insta::assert_snapshot!(format!("rows_{count}"), picture(&model, COLOURED));
        if count == 500 {
            press(&mut model, &[KeyCode::Char('G')]);
            insta::assert_snapshot!("rows_500_last", picture(&model, COLOURED));
        }
    }
}

#[test]
fn each_tab_of_a_failure() {
    for tab in Tab::ALL {
        let mut model = watched(&everything(), (100, 30));
        press(&mut model, &[KeyCode::Char('j'); 6]);
        model = with_log(model, 40);
        press(&mut model, &[KeyCode::Enter]);
        while model.tab != tab {
            press(&mut model, &[KeyCode::Tab]);
        }
        insta::assert_snapshot!(format!("tab_{}", tab.name().to_lowercase()), picture(&model, COLOURED));
    }
}

#[test]
fn the_questions_and_the_lists() {
    let mut model = Model { in_charge: true, ..watched(&everything(), (80, 24)) };
    press(&mut model, &[KeyCode::Char('q')]);
    insta::assert_snapshot!("leaving", picture(&model, COLOURED));
    press(&mut model, &[KeyCode::Esc, KeyCode::Char('?')]);
    insta::assert_snapshot!("help", picture(&model, COLOURED));
    press(&mut model, &[KeyCode::Esc, KeyCode::Char('/'), KeyCode::Char('n'), KeyCode::Char('o')]);
    insta::assert_snapshot!("filtering", picture(&model, COLOURED));
}

#[test]
fn hostile_text_changes_nothing_but_its_own_cells() {
    let model = with_log(watched(&hostile(), (100, 30)), 3);
    let terminal = drawn(&model, COLOURED);
    for cell in terminal.backend().buffer().content() {
        assert!(!cell.symbol().chars().any(is_hostile), "{:?}", cell.symbol());
    }
    insta::assert_snapshot!("hostile", terminal.backend().to_string());
}

#[test]
fn the_final_table_says_what_became_of_each() {
    let mut logs = FixedLogs(vec!["downloading".to_owned(), "\u{1b}[31mbad digest\u{1b}[0m".to_owned()]);
    insta::assert_snapshot!("table", table::render(&everything(), &mut logs, Look::default()));
    let words = Look { words_only: true, ..Look::default() };
    insta::assert_snapshot!("table_in_words", table::render(&everything(), &mut logs, words));
    let text = table::render(&hostile(), &mut logs, Look::default());
    assert!(!text.chars().any(|character| is_hostile(character) && character != '\n'), "{text:?}");
}

fn any_phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(Phase::ALL)
}

fn any_slot() -> impl Strategy<Value = SlotView> {
    let who = (
        any::<u32>(),
        0u32..3,
        ".{0,12}",
        ".{0,12}",
        prop::sample::select(Kind::ALL),
        prop::sample::select(SlotState::ALL),
    );
    let liveness = prop_oneof![
        Just(Liveness::Unknown),
        Just(Liveness::Alive),
        any::<u64>().prop_map(Liveness::Stalled),
        any::<u64>().prop_map(Liveness::Silent),
        Just(Liveness::Lost),
    ];
    let numbers = (any_phase(), any::<u64>(), any::<Option<u64>>(), any::<u8>(), any::<Option<u32>>(), liveness);
    let texts = (".{0,40}", "(.|\\n){0,200}", prop::option::of("(.|\\n){0,200}"), prop::option::of(".{0,40}"));
    let entry = (any_phase(), any::<u64>(), any::<u64>());
    let entry = entry.prop_map(|(phase, entered_at_ns, done)| PhaseEntry { phase, entered_at_ns, done });
    let ends = (any::<Option<i32>>(), any::<Option<i32>>(), any::<Option<u64>>(), prop::collection::vec(entry, 0..9));
    (who, numbers, texts, ends).prop_map(|(who, numbers, texts, ends)| SlotView {
        index: who.0,
        generation: who.1,
        key: who.2,
        version: who.3,
        kind: who.4,
        state: who.5,
        phase: numbers.0,
        done: numbers.1,
        total: numbers.2,
        attempt: numbers.3,
        pid: numbers.4,
        liveness: numbers.5,
        message: texts.0,
        details: texts.1,
        error: texts.2,
        install_path: texts.3,
        exit_code: ends.0,
        signal: ends.1,
        ended_at_ns: ends.2,
        phases: ends.3,
    })
}

fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    let slots = prop::collection::vec(any_slot(), 0..12);
    (slots, any::<u64>(), any::<u64>(), ".{0,30}", prop::sample::select(BoardState::ALL)).prop_map(
        |(slots, taken_at_ns, created_at_ns, title, state)| {
            let mut snapshot = Snapshot { slots, taken_at_ns, ..Snapshot::default() };
            snapshot.board.created_at_ns = created_at_ns;
            snapshot.board.title = title;
            snapshot.board.state = state;
            snapshot
        },
    )
}

/// Keys that lead everywhere.
fn any_keys() -> impl Strategy<Value = Vec<KeyCode>> {
    let codes = "jkgG/nNfStTx?qd cab".chars().map(KeyCode::Char);
    let codes = codes.chain([
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Backspace,
    ]);
    prop::collection::vec(prop::sample::select(codes.collect::<Vec<_>>()), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_snapshot_breaks_any_view_at_any_size(
        snapshots in prop::collection::vec(any_snapshot(), 1..3),
        size in (0u16..=250, 0u16..=250),
        codes in any_keys(),
        ascii: bool,
    ) {
        let look = Look { colour: true, ascii, ..Look::default() };
        let mut model = Model { size, in_charge: true, ..Model::default() };
        let mut history = History::default();
        for snapshot in snapshots {
            let paces = history.note(&snapshot);
            crate::inline::live_rows(&Theme::new(look), &snapshot, &paces, size);
            update(&mut model, Message::Data { snapshot: Arc::new(snapshot), paces });
            for code in &codes {
                if let Some(message) = keys::message(&KeyEvent::new(*code, KeyModifiers::NONE), &model) {
                    update(&mut model, message);
                }
            }
            for tab in Tab::ALL {
                model.tab = tab;
                let terminal = drawn(&model, look);
                prop_assert!(!terminal.backend().buffer().content().iter().any(|cell| cell.symbol().chars().any(is_hostile)));
                // The terminal may have shrunk without the model knowing yet.
                let mut smaller = Buffer::empty(Rect::new(0, 0, size.0 / 2, size.1 / 2));
                view::draw(&model, &Theme::new(look), &mut smaller);
            }
        }
        let text = table::render(&model.snapshot, &mut FixedLogs(vec!["\u{1b}[1m".to_owned()]), Look::default());
        prop_assert!(!text.chars().any(|character| is_hostile(character) && character != '\n'));
    }
}
