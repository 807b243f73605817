//! The beats of a pool: 4 times a second, for all lanes in use.

use std::sync::Arc;

use crate::atomics::{AtomicU32, Ordering};
use crate::liveness::beats::Beating;
use crate::mutex::Mutex;
use crate::segment::Segment;
use crate::slot::{ObservedStamp, beat_slot};

/// The lanes of a pool, as the thread that beats sees them. That thread takes none of the pool's locks.
pub(super) struct LaneBeats {
    segment: Arc<Segment>,
    /// By slot: 1 while this process writes to it. A lane that was left without an end must not beat, because a fresh
    /// beat counts as life.
    in_use: Box<[AtomicU32]>,
    seen: Mutex<Box<[ObservedStamp]>>,
}

impl LaneBeats {
    pub(super) fn new(segment: Arc<Segment>) -> Self {
        let slots = segment.facts().slot_count;
        let in_use = (0..slots).map(|_| AtomicU32::new(0)).collect();
        let seen = Mutex::new((0..slots).map(|_| ObservedStamp::default()).collect());
        Self { segment, in_use, seen }
    }

    /// Beat for this lane from now on: a life has begun in it. The claim wrote the first beat.
    pub(super) fn begin(&self, slot: u32) {
        self.in_use[slot as usize].store(1, Ordering::Relaxed);
    }

    /// Stop beating for this lane: it is free.
    pub(super) fn stop(&self, slot: u32) {
        self.in_use[slot as usize].store(0, Ordering::Relaxed);
    }
}

impl Beating for LaneBeats {
    fn beat(&self, now_ns: u64) {
        let mut seen = self.seen.lock();
        for (slot, (in_use, seen)) in self.in_use.iter().zip(seen.iter_mut()).enumerate() {
            if in_use.load(Ordering::Relaxed) == 1 {
                beat_slot(&self.segment, slot as u32, seen, now_ns);
            }
        }
    }
}
