//! The transitions of a slot: a ring of the last steps. A step that was entered twice is in it twice.
//!
//! The count of transitions is one of the slot's numbers. A writer announces nothing before it overwrites an entry. So
//! the ring has one entry more than are shown, and a reader takes the count before and after its copy: entries that may
//! have been overwritten in between are left out.

use crate::atomics::{Mutant, Ordering, broken, fence_unless, in_order};
use crate::layout::{ColdRecord, HotLine, TRANSITIONS, TransitionImage};

/// The ring's length as a count.
const LENGTH: u16 = TRANSITIONS as u16;
/// At this count, counting continues from [`LENGTH`]: both are the same place of the ring, which is full at both.
const LAP: u16 = u16::MAX / LENGTH * LENGTH;

/// A change from one step to another.
#[derive(Clone, Copy, Debug)]
pub struct StepChange {
    /// The count of transitions before this one.
    pub count: u16,
    /// Work done in the step that is left.
    pub left_done: u64,
    /// Number of the step that is entered.
    pub entered: u8,
    /// When, in monotonic nanoseconds.
    pub now_ns: u64,
}

/// Count one further. The count never comes back to one at which the ring was not full.
pub const fn next_count(count: u16) -> u16 {
    if count >= LAP - 1 { LENGTH } else { count + 1 }
}

/// Encode a step that was entered at this time: the time loses its lowest byte.
pub(super) const fn entry_word(entered: u8, now_ns: u64) -> u64 {
    now_ns & !0xff | entered as u64
}

/// Note a change of step, and then publish the numbers that count it and name the step.
pub fn enter_step(line: &HotLine, record: &ColdRecord, change: &StepChange, numbers: &[u64; 3]) {
    let entry = |count: u16| &record.transitions[usize::from(count) % TRANSITIONS];
    let note = || {
        // The count published last must be visible before the entry that it retired is overwritten: pairs with the
        // first fence of the latch in `read_transitions`.
        fence_unless(Mutant::NoStepFence, Ordering::Release);
        if change.count > 0 {
            entry(change.count - 1)[1].store(change.left_done, Ordering::Relaxed);
        }
        entry(change.count)[1].store(0, Ordering::Relaxed);
        entry(change.count)[0].store(entry_word(change.entered, change.now_ns), Ordering::Relaxed);
    };
    in_order(Mutant::AnnouncedFirst, note, || line.numbers.write(numbers));
}

/// Copy the ring, and return the count of transitions after the copy; `None` if the slot is written to all the time.
pub fn read_transitions(line: &HotLine, record: &ColdRecord, into: &mut [TransitionImage; TRANSITIONS]) -> Option<u16> {
    for (entry, [entered, done]) in into.iter_mut().zip(&record.transitions) {
        let (entered, done) = (entered.load(Ordering::Relaxed), done.load(Ordering::Relaxed));
        *entry = TransitionImage { entered, done };
    }
    // The latch's first fence also comes after the loads of the ring: the count is as new as every entry copied.
    line.numbers.read_soon().map(|(_, [_, _, meta])| super::Meta::from_word(meta).transitions)
}

/// Pick the entries that are whole in a copy of the ring, oldest first: those announced by `before`, the count when the
/// copy was begun, except those that a writer may have overwritten by `after`, the count when it was finished.
pub fn shown(
    ring: &[TransitionImage; TRANSITIONS],
    before: u16,
    after: u16,
) -> impl Iterator<Item = TransitionImage> + '_ {
    // A forged count is treated as one that moved a whole lap.
    let moved =
        if after >= before { after - before } else { after.saturating_add(LAP - LENGTH).saturating_sub(before) };
    let moved = if broken(Mutant::NoStepCount) { 0 } else { moved };
    let room = if broken(Mutant::NoSpareStep) { LENGTH } else { LENGTH - 1 };
    let whole = room.saturating_sub(moved).min(before);
    (1..=whole).rev().map(move |age| ring[usize::from(before - age) % TRANSITIONS]).filter(|entry| entry.entered != 0)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::stamp::Meta;

    fn enter(line: &HotLine, record: &ColdRecord, count: u16, step: u8) -> u16 {
        let change =
            StepChange { count, left_done: u64::from(count), entered: step, now_ns: 256 * u64::from(count + 1) };
        let transitions = next_count(count);
        enter_step(line, record, &change, &[0, 0, Meta { step, transitions, ..Meta::default() }.word()]);
        transitions
    }

    fn ring(record: &ColdRecord) -> [TransitionImage; TRANSITIONS] {
        std::array::from_fn(|at| {
            let [entered, done] = [0, 1].map(|word: usize| record.transitions[at][word].load(Ordering::Relaxed));
            TransitionImage { entered, done }
        })
    }

    fn steps(record: &ColdRecord, before: u16, after: u16) -> Vec<u8> {
        shown(&ring(record), before, after).map(|entry| entry.entered as u8).collect()
    }

    #[test]
    fn a_step_entered_twice_is_there_twice_and_the_last_eight_are_shown() {
        let (line, record) = (HotLine::default(), ColdRecord::default());
        let entered = [0, 3, 5, 3, 5, 3, 1, 2, 4, 6, 7];
        let count = entered.into_iter().fold(0, |count, step| enter(&line, &record, count, step));
        assert_eq!(count, 11);
        assert_eq!(steps(&record, count, count), [3, 5, 3, 1, 2, 4, 6, 7]);
        let ends: Vec<u64> = shown(&ring(&record), count, count).map(|entry| entry.done).collect();
        assert_eq!(ends, [4, 5, 6, 7, 8, 9, 10, 0], "what was done in each, and nothing yet in the last");
    }

    #[test]
    fn entries_overwritten_since_the_count_was_taken_are_left_out() {
        let (line, record) = (HotLine::default(), ColdRecord::default());
        let before = (0..9).fold(0, |count, step| enter(&line, &record, count, step));
        assert_eq!(steps(&record, before, before), [1, 2, 3, 4, 5, 6, 7, 8]);
        let after = enter(&line, &record, before, 9);
        assert_eq!(steps(&record, before, after), [2, 3, 4, 5, 6, 7, 8], "entry 0 is gone, entry 1 may be next");
        assert_eq!(steps(&record, before, before + 8), [0u8; 0]);
        assert_eq!(steps(&record, before, u16::MAX), [0u8; 0]);
    }

    #[test]
    fn counting_goes_on_behind_the_last_count_with_a_full_ring() {
        let (line, record) = (HotLine::default(), ColdRecord::default());
        let mut count = LAP - 3;
        for step in 0..12 {
            count = enter(&line, &record, count, step);
        }
        assert_eq!(count, LENGTH + 9);
        assert_eq!(steps(&record, count, count), [4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(shown(&ring(&record), LAP - 1, LENGTH).count(), 7, "one was entered in between");
    }

    #[test]
    fn forged_counts_show_no_more_than_the_ring_has() {
        let ring = [TransitionImage { entered: 1, done: 0 }; TRANSITIONS];
        for (before, after) in [(u16::MAX, u16::MAX), (u16::MAX, 0), (0, u16::MAX), (LAP, 3), (7, 7)] {
            assert!(shown(&ring, before, after).count() < TRANSITIONS);
        }
        assert_eq!((next_count(u16::MAX), next_count(LAP - 1)), (LENGTH, LENGTH));
    }
}
