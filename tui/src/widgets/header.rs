//! The header with the sums over the whole board: title, progress, rate, time left.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vx_status::source::Position;
use vx_status::standing::Standing;
use vx_status::sums::{state, summary};
use vx_status::text::width;

use super::{bar, put, put_right};
use crate::model::Model;
use crate::theme::{Styles, Theme, Tone};

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

/// The whole board in one line, for a screen too small for more: the sums, then the worst failure or the work in
/// progress.
pub(crate) fn one_line(theme: &Theme, model: &Model) -> String {
    let sums = format!("{}/{}", model.totals.over, model.totals.all);
    let worst = model.rows.iter().filter(|row| row.standing.bad()).min_by_key(|row| row.standing);
    let busy = model.rows.iter().filter(|row| row.standing.at_work()).min_by_key(|row| (row.standing, row.permille));
    let Some(row) = worst.or(busy) else {
        return format!("{sums} {}", state(&model.totals).0);
    };
    let share = row.permille.filter(|_| row.standing == Standing::Running).map(vx_status::units::percent);
    let what = share.unwrap_or_else(|| row.standing.word().to_owned());
    format!("{sums} {} {} {what}", theme.glyphs.dot, row.tool)
}
