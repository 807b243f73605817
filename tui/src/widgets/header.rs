//! The header: the title, a bar for the whole run, and its sums in words that keep their places.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vx_status::estimate::in_seconds;
use vx_status::source::PlaybackPosition;
use vx_status::standing::Standing;
use vx_status::sums::state;
use vx_text::units::{bytes, rate, seconds, tenths};
use vx_text::{fitted, padded_left, width};

use super::{fill, meter, put};
use crate::model::Model;
use crate::theme::{Styles, Theme, Tone};

/// A bar of fewer columns would be too coarse to read.
const LEAST_BAR: u16 = 8;
/// Blanks between two parts.
const BETWEEN: u16 = 3;
/// Columns of a rate and of a time left, so that neither moves with its number.
const PLACE: usize = 10;

/// The words of one sum, and its rank: a narrow screen leaves out the highest ranks first.
struct Sum {
    text: String,
    tone: Tone,
    dropped: u8,
}

/// Draw the header.
pub(crate) fn header(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let mut sums = sums(model);
    let title = fitted(title(model), usize::from(area.width / 3), theme.glyphs.cut);
    let titled = u16::try_from(width(&title)).unwrap_or(u16::MAX);
    let room = area.width.saturating_sub(1 + titled + 2 + LEAST_BAR);
    while taken(&sums) > room {
        let least = sums.iter().map(|sum| sum.dropped).max().unwrap_or_default();
        let Some(place) = sums.iter().rposition(|sum| sum.dropped == least).filter(|_| least > 0) else { break };
        sums.remove(place);
    }
    put(buffer, theme, (area.x + 1, area.y), area.width.saturating_sub(1), &title, theme.style(Tone::Strong));
    let bar_x = area.x + 1 + titled + 2;
    let columns = area.right().saturating_sub(bar_x + taken(&sums));
    whole(buffer, theme, model, (bar_x, area.y), columns);
    let mut x = bar_x + columns;
    for sum in &sums {
        x += if x == bar_x + columns { 2 } else { BETWEEN };
        x += put(buffer, theme, (x, area.y), area.right().saturating_sub(x), &sum.text, theme.style(sum.tone));
    }
}

/// The columns of the sums, with blanks before each and one after all.
fn taken(sums: &[Sum]) -> u16 {
    let words = sums.iter().map(|sum| u16::try_from(width(&sum.text)).unwrap_or(u16::MAX).saturating_add(BETWEEN));
    words.fold(0u16, u16::saturating_add)
}

/// Draw the bar for the whole run; after an end with failures, the part that ended well, and the rest.
fn whole(buffer: &mut Buffer, theme: &Theme, model: &Model, (x, y): (u16, u16), columns: u16) {
    let totals = &model.totals;
    if totals.all == 0 {
        return;
    }
    let (_, tone) = state(totals);
    if totals.is_of_services() {
        let ready = u16::try_from(totals.ready * 1000 / totals.services).unwrap_or(1000);
        return meter(buffer, theme, (x, y), columns, ready, if ready == 1000 { Tone::Good } else { Tone::Busy });
    }
    if !model.is_over() {
        let tone = if totals.orphaned { tone } else { Tone::Busy };
        meter(buffer, theme, (x, y), columns, totals.permille, tone);
        return;
    }
    let good = u16::try_from(usize::from(columns) * totals.good / totals.all).unwrap_or(columns);
    let rest = if totals.failed + totals.lost > 0 { Tone::Bad } else { Tone::Warning };
    fill(buffer, (x, y), good, theme.glyphs.filled, theme.style(Tone::Good));
    let glyph = if theme.palette.is_some() { theme.glyphs.filled } else { theme.glyphs.empty };
    fill(buffer, (x + good, y), columns - good, glyph, theme.style(rest));
}

fn title(model: &Model) -> &str {
    match model.snapshot.board.title.as_str() {
        "" => "vx",
        title => title,
    }
}

/// The sums: how many are done, what needs attention, bytes, rate, time.
fn sums(model: &Model) -> Vec<Sum> {
    let totals = &model.totals;
    let count = |wanted: &dyn Fn(Standing) -> bool| model.rows.iter().filter(|row| wanted(row.standing)).count();
    let still = count(&|standing| matches!(standing, Standing::Stalled | Standing::Silent));
    let (failed, lost) = (totals.failed, totals.lost);
    let mut sums = Vec::new();
    let mut add = |text: String, tone, dropped| sums.push(Sum { text, tone, dropped });
    if let Some(at) = model.playback {
        add(playback(at), Tone::Busy, 0);
    }
    let done = match model.is_over() {
        true => format!("{} of {} {}", totals.good, totals.all, model.kinds.good()),
        false => format!("{} of {}", totals.good, totals.all),
    };
    let ready = format!("{} of {} ready", totals.ready, totals.services);
    let done = if totals.is_of_services() { ready.clone() } else { done };
    let some_bad = failed + lost > 0;
    if !(model.is_over() && some_bad) {
        add(done.clone(), Tone::Strong, 0);
    }
    let words = [
        (failed, "failed", Tone::Bad),
        (lost, "lost", Tone::Warning),
        (still, "stalled", Tone::Warning),
        (totals.asking, if totals.asking == 1 { "waits for you" } else { "wait for you" }, Tone::Warning),
        (totals.cancelled, if totals.is_of_services() { "stopped" } else { "cancelled" }, Tone::Warning),
    ];
    if totals.services > 0 && !totals.is_of_services() {
        add(ready, Tone::Plain, 1);
    }
    for (number, word, tone) in words.into_iter().filter(|(number, ..)| *number > 0) {
        add(format!("{number} {word}"), tone, 0);
    }
    if model.is_over() && some_bad {
        add(done, Tone::Plain, 1);
    }
    if totals.orphaned {
        add("its parent is gone".to_owned(), Tone::Bad, 1);
    }
    match totals.total_bytes {
        Some(total) if total > totals.done_bytes => add(part_of(totals.done_bytes, total), Tone::Plain, 3),
        _ if totals.done_bytes > 0 => add(bytes(totals.done_bytes), Tone::Plain, 3),
        _ => {}
    }
    if let Some(per_second) = totals.bytes_per_second {
        add(in_place(&rate(per_second)), Tone::Plain, 4);
    }
    let time = match totals.left {
        Some(left) => in_place(&format!("~{} left", seconds(in_seconds(left.ms)))),
        None if totals.orphaned && model.is_over() => format!("last sign of life after {}", tenths(totals.elapsed_ms)),
        None if model.is_over() => tenths(totals.elapsed_ms),
        None => format!("{} so far", seconds(totals.elapsed_ms)),
    };
    if totals.all > 0 {
        add(time, Tone::Plain, 2);
    }
    sums
}

/// A number, aligned right in its place; a longer number takes more columns.
fn in_place(text: &str) -> String {
    padded_left(text, PLACE.max(width(text)), "")
}

/// Bytes of a total, with one unit where both have the same: `231.8 of 287.0 MB`.
fn part_of(done: u64, total: u64) -> String {
    let (done, total) = (bytes(done), bytes(total));
    match (done.split_once(' '), total.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} of {total}"),
        _ => format!("{done} of {total}"),
    }
}

/// The position in a recording.
fn playback(at: PlaybackPosition) -> String {
    // In a short run, a tenth of a second is a long time.
    let moment = |ms: u64| match at.length_ms {
        ..10_000 => format!("{}.{:02}", ms / 1000, ms % 1000 / 10),
        _ => format!("{}.{}", ms / 1000, ms % 1000 / 100),
    };
    let speed = match at.speed_percent {
        whole if whole % 100 == 0 => format!("x{}", whole / 100),
        part => format!("x{}.{:02}", part / 100, part % 100),
    };
    let doing = match at {
        PlaybackPosition { cut_off: true, .. } => "cut off here",
        PlaybackPosition { paused: true, .. } => "paused",
        _ if at.at_ms >= at.length_ms => "at its end",
        _ => "replay",
    };
    format!("{doing} {} of {} s {speed}", moment(at.at_ms), moment(at.length_ms))
}

/// Sum up the whole board in one line, for a screen too small for more: the sums, then the worst failure or the work in
/// progress.
pub(crate) fn one_line(theme: &Theme, model: &Model) -> String {
    let sums = format!("{}/{}", model.totals.good, model.totals.all);
    let worst = model.rows.iter().filter(|row| row.standing.bad()).min_by_key(|row| row.standing);
    let busy = model.rows.iter().filter(|row| row.standing.at_work()).min_by_key(|row| (row.standing, row.permille));
    let Some(row) = worst.or(busy) else {
        return format!("{sums} {}", state(&model.totals).0);
    };
    let share = row.permille.filter(|_| row.standing == Standing::Running).map(vx_text::units::percent);
    let what = share.unwrap_or_else(|| row.standing.word().to_owned());
    format!("{sums} {} {} {what}", theme.glyphs.dot, row.tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_longer_than_its_place_is_whole() {
        assert_eq!([in_place("~9 s left"), in_place("~1m15s left")], [" ~9 s left", "~1m15s left"]);
    }

    #[test]
    fn two_amounts_in_one_unit_have_it_once() {
        assert_eq!(part_of(231_800_000, 287_000_000), "231.8 of 287.0 MB");
        assert_eq!(part_of(900_000, 287_000_000), "900.0 kB of 287.0 MB");
    }
}
