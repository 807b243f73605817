//! The lanes of a pool: the slots that one process holds, and which of them is the next to begin a life.
//!
//! All threads of a process share the lanes under one lock, held for the time it takes to move a lane from one list to
//! another. No list is walked: a lane is handed out and taken back in constant time, however many there are. A thread
//! that waits for a lane sleeps until one is free. Nothing here touches the board, so that `tests/loom` can run all of it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::atomics::{Condvar, Mutant, Mutex, MutexGuard, broken, in_order};
use crate::stamp::Control;

/// The time for which a slot that has ended keeps its last view before another key may take it. The lanes of a pool do
/// so only while others are free.
pub const REST_NS: u64 = 1_000_000_000;

/// A slot of a pool, and the control word that it was left under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The slot's place in the table.
    pub slot: u32,
    /// The control word under which the next life begins.
    pub left: Control,
    /// False if its byte is free because its last writer did not end it: whoever locks it first may take it.
    pub locked: bool,
}

/// Why no lane was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLane {
    /// This lane has the key, and has not ended.
    KeyInUse(u32),
    /// Every lane is in use.
    AllInUse,
}

/// The lanes of one pool.
#[derive(Debug, Default)]
pub struct Lanes {
    free: Mutex<Free>,
    freed: Condvar,
}

/// The lanes that are free, by what a reader still sees of them.
#[derive(Debug, Default)]
struct Free {
    never_used: VecDeque<Lane>,
    /// Those that ended, each with the time, the longest ended first.
    ended: VecDeque<(u64, Lane)>,
    /// Those that were not ended: shown as lost until they are used again.
    lost: VecDeque<Lane>,
    /// The keys in use, and the other way round.
    slots: HashMap<Arc<str>, u32>,
    keys: HashMap<u32, Arc<str>>,
    /// Threads that sleep until a lane is free.
    waiting: usize,
}

impl Lanes {
    /// Add a lane that was never used.
    pub fn add_unused(&self, lane: Lane) {
        self.lock().never_used.push_back(lane);
    }

    /// Add a lane that has ended, or, without a time, one that was left without an end. Those that ended come in the
    /// order of their times.
    pub fn add_left(&self, lane: Lane, ended_at_ns: Option<u64>) {
        self.lock().put(lane, ended_at_ns);
    }

    /// Hand out a lane for this key: one that ended a second ago or more, else one that was never used, else the one
    /// that ended longest ago, else one that shows as lost. With `patience`, a caller for whom there is none sleeps until
    /// there is one, at most for so long.
    ///
    /// # Errors
    /// When a lane has this key already, or none is free.
    pub fn take(&self, key: &str, now_ns: u64, patience: Option<Duration>) -> Result<Lane, NoLane> {
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
            if let Some(lane) = free.next(now_ns) {
                free.slots.insert(key.clone(), lane.slot);
                free.keys.insert(lane.slot, key);
                return Ok(lane);
            }
            let began = *began.get_or_insert_with(Instant::now);
            let left = patience.and_then(|patience| patience.checked_sub(began.elapsed()));
            free = self.sleep(free, left.filter(|left| !left.is_zero()).ok_or(NoLane::AllInUse)?);
        }
    }

    /// Take back a lane whose life is over, as it was left; without a time if it was left without an end.
    pub fn give_back(&self, lane: Lane, ended_at_ns: Option<u64>) {
        let mut free = self.lock();
        free.forget_key(lane.slot);
        free.put(lane, ended_at_ns);
        let wake = free.waiting > 0 && !broken(Mutant::LaneWakesNone);
        drop(free);
        if wake {
            self.freed.notify_one();
        }
    }

    /// Take note that a lane which was handed out belongs to another process by now.
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
        // Nothing in here panics between two steps of a change.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Free {
    fn next(&mut self, now_ns: u64) -> Option<Lane> {
        let rested = self.ended.front().is_some_and(|(ended_at, _)| now_ns.saturating_sub(*ended_at) >= REST_NS);
        let next = match rested {
            true => None,
            false => self.never_used.pop_front(),
        };
        let next = next.or_else(|| self.ended.pop_front().map(|(_, lane)| lane)).or_else(|| self.lost.pop_front())?;
        if broken(Mutant::LaneStaysFree) {
            self.lost.push_back(next);
        }
        Some(next)
    }

    fn put(&mut self, lane: Lane, ended_at_ns: Option<u64>) {
        match ended_at_ns {
            Some(at) => self.ended.push_back((at, lane)),
            None => self.lost.push_back(lane),
        }
    }

    fn forget_key(&mut self, slot: u32) {
        if let Some(key) = self.keys.remove(&slot) {
            self.slots.remove(&key);
        }
    }
}

/// End a slot's life, and then make the slot free for the next: the next writer of the same process finds the end
/// stored.
pub fn end(write_end: impl FnOnce(), free: impl FnOnce()) {
    in_order(Mutant::LaneFreeFirst, write_end, free);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::progress::SlotState;

    const FREE: Control = Control::of(0, SlotState::Free, false);

    fn lane(slot: u32) -> Lane {
        Lane { slot, left: FREE, locked: true }
    }

    fn taken(lanes: &Lanes, key: &str, now_ns: u64) -> u32 {
        lanes.take(key, now_ns, None).unwrap().slot
    }

    #[test]
    fn an_end_is_kept_in_view_for_a_second_while_there_is_room() {
        let lanes = Lanes::default();
        (0..3).for_each(|slot| lanes.add_unused(lane(slot)));
        lanes.add_left(Lane { locked: false, ..lane(9) }, None);
        assert_eq!(taken(&lanes, "a", 10), 0);
        lanes.give_back(lane(0), Some(20));
        assert_eq!(taken(&lanes, "b", 30), 1, "the first has just ended");
        assert_eq!(taken(&lanes, "c", 20 + REST_NS), 0, "it has rested, and no other slot need be shown");
        assert_eq!(taken(&lanes, "d", 20 + REST_NS), 2);
        lanes.give_back(lane(2), Some(20 + REST_NS));
        lanes.give_back(lane(1), Some(21 + REST_NS));
        assert_eq!(taken(&lanes, "e", 22 + REST_NS), 2, "there is no other, and it ended first");
        assert_eq!(taken(&lanes, "f", 22 + REST_NS), 1);
        assert_eq!(taken(&lanes, "g", 22 + REST_NS), 9, "one that was left without an end comes last");
        assert_eq!(lanes.take("h", 22 + REST_NS, None), Err(NoLane::AllInUse));
    }

    #[test]
    fn a_key_is_free_again_with_its_lane_or_without() {
        let lanes = Lanes::default();
        (0..2).for_each(|slot| lanes.add_unused(lane(slot)));
        assert_eq!(taken(&lanes, "a", 0), 0);
        assert_eq!(lanes.take("a", 0, None), Err(NoLane::KeyInUse(0)));
        lanes.lose(0);
        assert_eq!(taken(&lanes, "a", 0), 1);
        lanes.give_back(lane(1), None);
        assert_eq!(taken(&lanes, "a", 0), 1);
    }
}
