//! The effect of each message.

use super::*;
use crate::message::Motion;
use crate::model::LOG_LINES;
use crate::source::fixture::{FixedLogs, LongLog, ended, everything, many};
use crate::source::{LogPlace, Logs, RequestFailure};
use vx_shm::SlotState;

fn with_reading(mut model: Model, snapshot: Snapshot) -> Model {
    let paces = vec![Pace::default(); snapshot.slots.len()];
    update(&mut model, Message::Data { snapshot: Arc::new(snapshot), paces });
    model
}

fn watching() -> Model {
    with_reading(Model { size: (100, 30), ..Model::default() }, everything())
}

fn controlling() -> Model {
    Model { has_control: true, ..watching() }
}

fn tool(model: &Model) -> &str {
    model.selected_row().map_or("", |row| &row.tool)
}

fn type_in(model: &mut Model, text: &str) {
    text.chars().for_each(|character| drop(update(model, Message::Type(character))));
}

fn with_log(mut model: Model, lines: usize) -> Model {
    let lines = (0..lines).map(|line| format!("line {line}{}", if line % 10 == 3 { " Error" } else { "" })).collect();
    read(&mut model, &mut FixedLogs(lines));
    model
}

/// Read the log for the model, as the loop does.
fn read(model: &mut Model, logs: &mut dyn Logs) {
    for _ in 0..8 {
        let Some((slot, place, waited_for)) = model.wanted_log() else { return };
        let of = SlotId::of(slot);
        let part = logs.read("tool", place);
        update(model, Message::Log { of, place, part, location: None });
        if !waited_for {
            return;
        }
    }
}

/// Search the log to its end.
fn search(model: &mut Model, logs: &mut dyn Logs) {
    while let Some((slot, from)) = model.wanted_search() {
        let (of, text) = (SlotId::of(slot), model.log.search.text.clone());
        let part = logs.read("tool", LogPlace::From(from));
        let hits =
            part.lines.iter().filter(|line| line.text.to_lowercase().contains(&text)).map(|line| line.at).collect();
        update(model, Message::Found { of, text, hits, scanned: part.to, whole: part.to >= part.size });
    }
}

fn shown(model: &Model) -> Vec<&str> {
    let rows = model.areas().pane_rows();
    model.log.lines[motion::log_top(model)..].iter().take(rows).map(|line| line.text.as_str()).collect()
}

#[test]
fn the_same_reading_twice_needs_no_new_picture() {
    let mut model = watching();
    let data = || Message::Data { snapshot: Arc::new(everything()), paces: Vec::new() };
    assert!(!update(&mut model, data()).redraw);
    let mut later = everything();
    later.slots[1].done += 9_000_000;
    assert!(update(&mut model, Message::Data { snapshot: Arc::new(later), paces: Vec::new() }).redraw);
}

#[test]
fn moving_stops_at_both_ends() {
    let mut model = watching();
    for (to, expected) in [
        (Motion::Up, "node"),
        (Motion::Down, "go"),
        (Motion::Bottom, "日本語のツール"),
        (Motion::Down, "日本語のツール"),
        (Motion::PageUp, "node"),
        (Motion::PageDown, "日本語のツール"),
        (Motion::Top, "node"),
    ] {
        update(&mut model, Message::Move(to));
        assert_eq!(tool(&model), expected, "{to:?}");
    }
}

#[test]
fn the_selected_row_stays_in_view() {
    let mut model = with_reading(Model { size: (100, 30), ..Model::default() }, many(500));
    update(&mut model, Message::Move(Motion::Bottom));
    assert_eq!(model.top, 500 - model.areas().table_rows());
    update(&mut model, Message::Resized(100, 12));
    let place = model.selected_place().expect("a selection");
    assert!((model.top..model.top + model.areas().table_rows()).contains(&place));
}

#[test]
fn the_selection_stays_with_its_tool_when_rows_move() {
    let mut model = watching();
    update(&mut model, Message::Move(Motion::Down));
    update(&mut model, Message::ChangeSort);
    assert_eq!((tool(&model), model.notice.as_deref()), ("go", Some("sorted by name")));
    let mut fewer = everything();
    fewer.slots.remove(0);
    let model = with_reading(model, fewer);
    assert_eq!(tool(&model), "go");
}

#[test]
fn a_filter_works_while_it_is_typed_and_escape_takes_it_back() {
    let mut model = watching();
    update(&mut model, Message::Find);
    type_in(&mut model, "RUNNING");
    let shown: Vec<_> = model.order.iter().map(|row| model.rows[*row].tool.as_str()).collect();
    assert_eq!(shown, ["go", "zig", "biome"]);
    assert_eq!(tool(&model), "go", "a hidden row is not selected");
    update(&mut model, Message::Accept);
    assert_eq!((model.mode, model.order.len()), (Mode::Browsing, 3));
    update(&mut model, Message::Back);
    assert_eq!(model.order.len(), 12);
    update(&mut model, Message::Find);
    type_in(&mut model, "x");
    update(&mut model, Message::Abandon);
    assert_eq!((model.filter.as_str(), model.order.len()), ("", 12));
}

#[test]
fn typed_text_is_changed_at_the_cursor() {
    use tui_input::InputRequest::{DeletePrevChar, DeletePrevWord, GoToPrevChar, GoToStart};
    let mut model = watching();
    update(&mut model, Message::Find);
    type_in(&mut model, "go 👩‍🚀x");
    for (request, typed) in [
        (GoToPrevChar, "go 👩🚀x"),
        (DeletePrevChar, "go 👩x"),
        (DeletePrevChar, "go x"),
        (DeletePrevWord, "x"),
        (GoToStart, "x"),
    ] {
        update(&mut model, Message::Edit(request));
        assert_eq!(model.typed, typed, "{request:?}");
    }
    type_in(&mut model, "a");
    assert_eq!((model.typed.as_str(), model.filter.as_str(), model.typed_at), ("ax", "ax", 1));
    update(&mut model, Message::Accept);
    update(&mut model, Message::Find);
    type_in(&mut model, "y");
    assert_eq!(model.typed, "axy", "one goes on behind the filter there is");
}

#[test]
fn a_paste_cannot_press_keys_or_grow_without_end() {
    let mut model = controlling();
    let outcome = update(&mut model, Message::Paste("qx".to_owned()));
    assert_eq!((outcome.effect, model.mode, model.typed.as_str()), (None, Mode::Browsing, ""));
    update(&mut model, Message::Find);
    update(&mut model, Message::Paste("\u{1b}[2Jab\n".repeat(1000)));
    assert!(model.typed.starts_with("ab ab ") && model.typed.len() <= 256);
}

#[test]
fn cancelling_asks_first_and_kills_second() {
    let mut model = controlling();
    update(&mut model, Message::Move(Motion::Down));
    let asked = update(&mut model, Message::Cancel);
    assert_eq!(asked.effect, Some(Effect::Cancel("go".to_owned())));
    assert_eq!(model.notice.as_deref(), Some("asked go to stop; x again kills it"));
    let mut model = with_reading(model, everything());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(model::Standing::Stopping));
    update(&mut model, Message::Cancel);
    assert_eq!(model.notice.as_deref(), Some("killing go"));
    let mut gone = everything();
    gone.slots[1] = ended(1, "go", SlotState::Cancelled, None);
    let model = with_reading(model, gone);
    assert!(model.asked.is_empty());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(model::Standing::Cancelled));
}

#[test]
fn a_row_that_is_not_stopped_does_not_show_as_stopping() {
    let mut model = controlling();
    update(&mut model, Message::Move(Motion::Down));
    update(&mut model, Message::Cancel);
    let mut model = with_reading(model, everything());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(model::Standing::Stopping));
    let (key, why) = ("go".to_owned(), "this run does not install it".to_owned());
    update(&mut model, Message::RequestFailed(RequestFailure::NotStopped { key, why }));
    assert_eq!(model.notice.as_deref(), Some("go is not stopped: this run does not install it"));
    let mut model = with_reading(model, everything());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(model::Standing::Running));
    update(&mut model, Message::Cancel);
    assert_eq!(model.notice.as_deref(), Some("asked go to stop; x again kills it"), "it was not asked before");
}

#[test]
fn work_that_is_over_cannot_be_cancelled() {
    let mut model = controlling();
    assert_eq!(tool(&model), "node");
    assert_eq!(update(&mut model, Message::Cancel).effect, None);
}

#[test]
fn leaving_asks_only_a_view_that_controls_running_work() {
    assert_eq!(update(&mut watching(), Message::Leave).effect, Some(Effect::Leave));
    let mut model = controlling();
    assert_eq!((update(&mut model, Message::Leave).effect, model.mode), (None, Mode::Leaving));
    assert_eq!(update(&mut model.clone(), Message::Detach).effect, Some(Effect::Detach));
    assert_eq!(update(&mut model.clone(), Message::CancelAll).effect, Some(Effect::CancelAll));
    update(&mut model, Message::Stay);
    assert_eq!(model.mode, Mode::Browsing);
    let mut through = everything();
    through.slots.truncate(1);
    assert_eq!(update(&mut with_reading(controlling(), through), Message::Leave).effect, Some(Effect::Detach));
}

#[test]
fn a_viewer_cannot_cancel_all() {
    assert_eq!(update(&mut watching(), Message::CancelAll).effect, None);
    let mut model = controlling();
    update(&mut model, Message::CancelAll);
    assert_eq!(model.notice.as_deref(), Some("asked all to stop; Ctrl-C again kills them"));
    update(&mut model, Message::CancelAll);
    assert_eq!(model.notice.as_deref(), Some("killing all"));
}

#[test]
fn a_log_follows_until_it_is_scrolled() {
    let mut model = with_log(watching(), 100);
    update(&mut model, Message::Open);
    assert!(matches!(model.wanted_log(), Some((_, LogPlace::From(_), false))));
    update(&mut model, Message::Move(Motion::Top));
    assert!(!model.log.follow && model.wanted_log().is_none(), "the lines stand still while they are read");
    update(&mut model, Message::Move(Motion::Bottom));
    assert!(model.log.follow);
    update(&mut model, Message::Follow);
    assert!(!model.log.follow);
}

#[test]
fn a_search_goes_from_match_to_match_and_round() {
    let lines = (0..40).map(|line| format!("line {line}{}", if line % 10 == 3 { " Error" } else { "" })).collect();
    let mut logs = FixedLogs(lines);
    let mut model = watching();
    read(&mut model, &mut logs);
    update(&mut model, Message::Open);
    update(&mut model, Message::Move(Motion::Top));
    update(&mut model, Message::Find);
    assert_eq!(model.mode, Mode::Searching);
    type_in(&mut model, "error");
    let mut seen = Vec::new();
    for message in [Message::Accept, Message::FindNext, Message::FindNext, Message::FindNext, Message::FindNext] {
        update(&mut model, message);
        search(&mut model, &mut logs);
        seen.push(model.log.hit);
    }
    update(&mut model, Message::FindPrevious);
    seen.push(model.log.hit);
    let numbers = seen.iter().map(|hit| model.log.lines.iter().position(|line| Some(line.at) == *hit));
    assert_eq!(numbers.collect::<Vec<_>>(), [3, 13, 23, 33, 3, 33].map(Some));
    assert_eq!(model.notice.as_deref(), Some("match 4/4"));
    assert_eq!(model.order.len(), 12, "a search is no filter");
}

#[test]
fn another_tools_log_does_not_stay_on_the_screen() {
    let mut model = with_log(watching(), 5);
    let of = model.selected.expect("a selection");
    update(&mut model, Message::Move(Motion::Down));
    assert_eq!((model.log.of, model.log.lines.len()), (None, 0));
    let part = FixedLogs(vec!["late".to_owned()]).read("tool", LogPlace::End);
    assert!(!update(&mut model, Message::Log { of, place: LogPlace::End, part, location: None }).redraw);
    assert_eq!(model.log.lines.len(), 0);
}

#[test]
fn a_log_line_that_overwrote_itself_shows_its_last_text() {
    let mut model = watching();
    read(&mut model, &mut FixedLogs(vec!["10%\r50%\r100%\r".to_owned(), "\u{1b}[31mred\u{1b}[0m".to_owned()]));
    assert_eq!(shown(&model), ["100%", "red"]);
}

#[test]
fn a_long_log_is_kept_in_part_and_read_to_both_its_ends() {
    for piece in [7, 100, 6_000] {
        let mut log = LongLog::of(20_000);
        log.piece = piece;
        through_a_long_log(log);
    }
}

fn through_a_long_log(mut log: LongLog) {
    let mut model = watching();
    read(&mut model, &mut log);
    update(&mut model, Message::Open);
    assert_eq!(shown(&model).last(), Some(&"line 19999"));
    // Back to the very beginning, page by page, and to the end again: every line once, and never more than are kept.
    let mut pages = 0;
    while shown(&model)[0] != "line 0" {
        let before = shown(&model)[0].to_owned();
        update(&mut model, Message::Move(Motion::PageUp));
        read(&mut model, &mut log);
        let (now, page) = (shown(&model)[0].to_owned(), model.areas().pane_rows() - 1);
        let number = |line: &str| line.trim_start_matches("line ").parse::<usize>().expect("a number");
        assert!(number(&before) - number(&now) <= page, "{before} to {now}: lines are left out");
        assert!(model.log.lines.len() <= LOG_LINES);
        pages += 1;
        assert!(pages < 3_000, "stuck at {before}");
    }
    while shown(&model).last() != Some(&"line 19999") {
        update(&mut model, Message::Move(Motion::PageDown));
        read(&mut model, &mut log);
        assert!(model.log.lines.len() <= LOG_LINES);
        pages += 1;
        assert!(pages < 6_000, "stuck at {:?}", shown(&model).last());
    }
    update(&mut model, Message::Move(Motion::Top));
    read(&mut model, &mut log);
    assert_eq!(shown(&model)[0], "line 0");
    update(&mut model, Message::Move(Motion::Bottom));
    read(&mut model, &mut log);
    assert_eq!(shown(&model).last(), Some(&"line 19999"));
    update(&mut model, Message::Follow);
    log.grow_to(20_010);
    read(&mut model, &mut log);
    assert_eq!(shown(&model).last(), Some(&"line 19999"), "it stands still");
    update(&mut model, Message::Move(Motion::Bottom));
    read(&mut model, &mut log);
    assert_eq!((shown(&model).last(), model.log.follow), (Some(&"line 20009"), true));
}

#[test]
fn a_search_finds_lines_far_from_those_in_view() {
    let mut log = LongLog::of(20_000);
    let mut model = watching();
    read(&mut model, &mut log);
    update(&mut model, Message::Open);
    update(&mut model, Message::Find);
    type_in(&mut model, "line 77");
    update(&mut model, Message::Accept);
    assert_eq!(model.notice.as_deref(), Some("looking for \"line 77\""));
    search(&mut model, &mut log);
    read(&mut model, &mut log);
    // The matches are 77, 770 to 779 and 7700 to 7799: none follows the last, so the next is the first.
    assert_eq!(model.notice.as_deref(), Some("match 1/111"));
    assert!(shown(&model).contains(&"line 77"), "{:?}", shown(&model));
    update(&mut model, Message::FindPrevious);
    read(&mut model, &mut log);
    assert_eq!((model.notice.as_deref(), model.log.hit), (Some("match 111/111"), Some(log.at(7799))));
    assert!(shown(&model).contains(&"line 7799"), "{:?}", shown(&model));
    update(&mut model, Message::Find);
    type_in(&mut model, "nowhere");
    update(&mut model, Message::Accept);
    search(&mut model, &mut log);
    assert_eq!(model.notice.as_deref(), Some("no line says \"nowhere\""));
    log.grow_to(20_001);
    assert!(model.log.search.jump.is_none(), "nobody is taken away from where they read");
}

#[test]
fn only_failed_work_is_tried_again_and_only_by_a_view_with_control() {
    let mut model = controlling();
    assert_eq!(tool(&model), "node");
    assert_eq!(update(&mut model, Message::Retry).effect, None, "it is there");
    let failed = |mut model: Model| {
        while tool(&model) != "ruff" {
            update(&mut model, Message::Move(Motion::Down));
        }
        model
    };
    let mut model = failed(model);
    assert_eq!(update(&mut model, Message::Retry).effect, Some(Effect::Retry("ruff".to_owned())));
    assert_eq!(model.notice.as_deref(), Some("trying ruff again"));
    assert_eq!(update(&mut failed(watching()), Message::Retry).effect, None);
    let (key, why) = ("ruff".to_owned(), "it is still at work".to_owned());
    update(&mut model, Message::RequestFailed(RequestFailure::NotRetried { key, why }));
    assert_eq!(model.notice.as_deref(), Some("ruff is not tried again: it is still at work"));
}

#[test]
fn the_reason_for_not_stopping_shows_in_the_row_until_it_stops() {
    let mut model = controlling();
    update(&mut model, Message::Move(Motion::Down));
    update(&mut model, Message::Cancel);
    let mut model = with_reading(model, everything());
    let by = "pid 7 (sh) ignores SIGTERM".to_owned();
    update(&mut model, Message::RequestFailed(RequestFailure::Blocked { key: "go".to_owned(), by: by.clone() }));
    assert_eq!(model.notice.as_deref(), Some("x again kills go: pid 7 (sh) ignores SIGTERM"));
    let model = with_reading(model, everything());
    assert_eq!(model.selected_row().map(|row| row.note.as_str()), Some(by.as_str()));
    let mut gone = everything();
    gone.slots[1] = ended(1, "go", SlotState::Cancelled, None);
    let model = with_reading(model, gone);
    assert!(model.blocked.is_empty() && model.selected_row().is_some_and(|row| row.note != by));
}

#[test]
fn the_copied_text_is_the_one_in_view_bounded() {
    let mut model = with_log(watching(), 100);
    let copied = update(&mut model, Message::Copy).effect;
    let rows = model.areas().pane_rows();
    let expected = shown(&model).join("\n");
    assert_eq!((copied, expected.lines().count()), (Some(Effect::Copy(expected.clone())), rows));
    assert_eq!(model.notice, Some(format!("copied {rows} lines of the log")));
    model.tab = Tab::Error;
    assert_eq!(update(&mut model, Message::Copy).effect, None, "there is no error");
    let mut failed = everything();
    failed.slots[0].error = Some("é\u{1b}[2J".repeat(40_000));
    let mut model = with_reading(model, failed);
    let Some(Effect::Copy(text)) = update(&mut model, Message::Copy).effect else { panic!("an error to copy") };
    assert!(text.len() <= outside::COPY_BYTES && text.starts_with("éé") && !text.contains('\u{1b}'));
}

#[test]
fn without_a_pane_the_error_is_copied_and_nothing_at_all_never() {
    let mut failed = everything();
    failed.slots[0].error = Some("the cause".to_owned());
    let mut model = with_reading(with_log(with_reading(watching(), failed.clone()), 100), failed);
    update(&mut model, Message::Resized(50, 30));
    assert_eq!(update(&mut model, Message::Copy).effect, Some(Effect::Copy("the cause".to_owned())));
    assert_eq!(model.notice.as_deref(), Some("copied 1 line of the error"));
    let mut model = watching();
    read(&mut model, &mut FixedLogs(vec![String::new()]));
    assert_eq!(update(&mut model, Message::Copy).effect, None);
    assert_eq!(model.notice.as_deref(), Some("there is nothing to copy"));
}

#[test]
fn a_click_selects_a_row_or_a_tab_and_the_wheel_scrolls_what_it_is_over() {
    let mut model = with_log(watching(), 100);
    let areas = model.areas();
    update(&mut model, Message::Click(5, areas.table.y + 3));
    assert_eq!((tool(&model), model.focus), ("zig", Focus::Table));
    update(&mut model, Message::Click(5, areas.table.y));
    assert_eq!(tool(&model), "zig", "the column names are no row");
    let mut model = with_log(model, 100);
    let pane = model.areas().pane.expect("a pane");
    update(&mut model, Message::Wheel { at: (9, pane.y + 2), up: true });
    assert_eq!((model.log.follow, model.focus), (false, Focus::Table), "scrolling takes the keys nowhere");
    assert_eq!(shown(&model).last(), Some(&"line 96"));
    update(&mut model, Message::Wheel { at: (9, areas.table.y + 1), up: false });
    assert_eq!(tool(&model), "biome");
    for (column, tab) in [(2, Tab::Log), (8, Tab::Timeline), (19, Tab::Error), (28, Tab::Info)] {
        let at = model.areas().pane.expect("a pane").y;
        update(&mut model, Message::Click(column, at));
        assert_eq!((model.tab, model.focus), (tab, Focus::Pane), "column {column}");
    }
    update(&mut model, Message::Help);
    update(&mut model, Message::Click(5, areas.table.y + 1));
    assert_eq!(tool(&model), "biome", "nothing below the list of keys is clicked");
}

#[test]
fn lines_in_place_of_the_view_are_those_of_the_focused_part() {
    let mut model = watching();
    assert_eq!(update(&mut model, Message::Stream).effect, Some(Effect::Stream(None)));
    assert_eq!(model.mode, Mode::Streaming);
    assert_eq!(update(&mut model, Message::Stream).effect, Some(Effect::EndStream));
    update(&mut model, Message::Open);
    assert_eq!(update(&mut model, Message::Stream).effect, Some(Effect::Stream(Some("node".to_owned()))));
}

#[test]
fn lines_stay_on_the_screen_when_all_is_asked_to_stop() {
    let mut model = controlling();
    update(&mut model, Message::Stream);
    assert_eq!(update(&mut model, Message::CancelAll).effect, Some(Effect::CancelAll));
    assert_eq!(model.mode, Mode::Streaming);
}

#[test]
fn a_retried_tool_stays_selected() {
    let mut model = controlling();
    update(&mut model, Message::Move(Motion::Bottom));
    let (last, place) = (tool(&model).to_owned(), model.selected_place());
    assert_ne!(place, Some(0));
    let mut again = everything();
    let slot = again.slots.iter_mut().find(|slot| slot.key == last).expect("its slot");
    slot.generation += 1;
    let model = with_reading(model, again);
    assert_eq!((tool(&model), model.selected_place()), (&*last, place));
}

#[test]
fn a_screen_without_a_pane_takes_the_keys_back() {
    let mut model = watching();
    update(&mut model, Message::Open);
    update(&mut model, Message::Resized(50, 30));
    assert_eq!(model.focus, Focus::Table);
}

#[test]
fn trouble_with_the_board_is_shown_until_it_reads_again() {
    let mut model = watching();
    assert!(update(&mut model, Message::Trouble("gone".to_owned())).redraw);
    assert!(!update(&mut model, Message::Trouble("gone".to_owned())).redraw);
    assert_eq!(with_reading(model, everything()).trouble, None);
}
