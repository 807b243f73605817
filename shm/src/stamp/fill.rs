//! How the words of a publication get into the spare copy.

use crate::atomics::{AtomicU64, Ordering};

/// Stores the words of a publication into the spare copy.
///
/// Each word is stored whole, as by a relaxed store. No store may move up past a fence before the call, or down past a
/// release after it. The order among the words is free: no reader believes one of them before the stamp moves.
pub trait Fill: Copy {
    /// Store each word into the cell at the same index.
    fn fill<const W: usize>(self, cells: &[AtomicU64; W], words: &[u64; W]);
}

/// One relaxed store for each word: works on every system, and in models.
#[derive(Clone, Copy, Debug)]
pub struct WordByWord;

impl Fill for WordByWord {
    #[inline(always)]
    fn fill<const W: usize>(self, cells: &[AtomicU64; W], words: &[u64; W]) {
        for (cell, word) in cells.iter().zip(words) {
            cell.store(*word, Ordering::Relaxed);
        }
    }
}
