//! A simulation of the run: a fixed number of tools at once, in order, each starting as soon as an earlier one ends.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// The remaining work of one slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct RemainingWork {
    /// Index of its slot on the board.
    pub(super) place: usize,
    pub(super) rest_ms: u64,
    /// A process is at work on the slot.
    pub(super) begun: bool,
    /// Index of the slot that has to end first.
    pub(super) after: Option<usize>,
}

/// The end of the last piece of `work`, in milliseconds from now, with `at_once` at work; `None` if some of the work
/// waits in a circle.
pub(super) fn last_end_ms(work: &[RemainingWork], at_once: usize) -> Option<u64> {
    let mut ends: HashMap<usize, u64> = HashMap::new();
    let mut ends_at_work: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
    let (mut waiting, begun): (Vec<&RemainingWork>, Vec<&RemainingWork>) =
        work.iter().filter(|work| work.begun).partition(|work| work.after.is_some());
    for work in begun {
        ends.insert(work.place, work.rest_ms);
        ends_at_work.push(Reverse(work.rest_ms));
    }
    // A waiting tool counts as one at work; the tool it waits for has begun, or has ended and is not in the list.
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|held| {
            let after = held.after.filter(|after| work.iter().any(|other| other.place == *after));
            let begin = match after {
                Some(after) => match ends.get(&after) {
                    Some(end) => *end,
                    None => return true,
                },
                None => 0,
            };
            let end = begin.saturating_add(held.rest_ms);
            ends.insert(held.place, end);
            ends_at_work.push(Reverse(end));
            false
        });
        if waiting.len() == before {
            return None;
        }
    }
    let mut last = ends.values().copied().max().unwrap_or_default();
    for queued in work.iter().filter(|work| !work.begun) {
        let begin = match ends_at_work.len() < at_once.max(1) {
            true => 0,
            false => ends_at_work.pop().map_or(0, |Reverse(end)| end),
        };
        let end = begin.saturating_add(queued.rest_ms);
        last = last.max(end);
        ends_at_work.push(Reverse(end));
    }
    Some(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn queued(rests: &[u64]) -> Vec<RemainingWork> {
        let work =
            |(place, rest_ms): (usize, &u64)| RemainingWork { place, rest_ms: *rest_ms, begun: false, after: None };
        rests.iter().enumerate().map(work).collect()
    }

    #[test]
    fn each_begins_when_a_turn_is_free() {
        assert_eq!(last_end_ms(&queued(&[50, 30, 30, 10]), 2), Some(60));
        assert_eq!(last_end_ms(&queued(&[50, 30, 30, 10]), 9), Some(50));
        assert_eq!(last_end_ms(&queued(&[50, 30, 30, 10]), 1), Some(120));
        assert_eq!(last_end_ms(&[], 0), Some(0));
    }

    #[test]
    fn more_at_work_than_allowed_only_hold_up_those_behind_them() {
        let mut work = queued(&[50, 30, 10]);
        work[0].begun = true;
        work[1].begun = true;
        assert_eq!(last_end_ms(&work, 1), Some(50), "the third begins when the second is through");
    }

    #[test]
    fn what_waits_for_another_begins_after_it() {
        let mut work = queued(&[50, 30]);
        work.iter_mut().for_each(|work| work.begun = true);
        work[1].after = Some(0);
        assert_eq!(last_end_ms(&work, 2), Some(80));
        work[0].after = Some(1);
        assert_eq!(last_end_ms(&work, 2), None, "a ring");
    }

    proptest! {
        #[test]
        fn more_work_is_never_sooner_done_and_more_hands_never_later(
            rests in prop::collection::vec(0u64..100_000, 1..30),
            more in 0usize..30,
            by in 0u64..50_000,
            at_once in 1usize..8,
        ) {
            let before = last_end_ms(&queued(&rests), at_once);
            let mut longer = rests.clone();
            let place = more % longer.len();
            longer[place] += by;
            prop_assert!(last_end_ms(&queued(&longer), at_once) >= before);
            prop_assert!(last_end_ms(&queued(&rests), at_once + 1) <= before);
            prop_assert!(before >= rests.iter().copied().max());
        }
    }
}
