//! Many slots of one process, for many tasks one after the other: one map, one descriptor, one thread that beats.
//!
//! A pool claims its slots once, under the table's lock, and keeps the byte of each locked as long as it lives, on one
//! descriptor: no other process takes a lane between two tasks, and the death of the process frees all of them at once.
//! A life in a lane begins and ends with the same steps as in any slot, so a reader sees no difference. It needs no
//! system call for a lock, as only this process uses its free lanes ([`lanes`](crate::lanes)).

mod beats;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::atomics::{AtomicU32, Ordering};
use crate::lanes::{Lanes, NoLane, PoolLane};
use crate::liveness::process::{self, SlotWriterProcess};
use crate::liveness::{beats as heart, clock};
use crate::mutex::Mutex;
use crate::progress::{Kind, SlotState};
use crate::segment::{Segment, lock};
use crate::slot::{self, ClaimError, NewLife, ReleaseSlotByte, ReserveError, Slot, SlotWork};
use crate::stamp::{self, ControlWord, ORIGIN_JOINED};
use beats::LaneBeats;

/// Slots of one board that this process has claimed together. Each task takes one for as long as it runs.
///
/// All threads may use a pool at once. The slots that [`begin`](Self::begin) returns keep the pool's map and locks
/// alive even after the pool is dropped. If such a slot is dropped without an end, it shows as lost until the pool uses
/// it again; another process may then take it too, as after a crash.
#[derive(Debug)]
pub struct Pool {
    held: Arc<PoolHold>,
}

/// All lanes of a pool and their locks, shared with the slots that are in use.
struct PoolHold {
    segment: Arc<Segment>,
    lanes: Lanes,
    slots: Vec<u32>,
    beats: Arc<LaneBeats>,
    /// By slot: 1 if the lane never had a life, or its last life was this pool's. In any other lane the last life's
    /// judge may still be recording its end, under the table's lock.
    ours: Box<[AtomicU32]>,
    /// Lets one thread at a time lock the table: the system does not tell apart the threads that use one descriptor.
    turn: Mutex<()>,
    /// This process, looked up once.
    writer: SlotWriterProcess,
}

impl Pool {
    /// Claim `lanes` slots of a board, in the order of [`Slot::join`]: never-used ones first, then those that ended
    /// longest ago, then those of writers that are gone. `board` is its path, or `shm:NAME`.
    ///
    /// # Errors
    /// When the board cannot be attached, or has fewer slots that can be taken.
    pub fn claim(board: &Path, lanes: u32) -> Result<Self, ClaimError> {
        let segment = Arc::new(slot::open(board)?);
        let beats = Arc::new(LaneBeats::new(segment.clone()));
        let ours = (0..segment.facts().slot_count).map(|_| AtomicU32::new(0)).collect();
        let (lanes_of, writer) = (Lanes::default(), SlotWriterProcess::for_own_user(process::own()));
        let mut held =
            PoolHold { segment, lanes: lanes_of, slots: Vec::new(), beats, ours, turn: Mutex::new(()), writer };
        held.take_slots(lanes)?;
        held.segment.touch_slots(&held.slots);
        heart::keep(&held.beats, heart::INTERVAL).map_err(ClaimError::Beats)?;
        Ok(Self { held: Arc::new(held) })
    }

    /// Begin a task's life in a lane, and wake the readers that wait.
    ///
    /// A key that was in a lane of this pool gets that lane again, as its next attempt. Otherwise lanes that ended a
    /// second ago or more are used first, then never-used ones, then the rest: an ended task keeps its last view for a
    /// second as long as there is room.
    ///
    /// # Errors
    /// When a lane of this pool that has not ended has the key, every lane is in use, or the board is closed.
    pub fn begin(&self, key: &str, version: &str, kind: Kind) -> Result<Slot, ClaimError> {
        self.begin_as(&SlotWork::new(key, version, kind), None)
    }

    /// As [`begin`](Self::begin), with more about the work than its name, and with patience: while every lane is in
    /// use, the calling thread sleeps, at most that long, until a task ends.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn begin_as(&self, work: &SlotWork<'_>, patience: Option<Duration>) -> Result<Slot, ClaimError> {
        if work.key.is_empty() {
            return Err(ReserveError::NoKey.into());
        }
        let held = &self.held;
        loop {
            let lane =
                held.lanes.acquire(work.key, clock::now_ns(), patience).map_err(|none| self.refused(none, work))?;
            let begun = match stamp::is_closed(&held.segment.header().closed) {
                true => Err(ClaimError::Closed),
                false => held.begin_in(lane, work),
            };
            let begun = begun.inspect_err(|_| held.lanes.give_back(lane, lane.locked.then(clock::now_ns)));
            if let Some(generation) = begun? {
                let slot = Slot::held_by(held.segment.clone(), lane.slot, generation, held.clone())?;
                slot::ring(&held.segment);
                return Ok(slot);
            }
            // Another process has taken over this lane, which was left without an end.
            held.lanes.lose(lane.slot);
        }
    }

    /// How many lanes it claimed.
    pub fn lanes(&self) -> u32 {
        self.held.slots.len() as u32
    }

    fn refused(&self, none: NoLane, work: &SlotWork<'_>) -> ClaimError {
        match none {
            NoLane::KeyInUse(slot) => ReserveError::KeyInUse { key: work.key.to_owned(), slot }.into(),
            NoLane::AllInUse => ClaimError::NoLane { lanes: self.lanes() },
        }
    }
}

impl PoolHold {
    /// Lock the bytes of as many slots as are wanted, under the table's lock. Slots of writers that are gone stay
    /// unlocked and show as lost until they are used.
    fn take_slots(&mut self, wanted: u32) -> Result<(), ClaimError> {
        let _table = slot::table(&self.segment)?;
        let creator_alive = slot::creator_alive(&self.segment);
        let found = slot::candidates(&self.segment, None, creator_alive)?;
        for candidate in found {
            if self.slots.len() == wanted as usize {
                break;
            }
            let (slot, locked) = (candidate.slot, !candidate.lost());
            if locked && !slot::lock_slot(&self.segment, slot)? {
                continue;
            }
            self.slots.push(slot);
            let lane = PoolLane { slot, left: candidate.control, locked };
            match candidate.ended_at_ns() {
                None if locked => {
                    self.own(slot);
                    self.lanes.add_unused(lane);
                }
                ended_at_ns => self.lanes.add_left(lane, ended_at_ns, slot::key_hash_of(&self.segment, slot)),
            }
        }
        let free = self.slots.len() as u32;
        if free < wanted {
            let capacity = self.segment.facts().slot_count;
            return Err(ReserveError::TooFew { free, wanted, capacity }.into());
        }
        Ok(())
    }

    /// Begin a life in an acquired lane. Returns its generation; `None` if the lane now belongs to another process.
    fn begin_in(&self, lane: PoolLane, wanted: &SlotWork<'_>) -> Result<Option<u32>, ClaimError> {
        let ours = self.ours.get(lane.slot as usize).is_some_and(|ours| ours.load(Ordering::Relaxed) == 1);
        if lane.locked && ours {
            return self.begin_under_lock(lane, wanted);
        }
        let _turn = self.turn.lock();
        let _table = slot::table(&self.segment)?;
        self.begin_under_lock(lane, wanted)
    }

    fn begin_under_lock(&self, lane: PoolLane, wanted: &SlotWork<'_>) -> Result<Option<u32>, ClaimError> {
        if !lane.locked && !slot::lock_slot(&self.segment, lane.slot)? {
            return Ok(None);
        }
        let life = NewLife { wanted, origin: ORIGIN_JOINED, writer: self.writer, state: SlotState::Live };
        let begun = slot::begin_life(&self.segment, lane.slot, lane.left, &life, clock::now_ns());
        match begun {
            Some(_) => self.beats.begin(lane.slot),
            None => self.unlock(lane.slot),
        }
        Ok(begun)
    }

    /// Note that the lane's last life, if it had one, was this pool's.
    fn own(&self, slot: u32) {
        if let Some(ours) = self.ours.get(slot as usize) {
            ours.store(1, Ordering::Relaxed);
        }
    }

    fn unlock(&self, slot: u32) {
        // Not in a forked child, which would free the byte for its parent, too.
        if self.writer.mark.pid == std::process::id()
            && let Some(file) = self.segment.lock_file()
        {
            lock::unlock(file, lock::slot_byte(slot));
        }
    }
}

impl ReleaseSlotByte for PoolHold {
    fn let_go(&self, slot: u32, left: ControlWord) {
        let ended = slot::known_state(left).ended();
        // A forked child that drops its copy must not touch the lanes: another thread may have held their lock at the
        // fork.
        if !ended && self.writer.mark.pid != std::process::id() {
            return;
        }
        self.beats.stop(slot);
        match ended {
            true => self.own(slot),
            false => self.unlock(slot),
        }
        self.lanes.give_back(PoolLane { slot, left, locked: ended }, ended.then(clock::now_ns));
    }
}

impl Drop for PoolHold {
    fn drop(&mut self) {
        // Unlocked explicitly, because the thread that beats may keep the file open a moment longer.
        for slot in &self.slots {
            self.unlock(*slot);
        }
    }
}

impl std::fmt::Debug for PoolHold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("segment", &self.segment).field("lanes", &self.slots.len()).finish_non_exhaustive()
    }
}
