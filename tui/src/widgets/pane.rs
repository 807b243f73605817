//! The detail pane: everything known of the selected slot, one tab at a time.

mod details;
mod log;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use vx_status::text::fitted;

use super::{fill, put, row_of};
use crate::model::{Focus, Model, Tab};
use crate::theme::{Styles, Theme, Tone};

/// A line of a tab: its text and tone.
type Line = (String, Tone);

/// Draw the tabs and the open one's content.
pub(crate) fn pane(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    tabs(buffer, theme, model, area);
    let content = Rect::new(area.x, area.y + 1, area.width, area.height.saturating_sub(1));
    if model.selected_slot().is_none() {
        return;
    }
    match model.tab {
        Tab::Log => log::draw(buffer, theme, model, content),
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

/// Each tab with its first column and its width, at the right end of the rule as far as there is room.
fn tab_places(area: Rect) -> impl Iterator<Item = (Tab, u16, u16)> {
    let wide = |tab: Tab| u16::try_from(tab.name().len() + 2).unwrap_or(u16::MAX);
    let all = Tab::ALL.into_iter().map(|tab| wide(tab) + 1).sum::<u16>();
    let mut x = area.x + area.width.saturating_sub(all);
    Tab::ALL.into_iter().map(move |tab| {
        let columns = wide(tab).min(area.right().saturating_sub(x));
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

/// The rule with the name of the selected row, and the tabs at its right end.
fn tabs(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let strength = if model.focus == Focus::Pane { Tone::Busy } else { Tone::Faint };
    fill(buffer, (area.x, area.y), area.width, theme.glyphs.line, theme.style(strength));
    let first = tab_places(area).next().map_or(area.right(), |(_, at, _)| at);
    if let Some(row) = model.selected_row() {
        let whose = [row.tool.as_str(), row.version.as_str()].join(" ");
        let whose =
            format!(" {} ", fitted(whose.trim(), usize::from(first.saturating_sub(area.x + 5)), theme.glyphs.cut));
        let room = first.saturating_sub(area.x + 2);
        put(buffer, theme, (area.x + 1, area.y), room, &whose, theme.style(Tone::Strong));
    }
    for (tab, at, columns) in tab_places(area) {
        let open = tab == model.tab;
        let label = if open { format!("[{}]", tab.name()) } else { format!(" {} ", tab.name()) };
        let mut style = theme.style(if open { Tone::Strong } else { Tone::Quiet });
        if open && model.focus == Focus::Pane {
            style = style.add_modifier(Modifier::REVERSED);
        }
        put(buffer, theme, (at, area.y), columns, &label, style);
    }
}
