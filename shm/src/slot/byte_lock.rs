//! The lock on a slot's byte: what holds it, what happens when the slot's writer lets go, and the slot's beats.

use std::sync::Arc;

use crate::atomics::Ordering;
use crate::liveness::beats::Beating;
use crate::liveness::{Beat, beat_units};
use crate::mutex::Mutex;
use crate::segment::{Segment, lock};
use crate::stamp::ControlWord;

/// What holds a slot's byte.
pub(crate) trait ReleaseSlotByte: Send + Sync {
    /// Called when the slot's writer stores nothing more, and has left the slot under this control word.
    fn let_go(&self, slot: u32, left: ControlWord);
}

/// The byte of one slot, locked through a descriptor that no other slot uses.
pub(super) struct OwnByte {
    segment: Arc<Segment>,
    /// Process that claimed the slot. A forked child has a copy of this value, and shares the lock with its parent.
    owner: u32,
    /// Keeps the beats going until the slot is dropped.
    _beats: Arc<SlotBeats>,
}

impl OwnByte {
    pub(super) fn new(segment: Arc<Segment>, beats: Arc<SlotBeats>) -> Self {
        Self { segment, owner: std::process::id(), _beats: beats }
    }
}

impl ReleaseSlotByte for OwnByte {
    fn let_go(&self, slot: u32, _: ControlWord) {
        // Unlocked explicitly, because the thread that beats may keep the file open a moment longer; but not in a
        // forked child, which would unlock it for its parent, too.
        if self.owner == std::process::id()
            && let Some(file) = self.segment.lock_file()
        {
            lock::unlock(file, lock::slot_byte(slot));
        }
    }
}

/// A slot, as the thread that beats sees it.
pub(super) struct SlotBeats {
    segment: Arc<Segment>,
    index: u32,
    seen: Mutex<ObservedStamp>,
}

impl SlotBeats {
    pub(super) fn new(segment: Arc<Segment>, index: u32) -> Self {
        Self { segment, index, seen: Mutex::default() }
    }
}

impl Beating for SlotBeats {
    fn beat(&self, now_ns: u64) {
        beat_slot(&self.segment, self.index, &mut self.seen.lock(), now_ns);
    }
}

/// Last stamp of a slot that its beats have seen, and the time at which they first saw it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ObservedStamp {
    stamp: u64,
    since: u32,
}

/// Write one beat of a slot. Called from one thread at a time.
pub(crate) fn beat_slot(segment: &Segment, slot: u32, seen: &mut ObservedStamp, now_ns: u64) {
    let (Some(hot), Some(word)) = (segment.hot(slot), segment.beat(slot)) else { return };
    let beaten = beat_units(now_ns, segment.facts().created_at_ns);
    let stamp = hot.numbers.stamp.load(Ordering::Relaxed);
    if *seen == ObservedStamp::default() || seen.stamp != stamp {
        *seen = ObservedStamp { stamp, since: beaten };
    }
    word.store(Beat { beaten, moved: seen.since }.word(), Ordering::Relaxed);
}
