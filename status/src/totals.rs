//! The sums over a whole board: finished tools, bytes, rate, time left.

use crate::vocabulary::{Phases, sized_in_bytes};
use vx_shm::{BoardState, Kind, SlotView, Snapshot};

use crate::estimate::{Estimate, TimeLeft};
use crate::pace::SlotRate;
use crate::received::download;
use crate::slot::{asks, elapsed_ms, is_ready, ran_from_ns};
use crate::source::Expectations;
use crate::standing::Standing;

/// The sums over a board's slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Slots in use.
    pub all: usize,
    /// Slots that have ended.
    pub over: usize,
    /// Slots that ended well, skipped ones included.
    pub good: usize,
    /// Slots that had nothing to do.
    pub skipped: usize,
    /// Slots that failed or died.
    pub failed: usize,
    /// Slots whose process is gone and left no result.
    pub lost: usize,
    /// Slots that were stopped on request.
    pub cancelled: usize,
    /// Slots with a process at work.
    pub at_work: usize,
    /// Slots that wait for a person.
    pub asking: usize,
    /// Services among the slots.
    pub services: usize,
    /// Services that can be used, or have done their work.
    pub ready: usize,
    /// Builds among the slots.
    pub builds: usize,
    /// Bytes received.
    pub done_bytes: u64,
    /// Bytes received and to be received; `None` while a size is unknown.
    pub total_bytes: Option<u64>,
    /// Measured rates of all running downloads together; `None` until one is measured.
    pub bytes_per_second: Option<u64>,
    /// Time until the last tool ends; `None` if it would be a guess.
    pub left: Option<TimeLeft>,
    /// Share of the work that is done, in thousandths, by the time that each slot is expected to take.
    pub permille: u16,
    /// Time from the creation of the board to the end of its last slot, or to the last sign of life of an abandoned
    /// board; whole seconds while it runs.
    pub elapsed_ms: u64,
    /// State of the board; `None` before the first reading.
    pub state: Option<BoardState>,
    /// The board is marked running, but its creator is gone.
    pub orphaned: bool,
}

impl Totals {
    /// The sums over `snapshot`, without earlier runs; `paces` are in the order of its slots.
    pub fn from_snapshot(snapshot: &Snapshot, paces: &[SlotRate]) -> Self {
        Self::estimated(snapshot, paces, &Estimate::from_snapshot(snapshot, paces, &Expectations::default()))
    }

    /// The sums over `snapshot`, with a time left that is already estimated.
    pub fn with(snapshot: &Snapshot, paces: &[SlotRate], left: Option<TimeLeft>) -> Self {
        Self { left, ..Self::from_snapshot(snapshot, paces) }
    }

    /// The sums over `snapshot`, with an estimate that is already made.
    pub fn estimated(
        snapshot: &Snapshot,
        paces: &[SlotRate],
        &Estimate { whole: left, permille, .. }: &Estimate,
    ) -> Self {
        let mut totals = Self { all: snapshot.slots.len(), total_bytes: Some(0), ..Self::default() };
        for slot in &snapshot.slots {
            let standing = Standing::from_slot(slot);
            totals.over += usize::from(standing.over());
            totals.good += usize::from(standing.good());
            totals.skipped += usize::from(standing == Standing::Skipped);
            totals.failed += usize::from(matches!(standing, Standing::Failed | Standing::Died));
            totals.lost += usize::from(standing == Standing::Lost);
            totals.cancelled += usize::from(standing == Standing::Cancelled);
            totals.at_work += usize::from(standing.at_work());
            totals.asking += usize::from(asks(slot));
            totals.services += usize::from(slot.kind == Kind::Service);
            totals.ready += usize::from(is_ready(slot) && standing != Standing::Lost);
            totals.builds += usize::from(slot.kind == Kind::Build);
            let (done, total) = download(slot, standing);
            totals.done_bytes = totals.done_bytes.saturating_add(done);
            totals.total_bytes = totals.total_bytes.zip(total).map(|(sum, total)| sum.saturating_add(total));
        }
        totals.permille = permille;
        totals.bytes_per_second = rate(snapshot, paces);
        // Services aren't expected to end.
        totals.left = left.filter(|_| !totals.is_of_services());
        totals.elapsed_ms = board_elapsed_ms(snapshot);
        if totals.over < totals.all {
            totals.elapsed_ms = totals.elapsed_ms / 1000 * 1000;
        }
        totals.state = Some(snapshot.board.state);
        totals.orphaned = snapshot.board.state == BoardState::Running && snapshot.board.creator.alive == Some(false);
        totals
    }

    /// Returns whether all of the work is services and their builds, which have no end to count towards.
    pub fn is_of_services(&self) -> bool {
        self.services > 0 && self.services + self.builds == self.all
    }
}

/// A rate over a shorter time is left out of the sum.
const LEAST_MEASURED_MS: u64 = 300;

/// The rates of all running downloads together, once one of them is measured. Downloads that began less than a second
/// ago count with their rate so far: many small ones are over before they are measured.
fn rate(snapshot: &Snapshot, paces: &[SlotRate]) -> Option<u64> {
    let downloading =
        |slot: &&SlotView| slot.phase().is_main() && sized_in_bytes(slot) && Standing::from_slot(slot).at_work();
    let measured = snapshot.slots.iter().zip(paces).filter(|(slot, _)| downloading(slot)).map(|(_, pace)| *pace);
    measured.clone().find(|pace| pace.bytes_per_second.is_some())?;
    let young = |pace: SlotRate| {
        let per_second = u128::from(pace.gained) * 1_000 / u128::from(pace.measured_ms.max(1));
        (pace.measured_ms >= LEAST_MEASURED_MS).then(|| u64::try_from(per_second).unwrap_or(u64::MAX))
    };
    let each = measured.filter_map(|pace| pace.bytes_per_second.or_else(|| young(pace)));
    each.reduce(u64::saturating_add)
}

/// The duration of the board's work so far, in milliseconds.
pub fn board_elapsed_ms(snapshot: &Snapshot) -> u64 {
    let began = match snapshot.board.created_at_ns {
        0 => snapshot.slots.iter().filter_map(ran_from_ns).min().unwrap_or(snapshot.taken_at_ns),
        created => created,
    };
    let over = snapshot.slots.iter().all(|slot| Standing::from_slot(slot).over());
    // Nothing records the end of an abandoned board; its last sign of life is the best known end.
    let last = match snapshot.board.abandoned() {
        true => snapshot.slots.iter().flat_map(signs_of_life).max(),
        false => snapshot.slots.iter().filter_map(|slot| slot.ended_at_ns).max(),
    };
    let until = last.filter(|_| over).unwrap_or(snapshot.taken_at_ns);
    let longest = snapshot.slots.iter().filter_map(|slot| elapsed_ms(slot, until)).max().unwrap_or_default();
    (until.saturating_sub(began) / 1_000_000).max(longest.min(u64::MAX / 2))
}

/// The times at which a slot is known to have changed its step or sent a heartbeat.
fn signs_of_life(slot: &SlotView) -> impl Iterator<Item = u64> {
    let entered = slot.phases().map(|entry| entry.entered_at_ns);
    entered.chain(slot.ended_at_ns).chain(slot.last_beat_at_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{Phase, PhaseEntry};
    use vx_shm::{BoardView, Creator, Liveness, SlotState};

    fn downloading(done: u64, total: Option<u64>) -> SlotView {
        SlotView {
            state: SlotState::Live,
            step: Phase::DOWNLOADING.step(),
            done,
            total,
            liveness: Liveness::Alive,
            transitions: vec![PhaseEntry { phase: Phase::DOWNLOADING, entered_at_ns: 0, done }.transition()],
            ..SlotView::default()
        }
    }

    fn totals(slots: Vec<SlotView>) -> Totals {
        let paces =
            vec![SlotRate { bytes_per_second: Some(100), measured_ms: 3_000, slow: false, gained: 300 }; slots.len()];
        Totals::from_snapshot(&Snapshot { slots, ..Snapshot::default() }, &paces)
    }

    #[test]
    fn one_unknown_size_leaves_the_sum_and_the_time_unknown() {
        let known = totals(vec![downloading(100, Some(500)), downloading(0, Some(200))]);
        assert_eq!((known.total_bytes, known.left.map(|left| left.ms)), (Some(700), Some(4_000)));
        let unknown = totals(vec![downloading(100, Some(500)), downloading(50, None)]);
        assert_eq!((unknown.done_bytes, unknown.total_bytes, unknown.left), (150, None, None));
    }

    #[test]
    fn the_rate_of_the_whole_has_what_young_downloads_brought() {
        let slots = vec![downloading(100, Some(500)), downloading(100, Some(500)), downloading(1, Some(500))];
        let young = |measured_ms, gained| SlotRate { bytes_per_second: None, measured_ms, slow: false, gained };
        let old = SlotRate { bytes_per_second: Some(100), measured_ms: 3_000, slow: false, gained: 300 };
        let rate = |paces: [SlotRate; 3]| {
            Totals::from_snapshot(&Snapshot { slots: slots.clone(), ..Snapshot::default() }, &paces).bytes_per_second
        };
        assert_eq!(rate([old, young(500, 200), young(40, 30)]), Some(500));
        assert_eq!(rate([young(900, 90), young(500, 200), young(40, 30)]), None, "none is measured yet");
    }

    #[test]
    fn there_is_no_estimate_while_one_hangs() {
        let stalled = SlotView { liveness: Liveness::Stalled(9_000), ..downloading(1, Some(10)) };
        assert_eq!(totals(vec![downloading(100, Some(500)), stalled]).left, None);
    }

    #[test]
    fn the_time_of_an_abandoned_board_ends_with_its_last_sign_of_life() {
        const SECOND: u64 = 1_000_000_000;
        let lost = |beat: Option<u64>| SlotView {
            liveness: Liveness::Lost,
            last_beat_at_ns: beat,
            transitions: vec![
                PhaseEntry { phase: Phase::DOWNLOADING, entered_at_ns: 103 * SECOND, done: 0 }.transition(),
            ],
            ..downloading(7, None)
        };
        let board = BoardView {
            created_at_ns: 100 * SECOND,
            creator: Creator { pid: 7, alive: Some(false) },
            ..BoardView::default()
        };
        let seconds = |slots: Vec<SlotView>| {
            let snapshot = Snapshot { board: board.clone(), slots, taken_at_ns: 900 * SECOND };
            let totals = Totals::from_snapshot(&snapshot, &[]);
            assert!(totals.orphaned);
            totals.elapsed_ms / 1000
        };
        assert_eq!(seconds(vec![lost(None), lost(Some(142 * SECOND))]), 42);
        assert_eq!(seconds(vec![lost(None)]), 3, "no beat is known");
        let alive = SlotView { liveness: Liveness::Alive, ..lost(None) };
        assert_eq!(seconds(vec![lost(None), alive]), 800, "one goes on still");
    }

    #[test]
    fn an_empty_board_has_no_progress_and_no_nonsense() {
        let empty = totals(Vec::new());
        assert_eq!((empty.permille, empty.all, empty.bytes_per_second), (0, 0, None));
    }
}
