//! The one time axis of the table: every row's lane is drawn on it, so that a position means a time.
//!
//! Cells are computed in whole numbers that saturate: a board may hold any times.

/// Spans that the axis can have, in milliseconds; above the last one, each is twice the one before. In steps, so
/// that the axis stands still most of the time.
const LADDER_MS: [u64; 29] = [
    1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 10_000, 12_000, 15_000, 20_000, 25_000, 30_000, 40_000,
    50_000, 60_000, 75_000, 90_000, 120_000, 150_000, 200_000, 300_000, 400_000, 600_000, 1_200_000, 3_600_000,
    14_400_000, 86_400_000,
];

/// Distances that ticks can have, in milliseconds.
const TICKS_MS: [u64; 16] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
    3_600_000, 14_400_000,
];

/// Number of cells from one tick to the next, at least.
const TICK_CELLS: u64 = 10;

const MS: u64 = 1_000_000;

/// The times that the axis has to show, in nanoseconds of the board's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AxisTimes {
    /// Beginning of the board.
    pub(crate) zero_ns: u64,
    /// First moment to show: the beginning of the oldest row in view that is at work.
    pub(crate) first_ns: u64,
    /// The present; `None` once all is over.
    pub(crate) now_ns: Option<u64>,
    /// Last moment that anything is drawn at.
    pub(crate) reach_ns: u64,
}

/// The axis. Equal axes give the same cells, so that no frame is drawn for the time between two cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Axis {
    zero_ns: u64,
    /// The left end, since the beginning of the board.
    from_ns: u64,
    span_ns: u64,
    /// Number of cells of every lane.
    pub(crate) cells: u16,
    /// Cell of the present moment; `None` once all is over.
    pub(crate) now: Option<u16>,
}

impl Axis {
    /// The axis for these times. The span of the axis shown before is kept where possible, and at the end in any case.
    pub(crate) fn for_times(times: AxisTimes, cells: u16, before: Self) -> Self {
        let since = |at_ns: u64| at_ns.saturating_sub(times.zero_ns);
        let (first, reach) = (since(times.first_ns), since(times.reach_ns));
        let quarter = (rung_ns(reach.saturating_sub(first)) / 4).max(1);
        let from_ns = first / quarter * quarter;
        let needed = rung_ns(reach.saturating_sub(from_ns));
        let stays = (before.zero_ns, before.from_ns) == (times.zero_ns, from_ns)
            && before.span_ns >= needed
            && (times.now_ns.is_none() || needed > before.span_ns / 2);
        let span_ns = if stays { before.span_ns } else { needed };
        let mut axis = Self { zero_ns: times.zero_ns, from_ns, span_ns, cells, now: None };
        axis.now = times.now_ns.map(|now_ns| axis.edge(now_ns).min(cells.saturating_sub(1)));
        axis
    }

    /// Returns whether both have the same left end.
    pub(crate) fn begins_with(&self, other: &Self) -> bool {
        (self.zero_ns, self.from_ns) == (other.zero_ns, other.from_ns)
    }

    /// The edge between two cells that is nearest to this moment, from 0 to [`cells`](Self::cells).
    pub(crate) fn edge(&self, at_ns: u64) -> u16 {
        let offset = u128::from(at_ns.saturating_sub(self.zero_ns).saturating_sub(self.from_ns));
        let span = u128::from(self.span_ns.max(1));
        let edge = (offset * u128::from(self.cells) * 2 + span) / (span * 2);
        u16::try_from(edge).unwrap_or(u16::MAX).min(self.cells)
    }

    /// The moment at the left edge of this cell.
    pub(crate) fn at_ns(&self, cell: u16) -> u64 {
        let offset = u128::from(self.span_ns) * u128::from(cell) / u128::from(self.cells.max(1));
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        self.zero_ns.saturating_add(self.from_ns).saturating_add(offset)
    }

    /// Returns whether this moment is left of the axis.
    pub(crate) fn is_before(&self, at_ns: u64) -> bool {
        at_ns.saturating_sub(self.zero_ns) < self.from_ns
    }

    /// The ticks: each a cell, and the time since the beginning in words.
    pub(crate) fn ticks(&self) -> Vec<(u16, String)> {
        let (span_ms, cells) = (self.span_ns / MS, u64::from(self.cells));
        let fits = |step: &u64| step.saturating_mul(cells) >= span_ms.saturating_mul(TICK_CELLS);
        let longest = TICKS_MS[TICKS_MS.len() - 1];
        let known = TICKS_MS.iter().copied().find(fits);
        let step = known.unwrap_or_else(|| doubled(longest, |step| fits(&step)));
        let from_ms = self.from_ns / MS;
        let last = from_ms.saturating_add(span_ms / 200 * 199);
        let first = from_ms.div_ceil(step);
        let times = (first..).map(|number| number.saturating_mul(step)).take_while(|at| *at < last);
        let bounded = times.take(usize::from(self.cells));
        let zero_ns = self.zero_ns;
        bounded.map(|ms| (self.edge(zero_ns.saturating_add(ms.saturating_mul(MS))), tick(ms, step, span_ms))).collect()
    }
}

/// The shortest span that holds this time, with a little room after it.
fn rung_ns(reach_ns: u64) -> u64 {
    let reach_ms = reach_ns / MS;
    let wanted = reach_ms.saturating_add(reach_ms / 50);
    let longest = LADDER_MS[LADDER_MS.len() - 1];
    let known = LADDER_MS.iter().copied().find(|rung| *rung >= wanted);
    known.unwrap_or_else(|| doubled(longest, |rung| rung >= wanted)).saturating_mul(MS)
}

fn doubled(from: u64, is_enough: impl Fn(u64) -> bool) -> u64 {
    let mut long = from;
    while !is_enough(long) && long < u64::MAX {
        long = long.saturating_mul(2);
    }
    long
}

/// The words of a tick: the same form for all ticks of an axis.
fn tick(ms: u64, step_ms: u64, span_ms: u64) -> String {
    let seconds = ms / 1000;
    match () {
        () if ms == 0 => "0".to_owned(),
        () if span_ms > 86_400_000 => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
        () if span_ms > 7_200_000 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        () if span_ms > 60_000 => format!("{}:{:02}", seconds / 60, seconds % 60),
        () if step_ms < 1000 => format!("{}.{} s", seconds, ms % 1000 / 100),
        () => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    fn running(now: u64, reach: u64) -> AxisTimes {
        AxisTimes { zero_ns: 0, first_ns: 0, now_ns: Some(now * SECOND), reach_ns: reach * SECOND }
    }

    #[test]
    fn an_axis_stands_still_between_two_rungs_and_when_all_is_over() {
        let short = Axis::for_times(running(1, 4), 100, Axis::default());
        assert_eq!((short.span_ns, short.now), (5 * SECOND, Some(20)));
        let same = Axis::for_times(running(2, 4), 100, short);
        assert_eq!((same.span_ns, same.now), (short.span_ns, Some(40)));
        let longer = Axis::for_times(running(5, 7), 100, same);
        assert_eq!(longer.span_ns, 8 * SECOND);
        let sooner = Axis::for_times(running(5, 6), 100, longer);
        assert_eq!(sooner.span_ns, longer.span_ns, "a little less is expected");
        let over = Axis::for_times(AxisTimes { now_ns: None, ..running(0, 3) }, 100, longer);
        assert_eq!((over.span_ns, over.now), (longer.span_ns, None), "a board that ends keeps its axis");
    }

    #[test]
    fn an_axis_begins_in_quarters_where_the_oldest_live_row_does() {
        let times = AxisTimes { first_ns: 41 * SECOND, ..running(50, 56) };
        let axis = Axis::for_times(times, 60, Axis::default());
        assert_eq!((axis.from_ns / SECOND, axis.span_ns / SECOND), (40, 20));
        assert!(axis.is_before(39 * SECOND) && !axis.is_before(40 * SECOND));
        assert_eq!(
            axis.ticks(),
            [(0, "40 s".to_owned()), (15, "45 s".to_owned()), (30, "50 s".to_owned()), (45, "55 s".to_owned())]
        );
    }

    #[test]
    fn the_words_of_ticks_fit_the_span() {
        let words = |reach, cells| {
            let ticks = Axis::for_times(running(1, reach), cells, Axis::default()).ticks();
            ticks.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words(1, 40), "0 0.5 s 1.0 s");
        assert_eq!(words(14, 44), "0 5 s 10 s");
        assert_eq!(words(100, 50), "0 0:30 1:00 1:30");
        assert_eq!(words(20_000, 60), "0 4h00m 8h00m 12h00m 16h00m 20h00m");
    }

    proptest! {
        #[test]
        fn no_times_leave_the_cells(
            zero_ns: u64, first_ns: u64, now_ns: Option<u64>, reach_ns: u64, cells in 0u16..400, at_ns: u64, before: u64,
        ) {
            let before = Axis { span_ns: before, ..Axis::default() };
            let axis = Axis::for_times(AxisTimes { zero_ns, first_ns, now_ns, reach_ns }, cells, before);
            prop_assert!(axis.edge(at_ns) <= cells);
            prop_assert!(axis.now.is_none_or(|now| now < cells.max(1)));
            prop_assert!(axis.ticks().iter().all(|(cell, _)| *cell <= cells));
            axis.at_ns(cells);
        }
    }
}
