//! The free lanes that had a life, in the order in which they begin the next, and by the key that each had.

use std::collections::{BTreeMap, HashMap};

use super::PoolLane;

/// Stands for the time of a lane that was left without an end, and sorts it behind all that ended.
const NEVER: u64 = u64::MAX;

/// Free lanes, each with the time of its end. Adding or taking one costs a lookup in a sorted map, never a walk over
/// all.
#[derive(Debug, Default)]
pub(super) struct FreeLanes {
    /// By the time of the end, and the slot: the lane, and the hash of its last key.
    by_time: BTreeMap<(u64, u32), (PoolLane, u64)>,
    /// The last lane to end under each hash. If two keys have one hash, the first loses its claim to its old lane, and
    /// no more.
    by_key: HashMap<u64, (u64, u32)>,
}

impl FreeLanes {
    /// Add a lane, without a time if it was left without an end.
    pub(super) fn add(&mut self, lane: PoolLane, ended_at_ns: Option<u64>, key_hash: u64) {
        let place = (ended_at_ns.unwrap_or(NEVER), lane.slot);
        self.by_time.insert(place, (lane, key_hash));
        self.by_key.insert(key_hash, place);
    }

    /// When the first of them ended; `None` if none has ended.
    pub(super) fn first_ended_at_ns(&self) -> Option<u64> {
        self.by_time.keys().next().map(|(ended_at_ns, _)| *ended_at_ns).filter(|at| *at != NEVER)
    }

    /// Take the lane that ended first, else one that was left without an end.
    pub(super) fn take_first(&mut self) -> Option<PoolLane> {
        let (place, (lane, key_hash)) = self.by_time.pop_first()?;
        if self.by_key.get(&key_hash) == Some(&place) {
            self.by_key.remove(&key_hash);
        }
        Some(lane)
    }

    /// Take the lane that last had this key.
    pub(super) fn take_of(&mut self, key_hash: u64) -> Option<PoolLane> {
        let place = self.by_key.remove(&key_hash)?;
        self.by_time.remove(&place).map(|(lane, _)| lane)
    }
}
