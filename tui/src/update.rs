//! The effect of each message on the model. Pure: no clock, no file, no board; outside actions are returned as effects.

mod external_output;
mod layout;
mod log;
mod motion;
mod mouse;
mod typing;
mod work;

use std::sync::Arc;

use vx_shm::Snapshot;
use vx_status::estimate::Estimate;
use vx_status::pace::SlotRate;
use vx_status::slot::SlotId;
use vx_status::standing::Standing;
use vx_status::totals::Totals;

use crate::message::{Effect, UpdateMessage, UpdateOutcome};
use crate::model::{self, Focus, Kinds, LogView, Mode, Model, SlotRow, Sort, Tab, TableLine, Unfolded};

/// Apply a message to the model.
pub(crate) fn update(model: &mut Model, message: UpdateMessage) -> UpdateOutcome {
    match message {
        UpdateMessage::Data { snapshot, paces } => {
            UpdateOutcome { effect: None, redraw: data(model, snapshot, &paces) }
        }
        UpdateMessage::Usage(usage) => {
            model.usage = usage;
            model::measured(&mut model.rows, &model.usage);
            UpdateOutcome { effect: None, redraw: true }
        }
        UpdateMessage::Unreached(runners) => {
            let redraw = model.unreached != runners;
            model.unreached = runners;
            UpdateOutcome { effect: None, redraw }
        }
        UpdateMessage::Log { of, place, part, location } => {
            UpdateOutcome { effect: None, redraw: log::read(model, of, place, part, location) }
        }
        UpdateMessage::Found { of, text, hits, scanned, whole } => {
            UpdateOutcome { effect: None, redraw: log::found(model, of, &text, hits, scanned, whole) }
        }
        UpdateMessage::RequestFailed(failure) => {
            work::request_failed(model, failure);
            UpdateOutcome { effect: None, redraw: true }
        }
        UpdateMessage::Settled(settled) => {
            work::settled(model, settled);
            settle(model);
            UpdateOutcome { effect: None, redraw: true }
        }
        UpdateMessage::Notice(text) => {
            model.notice = Some(text);
            UpdateOutcome { effect: None, redraw: true }
        }
        UpdateMessage::At(position) => {
            let redraw = model.playback.replace(position) != Some(position);
            UpdateOutcome { effect: None, redraw }
        }
        UpdateMessage::Trouble(why) => {
            let news = model.trouble.as_ref() != Some(&why);
            model.trouble = Some(why);
            UpdateOutcome { effect: None, redraw: news }
        }
        UpdateMessage::Resized(width, height) => {
            model.size = (width, height);
            settle(model);
            UpdateOutcome { effect: None, redraw: true }
        }
        asked => {
            (model.notice, model.touched) = (None, true);
            let effect = asked_for(model, asked);
            settle(model);
            UpdateOutcome { effect, redraw: true }
        }
    }
}

/// Carry out a message from the user. Any of these may change the picture.
fn asked_for(model: &mut Model, message: UpdateMessage) -> Option<Effect> {
    match message {
        UpdateMessage::Move(to) if model.mode == Mode::Helping => motion::scroll_help(model, to),
        UpdateMessage::Move(to) => motion::go(model, to),
        UpdateMessage::Open => open(model),
        UpdateMessage::Back => return back(model),
        UpdateMessage::NextTab => show(model, model.tab.next()),
        UpdateMessage::Show(tab) => show(model, tab),
        UpdateMessage::WholeTime => model.whole_axis = !model.whole_axis,
        UpdateMessage::AllLogs => {
            model.all_logs = !model.all_logs;
            show(model, Tab::Log);
        }
        UpdateMessage::Follow => {
            model.log.top = motion::log_top(model);
            model.log.follow = !model.log.follow;
        }
        UpdateMessage::ChangeSort => {
            model.sort = model.sort.next();
            model.notice = Some(format!("sorted by {}", model.sort.name()));
            reorder(model);
        }
        UpdateMessage::Help => {
            model.mode = if model.mode == Mode::Helping { Mode::Browsing } else { Mode::Helping };
            model.help_top = 0;
        }
        UpdateMessage::Stay => model.mode = Mode::Browsing,
        UpdateMessage::Cancel => return work::cancel(model),
        UpdateMessage::CancelAll => return work::cancel_all(model),
        UpdateMessage::Retry => return work::retry(model),
        UpdateMessage::RetryAll => return work::retry_all(model),
        UpdateMessage::Restart => return work::restart(model),
        UpdateMessage::Rebuild => return work::rebuild(model),
        UpdateMessage::Click(x, y) => mouse::click(model, (x, y)),
        UpdateMessage::Wheel { at, up } => mouse::wheel(model, at, up),
        UpdateMessage::Pager
        | UpdateMessage::OpenEditor
        | UpdateMessage::OpenAddress
        | UpdateMessage::Copy
        | UpdateMessage::Save
        | UpdateMessage::Stream => return external_output::asked(model, &message),
        UpdateMessage::Leave => return leave(model),
        UpdateMessage::Playback(command) => return Some(Effect::Playback(command)),
        UpdateMessage::Detach => return Some(Effect::Detach),
        UpdateMessage::Suspend => return Some(Effect::Suspend),
        typed => typing::typed(model, typed),
    }
    None
}

/// Take over a reading of the board. Returns whether it looks different.
fn data(model: &mut Model, snapshot: Arc<Snapshot>, paces: &[SlotRate]) -> bool {
    let seen_before = (model.selected_slot().cloned(), model.snapshot.board.title.clone());
    model
        .asked
        .retain(|asked| snapshot.slots.iter().any(|slot| SlotId::from_slot(slot) == *asked && !slot.state.ended()));
    let estimate = Estimate::from_snapshot(&snapshot, paces, &model.expectations);
    let mut rows = model::rows(&snapshot, paces, &model.asked);
    model::fill_in(&mut rows, &estimate);
    model::announce(&mut rows);
    model::measured(&mut rows, &model.usage);
    if !model.columns.bar {
        // Bars with a moving piece aren't on the screen.
        rows.iter_mut().for_each(|row| row.beat = 0);
    }
    if !model::same_names(&rows, &model.rows) {
        model.longest = model::longest(&rows);
    }
    let failed = failed_meanwhile(&model.rows, &rows).filter(|_| !model.touched);
    let asked_meanwhile = asks_since(&model.rows, &rows);
    let axis_before = model.axis;
    let totals = Totals::estimated(&snapshot, paces, &estimate);
    let mut news = rows != model.rows || totals != model.totals || model.trouble.is_some();
    model.trouble = None;
    model.pulse.record_rates(&rows, snapshot.taken_at_ns);
    model.stalls.record_stalls(&snapshot.slots, &rows, snapshot.taken_at_ns);
    model.rows = rows;
    model.totals = totals;
    model.kinds = Kinds::from_kinds(snapshot.slots.iter().map(|slot| slot.kind));
    model.snapshot = snapshot;
    if model.settled.is_some() {
        work::close_totals(model);
    }
    work::show_blockers(model);
    reorder(model);
    if let Some(id) = failed {
        (model.selected, model.on_fold, model.tab) = (Some(id), None, Tab::Error);
    }
    settle(model);
    show_what_matters(model, asked_meanwhile);

    news |= model.axis != axis_before;
    news |= seen_before != (model.selected_slot().cloned(), model.snapshot.board.title.clone());
    news
}

/// Until the user chooses a row, select one that begins to wait for a person, or else one at work.
fn show_what_matters(model: &mut Model, asks: Option<SlotId>) {
    let is_queued = model.selected_row().is_some_and(|row| row.standing == Standing::Queued);
    let at_work = || model.rows.iter().find(|row| row.standing.at_work() && is_queued).map(|row| row.id);
    if let Some(shown) = asks.or_else(at_work).filter(|_| !model.touched) {
        (model.selected, model.on_fold) = (Some(shown), None);
        settle(model);
    }
}

/// The first row that waits for a person now, and did not in the reading before.
fn asks_since(before: &[SlotRow], now: &[SlotRow]) -> Option<SlotId> {
    let known = |row: &&SlotRow| before.iter().any(|old| old.id == row.id && old.asks);
    now.iter().filter(|row| row.asks).find(|row| !known(row)).map(|row| row.id)
}

/// The first row that has failed since the reading before; when all has just ended, the first that failed at all. For
/// the first reading, every failure is new.
fn failed_meanwhile(before: &[SlotRow], now: &[SlotRow]) -> Option<SlotId> {
    let is_over = |rows: &[SlotRow]| !rows.is_empty() && rows.iter().all(|row| row.standing.over());
    let all_over = is_over(now) && !is_over(before);
    let known = |row: &&SlotRow| before.iter().any(|old| old.id == row.id && old.standing.bad());
    let mut bad = now.iter().filter(|row| row.standing.bad());
    bad.find(|row| all_over || !known(row)).map(|row| row.id)
}

/// Bring the shown rows up to date with the filter and the order.
fn reorder(model: &mut Model) {
    model.order = model.sort.order(&model.rows, &model.filter);
    refold(model);
}

/// Bring the lines up to date with the rows and the room. A sorted table is not folded: folding would break the order
/// that the user asked for.
fn refold(model: &mut Model) {
    let room = match model.sort {
        Sort::Planned => model.areas().table_rows(),
        _ => usize::MAX,
    };
    let is_bad = || model.selected_row().is_some_and(|row| row.standing.bad());
    let selected = model.selected.filter(|_| model.on_fold.is_none() && (model.touched || is_bad()));
    model.lines = model::lines(&model.rows, &model.order, room, model.unfolded, selected);
}

/// Make selection and scrolling fit the present rows.
fn settle(model: &mut Model) {
    refold(model);
    let place = model.selected_place().unwrap_or_else(|| select_another(model));
    let areas = model.areas();
    if areas.pane.is_none() {
        model.focus = Focus::Table;
    } else if areas.covered {
        model.focus = Focus::Pane;
    }
    let rows = areas.table_rows().max(1);
    model.top = model.top.min(place).max((place + 1).saturating_sub(rows));
    model.top = model.top.min(model.lines.len().saturating_sub(rows));
    if model.log.of.is_some() && !model.has_log() {
        model.log = LogView { search: model.log.search.elsewhere(), ..LogView::default() };
        model.pane_top = 0;
    }
    layout::lay_out(model);
}

/// Select another line, because the selected one is gone: the next try in its place, or else the first row. If there
/// are no rows, the selection is kept until its row returns.
fn select_another(model: &mut Model) -> usize {
    model.on_fold = None;
    let ids = || model.lines.iter().enumerate().filter_map(|(place, line)| Some((place, model.rows[line.row()?].id)));
    let again = model.selected.and_then(|gone| ids().find(|(_, id)| id.same_place(gone)));
    let Some((place, id)) = again.or_else(|| ids().next()) else { return 0 };
    model.selected = Some(id);
    place
}

/// Unfold the selected line, or give the keys to the pane.
fn open(model: &mut Model) {
    let Some(group) = model.on_fold.take() else {
        (model.focus, model.pane_asked) = (Focus::Pane, true);
        return;
    };
    let line = model.lines.iter().find(|line| line.group() == Some(group));
    if let Some(TableLine::Fold { rows, .. }) = line {
        model.selected = rows.first().map(|row| model.rows[*row].id);
    }
    model.unfolded.unfold(group);
}

fn show(model: &mut Model, tab: Tab) {
    (model.tab, model.pane_asked) = (tab, true);
    model.pane_top = 0;
}

fn back(model: &mut Model) -> Option<Effect> {
    if model.leads_to_boards() {
        return Some(Effect::Boards);
    }
    match model.focus {
        Focus::Pane if model.areas().covered => (model.focus, model.pane_asked) = (Focus::Table, false),
        Focus::Pane => model.focus = Focus::Table,
        Focus::Table if model.filter.is_empty() && model.unfolded.any() => model.unfolded = Unfolded::default(),
        Focus::Table if model.filter.is_empty() => model.pane_asked = false,
        Focus::Table => {
            model.filter.clear();
            reorder(model);
        }
    }
    None
}

fn leave(model: &mut Model) -> Option<Effect> {
    if model.owns_work() && !model.is_over() {
        model.mode = Mode::Leaving;
        return None;
    }
    Some(Effect::Leave)
}

/// A model with a first reading. While its board still runs, its failures count as seen, so that none is opened
/// automatically.
#[cfg(test)]
pub(crate) fn looked_at(model: Model, snapshot: Snapshot, paces: Vec<SlotRate>) -> Model {
    let mut model = model;
    let reading = UpdateMessage::Data { snapshot: Arc::new(snapshot), paces };
    update(&mut model, reading.clone());
    if model.rows.iter().any(|row| !row.standing.over()) {
        (model.selected, model.tab) = (None, Tab::default());
        update(&mut model, reading);
    }
    model
}

#[cfg(test)]
mod tests;
