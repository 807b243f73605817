//! The Log tab: the newest lines of the selected slot's process, or the part scrolled to.
//!
//! Lines are shown without their own colours: those are made for another background, may hide text, and would have to
//! be removed for search and copying. The pager shows them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::model::Model;
use crate::theme::{Styles, Theme, Tone};
use crate::widgets::{put, row_of};

pub(crate) fn draw(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let log = &model.log;
    let room = area.width.saturating_sub(1);
    let first = log.first_shown(usize::from(area.height));
    for (number, line) in log.lines[first..].iter().enumerate() {
        let Some(row) = row_of(area, number) else { break };
        let mut style = theme.style(Tone::Plain);
        if log.matches(line) {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        if log.hit == Some(line.at) {
            style = style.add_modifier(Modifier::REVERSED);
            put(buffer, theme, (row.x, row.y), 1, theme.glyphs.pointer, theme.style(Tone::Strong));
        }
        put(buffer, theme, (row.x + 1, row.y), room, &line.text, style);
    }
}
