//! What each message does to the model. Pure: no clock, no file, no board; what it wants done outside is an effect.

mod motion;
mod typing;

use std::sync::Arc;

use vx_shm::Snapshot;

use crate::bindings::Action;
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
    let key = model.keys.first(Action::Cancel);
    model.notice =
        Some(if again { format!("killing {tool}") } else { format!("asked {tool} to stop; {key} again kills it") });
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
    let key = model.keys.first(Action::CancelAll);
    model.notice =
        Some(if again { "killing all".to_owned() } else { format!("asked all to stop; {key} again kills them") });
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
mod tests;
