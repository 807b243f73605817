//! The detail pane: everything known of the selected slot, one tab at a time.

mod details;
mod fact;
mod facts;
mod log;
mod sums;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use vx_status::printed_locations::PrintedLocation;
use vx_text::fitted;

use super::{fill, put, put_right, row_of};
use crate::model::{Focus, Model, Tab};
use crate::theme::{Styles, Theme, Tone};

/// A line of a tab: its text and tone.
type Line = (String, Tone);

/// From this width on, the facts are shown beside the slot's own output.
const SPLIT_COLUMNS: u16 = 140;

/// Draw the tabs and the open one's content.
pub(crate) fn pane(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    tabs(buffer, theme, model, area);
    let content = Rect::new(area.x, area.y + 1, area.width, area.height.saturating_sub(1));
    if model.shows_sums() {
        let inside = Rect { x: content.x + 3, width: content.width.saturating_sub(4), ..content };
        return sums::draw(buffer, theme, model, inside);
    }
    let Some(slot) = model.selected_slot() else { return };
    let (known, said) = split(model, content);
    if let Some(known) = known {
        let facts = facts::facts(model, slot, usize::from(known.width.saturating_sub(indent(model, known))));
        let top =
            if said.is_none() { model.pane_top.min(facts.len().saturating_sub(usize::from(known.height))) } else { 0 };
        fact::draw(buffer, theme, &facts, top, indent(model, known), known);
    }
    let Some(said) = said else { return };
    if known.is_some() {
        let side = theme.glyphs.side;
        (said.y..said.bottom()).for_each(|y| fill(buffer, (said.x - 2, y), 1, side, theme.style(Tone::Faint)));
    }
    match model.tab {
        Tab::Log => log::draw(buffer, theme, model, said),
        Tab::Error | Tab::Info => {
            let lines = lines(model, usize::from(said.width.saturating_sub(1)));
            let top = model.pane_top.min(lines.len().saturating_sub(usize::from(said.height)));
            for (number, (text, tone)) in lines.iter().skip(top).enumerate() {
                let Some(row) = row_of(said, number) else { break };
                put(buffer, theme, (row.x + 1, row.y), row.width.saturating_sub(1), text, theme.style(*tone));
            }
        }
    }
}

/// The areas for the facts about the slot, and for its own output. A wide pane shows them side by side; otherwise the
/// facts fill the pane until there is output.
fn split(model: &Model, area: Rect) -> (Option<Rect>, Option<Rect>) {
    let silent = match model.tab {
        Tab::Log => model.log.lines.is_empty() || !model.has_log(),
        Tab::Error => false,
        Tab::Info => true,
    };
    let known = Rect { x: area.x + 3, width: area.width.saturating_sub(4), ..area };
    if silent {
        return (Some(known), None);
    }
    if area.width < SPLIT_COLUMNS {
        return (None, Some(area));
    }
    let columns = (area.width * 2 / 5).min(80);
    let said = Rect { x: area.x + columns + 3, width: area.width - columns - 3, ..area };
    (Some(Rect { width: columns - 3, ..known }), Some(said))
}

/// If the pane is below the table, values are aligned with the lanes.
fn indent(model: &Model, area: Rect) -> u16 {
    let below = area.x == 3;
    if below && !model.columns.bar { model.columns.lane_x.saturating_sub(3) } else { 0 }.max(fact::LABELS)
}

/// Number of rows of the open tab's content at this width, for tabs that scroll as a whole.
pub(crate) fn content_rows(model: &Model) -> usize {
    let Some(pane) = model.areas().pane else { return 0 };
    match split(model, pane) {
        (_, Some(said)) => lines(model, usize::from(said.width.saturating_sub(1))).len(),
        (Some(known), None) => {
            let columns = usize::from(known.width.saturating_sub(indent(model, known)));
            model.selected_slot().map_or(0, |slot| facts::facts(model, slot, columns).len())
        }
        (None, None) => 0,
    }
}

/// The places in files that the selected slot's error names, starting with those in view.
pub(crate) fn error_places(model: &Model) -> Vec<PrintedLocation> {
    let said = model.areas().pane.and_then(|pane| split(model, pane).1);
    let (Some(said), Some(slot)) = (said, model.selected_slot()) else { return Vec::new() };
    let columns = usize::from(said.width.saturating_sub(1));
    let top = model.pane_top.min(lines(model, columns).len().saturating_sub(usize::from(said.height)));
    details::error_places(model, slot, columns, top)
}

fn lines(model: &Model, columns: usize) -> Vec<Line> {
    match (model.tab, model.selected_slot()) {
        (Tab::Error, Some(slot)) => details::error(model, slot, columns),
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

/// Draw the rule with the name of the selected row, and the tabs at its right end.
fn tabs(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let strength = if model.focus == Focus::Pane { Tone::Busy } else { Tone::Faint };
    fill(buffer, (area.x, area.y), area.width, theme.glyphs.line, theme.style(strength));
    let first = tab_places(area).next().map_or(area.right(), |(_, at, _)| at);
    let row = model.selected_row();
    let whose = match (row, model.on_fold) {
        _ if model.shows_sums() => Some("the run".to_owned()),
        _ if model.all_logs && model.tab == Tab::Log && !model.services().is_empty() => {
            Some("all services in the table".to_owned())
        }
        (Some(row), _) => Some([row.tool.as_str(), row.version.as_str()].join(" ")),
        (None, Some(_)) => Some("folded rows".to_owned()),
        (None, None) => None,
    };
    if let Some(whose) = whose {
        let whose =
            format!(" {} ", fitted(whose.trim(), usize::from(first.saturating_sub(area.x + 5)), theme.glyphs.cut));
        let room = first.saturating_sub(area.x + 2);
        put(buffer, theme, (area.x + 1, area.y), room, &whose, theme.style(Tone::Strong));
    }
    position(buffer, theme, model, Rect { width: first.saturating_sub(area.x), height: 1, ..area });
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

/// If not all lines are in view, write which ones are into the rule, left of the tabs.
fn position(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let (rows, all) = (model.areas().table_rows(), model.lines.len());
    if all > rows {
        let text = format!(" {}–{} of {all} ", model.top + 1, (model.top + rows).min(all));
        let text = if theme.glyphs.line.is_ascii() { text.replace('–', "-") } else { text };
        put_right(buffer, theme, (area.x, area.y), area.width.saturating_sub(1), &text, theme.style(Tone::Quiet));
    }
}
