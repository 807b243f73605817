//! The way in which the words of a publication get into the spare copy.

use crate::atomics::{AtomicU64, Ordering};

/// Stores the words of a publication into the spare copy.
///
/// Each word is stored whole, as a relaxed store does it, and none before a fence that stands ahead of the call or behind
/// a release that follows it. The order among the words is free: no reader believes one of them before the stamp moves.
pub trait Fill: Copy {
    /// Store each word into the cell of the same place.
    fn fill<const W: usize>(self, cells: &[AtomicU64; W], words: &[u64; W]);
}

/// One relaxed store for each word: on every system, and in models.
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
