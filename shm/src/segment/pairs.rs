//! Filling a latch's spare copy two words at a time: half as many stores, and stores are what a large publication
//! costs.
//!
//! The manuals of x86-64 processors promise that an aligned store of 16 bytes is seen whole on every processor with
//! AVX. Other processors, models and interpreters use the portable loop, which stores the same words.

use crate::atomics::AtomicU64;
use crate::stamp::{Fill, WordByWord};

/// Stores two words at once if the processor stores 16 aligned bytes whole, else one.
#[derive(Clone, Copy, Debug)]
#[allow(unreachable_pub, reason = "public for the benches")]
pub struct InPairs {
    whole: bool,
}

impl InPairs {
    /// Detect what this machine supports.
    #[allow(unreachable_pub, reason = "public for the benches")]
    pub fn here() -> Self {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        let whole = std::arch::is_x86_feature_detected!("avx");
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        let whole = false;
        Self { whole }
    }
}

impl Fill for InPairs {
    #[inline(always)]
    fn fill<const W: usize>(self, cells: &[AtomicU64; W], words: &[u64; W]) {
        if !self.whole {
            // Inlined: a call here would make every publication save the registers that it uses.
            return WordByWord.fill(cells, words);
        }
        // Cells are aligned to 8: a pair begins at the first of them or at the second.
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        match cells.as_ptr().cast::<u128>().is_aligned() {
            true => fill_from::<W, 0>(cells, words),
            false => fill_from::<W, 1>(cells, words),
        }
    }
}

/// Store the words, in pairs from the cell `FIRST` on, whose address is a multiple of 16.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
fn fill_from<const W: usize, const FIRST: usize>(cells: &[AtomicU64; W], words: &[u64; W]) {
    let ((head, cells), (first, words)) = (cells.split_at(FIRST.min(W)), words.split_at(FIRST.min(W)));
    crate::stamp::store_words(head, first);
    let ((eights, cells), (of_eight, words)) = (cells.as_chunks(), words.as_chunks());
    eights.iter().zip(of_eight).for_each(|(cells, words)| super::store_eight(cells, words));
    let ((pairs, cells), (of_two, words)) = (cells.as_chunks(), words.as_chunks());
    pairs.iter().zip(of_two).for_each(|(cells, words)| super::store_two(cells, words));
    crate::stamp::store_words(cells, words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomics::Ordering;

    /// `AHEAD` cells, the first at a multiple of 16, then the `W` cells to fill, then two more.
    #[repr(C, align(16))]
    struct Room<const AHEAD: usize, const W: usize>([AtomicU64; AHEAD], [AtomicU64; W], [AtomicU64; 2]);

    /// All cells of the room after the middle ones were filled in this way.
    fn left_by<const AHEAD: usize, const W: usize>(way: impl Fill) -> Vec<u64> {
        let room = Room::<AHEAD, W>(cells(), cells(), cells());
        let words = std::array::from_fn(|at| 0x0101_0101_0101_0101 * (at as u64 + 1));
        way.fill(&room.1, &words);
        let cells = room.0.iter().chain(&room.1).chain(&room.2);
        cells.map(|cell| cell.load(Ordering::Relaxed)).collect()
    }

    fn cells<const W: usize>() -> [AtomicU64; W] {
        std::array::from_fn(|_| AtomicU64::new(u64::MAX))
    }

    fn both_ways_leave_the_same<const W: usize>() {
        assert_eq!(left_by::<0, W>(InPairs::here()), left_by::<0, W>(WordByWord), "{W} words on a multiple of 16");
        assert_eq!(left_by::<1, W>(InPairs::here()), left_by::<1, W>(WordByWord), "{W} words on an odd multiple of 8");
    }

    #[test]
    fn both_ways_of_filling_a_copy_store_the_same_words_and_nothing_beside() {
        both_ways_leave_the_same::<0>();
        both_ways_leave_the_same::<1>();
        both_ways_leave_the_same::<2>();
        both_ways_leave_the_same::<3>();
        both_ways_leave_the_same::<7>();
        both_ways_leave_the_same::<8>();
        both_ways_leave_the_same::<9>();
        both_ways_leave_the_same::<10>();
        both_ways_leave_the_same::<16>();
        both_ways_leave_the_same::<23>();
        both_ways_leave_the_same::<24>();
    }
}
