//! System services that these tests need and that have no safe form: words that processes share beside a board, and a
//! fork.
#![allow(unsafe_code, reason = "the only file of these tests with unsafe code")]

use std::path::Path;
use std::sync::atomic::AtomicU64;

use nix::unistd::{ForkResult, Pid};

/// Zeroed words in a file that other processes map too: a writer's progress, recorded without a board.
pub(crate) struct SharedWords {
    map: memmap2::MmapRaw,
}

impl SharedWords {
    /// `count` words in a new file.
    pub(crate) fn create(path: &Path, count: usize) -> Self {
        std::fs::write(path, vec![0; count * size_of::<u64>()]).unwrap();
        Self::open(path)
    }

    /// Map the words that another process has made.
    pub(crate) fn open(path: &Path) -> Self {
        let file = std::fs::File::options().read(true).write(true).open(path).unwrap();
        Self { map: memmap2::MmapRaw::map_raw(&file).unwrap() }
    }

    pub(crate) fn word(&self, at: usize) -> &AtomicU64 {
        assert!((at + 1) * size_of::<u64>() <= self.map.len(), "a word within the file");
        // SAFETY: the assertion keeps the word inside the map, which lives as long as `self` and begins on a page. The
        // file keeps its length: only these tests know its name. Any bits are a valid atomic, and every process touches
        // the words through atomics only.
        unsafe { &*self.map.as_ptr().cast::<AtomicU64>().add(at) }
    }
}

/// Fork, and continue in both processes. The child's outcome is not checked here. Returns its id to the parent.
pub(crate) fn fork_and(child: impl FnOnce()) -> Pid {
    // SAFETY: after a fork the child has this thread only, so a lock that another thread held at that moment stays
    // locked in it. The callers are children that play a role, whose only other thread is the board's: it beats four
    // times a second and prints and reads nothing. The C library makes the allocator usable after a fork.
    match unsafe { nix::unistd::fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            child();
            // SAFETY: ends the process at once; no destructor of a value that the parent owns is run in the child.
            unsafe { libc::_exit(0) }
        }
    }
}
