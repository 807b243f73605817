//! The rate of each slot, from a few samples of the last seconds. Bounded: a dozen samples a slot, and only for the
//! slots of the last snapshot.

mod slow;

use std::collections::VecDeque;

use crate::vocabulary::{Phase, Phases, begun};
use vx_shm::{SlotView, Snapshot};

use crate::pace::SlotRate;
use crate::slot::SlotId;
use crate::source::Expectations;
use slow::Measured;

const WINDOW_NS: u64 = 5_000_000_000;
const BETWEEN_SAMPLES_NS: u64 = 450_000_000;
/// A rate over a shorter time changes too fast to be read.
const LEAST_SPAN_NS: u64 = 1_000_000_000;

/// The samples of all slots.
#[derive(Debug, Default)]
pub struct Rates {
    tracks: Vec<SlotRateTrack>,
    expectations: Expectations,
    /// Two downloads were measured at the same time.
    had_others: bool,
}

#[derive(Debug)]
struct SlotRateTrack {
    of: (SlotId, Phase, u8),
    /// Times with the amount done by then; oldest first.
    samples: VecDeque<(u64, u64)>,
    /// Best rate measured for long enough to be compared; zero before the first.
    best: u64,
}

impl Rates {
    /// No samples yet; a lone download is compared with these earlier runs.
    pub fn expecting(expectations: Expectations) -> Self {
        Self { expectations, ..Self::default() }
    }

    /// Record a snapshot. Returns the rate of each of its slots, in their order.
    pub fn update(&mut self, snapshot: &Snapshot) -> Vec<SlotRate> {
        // Only moving slots have a track. Both the old tracks and the slots are in the board's order, so one pass pairs
        // them.
        let mut before = std::mem::take(&mut self.tracks).into_iter().peekable();
        let mut paces = Vec::with_capacity(snapshot.slots.len());
        let mut measured = Vec::new();
        for (place, slot) in snapshot.slots.iter().enumerate() {
            if !moves(slot) {
                paces.push(SlotRate::default());
                continue;
            }
            let of = (SlotId::from_slot(slot), slot.phase(), slot.attempt);
            while before.next_if(|track| track.of < of).is_some() {}
            let known = before.next_if(|track| track.of == of);
            let mut track = known.unwrap_or_else(|| SlotRateTrack { of, samples: VecDeque::new(), best: 0 });
            let pace = track.add_sample(snapshot.taken_at_ns, slot.done);
            if slow::is_comparable(slot, pace) {
                track.best = track.best.max(pace.bytes_per_second.unwrap_or_default());
                measured.push(Measured { place, best: track.best });
            }
            paces.push(pace);
            self.tracks.push(track);
        }
        self.had_others |= measured.len() > 1;
        slow::mark(snapshot, &mut paces, &measured, !self.had_others, &self.expectations);
        paces
    }
}

/// Returns whether the slot is in a phase that counts bytes.
fn moves(slot: &SlotView) -> bool {
    begun(slot) && slot.phase().meaning().counts
}

impl SlotRateTrack {
    fn add_sample(&mut self, now_ns: u64, done: u64) -> SlotRate {
        let went_back = self.samples.back().is_some_and(|(at, before)| done < *before || now_ns < *at);
        if went_back {
            self.samples.clear();
        }
        while self.samples.len() > 1 && now_ns - self.samples[1].0 >= WINDOW_NS {
            self.samples.pop_front();
        }
        let rate = self.rate(now_ns, done);
        if self.samples.back().is_none_or(|(at, _)| now_ns - at >= BETWEEN_SAMPLES_NS) {
            self.samples.push_back((now_ns, done));
        }
        rate
    }

    fn rate(&self, now_ns: u64, done: u64) -> SlotRate {
        let Some((from_ns, from)) = self.samples.front() else { return SlotRate::default() };
        let span_ns = now_ns - from_ns;
        let per_second = u128::from(done - from) * 1_000_000_000 / u128::from(span_ns.max(1));
        SlotRate {
            bytes_per_second: (span_ns >= LEAST_SPAN_NS).then(|| u64::try_from(per_second).unwrap_or(u64::MAX)),
            measured_ms: span_ns / 1_000_000,
            gained: done - from,
            slow: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vx_shm::SlotState;

    const SECOND: u64 = 1_000_000_000;

    fn at(taken_at_ns: u64, done: u64) -> Snapshot {
        let slot = SlotView { state: SlotState::Live, step: Phase::DOWNLOADING.step(), done, ..SlotView::default() };
        Snapshot { slots: vec![slot], taken_at_ns, ..Snapshot::default() }
    }

    #[test]
    fn a_rate_is_known_after_a_second() {
        let mut rates = Rates::default();
        assert_eq!(rates.update(&at(0, 0))[0].bytes_per_second, None);
        assert_eq!(rates.update(&at(SECOND / 2, 500))[0].bytes_per_second, None);
        assert_eq!(rates.update(&at(2 * SECOND, 2_000))[0].bytes_per_second, Some(1_000));
    }

    #[test]
    fn a_stall_shows_as_nothing_after_the_window() {
        let mut rates = Rates::default();
        for tenth in 0..100 {
            rates.update(&at(tenth * SECOND / 10, tenth * 100));
        }
        for tenth in 100..170 {
            rates.update(&at(tenth * SECOND / 10, 9_900));
        }
        assert_eq!(rates.update(&at(17 * SECOND, 9_900))[0].bytes_per_second, Some(0));
    }

    #[test]
    fn starting_over_starts_the_measurement_over() {
        let mut rates = Rates::default();
        rates.update(&at(0, 0));
        rates.update(&at(2 * SECOND, 9_000));
        assert_eq!(rates.update(&at(3 * SECOND, 10))[0].bytes_per_second, None);
    }

    #[test]
    fn samples_stay_few_however_often_it_is_asked() {
        let mut rates = Rates::default();
        for step in 0..10_000 {
            rates.update(&at(step * SECOND / 50, step));
        }
        assert!(rates.tracks[0].samples.len() <= 13, "{}", rates.tracks[0].samples.len());
    }

    /// A board of downloads, of which the first is in this state.
    fn board(slots: u32, first: SlotState, second: u64) -> Snapshot {
        let mut now = at(second * SECOND, second);
        now.slots = (0..slots).map(|index| SlotView { index, ..now.slots[0].clone() }).collect();
        now.slots[0].state = first;
        now
    }

    #[test]
    fn slots_keep_their_measurements_when_those_before_them_end() {
        let mut rates = Rates::default();
        rates.update(&board(5, SlotState::Live, 0));
        rates.update(&board(5, SlotState::Done, 1));
        let mut last = board(5, SlotState::Done, 2);
        last.slots.remove(2);
        let measured: Vec<u64> = rates.update(&last).iter().map(|pace| pace.measured_ms).collect();
        assert_eq!(measured, [0, 2_000, 2_000, 2_000]);
    }

    #[test]
    fn a_slot_that_is_over_does_not_make_the_others_be_searched_for() {
        let took = |first: SlotState| {
            let mut rates = Rates::default();
            let boards: Vec<Snapshot> = (0..6).map(|second| board(4_096, first, second)).collect();
            let begun = std::time::Instant::now();
            boards.iter().for_each(|board| drop(rates.update(board)));
            begun.elapsed()
        };
        let (all, but_one) = (took(SlotState::Live), took(SlotState::Done));
        assert!(but_one < 10 * all, "{but_one:?} beside {all:?}");
    }

    proptest! {
        #[test]
        fn no_reading_breaks_it(readings in prop::collection::vec((any::<u64>(), any::<u64>()), 0..40)) {
            let mut rates = Rates::default();
            for (taken_at_ns, done) in readings {
                rates.update(&at(taken_at_ns, done));
            }
        }
    }
}
