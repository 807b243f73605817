//! The effect of each message on the model. Pure: no clock, no file, no board; actions outside are returned as effects.

mod log;
mod motion;
mod mouse;
mod outside;
mod typing;
mod work;

use std::sync::Arc;

use vx_shm::Snapshot;
use vx_status::estimate::Estimate;
use vx_status::pace::Pace;
use vx_status::slot::SlotId;
use vx_status::totals::Totals;

use crate::message::{Effect, Message, Outcome};
use crate::model::{self, Focus, LogView, Mode, Model, Tab};

/// Apply a message to the model.
pub(crate) fn update(model: &mut Model, message: Message) -> Outcome {
    match message {
        Message::Data { snapshot, paces } => Outcome { effect: None, redraw: data(model, snapshot, &paces) },
        Message::Log { of, place, part, location } => {
            Outcome { effect: None, redraw: log::read(model, of, place, part, location) }
        }
        Message::Found { of, text, hits, scanned, whole } => {
            Outcome { effect: None, redraw: log::found(model, of, &text, hits, scanned, whole) }
        }
        Message::RequestFailed(failure) => {
            work::request_failed(model, failure);
            Outcome { effect: None, redraw: true }
        }
        Message::Settled(settled) => {
            work::settled(model, settled);
            settle(model);
            Outcome { effect: None, redraw: true }
        }
        Message::Notice(text) => {
            model.notice = Some(text);
            Outcome { effect: None, redraw: true }
        }
        Message::At(position) => {
            let redraw = model.playback.replace(position) != Some(position);
            Outcome { effect: None, redraw }
        }
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
            model.touched = true;
            let effect = asked_for(model, asked);
            settle(model);
            Outcome { effect, redraw: true }
        }
    }
}

/// Carry out a message of the user. Each may change the picture.
fn asked_for(model: &mut Model, message: Message) -> Option<Effect> {
    match message {
        Message::Move(to) if model.mode == Mode::Helping => motion::scroll_help(model, to),
        Message::Move(to) => motion::go(model, to),
        Message::Open => model.focus = Focus::Pane,
        Message::Back => back(model),
        Message::NextTab => show(model, model.tab.next()),
        Message::ShowTimeline => show(model, Tab::Timeline),
        Message::Follow => {
            model.log.top = motion::log_top(model);
            model.log.follow = !model.log.follow;
        }
        Message::ChangeSort => {
            model.sort = model.sort.next();
            model.notice = Some(format!("sorted by {}", model.sort.name()));
            reorder(model);
        }
        Message::Help => {
            model.mode = if model.mode == Mode::Helping { Mode::Browsing } else { Mode::Helping };
            model.help_top = 0;
        }
        Message::Stay => model.mode = Mode::Browsing,
        Message::Cancel => return work::cancel(model),
        Message::CancelAll => return work::cancel_all(model),
        Message::Retry => return work::retry(model),
        Message::RetryAll => return work::retry_all(model),
        Message::ShowLog => look_at(model, Tab::Log),
        Message::ShowError => look_at(model, Tab::Error),
        Message::Click(x, y) => mouse::click(model, (x, y)),
        Message::Wheel { at, up } => mouse::wheel(model, at, up),
        Message::Pager | Message::OpenEditor | Message::Copy | Message::Save | Message::Stream => {
            return outside::asked(model, &message);
        }
        Message::Leave => return leave(model),
        Message::Playback(command) => return Some(Effect::Playback(command)),
        Message::Detach => return Some(Effect::Detach),
        Message::Suspend => return Some(Effect::Suspend),
        typed => typing::typed(model, typed),
    }
    None
}

/// Take over a reading of the board. Returns true if it looks different.
fn data(model: &mut Model, snapshot: Arc<Snapshot>, paces: &[Pace]) -> bool {
    let seen_before = (model.selected_slot().cloned(), model.snapshot.board.title.clone());
    model.asked.retain(|asked| snapshot.slots.iter().any(|slot| SlotId::of(slot) == *asked && !slot.state.ended()));
    let estimate = Estimate::of(&snapshot, paces, &model.expectations);
    let mut rows = model::rows(&snapshot, paces, &model.asked);
    model::fill_in(&mut rows, &estimate);
    let totals = Totals::estimated(&snapshot, paces, &estimate);
    let mut news = rows != model.rows || totals != model.totals || model.trouble.is_some();
    model.trouble = None;
    model.rows = rows;
    model.totals = totals;
    model.snapshot = snapshot;
    if model.settled.is_some() {
        work::close_totals(model);
    }
    work::show_blockers(model);
    reorder(model);
    settle(model);
    news |= seen_before != (model.selected_slot().cloned(), model.snapshot.board.title.clone());
    news
}

/// Bring the shown rows up to date with the filter and the order.
fn reorder(model: &mut Model) {
    model.order = model.sort.order(&model.rows, &model.filter);
}

/// Make selection and scrolling fit the present rows.
fn settle(model: &mut Model) {
    let place = model.selected_place().unwrap_or_else(|| select_another(model));
    let areas = model.areas();
    if areas.pane.is_none() {
        model.focus = Focus::Table;
    }
    let rows = areas.table_rows().max(1);
    model.top = model.top.min(place).max((place + 1).saturating_sub(rows));
    model.top = model.top.min(model.order.len().saturating_sub(rows));
    if model.log.of.is_some() && model.log.of != model.selected {
        model.log = LogView { search: model.log.search.elsewhere(), ..LogView::default() };
        model.pane_top = 0;
    }
}

/// Select another row, because the selected one is gone: the next try in its place, or else the first row. Without any
/// row the selection waits for its row to return.
fn select_another(model: &mut Model) -> usize {
    let ids: Vec<SlotId> = model.order.iter().map(|row| model.rows[*row].id).collect();
    let again = model.selected.and_then(|gone| ids.iter().position(|id| id.same_place(gone)));
    let place = again.unwrap_or(0);
    model.selected = ids.get(place).copied().or(model.selected);
    place
}

fn show(model: &mut Model, tab: Tab) {
    model.tab = tab;
    model.pane_top = 0;
}

/// Open a tab, and give it the keys.
fn look_at(model: &mut Model, tab: Tab) {
    show(model, tab);
    model.focus = Focus::Pane;
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

fn leave(model: &mut Model) -> Option<Effect> {
    if model.owns_work() && !model.is_over() {
        model.mode = Mode::Leaving;
        return None;
    }
    Some(Effect::Leave)
}

#[cfg(test)]
mod tests;
