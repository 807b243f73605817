//! The views as text: every size, look and amount with its own rules.

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Color;
use vx_shm::{BoardState, Kind, Liveness, SlotState, SlotView, Snapshot};
use vx_status::appearance::{ColourDepth, OutputStyle, Palette};
use vx_status::final_table;
use vx_status::fixture::{FixedLogs, SECOND, done, downloading, everything, hostile, many, run};
use vx_status::rates::Rates;
use vx_status::slot::SlotId;
use vx_status::source::{Expectations, LogPlace, Logs, PlaybackPosition};
use vx_status::vocabulary::{Phase, PhaseEntry};
use vx_text::is_unprintable as is_hostile;

use crate::keys;
use crate::message::UpdateMessage;
use crate::model::{Model, Tab};
use crate::theme::Theme;
use crate::update::{looked_at, update};
use crate::view;

const COLOURED: OutputStyle = OutputStyle { colour: true, ascii: false, words_only: false, palette: Palette::Terminal };

/// A model that watched `snapshot` for three seconds, with 3 MB for every download in that time.
fn watched(snapshot: &Snapshot, size: (u16, u16)) -> Model {
    let mut rates = Rates::default();
    let mut model = Model { size, ..Model::default() };
    for seconds_before in [3, 2, 1, 0] {
        let mut earlier = snapshot.clone();
        earlier.taken_at_ns = snapshot.taken_at_ns.saturating_sub(seconds_before * SECOND);
        for slot in &mut earlier.slots {
            slot.done = slot.done.saturating_sub(seconds_before * 1_000_000);
        }
        let paces = rates.update(&earlier);
        if model.rows.is_empty() {
            model = looked_at(model, earlier, paces);
            continue;
        }
        update(&mut model, UpdateMessage::Data { snapshot: Arc::new(earlier), paces });
    }
    model
}

fn with_log(mut model: Model, lines: usize) -> Model {
    let of = SlotId::from_slot(model.selected_slot().expect("a selected slot"));
    let mut logs = FixedLogs((1..=lines).map(|line| format!("line {line} of the output")).collect());
    let (place, location) = (LogPlace::End, Some("/logs/tool.log".to_owned()));
    let part = logs.read("tool", place);
    update(&mut model, UpdateMessage::Log { of, place, part, location });
    model
}

fn press(model: &mut Model, codes: &[KeyCode]) {
    for code in codes {
        let message = keys::message(&KeyEvent::new(*code, KeyModifiers::NONE), model);
        update(model, message.unwrap_or_else(|| panic!("{code:?} means nothing here")));
    }
}

fn drawn(model: &Model, look: OutputStyle) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).expect("a test terminal");
    terminal.draw(|frame| view::draw(model, &Theme::new(look), frame.buffer_mut())).expect("a drawing");
    terminal
}

fn picture(model: &Model, look: OutputStyle) -> String {
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
fn ascii_alone_shows_as_much() {
    for size in ALL_SIZES {
        let model = with_log(watched(&everything(), size), 30);
        let text = picture(&model, OutputStyle { ascii: true, ..OutputStyle::default() });
        // Names stay as they are; everything that vx draws itself is ASCII.
        assert!(text.chars().all(|shown| shown.is_ascii() || "日本語のツール".contains(shown)), "{text}");
        insta::assert_snapshot!(format!("ascii_{}x{}", size.0, size.1), text);
    }
}

#[test]
fn without_colour_there_is_none_and_every_palette_shows_the_same_text() {
    for size in ALL_SIZES {
        let model = with_log(watched(&everything(), size), 30);
        let plain = drawn(&model, OutputStyle::default());
        let cells = plain.backend().buffer().content();
        assert!(cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
        let text = picture(&model, COLOURED);
        insta::assert_snapshot!(format!("everything_{}x{}", size.0, size.1), text);
        for palette in Palette::ALL {
            let coloured = drawn(&model, OutputStyle { palette, ..COLOURED });
            assert_eq!(coloured.backend().to_string(), text);
            assert!(coloured.backend().buffer().content().iter().any(|cell| cell.fg != Color::Reset));
        }
    }
}

/// A replay has more keys than the usual terminal has rows for them.
#[test]
fn a_list_of_keys_that_does_not_fit_is_scrolled_to_both_its_ends() {
    let playback = Some(PlaybackPosition { length_ms: 9_000, ..PlaybackPosition::default() });
    let mut model = Model { playback, has_control: true, ..watched(&everything(), (80, 24)) };
    press(&mut model, &[KeyCode::Char('?')]);
    let keys = keys::all(&model).len();
    let shows_text = |model: &Model, text: &str| picture(model, OutputStyle::default()).contains(text);
    let unseen = keys - (model.areas().help_rows() - 1);
    assert!(unseen > 2 && shows_text(&model, "move by one") && !shows_text(&model, "Ctrl-Z"));
    assert!(shows_text(&model, &format!("{unseen} more below: j k")), "{}", picture(&model, OutputStyle::default()));
    press(&mut model, &[KeyCode::Char('j'), KeyCode::Down]);
    assert!(shows_text(&model, &format!("{} more below: j k", unseen - 2)) && !shows_text(&model, "move by a page"));
    press(&mut model, &[KeyCode::PageDown, KeyCode::PageDown, KeyCode::Down]);
    assert!(shows_text(&model, "Ctrl-Z") && shows_text(&model, &format!("{unseen} more above: j k")));
    update(&mut model, UpdateMessage::Wheel { at: (9, 9), up: true });
    assert!(!shows_text(&model, "Ctrl-Z"), "the wheel scrolls it, too");
    press(&mut model, &[KeyCode::Char('g')]);
    assert!(shows_text(&model, "move by one"));
    press(&mut model, &[KeyCode::Char('G'), KeyCode::Esc, KeyCode::Char('?')]);
    assert!(shows_text(&model, "move by one"), "opened again it begins at its first key");
}

/// The pictures of each number of rows at each size, with and without more than ASCII.
#[test]
fn every_number_of_rows_at_every_size() {
    const SIZES: [(u16, u16); 5] = [(50, 12), (72, 20), (80, 24), (120, 40), (200, 60)];
    for count in [0, 1, 12, 64, 200, 500] {
        let mut pictures = String::new();
        for size in SIZES {
            let model = watched(&run(count), size);
            let text = picture(&model, COLOURED);
            for palette in Palette::ALL {
                assert_eq!(picture(&model, OutputStyle { palette, ..COLOURED }), text, "{palette:?}");
            }
            pictures.push_str(&format!("{}x{}\n{text}\n", size.0, size.1));
            // Without colours, letters of past phases are shown, too.
            for look in [OutputStyle::default(), OutputStyle { ascii: true, ..OutputStyle::default() }] {
                let plain = drawn(&model, look);
                let uncoloured = |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
                assert!(plain.backend().buffer().content().iter().all(uncoloured));
                assert!(!look.ascii || plain.backend().to_string().is_ascii());
            }
            if size == (80, 24) {
                let ascii = picture(&model, OutputStyle { ascii: true, ..OutputStyle::default() });
                pictures.push_str(&format!("{}x{} in ASCII\n{ascii}\n", size.0, size.1));
            }
        }
        insta::assert_snapshot!(format!("rows_{count}"), pictures);
    }
    let mut model = watched(&run(500), (100, 30));
    press(&mut model, &[KeyCode::Char('G')]);
    insta::assert_snapshot!("rows_500_last", picture(&model, COLOURED));
}

/// The same run at its end: all are done, except one if it `has_failed`.
fn end_of(count: u32, has_failed: bool) -> Snapshot {
    let mut snapshot = run(count);
    for (place, slot) in (0u32..).zip(&mut snapshot.slots) {
        if has_failed && slot.state == SlotState::Failed {
            let lines: Vec<String> = (1..=5).map(|line| format!("cause {line}")).collect();
            slot.error = Some(format!("the server answered 404\n{}", lines.join("\n")));
        } else if !slot.state.ended() || slot.state == SlotState::Failed {
            let size = slot.total.unwrap_or(7_000_000);
            let shift = u64::from(place % 7) * SECOND;
            *slot = done(place, &slot.key, &slot.version, size, 116.0);
            slot.transitions.iter_mut().skip(1).for_each(|entry| entry.entered_at_ns += shift);
            slot.ended_at_ns = slot.ended_at_ns.map(|ended| ended + shift);
        }
    }
    snapshot.board.state = if has_failed { BoardState::Failed } else { BoardState::Done };
    snapshot
}

#[test]
fn a_good_end_has_its_sums_and_a_failed_one_its_error_whole() {
    for (name, has_failed) in [("end_good", false), ("end_failed", true)] {
        let mut pictures = String::new();
        for (size, count) in [((80, 24), 12), ((80, 24), 64), ((120, 40), 12), ((200, 60), 64)] {
            let model = watched(&end_of(count, has_failed), size);
            let text = picture(&model, COLOURED);
            assert!(!has_failed || (1..=5).all(|line| text.contains(&format!("cause {line}"))), "{text}");
            pictures.push_str(&format!("{}x{}, {count} rows\n{text}\n", size.0, size.1));
        }
        insta::assert_snapshot!(name, pictures);
    }
}

/// The colours and weights of a picture: each run of cells of one style, in words.
fn styles(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let cells: Vec<_> = (0..buffer.area.width).map(|x| &buffer[(x, y)]).collect();
        for run in cells.chunk_by(|one, other| one.style() == other.style()) {
            let shown: String = run.iter().map(|cell| cell.symbol()).collect();
            let cell = run[0];
            if !shown.trim().is_empty() || cell.bg != Color::Reset || !cell.modifier.is_empty() {
                let style = format!("{} on {} {:?}", cell.fg, cell.bg, cell.modifier);
                text.push_str(&format!("{y:>2} {style:<40} {}\n", shown.trim()));
            }
        }
    }
    text
}

#[test]
fn every_theme_has_its_colours() {
    let themes = Palette::ALL.map(|palette| (format!("{palette:?}"), OutputStyle { palette, ..COLOURED }));
    let none = ("none".to_owned(), OutputStyle::default());
    for (name, look) in themes.into_iter().chain([none]) {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let model = watched(&run(12), (80, 24));
        insta::assert_snapshot!(
            format!("theme_{}", name.to_lowercase()),
            styles(drawn(&model, look).backend().buffer())
        );
    }
}

/// Lines with every look that is kept, some that are not, and one that is too long for the screen.
const PAINTED: [&str; 6] = [
    "\u{1b}[1mbold\u{1b}[0m \u{1b}[2mdim\u{1b}[0m \u{1b}[3mitalic\u{1b}[0m \u{1b}[4munderlined\u{1b}[0m plain",
    "\u{1b}[31mred\u{1b}[0m \u{1b}[92mgreen\u{1b}[0m \u{1b}[90mgrey\u{1b}[0m \u{1b}[30mblack\u{1b}[0m \u{1b}[97mwhite\u{1b}[0m",
    "\u{1b}[38;5;208morange\u{1b}[0m \u{1b}[38;2;120;200;255msky\u{1b}[0m \u{1b}[38;2;0;0;0mhidden\u{1b}[0m",
    "\u{1b}[41;7;5;8mno ground\u{1b}[0m \u{1b}]0;title\u{7}\u{1b}[2Jno \u{1b}[5Amoves",
    "日本語 \u{1b}[35m日本\u{1b}[0m after",
    "\u{1b}[32m 10%\r\u{1b}[33m100%\u{1b}[36m and a line that goes on beyond the right end of the screen, which is eighty wide",
];

#[test]
fn a_log_keeps_the_looks_that_are_safe_in_the_colours_of_the_palette() {
    let mut model = watched(&run(3), (80, 24));
    let of = SlotId::from_slot(model.selected_slot().expect("a selected slot"));
    let part = FixedLogs(PAINTED.map(str::to_owned).to_vec()).read("tool", LogPlace::End);
    update(&mut model, UpdateMessage::Log { of, place: LogPlace::End, part, location: None });
    press(&mut model, &[KeyCode::Char('l')]);
    let pane = model.areas().pane.expect("a pane");
    let log_styles = |look| {
        let terminal = drawn(&model, look);
        let all = terminal.backend().buffer();
        let mut log = Buffer::empty(Rect::new(0, 0, pane.width, PAINTED.len() as u16));
        for (x, y) in log.area.positions().map(|at| (at.x, at.y)) {
            log[(x, y)] = all[(pane.x + x, pane.y + 1 + y)].clone();
        }
        styles(&log)
    };
    for palette in Palette::ALL {
        let name: String = format!("{palette:?}").chars().filter(char::is_ascii_alphanumeric).collect();
        insta::assert_snapshot!(
            format!("log_{}", name.to_lowercase()),
            log_styles(OutputStyle { palette, ..COLOURED })
        );
    }
    let none = log_styles(OutputStyle::default());
    assert!(none.lines().all(|line| line.contains("Reset on Reset")), "{none}");
    insta::assert_snapshot!("log_none", none);
    let text = |model: &Model| model.log.lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    assert_eq!(text(&model)[4], "日本語 日本 after");
    assert!(text(&model).iter().all(|line| !line.contains(is_hostile)));
}

#[test]
fn a_screen_without_room_is_drawn_without_a_crash() {
    for size in [(0, 0), (0, 30), (100, 0), (1, 1), (39, 30), (100, 7), (40, 8)] {
        let model = with_log(watched(&everything(), size), 30);
        let terminal = drawn(&model, COLOURED);
        let buffer = terminal.backend().buffer();
        let lines = if size == (40, 8) { 8 } else { usize::from(size.1.min(1)) };
        let blank = |y: u16| (0..size.0).all(|x| buffer[(x, y)].symbol() == " ");
        let filled = (0..size.1).filter(|y| !blank(*y)).count();
        assert!(filled <= lines && (filled > 0) == (size.0 > 0 && size.1 > 0), "{size:?}: {filled} lines");
    }
}

/// Names that take more or fewer columns than characters, each longer than any column.
const NAMES: [&str; 6] = [
    "日本語のツール日本語のツール日本語のツール",
    "👩‍👩‍👧🇩🇪❤️👩‍👩‍👧🇩🇪❤️👩‍👩‍👧🇩🇪❤️👩‍👩‍👧🇩🇪❤️👩‍👩‍👧",
    "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
    "שלום עולם שלום עולם שלום עולם",
    "a-name-of-plain-letters-that-has-no-end",
    "short",
];

fn named() -> Snapshot {
    let slots = (0..).zip(NAMES).map(|(index, name)| downloading(index, name, "1.0.0", 5_000_000, Some(9_000_000)));
    Snapshot { slots: slots.collect(), ..many(0) }
}

#[test]
fn names_are_cut_by_the_columns_they_take_and_what_follows_stands_in_line() {
    for size in ALL_SIZES {
        let model = watched(&named(), size);
        let terminal = drawn(&model, COLOURED);
        let buffer = terminal.backend().buffer();
        let areas = model.areas();
        let rows = areas.table.y + 1..(areas.table.y + 1 + NAMES.len() as u16).min(areas.table.bottom());
        let share = |y| (0..size.0).find(|x| buffer[(*x, y)].symbol() == "5" && buffer[(x + 1, y)].symbol() == "5");
        let places: Vec<_> = rows.map(share).collect();
        assert!(places[0].is_some() && places.iter().all(|place| *place == places[0]), "{size:?}: {places:?}");
        if size == (60, 15) {
            insta::assert_snapshot!("names_60x15", terminal.backend().to_string());
        }
    }
}

/// Check that the terminal shows the buffer: the text of each row, and the colours of each cell.
fn shows(terminal: &vt100::Parser, buffer: &Buffer) {
    for y in 0..buffer.area.height {
        let (mut expected, mut shown, mut x) = (String::new(), String::new(), 0);
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let there = terminal.screen().cell(y, x).expect("a cell of the screen");
            expected.push_str(cell.symbol());
            let colour = match there.fgcolor() {
                vt100::Color::Default => Color::Reset,
                vt100::Color::Idx(index) => Color::Indexed(index),
                vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
            };
            if !matches!(colour, Color::Indexed(0..16)) && cell.symbol() != " " {
                assert_eq!(colour, cell.fg, "({x}, {y}) `{}`", cell.symbol());
            }
            // A flag is two characters of one column each to a terminal that does not know flags.
            let wide = u16::try_from(vx_text::width(cell.symbol())).expect("a cell is narrow").max(1);
            let parts = (x..x + wide).filter_map(|x| terminal.screen().cell(y, x));
            let text: String = parts.map(vt100::Cell::contents).collect();
            shown.push_str(if text.is_empty() { " " } else { &text });
            x += wide;
        }
        assert_eq!(shown, expected, "row {y}");
    }
}

#[test]
fn the_bytes_of_every_frame_make_a_terminal_show_the_buffer_through_resizes() {
    let size_of = |(columns, rows): (u16, u16)| {
        let cells = |count| std::num::NonZero::new(count).expect("a screen has cells");
        (cells(rows), cells(columns))
    };
    for palette in [Palette::Terminal, Palette::Light(ColourDepth::Indexed), Palette::Dark(ColourDepth::True)] {
        let (rows, columns) = size_of(ALL_SIZES[0]);
        let mut terminal = vt100::Parser::new(rows, columns, 0);
        let mut screen = crate::terminal::FullScreenTerminal::unattached();
        // Up through the sizes and down again; on each, a board that changes without a new size.
        for size in ALL_SIZES.into_iter().chain(ALL_SIZES.into_iter().rev()) {
            let (rows, columns) = size_of(size);
            terminal.screen_mut().set_size(rows, columns);
            for snapshot in [everything(), many(64), named(), many(0), everything()] {
                let model = watched(&snapshot, size);
                let buffer = drawn(&model, OutputStyle { palette, ..COLOURED }).backend().buffer().clone();
                terminal.process(&screen.bytes_of(buffer.clone()));
                shows(&terminal, &buffer);
            }
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
    let mut model = Model { has_control: true, ..watched(&everything(), (80, 24)) };
    press(&mut model, &[KeyCode::Char('q')]);
    insta::assert_snapshot!("leaving", picture(&model, COLOURED));
    press(&mut model, &[KeyCode::Esc, KeyCode::Char('?')]);
    insta::assert_snapshot!("help", picture(&model, COLOURED));
    press(&mut model, &[KeyCode::Esc, KeyCode::Char('/'), KeyCode::Char('n'), KeyCode::Char('o')]);
    insta::assert_snapshot!("filtering", picture(&model, COLOURED));
}

#[test]
fn a_recording_shows_its_position_and_its_playback_keys() {
    let at = |at_ms, paused, cut_off| PlaybackPosition { at_ms, length_ms: 63_200, speed_percent: 50, paused, cut_off };
    let mut model = with_log(watched(&everything(), (100, 30)), 3);
    let mut first_row = |position| {
        update(&mut model, UpdateMessage::At(position));
        picture(&model, COLOURED).lines().next().unwrap_or_default().to_owned()
    };
    assert!(first_row(at(12_400, false, false)).contains("replay 12.4 of 63.2 s x0.50"));
    assert!(first_row(at(63_200, false, false)).contains("at its end"));
    assert!(first_row(at(63_200, false, true)).contains("cut off here"));
    update(&mut model, UpdateMessage::At(at(12_400, true, false)));
    insta::assert_snapshot!("replay", picture(&model, COLOURED));
    press(&mut model, &[KeyCode::Char(' '), KeyCode::Left, KeyCode::Char('>'), KeyCode::Char('+')]);
    let arrow = KeyEvent::new(KeyCode::Left, KeyModifiers::NONE);
    assert!(keys::message(&arrow, &watched(&everything(), (100, 30))).is_none(), "a board's time is everybody's");
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

fn any_phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(Phase::OF_INSTALL)
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
    let texts = (
        ".{0,40}",
        "(.|\\n){0,200}",
        prop::option::of("(.|\\n){0,200}"),
        prop::option::of(".{0,40}"),
        prop::option::of(".{0,30}"),
    );
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
        step: numbers.0.step(),
        done: numbers.1,
        total: numbers.2,
        attempt: numbers.3,
        pid: numbers.4,
        liveness: numbers.5,
        message: texts.0,
        details: texts.1,
        error: texts.2,
        result: texts.3,
        exit_code: ends.0,
        signal: ends.1,
        ended_at_ns: ends.2,
        last_beat_at_ns: ends.2,
        transitions: ends.3.into_iter().map(PhaseEntry::transition).collect(),
        step_name: texts.4,
        ..SlotView::default()
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

/// Keys that reach every part of the view.
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
        let look = OutputStyle { colour: true, ascii, ..OutputStyle::default() };
        let mut model = Model { size, has_control: true, ..Model::default() };
        let mut rates = Rates::default();
        for snapshot in snapshots {
            let paces = rates.update(&snapshot);
            crate::inline::live_rows(&Theme::new(look), &snapshot, &paces, &Expectations::default(), size);
            update(&mut model, UpdateMessage::Data { snapshot: Arc::new(snapshot), paces });
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
        let text = final_table::render(&model.snapshot, &mut FixedLogs(vec!["\u{1b}[1m".to_owned()]), OutputStyle::default(), None);
        prop_assert!(!text.chars().any(|character| is_hostile(character) && character != '\n'));
    }
}
