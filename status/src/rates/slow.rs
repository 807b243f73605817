//! Finds slow downloads by comparison only: over a slow connection all of them take long, and none counts as slow.
//!
//! A download is compared with the others of the moment. A lone download is compared with its own past and, if this run
//! never had two at once, with earlier installs of its tool.

use vx_shm::{SlotView, Snapshot};

use crate::pace::SlotRate;
use crate::source::Expectations;
use crate::vocabulary::{Phases, begun, sized_in_bytes};

/// A rate over a shorter time is not compared.
const LEAST_MS: u64 = 4_000;
/// A download is slow below this part of the rate that it is compared with.
const SLOW_PART: u64 = 8;

/// A measured rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// The slot's place in the snapshot.
    pub(super) place: usize,
    /// Best rate of the same download so far; zero until it was measured for long enough.
    pub(super) best: u64,
}

/// Mark the slow ones among these rates. `alone` means that this run never had two downloads to compare.
pub(super) fn mark(
    snapshot: &Snapshot,
    paces: &mut [SlotRate],
    measured: &[Measured],
    alone: bool,
    expectations: &Expectations,
) {
    let rate_of = |pace: &SlotRate| pace.bytes_per_second.unwrap_or_default();
    let mut rates: Vec<u64> = measured.iter().map(|one| rate_of(&paces[one.place])).collect();
    rates.sort_unstable();
    for one in measured {
        let rate = rate_of(&paces[one.place]);
        let usual = match rates.len() {
            0 | 1 => {
                let before = expectations.least_bytes_per_second(&snapshot.slots[one.place]).filter(|_| alone);
                one.best.max(before.unwrap_or_default())
            }
            _ => median_of_others(&rates, rate),
        };
        paces[one.place].slow = rate.saturating_mul(SLOW_PART) < usual;
    }
}

/// Returns whether this is the rate of a download that can be compared.
pub(super) fn is_comparable(slot: &SlotView, pace: SlotRate) -> bool {
    let downloads = begun(slot) && slot.phase().is_main() && sized_in_bytes(slot);
    downloads && pace.bytes_per_second.is_some() && pace.measured_ms >= LEAST_MS
}

/// The median of these sorted rates without one of them; of an even number, the lower of the two in the middle.
fn median_of_others(sorted: &[u64], own: u64) -> u64 {
    let at = sorted.partition_point(|rate| *rate < own);
    let middle = (sorted.len() - 2) / 2;
    sorted[if middle < at { middle } else { middle + 1 }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rates::Rates;
    use crate::source::PastInstall;
    use crate::vocabulary::Phase;
    use vx_shm::SlotState;

    const SECOND: u64 = 1_000_000_000;

    /// The slow ones after so many seconds of downloads at these rates.
    fn slow_after(seconds: u64, rates: &[u64], expectations: &Expectations) -> Vec<bool> {
        let mut measuring = Rates::expecting(expectations.clone());
        let at = |second: u64| {
            let slot = |(index, rate): (u32, &u64)| SlotView {
                index,
                key: format!("tool-{index}"),
                state: SlotState::Live,
                step: Phase::DOWNLOADING.step(),
                done: rate * second,
                ..SlotView::default()
            };
            let slots = (0..).zip(rates).map(slot).collect();
            Snapshot { slots, taken_at_ns: second * SECOND, ..Snapshot::default() }
        };
        let mut last = Vec::new();
        for second in 0..=seconds {
            last = measuring.update(&at(second)).iter().map(|pace| pace.slow).collect();
        }
        last
    }

    #[test]
    fn a_thin_line_shows_nobody_as_slow() {
        let none = Expectations::default();
        assert_eq!(slow_after(60, &[20_000; 4], &none), [false; 4]);
        assert_eq!(slow_after(60, &[20_000], &none), [false]);
        // Nor if some of them get more of the line than others.
        assert_eq!(slow_after(60, &[9_000, 4_000, 12_000], &none), [false; 3]);
    }

    #[test]
    fn one_far_behind_the_others_is_slow_whatever_the_figures() {
        let none = Expectations::default();
        assert_eq!(slow_after(10, &[8_000_000, 500_000, 9_000_000], &none), [false, true, false]);
        assert_eq!(slow_after(10, &[500_000, 8_000_000], &none), [true, false]);
        assert_eq!(slow_after(2, &[8_000_000, 500_000, 9_000_000], &none), [false; 3], "measured too shortly");
    }

    #[test]
    fn the_only_download_is_compared_with_its_own_past_and_earlier_runs() {
        let mut measuring = Rates::default();
        let at = |second: u64, done| {
            let slot =
                SlotView { state: SlotState::Live, step: Phase::DOWNLOADING.step(), done, ..SlotView::default() };
            Snapshot { slots: vec![slot], taken_at_ns: second * SECOND, ..Snapshot::default() }
        };
        let fast = |second: u64| second.min(10) * 1_000_000 + second.saturating_sub(10) * 10_000;
        let slow: Vec<bool> = (0..30).map(|second| measuring.update(&at(second, fast(second)))[0].slow).collect();
        assert!(!slow[..11].contains(&true) && slow[20..].iter().all(|slow| *slow), "{slow:?}");

        let install = PastInstall { version: "1".into(), bytes: 10_000_000, phases: vec![(Phase::DOWNLOADING, 1_000)] };
        let tools = [("tool-0".to_owned(), vec![install])].into_iter().collect();
        let expected = Expectations { tools, ..Expectations::default() };
        assert_eq!(slow_after(10, &[20_000], &expected), [true], "500 times slower than ever");
        assert_eq!(slow_after(10, &[5_000_000], &expected), [false]);
        assert_eq!(slow_after(10, &[20_000; 2], &expected), [false; 2], "a thin line today");
    }

    #[test]
    fn the_median_is_one_of_the_others() {
        assert_eq!(median_of_others(&[1, 9], 1), 9);
        assert_eq!(median_of_others(&[1, 9], 9), 1);
        assert_eq!(median_of_others(&[1, 5, 9], 5), 1);
        assert_eq!(median_of_others(&[1, 5, 9], 1), 5);
        assert_eq!(median_of_others(&[1, 5, 8, 9], 1), 8);
    }
}
