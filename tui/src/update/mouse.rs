//! The mouse: a click selects a row or a tab, the wheel scrolls the part below the pointer.

use super::{motion, show};
use crate::message::Motion;
use crate::model::{Focus, Mode, Model};
use crate::widgets::tab_at;

/// Number of lines that one notch of the wheel scrolls.
const NOTCH: usize = 3;

/// Handle a press of the left button.
pub(super) fn click(model: &mut Model, at: (u16, u16)) {
    if model.mode != Mode::Browsing {
        return;
    }
    let areas = model.areas();
    let inside = |area: ratatui::layout::Rect| area.contains(at.into());
    if inside(areas.table) {
        model.focus = Focus::Table;
        // The first row holds the column names.
        let Some(row) = usize::from(at.1 - areas.table.y).checked_sub(1) else { return };
        motion::select_line(model, model.top + row);
    } else if let Some(pane) = areas.pane.filter(|pane| inside(*pane)) {
        model.focus = Focus::Pane;
        if let Some(tab) = tab_at(pane, at).filter(|tab| *tab != model.tab) {
            show(model, tab);
        }
    }
}

/// Handle a notch of the wheel.
pub(super) fn wheel(model: &mut Model, at: (u16, u16), up: bool) {
    let to = if up { Motion::Up } else { Motion::Down };
    if model.mode == Mode::Helping {
        (0..NOTCH).for_each(|_| motion::scroll_help(model, to));
    }
    if model.mode != Mode::Browsing {
        return;
    }
    let areas = model.areas();
    let over_pane = areas.pane.is_some_and(|pane| pane.contains(at.into()));
    if !over_pane && !areas.table.contains(at.into()) {
        return;
    }
    let part = if over_pane { Focus::Pane } else { Focus::Table };
    for _ in 0..NOTCH {
        motion::within(model, part, to);
    }
}
