//! Movement: the selection in the table, the lines of the pane.

use crate::keys;
use crate::message::Motion;
use crate::model::{Focus, Model, Tab};
use crate::widgets::content_rows;

/// Move in the focused part.
pub(crate) fn go(model: &mut Model, to: Motion) {
    within(model, model.focus, to);
}

/// Move in this part, focused or not.
pub(crate) fn within(model: &mut Model, part: Focus, to: Motion) {
    match (part, model.tab) {
        (Focus::Table, _) => select(model, to),
        (Focus::Pane, Tab::Log) => scroll_log(model, to),
        (Focus::Pane, Tab::Error | Tab::Info) => {
            let rows = model.areas().pane_rows();
            let last_top = content_rows(model).saturating_sub(rows);
            model.pane_top = moved(model.pane_top.min(last_top), to, rows, last_top);
        }
    }
}

fn select(model: &mut Model, to: Motion) {
    let Some(last) = model.lines.len().checked_sub(1) else { return };
    let rows = model.areas().table_rows();
    let place = moved(model.selected_place().unwrap_or_default(), to, rows, last);
    select_line(model, place);
}

/// Select the line at this place.
pub(crate) fn select_line(model: &mut Model, place: usize) {
    let Some(line) = model.lines.get(place) else { return };
    model.on_fold = line.group();
    model.selected = line.row().map(|row| model.rows[row].id).or(model.selected);
}

/// Scrolling away from the newest line stops following; coming back to it follows again.
fn scroll_log(model: &mut Model, to: Motion) {
    let rows = model.areas().pane_rows();
    let last_top = model.log.lines.len().saturating_sub(rows);
    if to == Motion::Top && model.log.from > 0 {
        model.log.wanted = Some(0);
    }
    model.log.top = moved(log_top(model), to, rows, last_top);
    model.log.follow = match to {
        Motion::Bottom => true,
        Motion::Down | Motion::PageDown => model.log.follow,
        Motion::Up | Motion::PageUp | Motion::Top => false,
    };
}

/// Move through the list of keys. If it does not fit, its last row shows how many are hidden.
pub(super) fn scroll_help(model: &mut Model, to: Motion) {
    let (keys, rows) = (keys::all(model).len(), model.areas().help_rows());
    let rows = if keys > rows { rows.saturating_sub(1) } else { rows };
    let last_top = keys.saturating_sub(rows);
    model.help_top = moved(model.help_top.min(last_top), to, rows, last_top);
}

/// The first line of the log in view.
pub(crate) fn log_top(model: &Model) -> usize {
    model.log.first_shown(model.areas().pane_rows())
}

fn moved(from: usize, to: Motion, page: usize, last: usize) -> usize {
    let page = page.saturating_sub(1).max(1);
    let to = match to {
        Motion::Up => from.saturating_sub(1),
        Motion::Down => from.saturating_add(1),
        Motion::PageUp => from.saturating_sub(page),
        Motion::PageDown => from.saturating_add(page),
        Motion::Top => 0,
        Motion::Bottom => last,
    };
    to.min(last)
}
