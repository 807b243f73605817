//! The header with the sums over the whole board: title, progress, rate, time left.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vx_shm::BoardState;

use super::{bar, put, put_right};
use crate::model::{Model, Standing, TimeLeft, Totals};
use crate::source::Position;
use crate::text::{bytes, duration, rate, seconds, width};
use crate::theme::{Theme, Tone};

const BAR_COLUMNS: u16 = 24;

/// The header: two rows, or one that holds the most important of both.
pub(crate) fn header(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let (state, tone) = state(&model.totals);
    let word = &state_text(state, model.playback);
    let taken = u16::try_from(width(word)).unwrap_or_default();
    let room = area.width.saturating_sub(taken + 1);
    let title = title(model);
    put(buffer, theme, (area.x, area.y), room, &title, theme.style(Tone::Strong));
    if area.height < 2 {
        let beside = u16::try_from(width(&title)).unwrap_or(u16::MAX).saturating_add(2);
        let room = room.saturating_sub(beside);
        let sums = summary(theme, &model.totals, usize::from(room));
        put(buffer, theme, (area.x.saturating_add(beside), area.y), room, &sums, theme.style(Tone::Plain));
    }
    put_right(buffer, theme, (area.x, area.y), area.width, word, theme.style(tone));
    if area.height >= 2 {
        let columns = BAR_COLUMNS.min(area.width / 4);
        let drawn = bar(theme, usize::from(columns), Some(model.totals.permille), 0);
        put(buffer, theme, (area.x, area.y + 1), columns, &drawn, theme.style(tone));
        let rest = area.width.saturating_sub(columns + 1);
        let sums = summary(theme, &model.totals, usize::from(rest));
        put(buffer, theme, (area.x + columns + 1, area.y + 1), rest, &sums, theme.style(Tone::Plain));
    }
}

fn title(model: &Model) -> String {
    match model.snapshot.board.title.as_str() {
        "" => "vx".to_owned(),
        title => format!("vx {title}"),
    }
}

/// The state of the board, with the position in its recording.
fn state_text(state: &str, playback: Option<Position>) -> String {
    let Some(at) = playback else { return state.to_owned() };
    // In a short run, a tenth of a second is a long time.
    let moment = |ms: u64| match at.length_ms {
        ..10_000 => format!("{}.{:02} s", ms / 1000, ms % 1000 / 10),
        _ => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    };
    let speed = match at.speed_percent {
        whole if whole % 100 == 0 => format!("x{}", whole / 100),
        part => format!("x{}.{:02}", part / 100, part % 100),
    };
    let doing = match at {
        Position { cut_off: true, .. } => "cut off here",
        Position { paused: true, .. } => "paused",
        _ if at.at_ms >= at.length_ms => "at its end",
        _ => "replay",
    };
    format!("{state}  {doing} {} of {} {speed}", moment(at.at_ms), moment(at.length_ms))
}

/// The state of the board as a whole.
fn state(totals: &Totals) -> (&'static str, Tone) {
    match totals.state {
        _ if totals.orphaned => ("its parent is gone", Tone::Bad),
        Some(BoardState::Done) => ("done", Tone::Good),
        Some(BoardState::Failed) => ("failed", Tone::Bad),
        Some(BoardState::Cancelled) => ("cancelled", Tone::Warning),
        _ => ("running", Tone::Busy),
    }
}

/// The sums in one line: `7/12 · 1 failed · 120 MB of 445 MB · 34 MB/s · about 9 s left`. If they do not all fit, the
/// rate is left out first, then the bytes, then the time.
pub(crate) fn summary(theme: &Theme, totals: &Totals, columns: usize) -> String {
    const SHARE: u8 = 0;
    const TIME: u8 = 1;
    const BYTES: u8 = 2;
    const RATE: u8 = 3;
    let mut parts = vec![(SHARE, format!("{}/{}", totals.over, totals.all))];
    if totals.failed > 0 {
        parts.push((SHARE, format!("{} failed", totals.failed)));
    }
    match totals.total_bytes {
        Some(total) if total > totals.done_bytes => {
            parts.push((BYTES, format!("{} of {}", bytes(totals.done_bytes), bytes(total))))
        }
        _ if totals.done_bytes > 0 => parts.push((BYTES, bytes(totals.done_bytes))),
        _ => {}
    }
    parts.extend(totals.bytes_per_second.map(|per_second| (RATE, rate(per_second))));
    parts.extend(time(totals).map(|time| (TIME, time)));
    let joined = |least: u8| {
        let texts: Vec<&str> = parts.iter().filter(|part| part.0 <= least).map(|part| &*part.1).collect();
        texts.join(&format!(" {} ", theme.glyphs.dot))
    };
    [RATE, BYTES, TIME].map(joined).into_iter().find(|text| width(text) <= columns).unwrap_or_else(|| joined(SHARE))
}

/// The time left, or the time taken.
fn time(totals: &Totals) -> Option<String> {
    match totals.left {
        Some(left) => Some(time_left(left)),
        None if totals.over < totals.all => Some(format!("{} so far", seconds(totals.elapsed_ms))),
        None if totals.all > 0 && totals.orphaned => {
            Some(format!("last sign of life after {}", duration(totals.elapsed_ms)))
        }
        None if totals.all > 0 => Some(format!("in {}", duration(totals.elapsed_ms))),
        None => None,
    }
}

/// An estimate in words, with the number of runs behind it: `about 12 s left, 5 runs`.
pub(crate) fn time_left(left: TimeLeft) -> String {
    let about = format!("about {} left", seconds(left.ms));
    match left.runs {
        0 => about,
        1 => format!("{about}, 1 run"),
        runs => format!("{about}, {runs} runs"),
    }
}

/// The whole board in one line, for a screen too small for more: the sums, then the worst failure or the work in
/// progress.
pub(crate) fn one_line(theme: &Theme, model: &Model) -> String {
    let sums = format!("{}/{}", model.totals.over, model.totals.all);
    let worst = model.rows.iter().filter(|row| row.standing.bad()).min_by_key(|row| row.standing);
    let busy = model.rows.iter().filter(|row| row.standing.at_work()).min_by_key(|row| (row.standing, row.permille));
    let Some(row) = worst.or(busy) else {
        return format!("{sums} {}", state(&model.totals).0);
    };
    let share = row.permille.filter(|_| row.standing == Standing::Running).map(crate::text::percent);
    let what = share.unwrap_or_else(|| row.standing.word().to_owned());
    format!("{sums} {} {} {what}", theme.glyphs.dot, row.tool)
}
