//! Graphs of a few rows: the rate of the whole run on the axis of the lanes, and the rates of one slot.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vx_status::slot::{cached_bytes, download_entry, entry_ends_ns};
use vx_text::units::rate;

use super::{fill, put};
use crate::model::Model;
use crate::theme::{Styles, Theme, Tone};

/// Draw values as columns of `area`, in proportion to the largest.
pub(crate) fn graph(buffer: &mut Buffer, theme: &Theme, values: &[u64], area: Rect, tone: Tone) {
    let most = u128::from(values.iter().copied().max().unwrap_or_default().max(1));
    let style = theme.style(tone);
    for (x, value) in (area.x..area.right()).zip(values) {
        let eighths = (u128::from(*value) * u128::from(area.height) * 8).div_ceil(most);
        let mut eighths = usize::try_from(eighths).unwrap_or_default();
        for y in (area.y..area.bottom()).rev() {
            let here = eighths.min(8);
            if here > 0 {
                fill(buffer, (x, y), 1, theme.glyphs.eighths[here], style);
            }
            eighths -= here;
        }
    }
}

/// Draw what was received over time, under the lanes: each download's bytes spread evenly over its time.
pub(crate) fn received(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    let rates = rates(model);
    let most = rates.iter().copied().max().unwrap_or_default();
    if model.columns.bar || most == 0 {
        return;
    }
    let lane = Rect::new(area.x + model.columns.lane_x, area.y, model.columns.lane, area.height);
    graph(buffer, theme, &rates, lane, Tone::Faint);
    let (y, quiet) = (area.bottom() - 1, theme.style(Tone::Quiet));
    let room = model.columns.lane_x.saturating_sub(4);
    let title = if usize::from(room) < "received".len() { "rate" } else { "received" };
    put(buffer, theme, (area.x + 3, y), room, title, quiet);
    let words = format!("{} at most", rate(most));
    let drawn = rates.iter().rposition(|rate| *rate > 0).map_or(0, |last| last + 1);
    let x = lane.x + u16::try_from(drawn).unwrap_or(u16::MAX).min(lane.width) + 2;
    put(buffer, theme, (x, y), area.right().saturating_sub(x), &words, quiet);
}

/// The bytes per second over the time of each cell of the lanes.
fn rates(model: &Model) -> Vec<u64> {
    let (axis, now_ns) = (&model.axis, model.snapshot.taken_at_ns);
    let mut rates = vec![0u64; usize::from(axis.now.unwrap_or(axis.cells))];
    for slot in &model.snapshot.slots {
        let Some(entry) = download_entry(slot) else { continue };
        let received = entry.done.saturating_sub(cached_bytes(slot));
        let (from_ns, to_ns) = (entry.entered_at_ns, entry_ends_ns(slot, entry).unwrap_or(now_ns));
        let long_ms = to_ns.saturating_sub(from_ns) / 1_000_000;
        let rate = u128::from(received) * 1000 / u128::from(long_ms.max(1));
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        let (from, to) = (usize::from(axis.edge(from_ns)), usize::from(axis.edge(to_ns)));
        // A download shorter than a cell has its bytes spread over the cell.
        let cell_ms = axis.at_ns(1).saturating_sub(axis.at_ns(0)) / 1_000_000;
        let part = |rate: u64| u64::try_from(u128::from(rate) * u128::from(long_ms) / u128::from(cell_ms.max(1)));
        let (to, rate) = if to > from { (to, rate) } else { (from + 1, part(rate).unwrap_or(u64::MAX)) };
        let to = to.min(rates.len());
        if axis.is_before(to_ns) || from >= to {
            continue;
        }
        rates[from..to].iter_mut().for_each(|sum| *sum = sum.saturating_add(rate));
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_status::appearance::OutputStyle;

    fn drawn(values: &[u64], rows: u16) -> Vec<String> {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 5, rows));
        let area = buffer.area;
        graph(&mut buffer, &Theme::new(OutputStyle::default()), values, area, Tone::Faint);
        let cells: Vec<&str> = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        cells.chunks(5).map(<[&str]>::concat).collect()
    }

    #[test]
    fn the_largest_value_fills_the_height_and_none_nothing() {
        assert_eq!(drawn(&[0, 1, 4, 8], 1), [" ▁▄█ "]);
        assert_eq!(drawn(&[4, 8, 12, 16], 2), ["  ▄█ ", "▄███ "]);
        assert_eq!(drawn(&[0, 0], 1), ["     "]);
        assert_eq!(drawn(&[u64::MAX, 1], 1), ["█▁   "]);
    }
}
