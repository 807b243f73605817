//! The latch: two copies of some words under one stamp, whose lowest bit names the copy that is whole.

use crate::atomics::{AtomicU64, Mutant, Ordering, broken, fence_unless, in_order, unless};
use crate::layout::Latch;

use super::{Fill, WordByWord};

/// A reader tries at most this often before it keeps its earlier words.
pub const READ_ATTEMPTS: usize = 4;

impl<const W: usize> Latch<W> {
    /// Publish these words whole. Only the one writer may call this.
    #[inline(always)]
    pub fn write(&self, words: &[u64; W]) {
        self.write_by(WordByWord, words);
    }

    /// As [`write`](Self::write), with another way of filling the spare copy.
    #[inline(always)]
    pub fn write_by(&self, way: impl Fill, words: &[u64; W]) {
        self.publish(|spare| way.fill(spare, words));
    }

    /// Publish with new words at the front only. The words behind them must be the same in both copies.
    #[inline(always)]
    pub fn write_front_by<const N: usize>(&self, way: impl Fill, words: &[u64; N]) {
        self.publish(|spare| {
            if let Some(front) = spare.first_chunk() {
                way.fill(front, words);
            }
        });
    }

    /// Fill the spare copy, and then name it in the stamp.
    #[inline(always)]
    fn publish(&self, fill: impl FnOnce(&[AtomicU64; W])) {
        let stamp = self.stamp.load(Ordering::Relaxed).wrapping_add(1);
        // The stamp stored last time must be visible before the copy it retired is written: pairs with the fence
        // between the loads of a copy and the second look at the stamp in `read`.
        fence_unless(Mutant::NoWriterFence, Ordering::Release);
        let spare = if broken(Mutant::OneCopy) { stamp.wrapping_sub(1) } else { stamp } & 1;
        let fill = || fill(&self.copies[spare as usize].0);
        // Pairs with the first fence in `read`.
        let name = || self.stamp.store(stamp, unless(Mutant::RelaxedPublish, Ordering::Release));
        in_order(Mutant::StampFirst, fill, name);
    }

    /// Read the newest words, with their stamp, if no publication came in between. Stores nothing.
    #[inline(always)]
    pub fn read(&self) -> Option<(u64, [u64; W])> {
        let stamp = self.stamp.load(Ordering::Relaxed);
        fence_unless(Mutant::NoFirstFence, Ordering::Acquire);
        let copy = &self.copies[(stamp & 1) as usize].0;
        let words = std::array::from_fn(|at| copy[at].load(Ordering::Relaxed));
        fence_unless(Mutant::NoReaderFence, Ordering::Acquire);
        (broken(Mutant::NoSecondStamp) || self.stamp.load(Ordering::Relaxed) == stamp).then_some((stamp, words))
    }

    /// Read the newest words, with at most [`READ_ATTEMPTS`] tries.
    pub fn read_soon(&self) -> Option<(u64, [u64; W])> {
        (0..READ_ATTEMPTS).find_map(|_| self.read())
    }

    /// Load the first of the words that the writer published last. For the writer only.
    #[inline(always)]
    pub fn own_first(&self) -> u64 {
        let copy = &self.copies[(self.stamp.load(Ordering::Relaxed) & 1) as usize].0;
        copy.first().map_or(0, |word| word.load(Ordering::Relaxed))
    }

    /// Load the words that the writer published last. For the writer only.
    pub fn own(&self) -> [u64; W] {
        let copy = &self.copies[(self.stamp.load(Ordering::Relaxed) & 1) as usize].0;
        std::array::from_fn(|at| copy[at].load(Ordering::Relaxed))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_publication_goes_into_the_spare_copy_and_the_one_before_stays_whole() {
        let latch = Latch::<3>::default();
        latch.write(&[1, 2, 3]);
        latch.write(&[4, 5, 6]);
        assert_eq!(latch.read(), Some((2, [4, 5, 6])));
        let spare: Vec<u64> = latch.copies[1].0.iter().map(|word| word.load(Ordering::Relaxed)).collect();
        assert_eq!(spare, [1, 2, 3]);
    }

    #[test]
    fn a_new_front_leaves_the_words_behind_it() {
        let latch = Latch::<3>::default();
        latch.write(&[1, 2, 3]);
        latch.write(&[4, 2, 3]);
        latch.write_front_by(WordByWord, &[5]);
        assert_eq!((latch.read(), latch.own_first()), (Some((3, [5, 2, 3])), 5));
        latch.write_front_by(WordByWord, &[6]);
        assert_eq!(latch.read(), Some((4, [6, 2, 3])));
    }

    #[test]
    fn the_stamp_may_pass_its_highest_value() {
        let latch = Latch::<1>::default();
        latch.stamp.store(u64::MAX, Ordering::Relaxed);
        latch.write(&[7]);
        assert_eq!(latch.read(), Some((0, [7])));
        latch.write(&[8]);
        assert_eq!(latch.read(), Some((1, [8])));
    }
}
