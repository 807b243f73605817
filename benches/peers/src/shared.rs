//! Memory that this bench shares with its child processes, to give them orders and to take their figures without a
//! system call in the measured time.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use vx_shm::layout::Latch;

/// Words of the record that is published whole: 192 bytes.
pub(crate) const RECORD_WORDS: usize = 24;
/// Most figures that a child can return.
pub(crate) const FIGURES: usize = 4_096;

/// The content of the memory.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Block {
    /// Order to the child; the child confirms it in `doing`.
    pub(crate) order: AtomicU64,
    apart: [AtomicU64; 15],
    pub(crate) doing: AtomicU64,
    /// Number of messages or states that the child has seen, if it counts them.
    pub(crate) seen: AtomicU64,
    also_apart: [AtomicU64; 14],
    pub(crate) figures: [AtomicU64; FIGURES],
    /// A record published under the board's latch, 192 bytes at once.
    pub(crate) record: Latch<RECORD_WORDS>,
}

/// The memory, mapped.
pub(crate) struct Shared(memmap2::MmapRaw);

impl Shared {
    /// Make the file and map it.
    pub(crate) fn create(path: &Path) -> Self {
        File::create_new(path).and_then(|file| file.set_len(size_of::<Block>() as u64)).expect("a file to share");
        Self::open(path)
    }

    pub(crate) fn open(path: &Path) -> Self {
        let file = File::options().read(true).write(true).open(path).expect("a file to share");
        let map = memmap2::MmapOptions::new().len(size_of::<Block>()).map_raw(&file).expect("a map");
        Self(map)
    }

    /// Give an order and wait until the child has taken it.
    pub(crate) fn order(&self, order: u64) {
        self.order.store(order, Ordering::Release);
        self.await_doing(order);
    }

    /// Wait, without sleeping, until the child confirms this.
    pub(crate) fn await_doing(&self, what: u64) {
        await_word(&self.doing, what);
    }

    /// Wait, without sleeping, until the child has seen `count`.
    pub(crate) fn await_seen(&self, count: u64) {
        await_word(&self.seen, count);
    }

    /// The first `count` figures that the child has recorded.
    pub(crate) fn figures(&self, count: usize) -> Vec<f64> {
        self.figures[..count].iter().map(|figure| figure.load(Ordering::Relaxed) as f64).collect()
    }
}

fn await_word(word: &AtomicU64, what: u64) {
    let mut turns = 0_u64;
    while word.load(Ordering::Acquire) != what {
        std::hint::spin_loop();
        turns += 1;
        if turns.is_multiple_of(1 << 16) {
            std::thread::yield_now(); // The child, or a process that it waits for, may need this core.
        }
    }
}

impl std::ops::Deref for Shared {
    type Target = Block;

    fn deref(&self) -> &Block {
        // SAFETY: the map is as long as a block and begins on a page; it lives as long as `self`, and its file is not
        // made shorter. A block holds atomics only, so any bits are valid and others may store to it.
        unsafe { &*self.0.as_ptr().cast::<Block>() }
    }
}
