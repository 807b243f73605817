//! The table: a row per slot, with the columns that fit.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use vx_status::mark::{glyph, tone};
use vx_status::text::width;
use vx_status::units::{bytes, duration, percent, rate, seconds};

use super::{bar, put, put_right};
use crate::model::{Model, Row};
use crate::theme::{Styles, Theme, Tone};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    State,
    Tool,
    Version,
    Phase,
    Bar,
    Percent,
    Size,
    Rate,
    Elapsed,
    Left,
}

use Column::{Bar, Elapsed, Left, Percent, Rate, Size, State, Tool, Version};

const ALL: [Column; 10] = [State, Tool, Version, Column::Phase, Bar, Percent, Size, Rate, Elapsed, Left];

/// The columns that a narrow screen leaves out, the first one first.
const DROPPED_IN_ORDER: [Column; 7] = [Rate, Left, Column::Phase, Elapsed, Version, Size, Bar];

/// A narrower screen has no rate, even if it would fit.
const RATE_COLUMNS: u16 = 80;

impl Column {
    fn title(self) -> &'static str {
        match self {
            State => "STATE",
            Tool => "TOOL",
            Version => "VERSION",
            Column::Phase => "PHASE",
            Bar => "PROGRESS",
            Percent => "%",
            Size => "SIZE",
            Rate => "RATE",
            Elapsed => "TIME",
            Left => "LEFT",
        }
    }

    /// The smallest useful width, in columns.
    fn least(self) -> u16 {
        match self {
            State => 11,
            Tool => 8,
            Version => 7,
            Column::Phase => 12,
            Bar => 5,
            Percent => 4,
            Size => 8,
            Rate => 10,
            Elapsed | Left => 6,
        }
    }

    fn on_the_right(self) -> bool {
        matches!(self, Percent | Size | Rate | Elapsed | Left)
    }
}

/// A column with its place.
#[derive(Clone, Copy, Debug)]
struct Placed {
    column: Column,
    x: u16,
    columns: u16,
}

/// The columns that fit into `room`, with their widths. Long names and versions get the room they need, then the bar
/// takes the rest.
fn placed(room: u16, longest_tool: u16, longest_version: u16) -> Vec<Placed> {
    let mut shown = ALL.to_vec();
    let least = |shown: &[Column]| shown.iter().map(|column| column.least() + 1).sum::<u16>().saturating_sub(1);
    for dropped in DROPPED_IN_ORDER {
        if least(&shown) > room || (dropped == Rate && room < RATE_COLUMNS) {
            shown.retain(|column| *column != dropped);
        }
    }
    let mut spare = room.saturating_sub(least(&shown));
    let mut widths: Vec<(Column, u16)> = shown.iter().map(|column| (*column, column.least())).collect();
    for (wider, want) in [(Tool, longest_tool.min(28)), (Version, longest_version.min(18)), (Bar, 32)] {
        for (column, columns) in &mut widths {
            if *column == wider {
                let more = want.saturating_sub(*columns).min(spare);
                *columns += more;
                spare -= more;
            }
        }
    }
    let mut x = 0;
    let mut places = Vec::with_capacity(widths.len());
    for (column, columns) in widths {
        places.push(Placed { column, x, columns });
        x += columns + 1;
    }
    places
}

/// Draw the column names and the rows in view.
pub(crate) fn grid(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let longest = |text: fn(&Row) -> &str| {
        let widest = model.rows.iter().map(|row| width(text(row))).max().unwrap_or_default();
        u16::try_from(widest).unwrap_or(u16::MAX)
    };
    // One column on the left points at the selected row.
    let room = area.width.saturating_sub(1);
    let places = placed(room, longest(|row| &row.tool), longest(|row| &row.version));
    for place in &places {
        let at = (area.x + 1 + place.x, area.y);
        let draw = if place.column.on_the_right() { put_right } else { put_left };
        let title = if place.column == Bar && place.columns < 8 { "BAR" } else { place.column.title() };
        draw(buffer, theme, at, place.columns, title, theme.style(Tone::Quiet));
    }
    if model.order.is_empty() {
        let why = if model.rows.is_empty() { "nothing on this board yet" } else { "no row matches the filter" };
        put(buffer, theme, (area.x + 1, area.y + 1), room, why, theme.style(Tone::Quiet));
        return;
    }
    let shown = model.order.iter().skip(model.top).take(usize::from(area.height.saturating_sub(1)));
    for (y, row) in (area.y + 1..).zip(shown) {
        let row = &model.rows[*row];
        draw_row(buffer, theme, row, Rect::new(area.x + 1, y, room, 1), &places);
        if model.selected == Some(row.id) {
            put(buffer, theme, (area.x, y), 1, theme.glyphs.pointer, theme.style(Tone::Strong));
            theme.select(buffer, Rect::new(area.x, y, area.width, 1));
        }
    }
}

fn put_left(buffer: &mut Buffer, theme: &Theme, at: (u16, u16), columns: u16, text: &str, style: Style) {
    put(buffer, theme, at, columns, text, style);
}

fn draw_row(buffer: &mut Buffer, theme: &Theme, row: &Row, area: Rect, places: &[Placed]) {
    let noted = note_span(row, places);
    let style = theme.style(tone(row.standing));
    for place in places {
        let at = (area.x + place.x, area.y);
        if noted.is_some_and(|(x, columns)| place.x >= x && place.x < x + columns) {
            continue;
        }
        let text = cell(theme, row, place);
        let style = match place.column {
            State | Bar => style,
            Version | Elapsed => theme.style(Tone::Quiet),
            _ => theme.style(Tone::Plain),
        };
        let draw = if place.column.on_the_right() { put_right } else { put_left };
        draw(buffer, theme, at, place.columns, &text, style);
    }
    if let Some((x, columns)) = noted {
        put(buffer, theme, (area.x + x, area.y), columns, &row.note, style);
    }
}

fn cell(theme: &Theme, row: &Row, place: &Placed) -> String {
    match place.column {
        State => format!("{} {}", glyph(theme.glyphs, row.standing), row.standing.word()),
        Tool => row.tool.clone(),
        Version => row.version.clone(),
        Column::Phase => row.phase.clone().unwrap_or_default(),
        Bar if row.permille.is_none() && !row.standing.at_work() => String::new(),
        Bar => bar(theme, usize::from(place.columns), row.permille, row.beat),
        Percent => row.permille.map(percent).unwrap_or_default(),
        Size => row.size_bytes.or(row.done_bytes).map_or_else(|| row.counted.clone(), bytes),
        Rate => row.bytes_per_second.map(rate).unwrap_or_default(),
        Elapsed => row.elapsed_ms.map(if row.standing.over() { duration } else { seconds }).unwrap_or_default(),
        Left => row.left_ms.map(seconds).unwrap_or_default(),
    }
}

/// The place of the row's note: from the phase (or the bar) over as many columns as it needs, never over the time.
fn note_span(row: &Row, places: &[Placed]) -> Option<(u16, u16)> {
    if row.note.is_empty() {
        return None;
    }
    let wanted = u16::try_from(width(&row.note)).unwrap_or(u16::MAX);
    let from = places.iter().find(|place| place.column >= Column::Phase)?;
    let mut columns = from.columns;
    for place in places.iter().filter(|place| place.column > from.column && place.column < Elapsed) {
        if columns >= wanted {
            break;
        }
        columns = place.x + place.columns - from.x;
    }
    Some((from.x, columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(room: u16) -> Vec<Column> {
        placed(room, 10, 8).iter().map(|place| place.column).collect()
    }

    #[test]
    fn a_narrow_screen_loses_the_rate_then_the_time_left_then_the_phase() {
        assert_eq!(shown(99), ALL);
        assert!(!shown(79).contains(&Rate) && shown(79).contains(&Left));
        assert!(!shown(72).contains(&Left) && shown(72).contains(&Column::Phase));
        assert!(!shown(62).contains(&Column::Phase));
        assert_eq!(shown(39), [State, Tool, Bar, Percent]);
    }

    #[test]
    fn columns_never_leave_their_room() {
        for room in 39..=250 {
            for longest in [0, 8, 300] {
                let places = placed(room, longest, longest);
                let last = places.last().expect("there is always a column");
                assert!(last.x + last.columns <= room, "{room}");
            }
        }
    }
}
