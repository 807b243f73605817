//! What each message does to the model. Pure: no clock, no file, no board; what it wants done outside is an effect.

mod motion;
mod typing;

use std::sync::Arc;

use vx_shm::Snapshot;

use crate::message::{Effect, Message, Outcome};
use crate::model::{self, Focus, LOG_LINES, Mode, Model, Pace, SlotId, Tab, Totals};
use crate::text::clean;

/// Take a message in.
pub(crate) fn update(model: &mut Model, message: Message) -> Outcome {
    match message {
        Message::Data { snapshot, paces } => Outcome { effect: None, redraw: data(model, snapshot, &paces) },
        Message::Log { of, lines, location } => Outcome { effect: None, redraw: log(model, of, &lines, location) },
        Message::Trouble(why) => {
            let news = model.trouble.as_ref() != Some(&why);
            model.trouble = Some(why);
            Outcome { effect: None, redraw: news }
        }
        Message::Resized(width, height) => {
            model.size = (width, height);
            settle(model);
            Outcome { effect: None, redraw: true }
        }
        asked => {
            model.notice = None;
            let effect = asked_for(model, asked);
            settle(model);
            Outcome { effect, redraw: true }
        }
    }
}

/// A key's meaning. Everything here is worth a new picture.
fn asked_for(model: &mut Model, message: Message) -> Option<Effect> {
    match message {
        Message::Move(to) => motion::go(model, to),
        Message::Open => model.focus = Focus::Pane,
        Message::Back => back(model),
        Message::NextTab => show(model, model.tab.next()),
        Message::ShowTimeline => show(model, Tab::Timeline),
        Message::Follow => {
            model.log = model::LogView { follow: !model.log.follow, top: motion::log_top(model), ..model.log.clone() }
        }
        Message::ChangeSort => {
            model.sort = model.sort.next();
            model.notice = Some(format!("sorted by {}", model.sort.name()));
            reorder(model);
        }
        Message::Help => model.mode = if model.mode == Mode::Helping { Mode::Browsing } else { Mode::Helping },
        Message::Stay => model.mode = Mode::Browsing,
        Message::Cancel => return cancel(model),
        Message::CancelAll => return cancel_all(model),
        Message::Leave => return leave(model),
        Message::Detach => return Some(Effect::Detach),
        Message::Suspend => return Some(Effect::Suspend),
        typed => typing::typed(model, typed),
    }
    None
}

/// Take a reading of the board in. Returns whether it looks different.
fn data(model: &mut Model, snapshot: Arc<Snapshot>, paces: &[Pace]) -> bool {
    let seen_before = (model.selected_slot().cloned(), model.snapshot.board.title.clone());
    model.asked.retain(|asked| snapshot.slots.iter().any(|slot| SlotId::of(slot) == *asked && !slot.state.ended()));
    let rows = model::rows(&snapshot, paces, &model.asked);
    let totals = Totals::of(&snapshot, paces);
    let mut news = rows != model.rows || totals != model.totals || model.trouble.is_some();
    model.trouble = None;
    model.rows = rows;
    model.totals = totals;
    model.snapshot = snapshot;
    reorder(model);
    settle(model);
    news |= seen_before != (model.selected_slot().cloned(), model.snapshot.board.title.clone());
    news
}

/// Take a log in, cleaned and bounded. A line that overwrote itself counts as what it said last.
fn log(model: &mut Model, of: SlotId, lines: &[String], location: Option<String>) -> bool {
    if model.selected != Some(of) {
        return false;
    }
    let newest = &lines[lines.len().saturating_sub(LOG_LINES)..];
    let said_last = |line: &String| {
        let last = line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or_default();
        clean(last).into_owned()
    };
    let lines: Vec<String> = newest.iter().map(said_last).collect();
    let news = model.log.of != Some(of) || model.log.lines != lines || model.log.location != location;
    if model.log.of != Some(of) {
        let search = std::mem::take(&mut model.log.search);
        model.log = model::LogView { of: Some(of), search, ..model::LogView::default() };
    }
    model.log.lines = lines;
    model.log.location = location;
    model.log.hit = model.log.hit.filter(|_| !news);
    news
}

/// Bring the shown rows up to date with the filter and the order.
fn reorder(model: &mut Model) {
    model.order = model.sort.order(&model.rows, &model.filter);
}

/// Make selection and scrolling fit what there is.
fn settle(model: &mut Model) {
    let place = match model.selected_place() {
        Some(place) => place,
        None => {
            let first = model.order.first().map(|row| model.rows[*row].id);
            // Without any row left the selection waits for its row to come back.
            if first.is_some() {
                model.selected = first;
            }
            0
        }
    };
    let areas = model.areas();
    if areas.pane.is_none() {
        model.focus = Focus::Table;
    }
    let rows = areas.table_rows().max(1);
    model.top = model.top.min(place).max((place + 1).saturating_sub(rows));
    model.top = model.top.min(model.order.len().saturating_sub(rows));
    if model.log.of.is_some() && model.log.of != model.selected {
        let search = std::mem::take(&mut model.log.search);
        model.log = model::LogView { search, ..model::LogView::default() };
        model.pane_top = 0;
    }
}

fn show(model: &mut Model, tab: Tab) {
    model.tab = tab;
    model.pane_top = 0;
}

fn back(model: &mut Model) {
    match model.focus {
        Focus::Pane => model.focus = Focus::Table,
        Focus::Table => {
            model.filter.clear();
            reorder(model);
        }
    }
}

fn cancel(model: &mut Model) -> Option<Effect> {
    let row = model.selected_row().filter(|row| !row.standing.over())?;
    let (id, tool) = (row.id, row.tool.clone());
    let again = model.asked.contains(&id);
    model.notice =
        Some(if again { format!("killing {tool}") } else { format!("asked {tool} to stop; x again kills it") });
    if !again {
        model.asked.push(id);
    }
    Some(Effect::Cancel(tool))
}

fn cancel_all(model: &mut Model) -> Option<Effect> {
    if !model.in_charge {
        return None;
    }
    model.mode = Mode::Browsing;
    let again = model.asked_all > 0;
    model.asked_all += 1;
    model.notice = Some(if again { "killing all" } else { "asked all to stop; Ctrl-C again kills them" }.to_owned());
    let unended = model.rows.iter().filter(|row| !row.standing.over()).map(|row| row.id);
    model.asked = unended.collect();
    Some(Effect::CancelAll)
}

fn leave(model: &mut Model) -> Option<Effect> {
    match (model.in_charge, model.totals.over < model.totals.all || model.totals.all == 0) {
        (false, _) => Some(Effect::Leave),
        // All is over and its parent is about to say so.
        (true, false) => Some(Effect::Detach),
        (true, true) => {
            model.mode = Mode::Leaving;
            None
        }
    }
}

#[cfg(test)]
mod tests {
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
        let lines =
            (0..lines).map(|line| format!("line {line}{}", if line % 10 == 3 { " Error" } else { "" })).collect();
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
}
