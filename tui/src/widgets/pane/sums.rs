//! The sums of a run that ended well: four numbers and the critical path, as on the run's timings page.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vx_status::export::{RunTimeline, critical_path};
use vx_status::slot::elapsed_ms;
use vx_status::standing::Standing;
use vx_status::vocabulary::Phase;
use vx_text::units::{bytes, tenths};
use vx_text::width;

use crate::model::Model;
use crate::theme::{Styles, Theme, Tone};
use crate::widgets::{fill, put};

/// Columns of one number with its words, at least and at most.
const CARD: (u16, u16) = (18, 30);
/// Rows of one number with its words, and a blank one.
const CARD_ROWS: u16 = 4;

/// A stretch of the critical path: a name, its phase, and the time in milliseconds.
type Step = (String, Phase, u64);

pub(super) fn draw(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let cards = cards(model);
    let across = (area.width / CARD.0).clamp(1, u16::try_from(cards.len()).unwrap_or(1));
    let wide = (area.width / across).min(CARD.1);
    let mut y = area.y;
    for (number, [what, much, more]) in (0u16..).zip(&cards) {
        let (x, top) = (area.x + number % across * wide, area.y + number / across * CARD_ROWS);
        for (line, (text, tone)) in (top..).zip([(what, Tone::Quiet), (much, Tone::Strong), (more, Tone::Quiet)]) {
            if line < area.bottom() {
                put(buffer, theme, (x, line), wide - 1, text, theme.style(tone));
            }
        }
        y = top + CARD_ROWS;
    }
    slowest_way(buffer, theme, model, Rect { y, height: area.bottom().saturating_sub(y), ..area });
}

/// The numbers: the time, how many are in place, what was received, and the longest.
fn cards(model: &Model) -> Vec<[String; 3]> {
    let totals = &model.totals;
    let slots = || model.snapshot.slots.iter().zip(&model.rows);
    let took = |slot| elapsed_ms(slot, model.snapshot.taken_at_ns).unwrap_or_default();
    let longest = slots().filter(|(_, row)| row.standing == Standing::Done).max_by_key(|(slot, _)| took(slot));
    let skipped = if totals.skipped > 0 { format!("{} had nothing to do", totals.skipped) } else { String::new() };
    let usual: Option<u64> = longest.and_then(|(slot, _)| model.expectations.usual_ms(slot));
    let usual = usual.map(|ms| format!("usually {}", tenths(ms))).unwrap_or_default();
    let mut cards = vec![
        ["time".to_owned(), tenths(totals.elapsed_ms), String::new()],
        [model.kinds.good().to_owned(), format!("{} of {}", totals.good, totals.all), skipped],
    ];
    if totals.done_bytes > 0 {
        cards.push(["received".to_owned(), bytes(totals.done_bytes), String::new()]);
    }
    if let Some((slot, row)) = longest {
        cards.push(["longest".to_owned(), format!("{} {}", row.tool, tenths(took(slot))), usual]);
    }
    cards
}

/// Draw the critical path, which would have to be faster for the run to end sooner: one bar, and its words below.
fn slowest_way(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let steps = steps(model);
    let all: u64 = steps.iter().map(|(.., ms)| ms).sum();
    if all == 0 || area.height < 3 {
        return;
    }
    put(buffer, theme, (area.x, area.y), area.width, "the slowest way through", theme.style(Tone::Quiet));
    let (mut x, mut words_x) = (area.x, area.x);
    for (name, phase, ms) in &steps {
        let cells = u128::from(*ms) * u128::from(area.width) / u128::from(all);
        let cells = u16::try_from(cells).unwrap_or_default();
        let style = theme.style(Tone::Live(phase.meaning().hue));
        fill(buffer, (x, area.y + 1), cells.saturating_sub(1), theme.glyphs.filled, style);
        let words = format!("{name} {} {}", phase.name(), tenths(*ms));
        let long = u16::try_from(width(&words)).unwrap_or(u16::MAX);
        let at = x.max(words_x).min(area.right().saturating_sub(long));
        if at >= words_x && cells > 1 {
            put(buffer, theme, (at, area.y + 2), long, &words, theme.style(Tone::Plain));
            words_x = at.saturating_add(long).saturating_add(2);
        }
        x += cells;
    }
}

fn steps(model: &Model) -> Vec<Step> {
    let course = RunTimeline::of_reading(&model.snapshot);
    let link = |link: vx_status::export::Link| {
        let ms = link.stretch.until_ns.saturating_sub(link.stretch.from_ns) / 1_000_000;
        Some((course.tools.get(link.tool)?.slot.key.clone(), link.stretch.phase, ms))
    };
    critical_path(&course).into_iter().filter_map(link).filter(|(.., ms)| *ms > 0).collect()
}
