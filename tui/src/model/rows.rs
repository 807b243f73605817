//! One row per slot: the values of the table, rounded to the shown precision, so that equal rows look equal.

use vx_shm::{Phase, SlotView, Snapshot};

use super::slot::{SlotId, elapsed_ms, permille, size_bytes};
use super::standing::{Standing, note};

/// A download with a rate below this, measured over [`SLOW_MS`], is called slow.
const SLOW_BYTES_PER_SECOND: u64 = 50_000;
const SLOW_MS: u64 = 4_000;

/// The rate of a slot, as measured by its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// `None` until measured for a second.
    pub(crate) bytes_per_second: Option<u64>,
    /// The time over which the rate was measured.
    pub(crate) measured_ms: u64,
}

/// The cells of one slot's row. The texts are not cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: SlotId,
    pub(crate) tool: String,
    pub(crate) version: String,
    pub(crate) standing: Standing,
    /// `None` before and after work.
    pub(crate) phase: Option<Phase>,
    /// The share of the present phase that is done; `None` while it cannot be known.
    pub(crate) permille: Option<u16>,
    /// Bytes received so far in a phase that counts bytes.
    pub(crate) done_bytes: Option<u64>,
    pub(crate) size_bytes: Option<u64>,
    pub(crate) bytes_per_second: Option<u64>,
    /// Whole seconds while at work, exact once ended.
    pub(crate) elapsed_ms: Option<u64>,
    /// The time until its tool ends: set by [`Estimate`](super::Estimate), and unknown until then.
    pub(crate) left_ms: Option<u64>,
    pub(crate) note: String,
    /// The step of an indeterminate bar: one each quarter of a second, zero for any other bar.
    pub(crate) beat: u64,
}

impl Row {
    /// The row of `slot` at `now_ns`.
    pub(crate) fn of(slot: &SlotView, pace: Pace, asked_to_stop: bool, now_ns: u64) -> Self {
        let standing = with_reader(Standing::of(slot), pace, asked_to_stop, slot);
        let counting = matches!(slot.phase, Phase::Downloading | Phase::Extracting) && !standing.over();
        let permille = match standing {
            Standing::Done => Some(1000),
            Standing::Queued | Standing::Skipped => None,
            _ => permille(slot.done, slot.total),
        };
        let elapsed = elapsed_ms(slot, now_ns).filter(|_| standing != Standing::Lost);
        Self {
            id: SlotId::of(slot),
            tool: slot.key.clone(),
            version: slot.version.clone(),
            standing,
            phase: standing.at_work().then_some(slot.phase),
            permille,
            done_bytes: counting.then_some(slot.done),
            size_bytes: size_bytes(slot),
            bytes_per_second: pace.bytes_per_second.filter(|_| counting && standing != Standing::Silent),
            elapsed_ms: if standing.over() { elapsed } else { elapsed.map(|ms| ms / 1000 * 1000) },
            left_ms: None,
            note: note(slot, standing),
            beat: if standing.at_work() && permille.is_none() { now_ns / 250_000_000 } else { 0 },
        }
    }

    /// True if some cell of the row contains `text`, in any case.
    pub(crate) fn contains(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let phase = self.phase.map(Phase::name).unwrap_or_default();
        [self.tool.as_str(), &self.version, self.standing.word(), phase, &self.note]
            .iter()
            .any(|part| part.to_lowercase().contains(&text))
    }
}

/// The standing with what only this reader knows: that it asked the slot to stop, and how slow the slot is.
fn with_reader(standing: Standing, pace: Pace, asked_to_stop: bool, slot: &SlotView) -> Standing {
    let slow = pace.measured_ms >= SLOW_MS && pace.bytes_per_second.is_some_and(|rate| rate < SLOW_BYTES_PER_SECOND);
    match standing {
        _ if standing.over() => standing,
        _ if asked_to_stop => Standing::Stopping,
        Standing::Running if slow && slot.phase == Phase::Downloading => Standing::Slow,
        _ => standing,
    }
}

/// The order in which rows are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The board's order, in which they were planned.
    #[default]
    Planned,
    Name,
    /// Failures first, then rows at work, then the rest.
    Standing,
    /// The largest first.
    Size,
}

impl Sort {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Planned => Self::Name,
            Self::Name => Self::Standing,
            Self::Standing => Self::Size,
            Self::Size => Self::Planned,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Planned => "plan",
            Self::Name => "name",
            Self::Standing => "state",
            Self::Size => "size",
        }
    }

    /// The indices of the rows that match `filter`, sorted; equal rows keep the board's order.
    pub(crate) fn order(self, rows: &[Row], filter: &str) -> Vec<usize> {
        let mut order: Vec<usize> =
            (0..rows.len()).filter(|row| filter.is_empty() || rows[*row].contains(filter)).collect();
        match self {
            Self::Planned => {}
            Self::Name => order.sort_by_key(|row| (rows[*row].tool.to_lowercase(), rows[*row].version.clone())),
            Self::Standing => order.sort_by_key(|row| rows[*row].standing),
            Self::Size => order.sort_by_key(|row| std::cmp::Reverse(rows[*row].size_bytes)),
        }
        order
    }
}

/// Every row of a snapshot; `paces` are in the order of its slots.
pub(crate) fn rows(snapshot: &Snapshot, paces: &[Pace], asked: &[SlotId]) -> Vec<Row> {
    let pace_at = |place: usize| paces.get(place).copied().unwrap_or_default();
    let row = |(place, slot)| {
        let stop = asked.contains(&SlotId::of(slot));
        Row::of(slot, pace_at(place), stop, snapshot.taken_at_ns)
    };
    snapshot.slots.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::{Liveness, SlotState};

    fn downloading(done: u64, total: Option<u64>) -> SlotView {
        SlotView {
            state: SlotState::Live,
            phase: Phase::Downloading,
            done,
            total,
            liveness: Liveness::Alive,
            ..SlotView::default()
        }
    }

    fn pace(bytes_per_second: u64, measured_ms: u64) -> Pace {
        Pace { bytes_per_second: Some(bytes_per_second), measured_ms }
    }

    #[test]
    fn a_download_counts_as_slow_only_after_a_while() {
        let standing = |pace| Row::of(&downloading(5, Some(10)), pace, false, 0).standing;
        assert_eq!(standing(pace(12_000, 1_000)), Standing::Running);
        assert_eq!(standing(pace(12_000, 5_000)), Standing::Slow);
        assert_eq!(standing(pace(1_200_000, 5_000)), Standing::Running);
    }

    #[test]
    fn sorting_keeps_the_boards_order_among_equals() {
        let row = |tool: &str, standing| Row { tool: tool.to_owned(), standing, ..Row::default() };
        let rows = [
            row("b", Standing::Done),
            row("a", Standing::Running),
            row("c", Standing::Done),
            row("d", Standing::Failed),
        ];
        assert_eq!(Sort::Planned.order(&rows, ""), [0, 1, 2, 3]);
        assert_eq!(Sort::Name.order(&rows, ""), [1, 0, 2, 3]);
        assert_eq!(Sort::Standing.order(&rows, ""), [3, 1, 0, 2]);
        assert_eq!(Sort::Planned.order(&rows, "DONE"), [0, 2]);
    }
}
