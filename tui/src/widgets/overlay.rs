//! Overlays: the list of keys, the question how to leave, and the list of boards to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::widgets::{Clear, Widget};
use vx_status::vocabulary::plural_of;
use vx_text::{padded, width};

use super::{put, row_of};
use crate::theme::{Styles, Theme, Tone};

/// Draw an empty box with a title in the middle of `area`. Returns the area inside.
fn boxed(buffer: &mut Buffer, theme: &Theme, area: Rect, title: &str, columns: u16, rows: u16) -> Rect {
    let wide = columns.saturating_add(4).min(area.width);
    let high = rows.saturating_add(2).min(area.height);
    let outer = Rect::new(area.x + (area.width - wide) / 2, area.y + (area.height - high) / 2, wide, high);
    Clear.render(outer, buffer);
    let rule = theme.glyphs.line.repeat(usize::from(wide));
    for y in [outer.top(), outer.bottom().saturating_sub(1)] {
        put(buffer, theme, (outer.x, y), wide, &rule, theme.style(Tone::Quiet));
    }
    put(
        buffer,
        theme,
        (outer.x + 1, outer.y),
        wide.saturating_sub(2),
        &format!(" {title} "),
        theme.style(Tone::Strong),
    );
    Rect::new(outer.x + 2, outer.y + 1, wide.saturating_sub(4), high.saturating_sub(2))
}

/// Draw the keys that work, with their meaning, from index `top` on; `scroll` names the keys that move through the
/// list.
pub(crate) fn help(buffer: &mut Buffer, theme: &Theme, area: Rect, keys: &[(String, &str)], top: usize, scroll: &str) {
    if area.height < 3 || area.width < 12 {
        return;
    }
    let key_columns = keys.iter().map(|(key, _)| width(key)).max().unwrap_or_default();
    let columns = keys.iter().map(|(_, meaning)| key_columns + 2 + width(meaning)).max().unwrap_or_default();
    let (columns, rows) = (u16::try_from(columns).unwrap_or(u16::MAX), u16::try_from(keys.len()).unwrap_or(u16::MAX));
    let inside = boxed(buffer, theme, area, "keys", columns, rows);
    let key_columns = u16::try_from(key_columns).unwrap_or(u16::MAX);
    let room = usize::from(inside.height);
    let shown = if keys.len() > room { room.saturating_sub(1) } else { room };
    let top = top.min(keys.len().saturating_sub(shown));
    for (number, (key, meaning)) in keys.iter().skip(top).take(shown).enumerate() {
        let Some(row) = row_of(inside, number) else { break };
        put(buffer, theme, (row.x, row.y), key_columns, key, theme.style(Tone::Strong));
        let x = row.x + key_columns + 2;
        put(buffer, theme, (x, row.y), row.right().saturating_sub(x), meaning, theme.style(Tone::Plain));
    }
    if let Some(row) = row_of(inside, shown) {
        let text = match keys.len() - shown - top {
            0 => format!("{top} more above: {scroll}"),
            below => format!("{below} more below: {scroll}"),
        };
        put(buffer, theme, (row.x, row.y), row.width, &text, theme.style(Tone::Quiet));
    }
}

/// Draw the question how to leave, with its answers as pairs of key and meaning.
///
pub(crate) fn leaving(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    (noun, at_work): (&'static str, usize),
    answers: &[(String, &str)],
) {
    if area.height < 3 || area.width < 12 {
        return;
    }
    let still = match at_work {
        0 => "The work is not over.".to_owned(),
        1 if noun == "service" => "1 service is at work.".to_owned(),
        more if noun == "service" => format!("{more} services are at work."),
        1 if noun != "work" => format!("1 {noun} is still being worked on."),
        more if noun != "work" => format!("{more} {} are still being worked on.", plural_of(noun)),
        more => format!("Work goes on in {more} {}.", if more == 1 { "row" } else { "rows" }),
    };
    let key_columns = answers.iter().map(|(key, _)| width(key)).max().unwrap_or_default();
    let mut lines = vec![still, String::new()];
    lines.extend(answers.iter().map(|(key, meaning)| format!("{}  {meaning}", padded(key, key_columns, ""))));
    let columns = lines.iter().map(|line| width(line)).max().unwrap_or_default();
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let inside = boxed(buffer, theme, area, "leave?", u16::try_from(columns).unwrap_or(u16::MAX), rows);
    for (number, line) in lines.iter().enumerate() {
        let Some(row) = row_of(inside, number) else { break };
        put(buffer, theme, (row.x, row.y), row.width, line, theme.style(Tone::Plain));
    }
}

/// Draw a list to choose from, with the selected line in view and reversed.
pub(crate) fn picker(buffer: &mut Buffer, theme: &Theme, area: Rect, title: &str, lines: &[String], selected: usize) {
    put(buffer, theme, (area.x, area.y), area.width, title, theme.style(Tone::Strong));
    let rows = usize::from(area.height.saturating_sub(1)).max(1);
    let first = (selected + 1).saturating_sub(rows);
    for (number, line) in lines.iter().skip(first).enumerate() {
        let Some(row) = row_of(area, number + 1) else { break };
        let chosen = first + number == selected;
        let mut style = theme.style(Tone::Plain);
        if chosen {
            style = style.add_modifier(Modifier::REVERSED);
            put(buffer, theme, (row.x, row.y), 1, theme.glyphs.pointer, theme.style(Tone::Strong));
        }
        put(buffer, theme, (row.x + 2, row.y), row.width.saturating_sub(2), line, style);
    }
}
