//! What each message does, message by message.

use super::*;
use crate::message::Motion;
use crate::source::fixture::{ended, everything, many};
use vx_shm::SlotState;

fn told(mut model: Model, snapshot: Snapshot) -> Model {
    let paces = vec![Pace::default(); snapshot.slots.len()];
    update(&mut model, Message::Data { snapshot: Arc::new(snapshot), paces });
    model
}

fn watching() -> Model {
    told(Model { size: (100, 30), ..Model::default() }, everything())
}

fn in_charge() -> Model {
    Model { in_charge: true, ..watching() }
}

fn tool(model: &Model) -> &str {
    model.selected_row().map_or("", |row| &row.tool)
}

fn type_in(model: &mut Model, text: &str) {
    text.chars().for_each(|character| drop(update(model, Message::Type(character))));
}

fn with_log(mut model: Model, lines: usize) -> Model {
    let of = model.selected.expect("a selection");
    let lines = (0..lines).map(|line| format!("line {line}{}", if line % 10 == 3 { " Error" } else { "" })).collect();
    update(&mut model, Message::Log { of, lines, location: None });
    model
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
    let mut model = told(Model { size: (100, 30), ..Model::default() }, many(500));
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
    let model = told(model, fewer);
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
fn a_paste_cannot_press_keys_or_grow_without_end() {
    let mut model = in_charge();
    let outcome = update(&mut model, Message::Paste("qx".to_owned()));
    assert_eq!((outcome.effect, model.mode, model.typed.as_str()), (None, Mode::Browsing, ""));
    update(&mut model, Message::Find);
    update(&mut model, Message::Paste("\u{1b}[2Jab\n".repeat(1000)));
    assert!(model.typed.starts_with("ab ab ") && model.typed.len() <= 256);
}

#[test]
fn cancelling_asks_first_and_kills_second() {
    let mut model = in_charge();
    update(&mut model, Message::Move(Motion::Down));
    let asked = update(&mut model, Message::Cancel);
    assert_eq!(asked.effect, Some(Effect::Cancel("go".to_owned())));
    assert_eq!(model.notice.as_deref(), Some("asked go to stop; x again kills it"));
    let mut model = told(model, everything());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(model::Standing::Stopping));
    update(&mut model, Message::Cancel);
    assert_eq!(model.notice.as_deref(), Some("killing go"));
    let mut gone = everything();
    gone.slots[1] = ended(1, "go", SlotState::Cancelled, None);
    let model = told(model, gone);
    assert!(model.asked.is_empty());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(model::Standing::Cancelled));
}

#[test]
fn what_is_over_cannot_be_cancelled() {
    let mut model = in_charge();
    assert_eq!(tool(&model), "node");
    assert_eq!(update(&mut model, Message::Cancel).effect, None);
}

#[test]
fn leaving_asks_only_whoever_is_in_charge_of_running_work() {
    assert_eq!(update(&mut watching(), Message::Leave).effect, Some(Effect::Leave));
    let mut model = in_charge();
    assert_eq!((update(&mut model, Message::Leave).effect, model.mode), (None, Mode::Leaving));
    assert_eq!(update(&mut model.clone(), Message::Detach).effect, Some(Effect::Detach));
    assert_eq!(update(&mut model.clone(), Message::CancelAll).effect, Some(Effect::CancelAll));
    update(&mut model, Message::Stay);
    assert_eq!(model.mode, Mode::Browsing);
    let mut through = everything();
    through.slots.truncate(1);
    assert_eq!(update(&mut told(in_charge(), through), Message::Leave).effect, Some(Effect::Detach));
}

#[test]
fn a_viewer_cannot_cancel_all() {
    assert_eq!(update(&mut watching(), Message::CancelAll).effect, None);
    let mut model = in_charge();
    update(&mut model, Message::CancelAll);
    assert_eq!(model.notice.as_deref(), Some("asked all to stop; Ctrl-C again kills them"));
    update(&mut model, Message::CancelAll);
    assert_eq!(model.notice.as_deref(), Some("killing all"));
}

#[test]
fn a_log_follows_until_somebody_reads() {
    let mut model = with_log(watching(), 100);
    update(&mut model, Message::Open);
    assert!(model.wanted_log().is_some());
    update(&mut model, Message::Move(Motion::PageUp));
    assert!(!model.log.follow && model.wanted_log().is_none(), "the lines stand still while they are read");
    update(&mut model, Message::Move(Motion::Bottom));
    assert!(model.log.follow);
    update(&mut model, Message::Follow);
    assert!(!model.log.follow);
}

#[test]
fn a_search_goes_from_match_to_match_and_round() {
    let mut model = with_log(watching(), 40);
    update(&mut model, Message::Open);
    update(&mut model, Message::Move(Motion::Top));
    update(&mut model, Message::Find);
    assert_eq!(model.mode, Mode::Searching);
    type_in(&mut model, "error");
    let mut seen = Vec::new();
    for message in [Message::Accept, Message::FindNext, Message::FindNext, Message::FindNext, Message::FindNext] {
        update(&mut model, message);
        seen.push(model.log.hit);
    }
    update(&mut model, Message::FindPrevious);
    seen.push(model.log.hit);
    assert_eq!(seen, [3, 13, 23, 33, 3, 33].map(Some));
    assert_eq!(model.notice.as_deref(), Some("match 4 of 4"));
    assert_eq!(model.order.len(), 12, "a search is no filter");
}

#[test]
fn another_tools_log_does_not_stay_on_the_screen() {
    let mut model = with_log(watching(), 5);
    let of = model.selected.expect("a selection");
    update(&mut model, Message::Move(Motion::Down));
    assert_eq!((model.log.of, model.log.lines.len()), (None, 0));
    assert!(!update(&mut model, Message::Log { of, lines: vec!["late".to_owned()], location: None }).redraw);
    assert_eq!(model.log.lines.len(), 0);
}

#[test]
fn a_log_line_that_overwrote_itself_shows_what_it_said_last() {
    let mut model = watching();
    let of = model.selected.expect("a selection");
    let lines = vec!["10%\r50%\r100%\r".to_owned(), "\u{1b}[31mred\u{1b}[0m".to_owned()];
    update(&mut model, Message::Log { of, lines, location: None });
    assert_eq!(model.log.lines, ["100%", "red"]);
}

#[test]
fn a_long_log_is_kept_in_part() {
    let model = with_log(watching(), 5 * LOG_LINES);
    assert_eq!((model.log.lines.len(), model.log.lines[0].as_str()), (LOG_LINES, "line 4000"));
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
    assert_eq!(told(model, everything()).trouble, None);
}
