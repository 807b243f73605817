//! The Log tab: the newest lines of the selected slot's process, or the part scrolled to.
//!
//! Lines keep the looks that they ask for, as far as these are safe, in the colours of the palette in force. Searching
//! and copying use the text alone. The pager gets the log itself.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use vx_status::painted::pieces;
use vx_text::width;

use crate::model::{Model, PaintedLogLine};
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
        // On a reversed line, colours would make a patchwork.
        if log.hit != Some(line.at) {
            looks(buffer, theme, line, Rect { x: row.x + 1, width: room, ..row });
        }
    }
}

/// Apply the looks that pieces of a line ask for to this row, where the line is already drawn.
fn looks(buffer: &mut Buffer, theme: &Theme, line: &PaintedLogLine, row: Rect) {
    let column = |byte: usize| u16::try_from(width(&line.text[..byte])).unwrap_or(u16::MAX).min(row.width);
    for (from, to, paint) in pieces(line.text.len(), &line.paints) {
        let (from, to) = (column(from), column(to));
        buffer.set_style(Rect { x: row.x + from, width: to - from, ..row }, theme.paint_style(paint));
    }
}
