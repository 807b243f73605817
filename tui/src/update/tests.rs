//! The effect of each message.

mod beyond;
mod log;

use vx_shm::SlotState;
use vx_status::fixture::{FixedLogs, LongLog, ended, everything, many, run};
use vx_status::source::{LogPlace, Logs, RequestFailure, Settled};
use vx_status::standing::Standing;

use super::*;
use crate::message::Motion;
use crate::model::LOG_LINES;

fn with_reading(mut model: Model, snapshot: Snapshot) -> Model {
    let paces = vec![SlotRate::default(); snapshot.slots.len()];
    if model.rows.is_empty() {
        return looked_at(model, snapshot, paces);
    }
    update(&mut model, UpdateMessage::Data { snapshot: Arc::new(snapshot), paces });
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
    text.chars().for_each(|character| drop(update(model, UpdateMessage::Type(character))));
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
        let of = slot.id;
        let part = logs.read("tool", place);
        update(model, UpdateMessage::Log { of, place, part, location: None });
        if !waited_for {
            return;
        }
    }
}

fn shown(model: &Model) -> Vec<&str> {
    let rows = model.areas().pane_rows();
    model.log.lines[motion::log_top(model)..].iter().take(rows).map(|line| line.text.as_str()).collect()
}

#[test]
fn the_same_reading_twice_needs_no_new_picture() {
    let mut model = watching();
    let data = || UpdateMessage::Data { snapshot: Arc::new(everything()), paces: Vec::new() };
    assert!(!update(&mut model, data()).redraw);
    let mut later = everything();
    later.slots[1].done += 9_000_000;
    assert!(update(&mut model, UpdateMessage::Data { snapshot: Arc::new(later), paces: Vec::new() }).redraw);
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
        update(&mut model, UpdateMessage::Move(to));
        assert_eq!(tool(&model), expected, "{to:?}");
    }
}

#[test]
fn the_selected_row_stays_in_view() {
    let mut model = with_reading(Model { size: (100, 30), ..Model::default() }, many(500));
    update(&mut model, UpdateMessage::Move(Motion::Bottom));
    assert_eq!(model.top, 500 - model.areas().table_rows());
    update(&mut model, UpdateMessage::Resized(100, 12));
    let place = model.selected_place().expect("a selection");
    assert!((model.top..model.top + model.areas().table_rows()).contains(&place));
}

#[test]
fn the_selection_stays_with_its_tool_when_rows_move() {
    let mut model = watching();
    update(&mut model, UpdateMessage::Move(Motion::Down));
    update(&mut model, UpdateMessage::ChangeSort);
    assert_eq!((tool(&model), model.notice.as_deref()), ("go", Some("sorted by name")));
    let mut fewer = everything();
    fewer.slots.remove(0);
    let model = with_reading(model, fewer);
    assert_eq!(tool(&model), "go");
}

#[test]
fn a_filter_works_while_it_is_typed_and_escape_takes_it_back() {
    let mut model = watching();
    update(&mut model, UpdateMessage::Find);
    type_in(&mut model, "RUNNING");
    let shown: Vec<_> = model.order.iter().map(|row| model.rows[*row].tool.as_str()).collect();
    assert_eq!(shown, ["go", "zig", "biome"]);
    assert_eq!(tool(&model), "go", "a hidden row is not selected");
    update(&mut model, UpdateMessage::Accept);
    assert_eq!((model.mode, model.order.len()), (Mode::Browsing, 3));
    update(&mut model, UpdateMessage::Back);
    assert_eq!(model.order.len(), 12);
    update(&mut model, UpdateMessage::Find);
    type_in(&mut model, "x");
    update(&mut model, UpdateMessage::Abandon);
    assert_eq!((model.filter.as_str(), model.order.len()), ("", 12));
}

#[test]
fn typed_text_is_changed_at_the_cursor() {
    use tui_input::InputRequest::{DeletePrevChar, DeletePrevWord, GoToPrevChar, GoToStart};
    let mut model = watching();
    update(&mut model, UpdateMessage::Find);
    type_in(&mut model, "go 👩‍🚀x");
    for (request, typed) in [
        (GoToPrevChar, "go 👩🚀x"),
        (DeletePrevChar, "go 👩x"),
        (DeletePrevChar, "go x"),
        (DeletePrevWord, "x"),
        (GoToStart, "x"),
    ] {
        update(&mut model, UpdateMessage::Edit(request));
        assert_eq!(model.typed, typed, "{request:?}");
    }
    type_in(&mut model, "a");
    assert_eq!((model.typed.as_str(), model.filter.as_str(), model.typed_at), ("ax", "ax", 1));
    update(&mut model, UpdateMessage::Accept);
    update(&mut model, UpdateMessage::Find);
    type_in(&mut model, "y");
    assert_eq!(model.typed, "axy", "one goes on behind the filter there is");
}

#[test]
fn a_paste_cannot_press_keys_or_grow_without_end() {
    let mut model = controlling();
    let outcome = update(&mut model, UpdateMessage::Paste("qx".to_owned()));
    assert_eq!((outcome.effect, model.mode, model.typed.as_str()), (None, Mode::Browsing, ""));
    update(&mut model, UpdateMessage::Find);
    update(&mut model, UpdateMessage::Paste("\u{1b}[2Jab\n".repeat(1000)));
    assert!(model.typed.starts_with("ab ab ") && model.typed.len() <= 256);
}

#[test]
fn cancelling_asks_first_and_kills_second() {
    let mut model = controlling();
    update(&mut model, UpdateMessage::Move(Motion::Down));
    let asked = update(&mut model, UpdateMessage::Cancel);
    assert_eq!(asked.effect, Some(Effect::Cancel("go".to_owned())));
    assert_eq!(model.notice.as_deref(), Some("asked go to stop; x again kills it"));
    let mut model = with_reading(model, everything());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(Standing::Stopping));
    update(&mut model, UpdateMessage::Cancel);
    assert_eq!(model.notice.as_deref(), Some("killing go"));
    let mut gone = everything();
    gone.slots[1] = ended(1, "go", SlotState::Cancelled, None);
    let model = with_reading(model, gone);
    assert!(model.asked.is_empty());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(Standing::Cancelled));
}

#[test]
fn a_row_that_is_not_stopped_does_not_show_as_stopping() {
    let mut model = controlling();
    update(&mut model, UpdateMessage::Move(Motion::Down));
    update(&mut model, UpdateMessage::Cancel);
    let mut model = with_reading(model, everything());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(Standing::Stopping));
    let (key, why) = ("go".to_owned(), "this run does not install it".to_owned());
    update(&mut model, UpdateMessage::RequestFailed(RequestFailure::NotStopped { key, why }));
    assert_eq!(model.notice.as_deref(), Some("go is not stopped: this run does not install it"));
    let mut model = with_reading(model, everything());
    assert_eq!(model.selected_row().map(|row| row.standing), Some(Standing::Running));
    update(&mut model, UpdateMessage::Cancel);
    assert_eq!(model.notice.as_deref(), Some("asked go to stop; x again kills it"), "it was not asked before");
}

#[test]
fn work_that_is_over_cannot_be_cancelled() {
    let mut model = controlling();
    assert_eq!(tool(&model), "node");
    assert_eq!(update(&mut model, UpdateMessage::Cancel).effect, None);
}

#[test]
fn leaving_asks_only_a_view_that_controls_running_work() {
    assert_eq!(update(&mut watching(), UpdateMessage::Leave).effect, Some(Effect::Leave));
    let mut model = controlling();
    assert_eq!((update(&mut model, UpdateMessage::Leave).effect, model.mode), (None, Mode::Leaving));
    assert_eq!(update(&mut model.clone(), UpdateMessage::Detach).effect, Some(Effect::Detach));
    assert_eq!(update(&mut model.clone(), UpdateMessage::CancelAll).effect, Some(Effect::CancelAll));
    update(&mut model, UpdateMessage::Stay);
    assert_eq!(model.mode, Mode::Browsing);
    let mut through = everything();
    through.slots.truncate(1);
    assert_eq!(update(&mut with_reading(controlling(), through), UpdateMessage::Leave).effect, Some(Effect::Leave));
    let mut over = everything();
    over.slots.truncate(1);
    assert_eq!(update(&mut with_reading(controlling(), over), UpdateMessage::CancelAll).effect, Some(Effect::Leave));
}

#[test]
fn a_guest_stops_one_slot_where_a_process_takes_requests_and_just_leaves() {
    let mut guest = Model { is_guest: true, ..controlling() };
    let at = guest.snapshot.slots.iter().position(|slot| slot.state == SlotState::Live).expect("one at work");
    guest.selected = Some(SlotId::from_slot(&guest.snapshot.slots[at]));
    assert_eq!(update(&mut guest, UpdateMessage::Cancel).effect, None);
    assert!(guest.notice.as_deref().is_some_and(|notice| notice.contains("is read-only")), "{:?}", guest.notice);
    Arc::make_mut(&mut guest.snapshot).slots[at].runner = Some(7);
    let key = tool(&guest).to_owned();
    assert_eq!(update(&mut guest, UpdateMessage::Cancel).effect, Some(Effect::Cancel(key)));
    assert_eq!(update(&mut guest, UpdateMessage::CancelAll).effect, None);
    assert_eq!(update(&mut guest, UpdateMessage::Leave).effect, Some(Effect::Leave));
}

#[test]
fn a_viewer_cannot_cancel_all() {
    assert_eq!(update(&mut watching(), UpdateMessage::CancelAll).effect, None);
    let mut model = controlling();
    update(&mut model, UpdateMessage::CancelAll);
    assert_eq!(model.notice.as_deref(), Some("asked all to stop; Ctrl-C again kills them"));
    update(&mut model, UpdateMessage::CancelAll);
    assert_eq!(model.notice.as_deref(), Some("killing all"));
}

#[test]
fn only_failed_work_is_tried_again_and_only_by_a_view_with_control() {
    let mut model = controlling();
    assert_eq!(tool(&model), "node");
    assert_eq!(update(&mut model, UpdateMessage::Retry).effect, None, "it is there");
    let failed = |mut model: Model| {
        while tool(&model) != "ruff" {
            update(&mut model, UpdateMessage::Move(Motion::Down));
        }
        model
    };
    let mut model = failed(model);
    assert_eq!(update(&mut model, UpdateMessage::Retry).effect, Some(Effect::Retry(vec!["ruff".to_owned()])));
    assert_eq!(model.notice.as_deref(), Some("trying ruff again"));
    assert_eq!(update(&mut failed(watching()), UpdateMessage::Retry).effect, None);
    let (key, why) = ("ruff".to_owned(), "it is still at work".to_owned());
    update(&mut model, UpdateMessage::RequestFailed(RequestFailure::NotRetried { key, why }));
    assert_eq!(model.notice.as_deref(), Some("ruff is not tried again: it is still at work"));
}

#[test]
fn the_reason_for_not_stopping_shows_in_the_row_until_it_stops() {
    let mut model = controlling();
    update(&mut model, UpdateMessage::Move(Motion::Down));
    update(&mut model, UpdateMessage::Cancel);
    let mut model = with_reading(model, everything());
    let by = "pid 7 (sh) ignores SIGTERM".to_owned();
    update(&mut model, UpdateMessage::RequestFailed(RequestFailure::Blocked { key: "go".to_owned(), by: by.clone() }));
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
    let copied = update(&mut model, UpdateMessage::Copy).effect;
    let rows = model.areas().pane_rows();
    let expected = shown(&model).join("\n");
    assert_eq!((copied, expected.lines().count()), (Some(Effect::Copy(expected.clone())), rows));
    assert_eq!(model.notice, Some(format!("copied {rows} lines of the log")));
    model.tab = Tab::Error;
    assert_eq!(update(&mut model, UpdateMessage::Copy).effect, None, "there is no error");
    let mut failed = everything();
    failed.slots[0].error = Some("é\u{1b}[2J".repeat(40_000));
    let mut model = with_reading(model, failed);
    let Some(Effect::Copy(text)) = update(&mut model, UpdateMessage::Copy).effect else { panic!("an error to copy") };
    assert!(text.len() <= external_output::COPY_BYTES && text.starts_with("éé") && !text.contains('\u{1b}'));
}

#[test]
fn without_a_pane_the_error_is_copied_and_nothing_at_all_never() {
    let mut failed = everything();
    failed.slots[0].error = Some("the cause".to_owned());
    let mut model = with_reading(with_log(with_reading(watching(), failed.clone()), 100), failed);
    update(&mut model, UpdateMessage::Resized(50, 30));
    assert_eq!(update(&mut model, UpdateMessage::Copy).effect, Some(Effect::Copy("the cause".to_owned())));
    assert_eq!(model.notice.as_deref(), Some("copied 1 line of the error"));
    let mut model = watching();
    read(&mut model, &mut FixedLogs(vec![String::new()]));
    assert_eq!(update(&mut model, UpdateMessage::Copy).effect, None);
    assert_eq!(model.notice.as_deref(), Some("there is nothing to copy"));
}

#[test]
fn a_click_selects_a_row_or_a_tab_and_the_wheel_scrolls_what_it_is_over() {
    let mut model = with_log(watching(), 100);
    let areas = model.areas();
    update(&mut model, UpdateMessage::Click(5, areas.table.y + 3));
    assert_eq!((tool(&model), model.focus), ("zig", Focus::Table));
    update(&mut model, UpdateMessage::Click(5, areas.table.y));
    assert_eq!(tool(&model), "zig", "the column names are no row");
    let mut model = with_log(model, 100);
    let pane = model.areas().pane.expect("a pane");
    update(&mut model, UpdateMessage::Wheel { at: (9, pane.y + 2), up: true });
    assert_eq!((model.log.follow, model.focus), (false, Focus::Table), "scrolling takes the keys nowhere");
    assert_eq!(shown(&model).last(), Some(&"line 96"));
    update(&mut model, UpdateMessage::Wheel { at: (9, areas.table.y + 1), up: false });
    assert_eq!(tool(&model), "biome");
    for tab in Tab::ALL {
        let pane = model.areas().pane.expect("a pane");
        let at = pane.y;
        let column = (0..100).find(|x| crate::widgets::tab_at(pane, (*x, at)) == Some(tab)).expect("its tab");
        update(&mut model, UpdateMessage::Click(column, at));
        assert_eq!((model.tab, model.focus), (tab, Focus::Pane), "column {column}");
    }
    update(&mut model, UpdateMessage::Help);
    update(&mut model, UpdateMessage::Click(5, areas.table.y + 1));
    assert_eq!(tool(&model), "biome", "nothing below the list of keys is clicked");
}

#[test]
fn lines_in_place_of_the_view_are_those_of_the_focused_part() {
    let mut model = watching();
    assert_eq!(update(&mut model, UpdateMessage::Stream).effect, Some(Effect::Stream(None)));
    assert_eq!(model.mode, Mode::Streaming);
    assert_eq!(update(&mut model, UpdateMessage::Stream).effect, Some(Effect::EndStream));
    update(&mut model, UpdateMessage::Open);
    assert_eq!(update(&mut model, UpdateMessage::Stream).effect, Some(Effect::Stream(Some("node".to_owned()))));
}

#[test]
fn lines_stay_on_the_screen_when_all_is_asked_to_stop() {
    let mut model = controlling();
    update(&mut model, UpdateMessage::Stream);
    assert_eq!(update(&mut model, UpdateMessage::CancelAll).effect, Some(Effect::CancelAll));
    assert_eq!(model.mode, Mode::Streaming);
}

#[test]
fn a_retried_tool_stays_selected() {
    let mut model = controlling();
    update(&mut model, UpdateMessage::Move(Motion::Bottom));
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
    update(&mut model, UpdateMessage::Open);
    update(&mut model, UpdateMessage::Resized(50, 30));
    assert!(model.focus == Focus::Pane && model.areas().covered);
    update(&mut model, UpdateMessage::Resized(39, 30));
    assert_eq!(model.focus, Focus::Table);
}

#[test]
fn trouble_with_the_board_is_shown_until_it_reads_again() {
    let mut model = watching();
    assert!(update(&mut model, UpdateMessage::Trouble("gone".to_owned())).redraw);
    assert!(!update(&mut model, UpdateMessage::Trouble("gone".to_owned())).redraw);
    assert_eq!(with_reading(model, everything()).trouble, None);
}

/// A parent's view of work that is over, of which `ruff` and `gh` failed.
fn settled(by: Settled) -> Model {
    let mut over = everything();
    over.slots.retain(|slot| slot.state.ended());
    let mut model = with_reading(controlling(), over);
    update(&mut model, UpdateMessage::Settled(Some(by)));
    model
}

#[test]
fn after_the_last_end_the_view_shows_the_first_failure_unless_it_is_in_use() {
    let model = settled(Settled::Badly);
    assert_eq!((tool(&model), model.tab), ("ruff", Tab::Error));
    assert_eq!(model.notice.as_deref(), Some("all work is over; R tries what failed again, q leaves"));
    assert_eq!(model.totals.state, Some(vx_shm::BoardState::Failed), "though its board is still open");
    let mut used = controlling();
    update(&mut used, UpdateMessage::Show(Tab::Info));
    let before = tool(&used).to_owned();
    let mut over = everything();
    over.slots.retain(|slot| slot.state.ended());
    let mut used = with_reading(used, over);
    update(&mut used, UpdateMessage::Settled(Some(Settled::Badly)));
    assert_eq!((tool(&used), used.tab), (before.as_str(), Tab::Info));
}

#[test]
fn all_that_failed_is_tried_again_at_once() {
    let mut model = settled(Settled::Badly);
    let Some(Effect::Retry(keys)) = update(&mut model, UpdateMessage::RetryAll).effect else { panic!("a request") };
    assert!(keys.len() > 1 && keys.contains(&"ruff".to_owned()) && !keys.contains(&"node".to_owned()), "{keys:?}");
    assert_eq!(model.notice, Some(format!("trying {} again", keys.len())));
    let mut viewer = Model { has_control: false, ..settled(Settled::Badly) };
    assert_eq!(update(&mut viewer, UpdateMessage::RetryAll).effect, None);
}

#[test]
fn the_question_how_to_leave_is_closed_once_there_is_nothing_to_stop() {
    let mut model = controlling();
    update(&mut model, UpdateMessage::Leave);
    update(&mut model, UpdateMessage::Settled(Some(Settled::Well)));
    assert_eq!(model.mode, Mode::Browsing);
}

#[test]
fn a_folded_line_is_selected_like_a_row_and_unfolded() {
    let mut model = with_reading(Model { size: (80, 24), ..Model::default() }, run(200));
    assert_eq!(model.selected_row().map(|row| row.standing), Some(Standing::Failed), "what needs an eye comes first");
    update(&mut model, UpdateMessage::Move(Motion::Bottom));
    assert!(model.on_fold.is_some() && model.selected_row().is_none() && model.selected_place().is_some());
    assert_eq!(
        update(&mut controlled(model.clone()), UpdateMessage::Cancel).effect,
        None,
        "no hidden row is cancelled"
    );
    let lines = model.lines.len();
    update(&mut model, UpdateMessage::Open);
    assert!(model.lines.len() > lines && model.selected_row().is_some_and(|row| row.standing == Standing::Done));
    assert_eq!(model.focus, Focus::Table);
    update(&mut model, UpdateMessage::Back);
    assert!(!model.unfolded.any() && model.selected_row().is_some(), "the selected row stays in view");
}

fn controlled(model: Model) -> Model {
    Model { has_control: true, ..model }
}

#[test]
fn the_first_failure_is_opened_by_itself_until_a_key_is_pressed() {
    let good = run(8);
    let mut bad = good.clone();
    bad.slots[3].state = SlotState::Failed;
    let model = with_reading(Model { size: (100, 30), ..Model::default() }, good);
    let (id, before) = (model.rows[3].id, model.selected);
    let failed = with_reading(model.clone(), bad.clone());
    assert_eq!((failed.selected, failed.tab), (Some(id), Tab::Error));
    let mut at_first = Model { size: (100, 30), ..Model::default() };
    update(&mut at_first, UpdateMessage::Data { snapshot: Arc::new(bad.clone()), paces: Vec::new() });
    assert_eq!((at_first.selected, at_first.tab), (Some(id), Tab::Error), "a failure before the first reading");
    let mut over = bad.clone();
    over.slots.iter_mut().filter(|slot| !slot.state.ended()).for_each(|slot| slot.state = SlotState::Done);
    let late = with_reading(Model { size: (100, 30), ..Model::default() }, over);
    assert_eq!((late.selected, late.tab), (Some(id), Tab::Error), "a board that is over");
    let touched = with_reading(Model { touched: true, ..model }, bad);
    assert_eq!((touched.selected, touched.tab), (before, Tab::Log));
}

#[test]
fn the_time_axis_moves_by_cells_and_a_frame_less_needs_no_picture() {
    let mut model = with_reading(Model { size: (120, 30), ..Model::default() }, run(12));
    let mut later = |nanoseconds| {
        let mut snapshot = run(12);
        snapshot.taken_at_ns += nanoseconds;
        let paces = vec![SlotRate::default(); snapshot.slots.len()];
        update(&mut model, UpdateMessage::Data { snapshot: Arc::new(snapshot), paces }).redraw
    };
    assert!(!later(1_000_000));
    assert!(later(4_000_000_000));
}

#[test]
fn until_a_key_is_pressed_the_pane_describes_a_row_at_work() {
    let mut queued_first = run(12);
    queued_first.slots.rotate_right(1);
    queued_first.slots[0].state = SlotState::Reserved;
    queued_first.slots[0].step = vx_status::vocabulary::Phase::QUEUED.step();
    let model = with_reading(Model { size: (100, 30), ..Model::default() }, queued_first.clone());
    assert!(model.rows[0].standing == Standing::Queued);
    assert!(model.selected_row().is_some_and(|row| row.standing.at_work()));
    let mut chosen = model;
    update(&mut chosen, UpdateMessage::Move(Motion::Top));
    let chosen = with_reading(chosen, queued_first);
    assert_eq!(chosen.selected, Some(chosen.rows[0].id), "a row that was chosen stays");
}
