//! The table, which is also the timeline: a row per slot, its lane on the common time axis, its numbers at the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use vx_shm::SlotView;
use vx_status::appearance::Hue;
use vx_status::mark::{glyph, tone};
use vx_status::slot::{cached_bytes, download_entry, entry_ends_ns};
use vx_status::standing::Standing;
use vx_status::turn_facts::TurnFacts;
use vx_status::vocabulary::{self, Phases};
use vx_text::units::{bytes, dollars, rate, seconds, short_count, tenths};

use super::fold::fold;
use super::lane::{LaneWidget, heading, lane};
use super::{bar, put, put_right};
use crate::model::{Model, Number, SlotRow, Sort, TableLine};
use crate::theme::{Styles, Theme, Tone};

/// Words cut to fewer cells are unreadable.
const LEAST_WORDS: u16 = 6;

/// Draw the titles and the rows in view.
pub(crate) fn grid(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    titles(buffer, theme, model, area);
    if model.lines.is_empty() {
        let why = if model.rows.is_empty() { "nothing on this board yet" } else { "no row matches the filter" };
        let at = (area.x + 3, area.y + 1);
        put(buffer, theme, at, area.width.saturating_sub(3), why, theme.style(Tone::Quiet));
        return;
    }
    let shown = model.lines.iter().enumerate().skip(model.top).take(usize::from(area.height.saturating_sub(1)));
    let selected = model.selected_place();
    for (y, (place, line)) in (area.y + 1..).zip(shown) {
        let area = Rect::new(area.x, y, area.width, 1);
        match line {
            TableLine::Row(row) => {
                let Some(slot) = model.snapshot.slots.get(*row) else { continue };
                draw_row(buffer, theme, model, (slot, &model.rows[*row]), area);
            }
            TableLine::Fold { group, rows, more } => fold(buffer, theme, model, (*group, rows, *more), area),
        }
        if selected == Some(place) {
            theme.select(buffer, area);
            put(buffer, theme, (area.x, y), 1, theme.glyphs.pointer, theme.style(Tone::Busy));
        }
    }
}

/// Draw the titles, which share their line with the axis.
fn titles(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let (columns, quiet) = (&model.columns, theme.style(Tone::Quiet));
    let sorted = |by: Sort| if model.sort == by { theme.glyphs.sorted } else { "" };
    let noun = format!("{}{}", model.kinds.noun(), sorted(Sort::Name));
    put(buffer, theme, (area.x + 1, area.y), 1, sorted(Sort::Standing), theme.style(Tone::Busy));
    put(buffer, theme, (area.x + 3, area.y), columns.name, &noun, quiet);
    if !columns.bar && !model.rows.is_empty() {
        let word = if model.playback.is_some() { "here" } else { "now" };
        heading(buffer, theme, &model.axis, word, Rect::new(area.x + columns.lane_x, area.y, columns.lane, 1));
    }
    for (number, x, wide) in &columns.numbers {
        let arrow = if *number == Number::Size { sorted(Sort::Size) } else { "" };
        put_right(buffer, theme, (area.x + x, area.y), *wide, &format!("{}{arrow}", number.title(model.kinds)), quiet);
    }
}

fn draw_row(buffer: &mut Buffer, theme: &Theme, model: &Model, (slot, row): (&SlotView, &SlotRow), area: Rect) {
    let columns = &model.columns;
    let (x, y) = (area.x, area.y);
    put(buffer, theme, (x + 1, y), 1, mark(theme, slot, row), theme.style(mark_tone(slot, row)));
    let name_style = theme.style(match row.standing {
        Standing::Failed | Standing::Died => Tone::Bad,
        Standing::Lost | Standing::Stalled | Standing::Silent | Standing::Slow | Standing::Waiting => Tone::Warning,
        standing if standing.over() || standing == Standing::Queued => Tone::Quiet,
        _ if row.is_unwell => Tone::Warning,
        _ => Tone::Plain,
    });
    let indent = if row.is_part { 2 } else { 0 };
    if row.is_part {
        put(buffer, theme, (x + 3, y), 1, theme.glyphs.child, theme.style(Tone::Faint));
    }
    put(buffer, theme, (x + 3 + indent, y), columns.name - indent, &row.tool, name_style);
    put(buffer, theme, (x + 4 + columns.name, y), columns.version, &row.version, theme.style(Tone::Quiet));
    let free = numbers(buffer, theme, model, (slot, row), area);
    let at = (x + columns.lane_x, y);
    let words_at = if columns.bar {
        plain_bar(buffer, theme, row, Rect::new(at.0, at.1, columns.lane, 1))
    } else {
        let selected = model.selected == Some(row.id);
        let now_ns = model.snapshot.taken_at_ns;
        let stalls = model.stalls.slot_stalls(row.id);
        lane(buffer, theme, LaneWidget { slot, row, axis: &model.axis, stalls, now_ns, selected }, at)
    };
    let hatched = matches!(row.standing, Standing::Stalled | Standing::Silent | Standing::Waiting);
    let inside = !columns.bar && (hatched || row.asks);
    words(buffer, theme, (slot, row, columns.bar), at, (words_at, free, inside));
}

fn mark(theme: &Theme, slot: &SlotView, row: &SlotRow) -> &'static str {
    match () {
        () if row.asks => theme.glyphs.waiting,
        () if is_calm(slot, row) => theme.glyphs.working,
        () => glyph(theme.glyphs, row.standing),
    }
}

fn mark_tone(slot: &SlotView, row: &SlotRow) -> Tone {
    match row.standing {
        Standing::Done => Tone::Past(Hue::Green),
        Standing::Queued | Standing::Skipped => Tone::Faint,
        Standing::Lost | Standing::Waiting => Tone::Warning,
        _ if is_calm(slot, row) => Tone::Good,
        _ if row.is_unwell => Tone::Warning,
        standing => tone(standing),
    }
}

fn is_calm(slot: &SlotView, row: &SlotRow) -> bool {
    row.standing == Standing::Running && slot.phase().meaning().calm && !row.is_unwell
}

/// Draw a bar in place of the lane, on a narrow screen. Returns the cell where words may begin.
fn plain_bar(buffer: &mut Buffer, theme: &Theme, row: &SlotRow, area: Rect) -> u16 {
    // A service or a turn gets a word in place of a bar: it has no end to approach.
    if !row.standing.at_work() || !row.note.is_empty() || row.is_service || row.turn.is_some() {
        return 0;
    }
    let text = bar(theme, usize::from(area.width), row.permille, row.beat);
    put(buffer, theme, (area.x, area.y), area.width, &text, theme.style(tone(row.standing)));
    area.width
}

/// Draw the numbers. Returns the cell of the lane up to which words may go: over the first numbers that are empty.
fn numbers(buffer: &mut Buffer, theme: &Theme, model: &Model, (slot, row): (&SlotView, &SlotRow), area: Rect) -> u16 {
    let columns = &model.columns;
    let dim = row.standing.over() || row.standing == Standing::Queued;
    let mut free = columns.lane_x + columns.lane;
    for (number, x, wide) in &columns.numbers {
        let text = value(model, slot, row, *number);
        if text.is_empty() && free + 2 == *x {
            free = x + wide;
        }
        let quiet = dim || matches!(number, Number::Time | Number::Usual);
        let is_bad = *number == Number::Build && row.has_bad_build;
        let style = theme.style(if is_bad {
            Tone::Bad
        } else if quiet {
            Tone::Quiet
        } else {
            Tone::Plain
        });
        put_right(buffer, theme, (area.x + x, area.y), *wide, &text, style);
    }
    free - columns.lane_x
}

fn value(model: &Model, slot: &SlotView, row: &SlotRow, number: Number) -> String {
    let live = row.standing.at_work();
    let has_failed = matches!(row.standing, Standing::Failed | Standing::Died);
    let turn = |count: fn(&TurnFacts) -> u64| row.turn.as_ref().map(count).filter(|count| *count > 0);
    let text = match number {
        Number::Percent => row.permille.filter(|_| live).map(percent),
        Number::Port => row.port.map(|port| format!(":{port}")),
        Number::Restarts => (row.restarts > 0).then(|| row.restarts.to_string()),
        Number::Processor => row.usage.and_then(|usage| usage.processor_permille).map(processor),
        Number::Memory => row.usage.map(|usage| bytes(usage.memory_bytes)),
        Number::Build => Some(row.build.clone()),
        Number::Messages => turn(|turn| turn.messages).map(short_count),
        Number::Tools => turn(|turn| turn.tools).map(short_count),
        Number::Tokens => turn(|turn| turn.tokens).map(short_count),
        Number::Cost => row.turn.as_ref().and_then(|turn| turn.cost_micros).map(dollars),
        Number::Up => row.elapsed_ms.filter(|_| live).map(seconds),
        // The words of a failure matter more than the bytes received.
        Number::Size if has_failed && usize::from(model.columns.lane) < row.note.len() * 2 => None,
        Number::Size => row.size_bytes.or(row.done_bytes).map(bytes).or_else(|| Some(row.counted.clone())),
        Number::Rate if model.is_over() => mean_rate(slot).map(rate),
        Number::Rate => row.bytes_per_second.map(rate),
        Number::Time if row.is_service && live => row.elapsed_ms.map(seconds),
        Number::Time => row.elapsed_ms.map(tenths),
        Number::Left => row.left_ms.map(|ms| format!("~{}", seconds(ms))),
        Number::Usual => model.expectations.usual_ms(slot).map(tenths),
    };
    text.unwrap_or_default()
}

/// A share of one processor, which several may exceed.
fn processor(permille: u32) -> String {
    if permille < 100 { format!("{}.{} %", permille / 10, permille % 10) } else { format!("{} %", permille / 10) }
}

fn percent(permille: u16) -> String {
    if permille >= 1000 { "100%".to_owned() } else { format!("{} %", permille / 10) }
}

/// The bytes that a finished download received over the time it took.
fn mean_rate(slot: &SlotView) -> Option<u64> {
    let entry = download_entry(slot)?;
    let received = entry.done.checked_sub(cached_bytes(slot)).filter(|received| *received > 0)?;
    let ends_ns = entry_ends_ns(slot, entry)?;
    let took_ms = ends_ns.saturating_sub(entry.entered_at_ns) / 1_000_000;
    u64::try_from(u128::from(received) * 1000 / u128::from(took_ms.max(1))).ok()
}

/// Write the row's note into its lane, from the cell `from` to the cell `to`; if `inside` a stretch, with blanks around
/// it.
fn words(
    buffer: &mut Buffer,
    theme: &Theme,
    (slot, row, narrow): (&SlotView, &SlotRow, bool),
    (x, y): (u16, u16),
    (from, to, inside): (u16, u16, bool),
) {
    let ends = vocabulary::for_kind(slot.kind).ends;
    let text = match row.standing {
        Standing::Lost => "lost".to_owned(),
        Standing::Cancelled => ends.cancelled.to_owned(),
        Standing::Slow if row.note.is_empty() => "slow".to_owned(),
        Standing::Done if row.is_service => ends.done.to_owned(),
        _ if row.note.is_empty() && narrow && (row.is_service || row.turn.is_some()) => {
            row.phase.clone().unwrap_or_default()
        }
        _ if row.note.is_empty() => return,
        _ => row.note.clone(),
    };
    let text = if inside { format!(" {text} ") } else { text };
    let long = u16::try_from(vx_text::width(&text)).unwrap_or(u16::MAX);
    // Near the right end, words overwrite the lane as far as they need, at most half of it; a question may take more.
    let start = if from == 0 || inside { from } else { from + 1 };
    let most = if row.asks { to - to / 4 } else { to / 2 };
    let start = start.min(to.saturating_sub(long.saturating_add(1).min(most)));
    let room = to.saturating_sub(start + 1);
    if room >= LEAST_WORDS.min(long) {
        put(buffer, theme, (x + start, y), room, &text, words_style(theme, row));
    }
}

fn words_style(theme: &Theme, row: &SlotRow) -> Style {
    let tone = match row.standing {
        Standing::Queued | Standing::Skipped | Standing::Cancelled | Standing::Done => Tone::Quiet,
        Standing::Lost | Standing::Waiting => Tone::Warning,
        _ if row.is_unwell => Tone::Warning,
        standing => tone(standing),
    };
    theme.style(tone).remove_modifier(ratatui::style::Modifier::BOLD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_status::fixture::done;

    #[test]
    fn a_download_that_is_over_has_the_mean_of_its_rate() {
        // From second 101 to second 105.4.
        assert_eq!(mean_rate(&done(0, "go", "1", 4_400_000, 106.0)), Some(1_000_000));
        assert_eq!(mean_rate(&SlotView::default()), None);
    }

    #[test]
    fn a_share_has_room_for_all_of_it() {
        assert_eq!([0, 570, 999, 1000].map(percent), ["0 %", "57 %", "99 %", "100%"]);
    }
}
