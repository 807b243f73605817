//! The Timeline tab: a bar per slot from the start of the work until now, with a letter and a colour for each phase.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use vx_shm::SlotView;
use vx_status::slot::{entry_ends_ns, ran_from_ns};
use vx_status::text::width;
use vx_status::units::duration;
use vx_status::vocabulary::{Phase, Phases};

use crate::model::Model;
use crate::theme::{Styles, Theme, Tone};
use crate::widgets::{put, put_right, row_of};

const LEGEND: &str = "q queued  w waiting  R resolve  D download  V verify  E extract  L link  P post-install";

/// The stretch of the board's clock that is shown.
#[derive(Clone, Copy)]
struct Span {
    from_ns: u64,
    to_ns: u64,
}

impl Span {
    fn of(model: &Model) -> Self {
        let slots = &model.snapshot.slots;
        let began = slots.iter().filter_map(ran_from_ns).min();
        let last = slots.iter().filter_map(|slot| slot.ended_at_ns).max();
        let over = model.totals.over == model.totals.all;
        let to_ns = last.filter(|_| over).unwrap_or(model.snapshot.taken_at_ns);
        let from_ns = began.unwrap_or(to_ns).min(to_ns);
        Self { from_ns, to_ns }
    }

    /// The instant in the middle of a column.
    fn at(&self, column: u16, columns: u16) -> u64 {
        let long = u128::from(self.to_ns - self.from_ns);
        let offset = long * (2 * u128::from(column) + 1) / (2 * u128::from(columns.max(1)));
        self.from_ns.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX))
    }
}

pub(crate) fn draw(buffer: &mut Buffer, theme: &Theme, model: &Model, area: Rect) {
    if area.height < 2 || area.width < 20 {
        return;
    }
    let span = Span::of(model);
    let longest = model.rows.iter().map(|row| width(&row.tool)).max().unwrap_or_default();
    let names = u16::try_from(longest).unwrap_or(u16::MAX).clamp(4, (area.width / 4).max(4));
    let bars = area.width.saturating_sub(names + 2);
    let rows = usize::from(area.height - 1);
    // Keep the selected slot in view, in the middle if there is room around it.
    let place = model.selected_place().unwrap_or_default();
    let first = place.saturating_sub(rows / 2).min(model.order.len().saturating_sub(rows));
    for (number, row) in model.order.iter().skip(first).take(rows).enumerate() {
        let Some(at) = row_of(area, number) else { break };
        let (Some(slot), row) = (model.snapshot.slots.get(*row), &model.rows[*row]) else { break };
        let mut style = theme.style(Tone::Plain);
        if model.selected == Some(row.id) {
            put(buffer, theme, (at.x, at.y), 1, theme.glyphs.pointer, theme.style(Tone::Strong));
            style = style.add_modifier(Modifier::BOLD);
        }
        put(buffer, theme, (at.x + 1, at.y), names, &row.tool, style);
        draw_bar(buffer, theme, slot, span, Rect::new(at.x + names + 2, at.y, bars, 1));
    }
    let foot = area.bottom() - 1;
    let long = format!(" {}", duration((span.to_ns - span.from_ns) / 1_000_000));
    put_right(buffer, theme, (area.x, foot), area.width, &long, theme.style(Tone::Plain));
    let room = area.width.saturating_sub(2 + u16::try_from(width(&long)).unwrap_or(u16::MAX));
    put(buffer, theme, (area.x + 1, foot), room, LEGEND, theme.style(Tone::Quiet));
}

fn draw_bar(buffer: &mut Buffer, theme: &Theme, slot: &SlotView, span: Span, area: Rect) {
    let phases: Vec<_> =
        (0..area.width).map(|column| phase_at(slot, span.at(column, area.width), span.to_ns)).collect();
    let mut x = area.x;
    for run in phases.chunk_by(PartialEq::eq) {
        let columns = u16::try_from(run.len()).unwrap_or(u16::MAX);
        if let Some(phase) = run[0] {
            let letters = phase.letter().repeat(run.len());
            put(buffer, theme, (x, area.y), columns, &letters, theme.phase_style(phase.number()));
        }
        x += columns;
    }
}

/// The phase the slot was in at an instant: the one entered last before it and not yet left.
fn phase_at(slot: &SlotView, instant_ns: u64, now_ns: u64) -> Option<Phase> {
    let entered = slot.phases().filter(|entry| entry.entered_at_ns <= instant_ns);
    let entry = entered.max_by_key(|entry| (entry.entered_at_ns, entry.phase))?;
    (instant_ns < entry_ends_ns(slot, entry).unwrap_or(now_ns)).then_some(entry.phase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::Transition;

    #[test]
    fn each_instant_belongs_to_the_phase_entered_last() {
        let entry = |phase, entered_at_ns| Transition { step: phase, entered_at_ns, done: 0 };
        let slot = SlotView {
            transitions: vec![
                entry(Phase::QUEUED.step(), 0),
                entry(Phase::DOWNLOADING.step(), 10),
                entry(Phase::LINKING.step(), 30),
            ],
            ended_at_ns: Some(40),
            ..SlotView::default()
        };
        let seen: Vec<_> = [5, 10, 29, 30, 39, 40, 50].map(|instant| phase_at(&slot, instant, 60)).to_vec();
        let [queued, downloading, linking] = [Phase::QUEUED, Phase::DOWNLOADING, Phase::LINKING].map(Some);
        assert_eq!(seen, [queued, downloading, downloading, linking, linking, None, None]);
    }
}
