//! The last row: the text being typed, the last notice, or the keys that work here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use unicode_segmentation::UnicodeSegmentation;
use vx_status::vocabulary::{Phase, Phases};
use vx_text::width;

use super::put;
use crate::model::{Mode, Model};
use crate::theme::{Styles, Theme, Tone};

/// Draw the footer; `keys` are pairs of key and meaning, the most useful first. Pairs that don't fit are left out.
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
    let mut x = area.x + 1;
    for (key, meaning) in keys {
        let taken = u16::try_from(width(key) + 1 + width(meaning)).unwrap_or(u16::MAX);
        if taken > area.right().saturating_sub(x) {
            break;
        }
        let style = theme.style(Tone::Busy).add_modifier(Modifier::BOLD);
        x += put(buffer, theme, (x, area.y), area.right() - x, key, style) + 1;
        x += put(buffer, theme, (x, area.y), area.right().saturating_sub(x), meaning, theme.style(Tone::Quiet)) + 3;
    }
    if !model.columns.bar {
        legend(buffer, theme, model, Rect::new(x, area.y, area.right().saturating_sub(x), 1));
    }
}

/// Draw the meaning of the lanes' letters at the right end, if there is room for all.
fn legend(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let in_view = model.lines.iter().skip(model.top).take(model.areas().table_rows());
    let slots = in_view.filter_map(|line| model.snapshot.slots.get(line.row()?));
    let entries = slots.flat_map(Phases::phases);
    let mut phases: Vec<Phase> = Vec::new();
    for phase in entries.map(|entry| entry.phase).filter(|phase| phase.meaning().work) {
        if !phases.iter().any(|known| known.name() == phase.name()) {
            phases.push(phase);
        }
    }
    phases.sort();
    let wide = |phase: &Phase| u16::try_from(phase.name().len()).unwrap_or(u16::MAX).saturating_add(4);
    let all = phases.iter().map(wide).fold(0, u16::saturating_add);
    if all + 2 > area.width {
        return;
    }
    let mut x = area.right() - all;
    for phase in &phases {
        let style = theme.style(Tone::Live(phase.meaning().hue)).add_modifier(Modifier::BOLD);
        put(buffer, theme, (x, area.y), 1, phase.letter(), style);
        put(buffer, theme, (x + 2, area.y), wide(phase), phase.name(), theme.style(Tone::Quiet));
        x += wide(phase);
    }
}

/// Draw the typed text, scrolled so that the cursor is in view: an underscore at the end, a reversed character
/// elsewhere.
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
