//! Protection against a board that is cut short: missing pages become zeros, and every reader gets an error.
//!
//! A page that is cut off a mapped file raises SIGBUS in the process that touches it, and a check of the length
//! beforehand may be out of date. Reading through the kernel instead would cost a system call each time, more than a
//! whole poll of 64 slots. So the first map of a board installs a handler for SIGBUS ([`signal`]). On a fault inside a
//! map of a board it flags the map as vanished and puts private zeros in place of the whole map: the interrupted load
//! is made again and finds an empty board, and the reader, which checks the flag before it believes any word, reports
//! an error. From then on a writer's stores have no effect, and its work continues.

#[cfg(unix)]
mod signal;

use std::sync::OnceLock;

use crate::atomics::{AtomicU32, AtomicU64, Ordering, fence};

/// Guards one map of a board as long as this lives. Drop it before the map.
pub(crate) struct MapGuard {
    range: Option<&'static MapRange>,
}

impl MapGuard {
    /// A guard over memory that cannot vanish.
    pub(crate) const fn none() -> Self {
        Self { range: None }
    }

    /// Guard a map of `length` bytes.
    pub(crate) fn over(begin: *const u8, length: usize, writable: bool) -> Self {
        #[cfg(unix)]
        signal::install();
        let range = MapRange::take_free();
        range.begin.store(begin.addr() as u64, Ordering::Relaxed);
        range.length.store(length as u64, Ordering::Relaxed);
        range.writable.store(u32::from(writable), Ordering::Relaxed);
        range.vanished.store(0, Ordering::Relaxed);
        range.turn.fetch_add(1, Ordering::Release); // The turn is now odd. Pairs with the first load in `read`.
        Self { range: Some(range) }
    }

    /// Whether pages of the map were found gone: the words loaded lately may be zeros.
    #[inline]
    pub(crate) fn vanished(&self) -> bool {
        fence(Ordering::Acquire); // The flag is set before the first zero can be loaded.
        self.range.is_some_and(|range| range.vanished.load(Ordering::Relaxed) != 0)
    }
}

impl Drop for MapGuard {
    fn drop(&mut self) {
        if let Some(range) = self.range {
            range.turn.fetch_add(1, Ordering::Relaxed); // Even.
            fence(Ordering::Release); // A handler that loads a word of the next map sees that this turn is over.
            range.taken.store(0, Ordering::Release); // Pairs with the exchange in `try_acquire`.
        }
    }
}

/// Address range of a map. Ranges are reused and never freed, because the handler may walk over them at any
/// instant.
#[derive(Default)]
struct MapRange {
    /// 1 while a guard uses this range, else 0.
    taken: AtomicU32,
    /// Goes up when a map comes and when it goes: odd while there is one.
    turn: AtomicU64,
    begin: AtomicU64,
    length: AtomicU64,
    writable: AtomicU32,
    vanished: AtomicU32,
    next: OnceLock<&'static MapRange>,
}

/// A range's map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Map {
    begin: u64,
    length: u64,
    writable: bool,
}

/// First range of a linked list of all ranges.
static RANGES: MapRange = MapRange {
    taken: AtomicU32::new(0),
    turn: AtomicU64::new(0),
    begin: AtomicU64::new(0),
    length: AtomicU64::new(0),
    writable: AtomicU32::new(0),
    vanished: AtomicU32::new(0),
    next: OnceLock::new(),
};

impl MapRange {
    /// A free range; a new one if all are in use.
    fn take_free() -> &'static Self {
        let mut range = &RANGES;
        while !range.try_acquire() {
            range = range.next.get_or_init(|| Box::leak(Box::default()));
        }
        range
    }

    /// Take this range, if it is free. A load comes first: an exchange that fails still takes the cache line away from
    /// every other core, and a process with many slots has many ranges.
    fn try_acquire(&self) -> bool {
        // Acquire pairs with the release in the `drop` of the earlier guard, so that we see its turn as over.
        self.taken.load(Ordering::Relaxed) == 0
            && self.taken.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Read the map of this range, if there is one; never a mixture of two.
    fn read(&self) -> Option<Map> {
        let turn = self.turn.load(Ordering::Acquire);
        let map = Map {
            begin: self.begin.load(Ordering::Relaxed),
            length: self.length.load(Ordering::Relaxed),
            writable: self.writable.load(Ordering::Relaxed) != 0,
        };
        fence(Ordering::Acquire);
        (turn % 2 == 1 && self.turn.load(Ordering::Relaxed) == turn).then_some(map)
    }

    /// Find the range whose map has this address. Takes no lock and allocates nothing, because a fault may call this in
    /// the middle of any code.
    fn containing(address: u64) -> Option<(&'static Self, Map)> {
        std::iter::successors(Some(&RANGES), |range| range.next.get().copied())
            .filter_map(|range| range.read().map(|map| (range, map)))
            .find(|(_, map)| address.checked_sub(map.begin).is_some_and(|offset| offset < map.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_its_map_while_that_is_guarded_and_nowhere_else() {
        let memory = vec![0u8; 3 * 4096];
        let at = |offset: usize| memory.as_ptr().addr() as u64 + offset as u64;
        let first = MapGuard::over(memory.as_ptr(), 4096, false);
        let second = MapGuard::over(memory[8192..].as_ptr(), 4096, true);
        let found = |address| MapRange::containing(address).map(|(_, map)| (map.begin, map.writable));
        assert_eq!((found(at(0)), found(at(4095))), (Some((at(0), false)), Some((at(0), false))));
        assert_eq!((found(at(4096)), found(at(8191)), found(0), found(u64::MAX)), (None, None, None, None));
        assert_eq!(found(at(9000)), Some((at(8192), true)));
        drop(first);
        assert_eq!((found(at(0)), found(at(9000))), (None, Some((at(8192), true))));
        assert!(!second.vanished() && !MapGuard::none().vanished());
    }

    #[test]
    fn ranges_are_used_again_however_many_maps_come_and_go() {
        let count = || std::iter::successors(Some(&RANGES), |range| range.next.get().copied()).count();
        let memory = [0u8; 64];
        let turn = || (0..20).map(|_| MapGuard::over(memory.as_ptr(), memory.len(), false)).collect::<Vec<_>>();
        drop(turn());
        let before = count();
        for _ in 0..50 {
            drop(turn());
        }
        // Other tests of this process have maps, too.
        assert!(count() < before + 100, "{before} ranges became {}", count());
    }
}
