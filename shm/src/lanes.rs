//! The lanes of a pool: the slots that one process holds, and which of them begins the next life.
//!
//! All threads of a process share the lanes under one lock, held for the time it takes to move a lane from one list to
//! another. No list is walked, however many lanes there are. A thread that waits for a lane sleeps until one is free.
//! Nothing here touches the board, so that `tests/loom` can run all of it.

mod free_lanes;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::atomics::{Condvar, Mutant, Mutex, MutexGuard, broken, in_order};
use crate::layout::hash_key;
use crate::stamp::ControlWord;
use free_lanes::FreeLanes;

/// For this long a lane that has ended keeps its last view before another key takes it, as long as some lane was never
/// used.
pub const REST_NS: u64 = 1_000_000_000;

/// A slot of a pool, and the control word that it was left under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLane {
    /// Its place in the table.
    pub slot: u32,
    /// Control word under which the next life begins.
    pub left: ControlWord,
    /// `false` if its byte is free because its last writer did not end it: the first process to lock the byte may take
    /// it.
    pub locked: bool,
}

/// Why no lane could be acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLane {
    /// This lane has the key, and has not ended.
    KeyInUse(u32),
    /// Every lane is in use.
    AllInUse,
}

/// All lanes of one pool.
#[derive(Debug, Default)]
pub struct Lanes {
    free: Mutex<Free>,
    freed: Condvar,
}

/// The free lanes, by what a reader still sees of them, and the keys of those in use.
#[derive(Debug, Default)]
struct Free {
    never_used: VecDeque<PoolLane>,
    /// Lanes that had a life. One that was not ended is shown as lost until it is used again.
    left: FreeLanes,
    /// Slot of each key in use; `keys` is the inverse.
    slots: HashMap<Arc<str>, u32>,
    keys: HashMap<u32, Arc<str>>,
    /// Threads that sleep until a lane is free.
    waiting: usize,
}

impl Lanes {
    /// Add a lane that was never used.
    pub fn add_unused(&self, lane: PoolLane) {
        self.lock().never_used.push_back(lane);
    }

    /// Add a lane that had a life, with the hash of its last key; without a time if that life was left without an end.
    pub fn add_left(&self, lane: PoolLane, ended_at_ns: Option<u64>, key_hash: u64) {
        self.lock().left.add(lane, ended_at_ns, key_hash);
    }

    /// Acquire a lane for this key: the one that last had it, however recently it ended; else one that ended a second
    /// ago or more, else one that was never used, else the one that ended longest ago, else one that shows as lost. If
    /// none is free and `patience` is given, the caller sleeps until one is, at most that long.
    ///
    /// # Errors
    /// When a lane in use has this key, or none is free.
    pub fn acquire(&self, key: &str, now_ns: u64, patience: Option<Duration>) -> Result<PoolLane, NoLane> {
        let key: Arc<str> = key.into();
        let mut free = self.lock();
        let mut began = None;
        loop {
            if let Some(slot) = free.slots.get(&key) {
                if began.is_some() && free.waiting > 0 && !broken(Mutant::LaneWakeKept) {
                    self.freed.notify_one(); // This caller was woken for a lane that it does not take.
                }
                return Err(NoLane::KeyInUse(*slot));
            }
            if let Some(lane) = free.next(hash_key(&key), now_ns) {
                free.slots.insert(key.clone(), lane.slot);
                free.keys.insert(lane.slot, key);
                return Ok(lane);
            }
            let began = *began.get_or_insert_with(Instant::now);
            let left = patience.and_then(|patience| patience.checked_sub(began.elapsed()));
            free = self.sleep(free, left.filter(|left| !left.is_zero()).ok_or(NoLane::AllInUse)?);
        }
    }

    /// Return a lane whose life is over, as it was left; without a time if it was left without an end.
    pub fn give_back(&self, lane: PoolLane, ended_at_ns: Option<u64>) {
        let mut free = self.lock();
        let key = free.forget_key(lane.slot);
        free.left.add(lane, ended_at_ns, hash_key(&key.unwrap_or_default()));
        let wake = free.waiting > 0 && !broken(Mutant::LaneWakesNone);
        drop(free);
        if wake {
            self.freed.notify_one();
        }
    }

    /// Forget a lane that was acquired and now belongs to another process.
    pub fn lose(&self, slot: u32) {
        self.lock().forget_key(slot);
    }

    fn sleep<'a>(&'a self, mut free: MutexGuard<'a, Free>, longest: Duration) -> MutexGuard<'a, Free> {
        free.waiting += 1;
        let woken = self.freed.wait_timeout(free, longest).unwrap_or_else(PoisonError::into_inner);
        let mut free = woken.0;
        free.waiting -= 1;
        free
    }

    fn lock(&self) -> MutexGuard<'_, Free> {
        // Poisoning is harmless: nothing under this lock panics between two steps of a change.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Free {
    fn next(&mut self, key_hash: u64, now_ns: u64) -> Option<PoolLane> {
        let rested = self.left.first_ended_at_ns().is_some_and(|at| now_ns.saturating_sub(at) >= REST_NS);
        let own = self.left.take_of(key_hash);
        let other = || match rested {
            true => None,
            false => self.never_used.pop_front(),
        };
        let next = own.or_else(other).or_else(|| self.left.take_first())?;
        if broken(Mutant::LaneStaysFree) {
            self.left.add(next, None, 0);
        }
        Some(next)
    }

    fn forget_key(&mut self, slot: u32) -> Option<Arc<str>> {
        let key = self.keys.remove(&slot)?;
        self.slots.remove(&key);
        Some(key)
    }
}

/// End a slot's life, and only then free the slot, so that the next writer in this process finds the end stored.
pub fn end(write_end: impl FnOnce(), free: impl FnOnce()) {
    in_order(Mutant::LaneFreeFirst, write_end, free);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::progress::SlotState;

    const FREE: ControlWord = ControlWord::new(0, SlotState::Free, false);

    fn lane(slot: u32) -> PoolLane {
        PoolLane { slot, left: FREE, locked: true }
    }

    fn taken(lanes: &Lanes, key: &str, now_ns: u64) -> u32 {
        lanes.acquire(key, now_ns, None).unwrap().slot
    }

    #[test]
    fn an_end_is_kept_in_view_for_a_second_while_there_is_room() {
        let lanes = Lanes::default();
        (0..3).for_each(|slot| lanes.add_unused(lane(slot)));
        lanes.add_left(PoolLane { locked: false, ..lane(9) }, None, 0);
        assert_eq!(taken(&lanes, "a", 10), 0);
        lanes.give_back(lane(0), Some(20));
        assert_eq!(taken(&lanes, "b", 30), 1, "the first has just ended");
        assert_eq!(taken(&lanes, "c", 20 + REST_NS), 0, "it has rested, and no other slot need be shown");
        assert_eq!(taken(&lanes, "d", 20 + REST_NS), 2);
        lanes.give_back(lane(2), Some(20 + REST_NS));
        lanes.give_back(lane(1), Some(21 + REST_NS));
        assert_eq!(taken(&lanes, "e", 22 + REST_NS), 2, "no other is left, and it ended first");
        assert_eq!(taken(&lanes, "f", 22 + REST_NS), 1);
        assert_eq!(taken(&lanes, "g", 22 + REST_NS), 9, "one that was left without an end comes last");
        assert_eq!(lanes.acquire("h", 22 + REST_NS, None), Err(NoLane::AllInUse));
    }

    #[test]
    fn a_key_has_its_own_lane_again_however_it_was_left() {
        let lanes = Lanes::default();
        (0..3).for_each(|slot| lanes.add_unused(lane(slot)));
        lanes.add_left(lane(7), Some(5), hash_key("before"));
        assert_eq!((taken(&lanes, "a", 10), taken(&lanes, "b", 10)), (0, 1));
        lanes.give_back(lane(1), Some(20));
        lanes.give_back(lane(0), Some(30));
        assert_eq!(taken(&lanes, "a", 31), 0, "its key gets the lane again right after its end");
        assert_eq!(taken(&lanes, "before", 31), 7, "another process had the key in this slot");
        lanes.give_back(PoolLane { locked: false, ..lane(0) }, None);
        assert_eq!(taken(&lanes, "a", 32), 0, "even without an end");
        assert_eq!((taken(&lanes, "c", 33), taken(&lanes, "d", 33)), (2, 1), "other keys get the other lanes");
        lanes.give_back(lane(1), Some(40));
        assert_eq!(taken(&lanes, "b", 41), 1, "its lane has had another key since, but is free");
    }

    #[test]
    fn a_key_is_free_again_with_its_lane_or_without() {
        let lanes = Lanes::default();
        (0..2).for_each(|slot| lanes.add_unused(lane(slot)));
        assert_eq!(taken(&lanes, "a", 0), 0);
        assert_eq!(lanes.acquire("a", 0, None), Err(NoLane::KeyInUse(0)));
        lanes.lose(0);
        assert_eq!(taken(&lanes, "a", 0), 1);
        lanes.give_back(lane(1), None);
        assert_eq!(taken(&lanes, "a", 0), 1);
    }
}
