//! A row's lane on the time axis: line weight shows whether work is running, hue shows the phase, position shows the
//! time.
//!
//! `━` runs, `─` is over, `┄` is expected, `╱` does not or did not move, `·` waits, and queued time is blank, so that a
//! lane can be read without colour.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use vx_shm::SlotView;
use vx_status::appearance::{Hue, Tone};
use vx_status::standing::Standing;
use vx_status::vocabulary::{Phase, Phases, word_of};
use vx_text::width;

use super::{fill, put, put_right};
use crate::model::{Axis, SlotRow, Stall, still_for_ns};
use crate::theme::{Styles, Theme};

/// A stretch of fewer cells has no room for a letter.
const LETTER_CELLS: u16 = 4;
/// Cells around a word in a stretch.
const AROUND_WORD: u16 = 8;

/// What a lane shows.
#[derive(Clone, Copy)]
pub(super) struct LaneWidget<'a> {
    pub(super) slot: &'a SlotView,
    pub(super) row: &'a SlotRow,
    pub(super) axis: &'a Axis,
    /// Times in which it did not move, the oldest first.
    pub(super) stalls: &'a [Stall],
    /// Time of the reading, in nanoseconds of the board's clock.
    pub(super) now_ns: u64,
    pub(super) selected: bool,
}

/// A part of a lane in one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LaneSpan {
    phase: Phase,
    from: u16,
    to: u16,
    weight: LaneSpanWeight,
    last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LaneSpanWeight {
    Live,
    Past,
    Hatched,
    /// It stood still then, and has moved since.
    Stood,
    Dotted,
    Blank,
}

/// Draw the titles of the axis: its ticks, and the present moment.
pub(super) fn heading(buffer: &mut Buffer, theme: &Theme, axis: &Axis, word: &str, area: Rect) {
    let long = u16::try_from(width(word)).unwrap_or_default();
    for (cell, text) in axis.ticks() {
        let end = cell + u16::try_from(width(&text)).unwrap_or_default();
        let hits = axis.now.is_some_and(|now| cell < now + long + 4 && now < end + 1);
        if !hits && end <= area.width {
            put(buffer, theme, (area.x + cell, area.y), area.width - cell, &text, theme.style(Tone::Quiet));
        }
    }
    let Some(now) = axis.now else { return };
    let style = theme.style(Tone::Busy);
    if now + 3 + long <= area.width {
        let text = format!("{} {word}", theme.glyphs.now);
        put(buffer, theme, (area.x + now, area.y), area.width - now, &text, style);
    } else {
        let text = format!("{word} {}", theme.glyphs.now);
        put_right(buffer, theme, (area.x, area.y), now + 1, &text, style);
    }
}

/// Draw the line for the present moment; an empty lane shows nothing else.
pub(super) fn ground(buffer: &mut Buffer, theme: &Theme, axis: &Axis, (x, y): (u16, u16)) {
    if let Some(now) = axis.now {
        fill(buffer, (x + now, y), 1, theme.glyphs.now, theme.style(Tone::Now));
    }
}

/// Draw a lane. Returns the cell where the row's words may begin.
pub(super) fn lane(buffer: &mut Buffer, theme: &Theme, lane: LaneWidget<'_>, at: (u16, u16)) -> u16 {
    ground(buffer, theme, lane.axis, at);
    let stretches = stretches(&lane);
    for stretch in &stretches {
        draw(buffer, theme, &lane, stretch, at);
    }
    letters(buffer, theme, &lane, &stretches, at);
    expected(buffer, theme, &lane, at);
    let mut used = stretches.iter().map(|stretch| stretch.to).max().unwrap_or_default();
    if stretches.is_empty() && lane.slot.phases().any(|entry| !entry.phase.is_first()) {
        fill(buffer, at, 1, theme.glyphs.before, theme.style(Tone::Quiet));
        used = 1;
    }
    let ends_badly = matches!(lane.row.standing, Standing::Failed | Standing::Died);
    if ends_badly && used < lane.axis.cells {
        fill(buffer, (at.0 + used, at.1), 1, theme.glyphs.failed, theme.style(Tone::Bad));
        used += 1;
    }
    // While work doesn't move, its words begin inside the hatching, so that they stay where they are.
    let still = |stretch: &&LaneSpan| {
        stretch.last && matches!(stretch.weight, LaneSpanWeight::Hatched | LaneSpanWeight::Dotted)
    };
    stretches.iter().find(still).filter(|_| lane.row.standing.at_work()).map_or(used, |still| still.from + 1)
}

/// The parts of the lane that are in view.
fn stretches(lane: &LaneWidget<'_>) -> Vec<LaneSpan> {
    let (slot, axis) = (lane.slot, lane.axis);
    let live = lane.row.standing.at_work();
    // A position in a recording may lie between two readings: hide what comes after it.
    let entries: Vec<_> = slot.phases().filter(|entry| entry.entered_at_ns <= lane.now_ns).collect();
    let end_ns = slot.ended_at_ns.unwrap_or(match lane.row.standing {
        Standing::Lost => slot.last_beat_at_ns.unwrap_or_default(),
        _ => lane.now_ns,
    });
    let limit = axis.now.unwrap_or(axis.cells);
    let mut stretches = Vec::with_capacity(entries.len() + 1);
    for (place, entry) in entries.iter().enumerate() {
        let next_ns = entries.get(place + 1).map(|next| next.entered_at_ns);
        let (from_ns, to_ns, last) = (entry.entered_at_ns, next_ns.unwrap_or(end_ns), next_ns.is_none());
        let weight = match () {
            () if entry.phase.is_first() => LaneSpanWeight::Blank,
            () if !entry.phase.meaning().work => LaneSpanWeight::Dotted,
            () if live && !entry.phase.meaning().calm => LaneSpanWeight::Live,
            () => LaneSpanWeight::Past,
        };
        let mut add = |from_ns: u64, to_ns: u64, weight| {
            let last = last && weight != LaneSpanWeight::Stood;
            if axis.is_before(to_ns) {
                return;
            }
            let from = axis.edge(from_ns).min(limit.saturating_sub(1));
            let mut to = axis.edge(to_ns).min(limit);
            // The last stretch is always visible.
            if last && to <= from {
                to = (from + 1).min(axis.cells);
            }
            if to > from {
                stretches.push(LaneSpan { phase: entry.phase, from, to, weight, last });
            }
        };
        let still_ns = still_for_ns(slot, lane.row.standing).filter(|_| last);
        let moved_to_ns = still_ns.map_or(to_ns, |still_ns| to_ns.saturating_sub(still_ns).max(from_ns));
        let mut at_ns = from_ns;
        for (stood_from_ns, stood_to_ns) in lane.stalls.iter().filter(|_| entry.phase.meaning().work) {
            let (stood_from_ns, stood_to_ns) = ((*stood_from_ns).max(at_ns), (*stood_to_ns).min(moved_to_ns));
            if stood_from_ns < stood_to_ns {
                add(at_ns, stood_from_ns, weight);
                add(stood_from_ns, stood_to_ns, LaneSpanWeight::Stood);
                at_ns = stood_to_ns;
            }
        }
        add(at_ns, moved_to_ns, weight);
        if still_ns.is_some() {
            add(moved_to_ns, to_ns, LaneSpanWeight::Hatched);
        }
    }
    stretches
}

fn draw(buffer: &mut Buffer, theme: &Theme, lane: &LaneWidget<'_>, stretch: &LaneSpan, (x, y): (u16, u16)) {
    let hue = stretch.phase.meaning().hue;
    let live = lane.row.standing.at_work();
    let (glyph, tone) = match stretch.weight {
        LaneSpanWeight::Blank => return,
        LaneSpanWeight::Live => (theme.glyphs.filled, Tone::Live(hue)),
        LaneSpanWeight::Past => (theme.glyphs.past, Tone::Past(hue)),
        LaneSpanWeight::Hatched => (theme.glyphs.hatched, Tone::Warning),
        LaneSpanWeight::Stood => (theme.glyphs.hatched, Tone::Past(hue)),
        LaneSpanWeight::Dotted if live && stretch.last => (theme.glyphs.dotted, Tone::Warning),
        LaneSpanWeight::Dotted => (theme.glyphs.dotted, Tone::Faint),
    };
    fill(buffer, (x + stretch.from, y), stretch.to - stretch.from, glyph, theme.style(tone));
}

/// Write each phase's letter once, or its word where there is room. Rows that are over get letters only without
/// colours, if they failed, or if selected: a table full of letters says nothing.
fn letters(buffer: &mut Buffer, theme: &Theme, lane: &LaneWidget<'_>, stretches: &[LaneSpan], (x, y): (u16, u16)) {
    let live = lane.row.standing.at_work();
    if !(live || lane.selected || lane.row.standing.bad() || theme.palette.is_none()) {
        return;
    }
    let mut lettered: Vec<Phase> = Vec::new();
    for stretch in stretches {
        let cells = stretch.to - stretch.from;
        let line = matches!(stretch.weight, LaneSpanWeight::Live | LaneSpanWeight::Past);
        if !line || cells < LETTER_CELLS || lettered.contains(&stretch.phase) {
            continue;
        }
        lettered.push(stretch.phase);
        let present = stretch.last && live;
        let word = if present { word_of(lane.slot) } else { stretch.phase.name() };
        let long = u16::try_from(width(word)).unwrap_or(u16::MAX);
        let room = (lane.selected || present) && cells >= long.saturating_add(AROUND_WORD);
        let text = if room { word } else { stretch.phase.letter() };
        let hue = stretch.phase.meaning().hue;
        let style = theme.style(if stretch.weight == LaneSpanWeight::Live { Tone::Live(hue) } else { Tone::Past(hue) });
        let style = if present { style.add_modifier(Modifier::BOLD) } else { style };
        put(buffer, theme, (x + stretch.from + 1, y), cells - 1, text, style);
    }
}

/// Draw what is still expected of the row, right of the present moment.
fn expected(buffer: &mut Buffer, theme: &Theme, lane: &LaneWidget<'_>, (x, y): (u16, u16)) {
    let (Some(now), Some(left_ms)) = (lane.axis.now, lane.row.left_ms) else { return };
    let end_ns = lane.now_ns.saturating_add(left_ms.saturating_mul(1_000_000));
    let end = lane.axis.edge(end_ns).max(now + 2).min(lane.axis.cells);
    let hue = lane.slot.phases().last().map_or(Hue::default(), |entry| entry.phase.meaning().hue);
    if now + 1 < end {
        fill(buffer, (x + now + 1, y), end - now - 1, theme.glyphs.expected, theme.style(Tone::Past(hue)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AxisTimes;
    use vx_shm::Liveness;
    use vx_status::appearance::OutputStyle;
    use vx_status::fixture::{SECOND, done, downloading, ended, queued};
    use vx_status::pace::SlotRate;

    /// The lane of a slot on an axis of twenty cells, from second 100 to second 120, at second 110.
    fn drawn(slot: &SlotView, left_ms: Option<u64>, ascii: bool) -> (String, u16) {
        after_stalls(slot, left_ms, ascii, &[])
    }

    fn after_stalls(slot: &SlotView, left_ms: Option<u64>, ascii: bool, stalls: &[Stall]) -> (String, u16) {
        let now_ns = 110 * SECOND;
        let times = AxisTimes { zero_ns: 100 * SECOND, first_ns: 0, now_ns: Some(now_ns), reach_ns: 119 * SECOND };
        let axis = Axis::for_times(times, 20, Axis::default());
        let row = SlotRow { left_ms, ..SlotRow::from_slot(slot, SlotRate::default(), false, now_ns) };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        let theme = Theme::new(OutputStyle { ascii, colour: true, ..OutputStyle::default() });
        let lane = LaneWidget { slot, row: &row, axis: &axis, stalls, now_ns, selected: false };
        let used = super::lane(&mut buffer, &theme, lane, (0, 0));
        (buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect(), used)
    }

    #[test]
    fn weight_says_what_lives_and_place_says_when() {
        let running = downloading(0, "go", "1", 5, Some(10));
        assert_eq!(drawn(&running, Some(4_000), false), (" ━D━━━━━━━│┄┄┄      ".to_owned(), 10));
        assert_eq!(drawn(&running, Some(4_000), true).0, " =D=======|...      ");
        assert_eq!(drawn(&done(0, "go", "1", 9, 106.0), None, false), (" ──────   │         ".to_owned(), 7));
        assert_eq!(drawn(&queued(0, "go", "1"), None, false), ("          │         ".to_owned(), 10));
    }

    #[test]
    fn a_stall_is_hatched_where_it_began_and_its_words_begin_inside() {
        let slot = SlotView { liveness: Liveness::Stalled(4_000), ..downloading(0, "go", "1", 5, Some(10)) };
        assert_eq!(drawn(&slot, None, false), (" ━D━━━╱╱╱╱│         ".to_owned(), 7));
    }

    #[test]
    fn a_stall_that_is_over_stays_hatched_where_it_was() {
        let stalls = [(103 * SECOND, 105 * SECOND)];
        let over = done(0, "go", "1", 9, 108.0);
        assert_eq!(after_stalls(&over, None, false, &stalls).0, " ──╱╱──── │         ");
        let again = downloading(0, "go", "1", 5, Some(10));
        assert_eq!(after_stalls(&again, None, false, &stalls), (" ━━╱╱━D━━━│         ".to_owned(), 10));
        let still = SlotView { liveness: Liveness::Stalled(3_000), ..again };
        let both = [stalls[0], (107 * SECOND, 110 * SECOND)];
        assert_eq!(after_stalls(&still, None, false, &both), (" ━━╱╱━━╱╱╱│         ".to_owned(), 8));
    }

    #[test]
    fn a_phase_after_the_position_of_a_recording_is_not_drawn() {
        let slot = done(0, "go", "1", 9, 110.45);
        let phases = |now_ns| {
            let times = AxisTimes { zero_ns: 100 * SECOND, first_ns: 0, now_ns: Some(now_ns), reach_ns: 119 * SECOND };
            let axis = Axis::for_times(times, 20, Axis::default());
            let row = SlotRow::from_slot(&slot, SlotRate::default(), false, now_ns);
            let lane = LaneWidget { slot: &slot, row: &row, axis: &axis, stalls: &[], now_ns, selected: false };
            stretches(&lane).into_iter().map(|stretch| stretch.phase.name()).collect::<Vec<_>>()
        };
        assert!(!phases(110 * SECOND).contains(&"linking"), "it begins 0.35 s later: {:?}", phases(110 * SECOND));
        assert!(phases(111 * SECOND).contains(&"linking"), "{:?}", phases(111 * SECOND));
    }

    #[test]
    fn a_failure_has_its_mark_at_its_end() {
        let slot = ended(0, "go", vx_shm::SlotState::Failed, Some("no"));
        assert_eq!(drawn(&slot, None, false), (" ───✗     │         ".to_owned(), 5));
    }

    #[test]
    fn a_lane_before_the_axis_is_a_mark() {
        let slot = done(0, "go", "1", 9, 104.0);
        let now_ns = 160 * SECOND;
        let times =
            AxisTimes { zero_ns: 100 * SECOND, first_ns: 150 * SECOND, now_ns: Some(now_ns), reach_ns: 165 * SECOND };
        let axis = Axis::for_times(times, 20, Axis::default());
        let row = SlotRow::from_slot(&slot, SlotRate::default(), false, now_ns);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        let lane = LaneWidget { slot: &slot, row: &row, axis: &axis, stalls: &[], now_ns, selected: false };
        assert_eq!(super::lane(&mut buffer, &Theme::new(OutputStyle::default()), lane, (0, 0)), 1);
        assert_eq!(buffer[(0, 0)].symbol(), "‹");
    }
}
