//! The detail pane: everything known of the selected slot, one tab at a time.

mod details;
mod log;
mod timeline;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{put, put_right, row_of};
use crate::model::{Focus, Model, Tab};
use crate::theme::{Styles, Theme, Tone};

/// A line of a tab: its text and tone.
type Line = (String, Tone);

/// Draw the tabs and the open one's content.
pub(crate) fn pane(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    tabs(buffer, theme, model, area);
    let content = Rect::new(area.x, area.y + 1, area.width, area.height.saturating_sub(1));
    if model.tab != Tab::Timeline && model.selected_slot().is_none() {
        return;
    }
    match model.tab {
        Tab::Log => log::draw(buffer, theme, model, content),
        Tab::Timeline => timeline::draw(buffer, theme, model, content),
        Tab::Error | Tab::Info => {
            let lines = lines(model, usize::from(content.width.saturating_sub(1)));
            let top = model.pane_top.min(lines.len().saturating_sub(usize::from(content.height)));
            for (number, (text, tone)) in lines.iter().skip(top).enumerate() {
                let Some(row) = row_of(content, number) else { break };
                put(buffer, theme, (row.x + 1, row.y), row.width.saturating_sub(1), text, theme.style(*tone));
            }
        }
    }
}

/// Number of rows of the open tab's content at this width, for tabs that scroll as a whole.
pub(crate) fn content_rows(model: &Model) -> usize {
    let columns = model.areas().pane.map_or(0, |pane| pane.width.saturating_sub(1));
    lines(model, usize::from(columns)).len()
}

fn lines(model: &Model, columns: usize) -> Vec<Line> {
    match (model.tab, model.selected_slot()) {
        (Tab::Error, Some(slot)) => details::error(model, slot, columns),
        (Tab::Info, Some(slot)) => details::info(model, slot, columns),
        _ => Vec::new(),
    }
}

/// Each tab with its first column and its width, as far as there is room.
fn tab_places(area: Rect) -> impl Iterator<Item = (Tab, u16, u16)> {
    let mut x = area.x + 1;
    Tab::ALL.into_iter().map(move |tab| {
        let columns = u16::try_from(tab.name().len() + 2).unwrap_or(u16::MAX).min(area.right().saturating_sub(x));
        let at = x;
        x += columns + 1;
        (tab, at, columns)
    })
}

/// The tab at this place of a pane.
pub(crate) fn tab_at(area: Rect, (x, y): (u16, u16)) -> Option<Tab> {
    let places = tab_places(area).filter(|_| y == area.y);
    places.filter(|(_, at, columns)| (*at..at + columns).contains(&x)).map(|(tab, ..)| tab).next()
}

fn tabs(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let rule = theme.glyphs.line.repeat(usize::from(area.width));
    let strength = if model.focus == Focus::Pane { Tone::Strong } else { Tone::Quiet };
    put(buffer, theme, (area.x, area.y), area.width, &rule, theme.style(strength));
    let mut x = area.x + 1;
    for (tab, at, columns) in tab_places(area) {
        let open = tab == model.tab;
        let label = if open { format!("[{}]", tab.name()) } else { format!(" {} ", tab.name()) };
        let mut style = theme.style(if open { Tone::Strong } else { Tone::Plain });
        if open && model.focus == Focus::Pane {
            style = style.add_modifier(Modifier::REVERSED);
        }
        put(buffer, theme, (at, area.y), columns, &label, style);
        x = at + columns + 1;
    }
    let whose = match model.selected_row() {
        Some(row) if model.tab != Tab::Timeline => format!(" {} {} ", row.tool, row.version),
        _ => return,
    };
    let room = area.right().saturating_sub(x + 1);
    put_right(buffer, theme, (x, area.y), room, &whose, theme.style(Tone::Strong));
}
