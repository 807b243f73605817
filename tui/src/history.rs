//! How fast each slot moves, from a few samples of the last seconds. Bounded: a dozen samples a slot, and only for the
//! slots of the last snapshot.

use std::collections::VecDeque;

use vx_shm::{Phase, SlotState, SlotView, Snapshot};

use crate::model::{Pace, SlotId};

const WINDOW_NS: u64 = 5_000_000_000;
const BETWEEN_SAMPLES_NS: u64 = 450_000_000;
/// A rate over less than this jumps too much to be read.
const LEAST_SPAN_NS: u64 = 1_000_000_000;

/// The samples of all slots.
#[derive(Debug, Default)]
pub(crate) struct History {
    tracks: Vec<Track>,
}

#[derive(Debug)]
struct Track {
    of: (SlotId, Phase, u8),
    /// When, and how much was done; oldest first.
    samples: VecDeque<(u64, u64)>,
}

impl History {
    /// Take a snapshot in. Returns what is known of each of its slots, in their order.
    pub(crate) fn note(&mut self, snapshot: &Snapshot) -> Vec<Pace> {
        let mut before = std::mem::take(&mut self.tracks);
        let mut paces = Vec::with_capacity(snapshot.slots.len());
        for (place, slot) in snapshot.slots.iter().enumerate() {
            if !moves(slot) {
                paces.push(Pace::default());
                continue;
            }
            let of = (SlotId::of(slot), slot.phase, slot.attempt);
            // A slot mostly stands where it stood; the search is for boards whose slots moved.
            let at = if before.get(place).is_some_and(|track| track.of == of) {
                Some(place)
            } else {
                before.iter().position(|track| track.of == of)
            };
            let samples = at.map(|at| std::mem::take(&mut before[at].samples)).unwrap_or_default();
            let mut track = Track { of, samples };
            paces.push(track.note(snapshot.taken_at_ns, slot.done));
            self.tracks.push(track);
        }
        paces
    }
}

/// Whether the slot is in a phase that counts bytes.
fn moves(slot: &SlotView) -> bool {
    slot.state == SlotState::Live && matches!(slot.phase, Phase::Downloading | Phase::Extracting)
}

impl Track {
    fn note(&mut self, now_ns: u64, done: u64) -> Pace {
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

    fn rate(&self, now_ns: u64, done: u64) -> Pace {
        let Some((from_ns, from)) = self.samples.front() else { return Pace::default() };
        let span_ns = now_ns - from_ns;
        let per_second = u128::from(done - from) * 1_000_000_000 / u128::from(span_ns.max(1));
        Pace {
            bytes_per_second: (span_ns >= LEAST_SPAN_NS).then(|| u64::try_from(per_second).unwrap_or(u64::MAX)),
            measured_ms: span_ns / 1_000_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(taken_at_ns: u64, done: u64) -> Snapshot {
        let slot = SlotView { state: SlotState::Live, phase: Phase::Downloading, done, ..SlotView::default() };
        Snapshot { slots: vec![slot], taken_at_ns, ..Snapshot::default() }
    }

    #[test]
    fn a_rate_is_known_after_a_second() {
        let mut history = History::default();
        assert_eq!(history.note(&at(0, 0))[0].bytes_per_second, None);
        assert_eq!(history.note(&at(SECOND / 2, 500))[0].bytes_per_second, None);
        assert_eq!(history.note(&at(2 * SECOND, 2_000))[0].bytes_per_second, Some(1_000));
    }

    #[test]
    fn a_stall_shows_as_nothing_after_the_window() {
        let mut history = History::default();
        for tenth in 0..100 {
            history.note(&at(tenth * SECOND / 10, tenth * 100));
        }
        for tenth in 100..170 {
            history.note(&at(tenth * SECOND / 10, 9_900));
        }
        assert_eq!(history.note(&at(17 * SECOND, 9_900))[0].bytes_per_second, Some(0));
    }

    #[test]
    fn starting_over_starts_the_measurement_over() {
        let mut history = History::default();
        history.note(&at(0, 0));
        history.note(&at(2 * SECOND, 9_000));
        assert_eq!(history.note(&at(3 * SECOND, 10))[0].bytes_per_second, None);
    }

    #[test]
    fn samples_stay_few_however_often_it_is_asked() {
        let mut history = History::default();
        for step in 0..10_000 {
            history.note(&at(step * SECOND / 50, step));
        }
        assert!(history.tracks[0].samples.len() <= 13, "{}", history.tracks[0].samples.len());
    }

    proptest! {
        #[test]
        fn no_reading_breaks_it(readings in prop::collection::vec((any::<u64>(), any::<u64>()), 0..40)) {
            let mut history = History::default();
            for (taken_at_ns, done) in readings {
                history.note(&at(taken_at_ns, done));
            }
        }
    }
}
