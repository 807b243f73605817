//! What holds for the whole board: its title, how far it is, how fast, how long still.

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
    let word = &told(state, model.playback);
    let taken = u16::try_from(width(word)).unwrap_or_default();
    let room = area.width.saturating_sub(taken + 1);
    let title = title(model);
    put(buffer, theme, (area.x, area.y), room, &title, theme.style(Tone::Strong));
    if area.height < 2 {
        let beside = u16::try_from(width(&title)).unwrap_or(u16::MAX).saturating_add(2);
        let sums = summary(theme, &model.totals);
        put(
            buffer,
            theme,
            (area.x.saturating_add(beside), area.y),
            room.saturating_sub(beside),
            &sums,
            theme.style(Tone::Plain),
        );
    }
    put_right(buffer, theme, (area.x, area.y), area.width, word, theme.style(tone));
    if area.height >= 2 {
        let columns = BAR_COLUMNS.min(area.width / 4);
        let drawn = bar(theme, usize::from(columns), Some(model.totals.permille), 0);
        put(buffer, theme, (area.x, area.y + 1), columns, &drawn, theme.style(tone));
        let sums = summary(theme, &model.totals);
        let rest = area.width.saturating_sub(columns + 1);
        put(buffer, theme, (area.x + columns + 1, area.y + 1), rest, &sums, theme.style(Tone::Plain));
    }
}

fn title(model: &Model) -> String {
    match model.snapshot.board.title.as_str() {
        "" => "vx".to_owned(),
        title => format!("vx {title}"),
    }
}

/// How the board stands, and where the recording of it is.
fn told(state: &str, playback: Option<Position>) -> String {
    let Some(at) = playback else { return state.to_owned() };
    // Of a short run a tenth of a second is much.
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

/// How the board as a whole stands.
fn state(totals: &Totals) -> (&'static str, Tone) {
    match totals.state {
        _ if totals.orphaned => ("its parent is gone", Tone::Bad),
        Some(BoardState::Done) => ("done", Tone::Good),
        Some(BoardState::Failed) => ("failed", Tone::Bad),
        Some(BoardState::Cancelled) => ("cancelled", Tone::Warning),
        _ => ("running", Tone::Busy),
    }
}

/// The sums in one line: `7/12 done · 1 failed · 120 MB of 445 MB · 34 MB/s · about 9 s left`.
pub(crate) fn summary(theme: &Theme, totals: &Totals) -> String {
    let mut parts = vec![format!("{}/{}", totals.over, totals.all)];
    if totals.failed > 0 {
        parts.push(format!("{} failed", totals.failed));
    }
    match totals.total_bytes {
        Some(total) if total > totals.done_bytes => {
            parts.push(format!("{} of {}", bytes(totals.done_bytes), bytes(total)))
        }
        _ if totals.done_bytes > 0 => parts.push(bytes(totals.done_bytes)),
        _ => {}
    }
    parts.extend(totals.bytes_per_second.map(rate));
    match totals.left {
        Some(left) => parts.push(time_left(left)),
        None if totals.over < totals.all => parts.push(format!("{} so far", seconds(totals.elapsed_ms))),
        None if totals.all > 0 && totals.orphaned => {
            parts.push(format!("last sign of life after {}", duration(totals.elapsed_ms)));
        }
        None if totals.all > 0 => parts.push(format!("in {}", duration(totals.elapsed_ms))),
        None => {}
    }
    parts.join(&format!(" {} ", theme.glyphs.dot))
}

/// An estimate in words, with what it rests on: `about 12 s left, 5 runs`.
pub(crate) fn time_left(left: TimeLeft) -> String {
    let about = format!("about {} left", seconds(left.ms));
    match left.runs {
        0 => about,
        1 => format!("{about}, 1 run"),
        runs => format!("{about}, {runs} runs"),
    }
}

/// The whole board in one line, for a screen too small for more: the sums, then what is being worked on or went wrong.
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
