//! The last row: the text being typed, the last notice, or the keys that work here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use unicode_segmentation::UnicodeSegmentation;
use vx_status::text::width;

use super::put;
use crate::model::{Mode, Model};
use crate::theme::{Styles, Theme, Tone};

/// Draw the footer; `keys` are pairs of key and meaning, the most useful first. Those that do not fit are left out.
pub(crate) fn footer(buffer: &mut Buffer, theme: &Theme, model: &Model, keys: &[(String, &str)], area: Rect) {
    let at = (area.x, area.y);
    let typing = match model.mode {
        Mode::Filtering => Some("show only: "),
        Mode::Searching => Some("find in log: "),
        _ => None,
    };
    if let Some(label) = typing {
        let label_taken = put(buffer, theme, at, area.width, label, theme.style(Tone::Strong));
        typed(buffer, theme, model, Rect::new(area.x + label_taken, area.y, area.width - label_taken, 1));
        return;
    }
    if let Some(text) = model.trouble.as_deref().or(model.notice.as_deref()) {
        put(buffer, theme, at, area.width, text, theme.style(Tone::Warning));
        return;
    }
    let mut x = area.x;
    for (key, meaning) in keys {
        let taken = u16::try_from(width(key) + 1 + width(meaning)).unwrap_or(u16::MAX);
        if taken > area.right().saturating_sub(x) {
            break;
        }
        x += put(buffer, theme, (x, area.y), area.right() - x, key, theme.style(Tone::Strong)) + 1;
        x += put(buffer, theme, (x, area.y), area.right().saturating_sub(x), meaning, theme.style(Tone::Quiet)) + 2;
    }
}

/// The typed text, scrolled so that the cursor is in view: an underscore at the end, a reversed character elsewhere.
fn typed(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let at = model.typed.char_indices().nth(model.typed_at).map_or(model.typed.len(), |(at, _)| at);
    let (before, behind) = model.typed.split_at(at);
    let room = usize::from(area.width.saturating_sub(2));
    let mut shown = before;
    while width(shown) > room {
        let mut characters = shown.chars();
        characters.next();
        shown = characters.as_str();
    }
    let plain = theme.style(Tone::Plain);
    let mut x = area.x + put(buffer, theme, (area.x, area.y), area.width, shown, plain);
    match behind.graphemes(true).next() {
        None => drop(put(buffer, theme, (x, area.y), 1, "_", theme.style(Tone::Quiet))),
        Some(next) => {
            x += put(buffer, theme, (x, area.y), 2, next, plain.add_modifier(Modifier::REVERSED));
            let room = area.right().saturating_sub(x);
            put(buffer, theme, (x, area.y), room, &behind[next.len()..], plain);
        }
    }
}
