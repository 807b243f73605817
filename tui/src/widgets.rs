//! The pieces of the full-screen view. Each draws itself into its own rectangle and never outside of it.
//!
//! All text reaches the screen through [`put`], which cleans it.

mod bar;
mod fold;
mod footer;
mod graph;
mod grid;
mod header;
mod lane;
mod overlay;
mod pane;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use vx_text::{fitted, width};

use crate::theme::Theme;

pub(crate) use bar::{bar, meter};
pub(crate) use footer::footer;
pub(crate) use graph::received;
pub(crate) use grid::grid;
pub(crate) use header::{header, one_line};
pub(crate) use overlay::{help, leaving, picker};
pub(crate) use pane::{content_rows, error_places, pane, tab_at};

/// Write `text`, cleaned and cut to `columns`. Returns the number of columns used. Nothing is drawn outside of
/// `buffer`.
pub(crate) fn put(buffer: &mut Buffer, theme: &Theme, at: (u16, u16), columns: u16, text: &str, style: Style) -> u16 {
    let (x, y) = at;
    let area = buffer.area;
    if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
        return 0;
    }
    let columns = columns.min(area.right() - x);
    let shown = fitted(text, usize::from(columns), theme.glyphs.cut);
    let (end, _) = buffer.set_stringn(x, y, &shown, usize::from(columns), style);
    end - x
}

/// Draw one of our own glyphs, which need no cleaning, into this many cells of a row.
pub(crate) fn fill(buffer: &mut Buffer, (x, y): (u16, u16), cells: u16, glyph: &'static str, style: Style) {
    for position in Rect::new(x, y, cells, 1).intersection(buffer.area).positions() {
        let cell = &mut buffer[position];
        cell.set_symbol(glyph);
        cell.set_style(style);
    }
}

/// [`put`], aligned to the right end of the columns.
pub(crate) fn put_right(buffer: &mut Buffer, theme: &Theme, at: (u16, u16), columns: u16, text: &str, style: Style) {
    let taken = u16::try_from(width(text)).unwrap_or(u16::MAX).min(columns);
    put(buffer, theme, (at.0 + columns - taken, at.1), taken, text, style);
}

/// The row `number` of an area, if it has that many.
pub(crate) fn row_of(area: Rect, number: usize) -> Option<Rect> {
    let number = u16::try_from(number).ok().filter(|number| *number < area.height)?;
    Some(Rect::new(area.x, area.y + number, area.width, 1))
}
