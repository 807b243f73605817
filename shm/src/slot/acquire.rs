//! Finding a slot on the board and taking it: reserving, claiming and taking over slots.
//!
//! All of this happens under the table's lock, which is held for microseconds and freed by the system when its holder
//! dies; publishing never needs it. A slot's words are written in three steps, so that a reader never sees a word of
//! one generation under the control word of another: "claiming", the words, "reserved" or "live".

use std::cmp::Reverse;
use std::time::Duration;

use crate::atomics::Ordering;
use crate::layout::{CREATOR_HOLDS_NO_LOCK, ColdRecord, IdentityImage, KEY_WORDS, encode_text, hash_key};
use crate::liveness::process::{self, ProcessMark, SlotWriterProcess, is_by_creator};
use crate::liveness::{Beat, beat_units, clock};
use crate::progress::SlotState;
use crate::segment::{Segment, lock};
use crate::stamp::{
    self, ControlWord, ORIGIN_JOINED, ORIGIN_ON_BEHALF, ORIGIN_RESERVED, ORIGIN_RESERVED_BY, identity_of, store_words,
};

use super::work::claimed_by;
use super::{ClaimError, Reservation, ReserveError, SlotWork, known_state, table};

/// Reserve a slot for a process that is about to be started. For the board's creator.
pub(crate) fn reserve_place(segment: &Segment, wanted: &SlotWork<'_>) -> Result<(u32, u32), ReserveError> {
    let _table = table(segment)?;
    let life =
        NewLife { wanted, origin: ORIGIN_RESERVED, writer: SlotWriterProcess::default(), state: SlotState::Reserved };
    let (slot, generation) = acquire_slot(segment, &life, Some(true))?;
    if let Some(file) = segment.lock_file() {
        lock::unlock(file, lock::slot_byte(slot)); // For the process that will claim it.
    }
    Ok((slot, generation))
}

/// Reserve an ended slot again, for the same work. The slot need not rest before that, since the caller has seen
/// its end. For the board's creator.
pub(crate) fn reserve_again(
    segment: &Segment,
    slot: u32,
    generation: u32,
    attempt: u8,
    total: Option<u64>,
) -> Result<u32, ReserveError> {
    let _table = table(segment)?;
    let not_ended = ReserveError::NotEnded { slot, generation };
    let (Some(line), Some(cold)) = (segment.hot(slot), segment.cold(slot)) else { return Err(not_ended) };
    let control = stamp::load_control(line);
    let over = control.generation == generation && control.named && known_state(control).ended();
    if !over || !lock_slot(segment, slot)? {
        return Err(not_ended);
    }
    let next = generation.wrapping_add(1);
    let write = || {
        // The work is the same; only its writer is not known yet.
        let old = identity_of(cold);
        let fresh = IdentityImage { generation: next, origin: ORIGIN_RESERVED, ..old };
        let nameless = IdentityImage { pid: 0, start_time: 0, namespace: 0, time_namespace: 0, uid: 0, ..fresh };
        write_identity(cold, &nameless);
        let log = segment.log(slot).map(|(counters, _)| counters);
        stamp::begin_record(line, cold, log, clock::now_ns(), attempt);
        if let Some(total) = total {
            stamp::begin_total(line, total);
        }
    };
    let claimed = stamp::claim(line, control, ControlWord::new(next, SlotState::Reserved, true), write);
    if let Some(file) = segment.lock_file() {
        lock::unlock(file, lock::slot_byte(slot)); // For the process that will claim it.
    }
    if claimed { Ok(next) } else { Err(not_ended) }
}

/// Reserve a slot for a process that this one starts, on any board. The slot's byte stays locked.
pub(super) fn take_reserved(segment: &Segment, wanted: &SlotWork<'_>) -> Result<(u32, u32), ReserveError> {
    let _table = table(segment)?;
    let creator_alive = creator_alive(segment);
    let writer = SlotWriterProcess::for_own_user(process::own());
    let life = NewLife { wanted, origin: ORIGIN_RESERVED_BY, writer, state: SlotState::Reserved };
    acquire_slot(segment, &life, creator_alive)
}

/// Take a slot for this process. The slot's byte stays locked.
pub(crate) fn take_place(segment: &Segment, wanted: &SlotWork<'_>) -> Result<(u32, u32), ReserveError> {
    let _table = table(segment)?;
    take_live(segment, wanted, ORIGIN_JOINED, process::own())
}

/// Take a slot that is live from now on, under the table's lock. The slot's byte stays locked.
pub(super) fn take_live(
    segment: &Segment,
    wanted: &SlotWork<'_>,
    origin: u8,
    writer: ProcessMark,
) -> Result<(u32, u32), ReserveError> {
    let creator_alive = creator_alive(segment);
    let life = NewLife { wanted, origin, writer: SlotWriterProcess::for_own_user(writer), state: SlotState::Live };
    acquire_slot(segment, &life, creator_alive)
}

/// Claim a slot that was reserved for this process. The slot's byte stays locked.
pub(crate) fn claim_reserved(
    segment: &Segment,
    slot: u32,
    generation: u32,
    beat_every: Duration,
) -> Result<(), ClaimError> {
    let _table = table(segment)?;
    let origin = segment.cold(slot).map_or(ORIGIN_RESERVED, |cold| identity_of(cold).origin);
    claim_for(segment, Reservation { slot, generation }, origin, process::own(), beat_every)
}

/// Claim a reserved slot for this writer, under the table's lock.
pub(super) fn claim_for(
    segment: &Segment,
    reservation: Reservation,
    origin: u8,
    writer: ProcessMark,
    beat_every: Duration,
) -> Result<(), ClaimError> {
    let Reservation { slot, generation } = reservation;
    let capacity = segment.facts().slot_count;
    let (Some(line), Some(cold)) = (segment.hot(slot), segment.cold(slot)) else {
        return Err(ClaimError::NoSuchSlot { slot, capacity });
    };
    let control = stamp::load_control(line);
    if control.generation != generation {
        return Err(ClaimError::Superseded { slot, wanted: generation, found: control.generation });
    }
    match known_state(control) {
        // A claim that was cut off by a kill may be made again.
        SlotState::Reserved | SlotState::Claiming if control.named => {}
        state if state.ended() => return Err(ClaimError::Ended { slot, state }),
        SlotState::Live => return Err(ClaimError::AlreadyClaimed { slot }),
        _ => return Err(ClaimError::NotReserved { slot }),
    }
    let write = || {
        let now_ns = clock::now_ns();
        let reserved = IdentityImage { origin, ..identity_of(cold) };
        let writer = SlotWriterProcess::for_own_user(writer);
        write_identity(cold, &IdentityImage { claimed_at: now_ns, ..claimed_by(reserved, writer, beat_every) });
        stamp::keep_log(segment.log(slot).map(|(counters, _)| counters));
        first_beat(segment, slot, now_ns);
    };
    let live = ControlWord::new(generation, SlotState::Live, true);
    if !lock_slot(segment, slot)? || !stamp::claim(line, control, live, write) {
        return Err(ClaimError::AlreadyClaimed { slot });
    }
    Ok(())
}

/// What a slot's new life begins with.
pub(crate) struct NewLife<'a> {
    pub(crate) wanted: &'a SlotWork<'a>,
    pub(crate) origin: u8,
    pub(crate) writer: SlotWriterProcess,
    /// State of the slot once all its words are written.
    pub(crate) state: SlotState,
}

fn acquire_slot(
    segment: &Segment,
    life: &NewLife<'_>,
    creator_alive: Option<bool>,
) -> Result<(u32, u32), ReserveError> {
    let wanted = life.wanted;
    if wanted.key.is_empty() {
        return Err(ReserveError::NoKey);
    }
    let key = WantedKey::new(wanted.key);
    let now_ns = clock::now_ns();
    for SlotCandidate { slot, control, .. } in candidates(segment, Some(&key), creator_alive)? {
        if !lock_slot(segment, slot)? {
            continue; // The byte may still be locked by the process that has just ended the slot, or by its pool.
        }
        if let Some(generation) = begin_life(segment, slot, control, life, now_ns) {
            return Ok((slot, generation));
        }
    }
    Err(ReserveError::Full { capacity: segment.facts().slot_count })
}

/// Begin a life in a slot whose byte this process has locked, if the slot is still under the control word `from`.
/// Returns the life's generation; `None` if another process claimed the slot first, which happens only without locks.
pub(crate) fn begin_life(
    segment: &Segment,
    slot: u32,
    from: ControlWord,
    life: &NewLife<'_>,
    now_ns: u64,
) -> Option<u32> {
    let (line, cold) = (segment.hot(slot)?, segment.cold(slot)?);
    let generation = from.generation.wrapping_add(1);
    stamp::note_used(&segment.header().used, slot);
    let write = || {
        let identity = life.wanted.identity(generation, life.origin, life.writer, now_ns);
        let attempt = if goes_on(from, cold, &identity) { stamp::next_attempt(line) } else { 1 };
        write_identity(cold, &identity);
        if life.writer.mark.pid != 0 {
            first_beat(segment, slot, now_ns);
        }
        stamp::begin_record(line, cold, segment.log(slot).map(|(counters, _)| counters), now_ns, attempt);
        if let Some(total) = life.wanted.total {
            stamp::begin_total(line, total);
        }
    };
    stamp::claim(line, from, ControlWord::new(generation, life.state, true), write).then_some(generation)
}

/// Whether the new life is another attempt at the work of the last one: it was at work, or has ended, under the same
/// key.
fn goes_on(from: ControlWord, cold: &ColdRecord, next: &IdentityImage) -> bool {
    let state = known_state(from);
    let had_a_life = from.named && (state == SlotState::Live || state.ended());
    had_a_life && has_key(cold, next.key_hash, &next.key)
}

/// A slot that may be taken.
pub(crate) struct SlotCandidate {
    pub(crate) slot: u32,
    pub(crate) control: ControlWord,
    rank: SlotCandidateRank,
}

/// Slots are taken in this order. Those that ended with another key are left alone while any slot was never used, and
/// of them the one that ended longest ago goes first: so readers see ends, and no task is refused for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SlotCandidateRank {
    /// Its writer is gone, and it has the wanted key.
    LostAgain,
    /// It ended with the wanted key; the last to end comes first.
    Again(Reverse<u64>),
    NeverUsed,
    /// It ended at this time with another key; the first to end comes first.
    Ended(u64),
    /// Its writer is gone, and it has another key.
    Lost,
}

impl SlotCandidate {
    /// Whether its writer is gone and has not ended it: it shows as lost until it is taken.
    pub(crate) const fn lost(&self) -> bool {
        matches!(self.rank, SlotCandidateRank::LostAgain | SlotCandidateRank::Lost)
    }

    /// When it ended, in monotonic nanoseconds; `None` if it did not, or was never used.
    pub(crate) const fn ended_at_ns(&self) -> Option<u64> {
        match self.rank {
            SlotCandidateRank::Again(Reverse(ended_at)) | SlotCandidateRank::Ended(ended_at) => Some(ended_at),
            SlotCandidateRank::LostAgain | SlotCandidateRank::NeverUsed | SlotCandidateRank::Lost => None,
        }
    }
}

/// Find the slots that may be taken, for this key if one is given, in the order in which they should be. Under the
/// table's lock.
pub(crate) fn candidates(
    segment: &Segment,
    key: Option<&WantedKey<'_>>,
    creator_alive: Option<bool>,
) -> Result<Vec<SlotCandidate>, ReserveError> {
    let mut found = Vec::new();
    for slot in 0..segment.facts().slot_count {
        let (Some(line), Some(cold)) = (segment.hot(slot), segment.cold(slot)) else { continue };
        let control = stamp::load_control(line);
        let same_key = || key.filter(|key| control.named && key.is_of(cold));
        let ended_at = || cold.ended_at.load(Ordering::Relaxed);
        let rank = match (known_state(control), same_key()) {
            (SlotState::Free, _) => SlotCandidateRank::NeverUsed,
            (state, Some(_)) if state.ended() => SlotCandidateRank::Again(Reverse(ended_at())),
            (state, None) if state.ended() => SlotCandidateRank::Ended(ended_at()),
            (_, same) if abandoned(segment, slot, control, cold, creator_alive) => {
                if same.is_some() {
                    SlotCandidateRank::LostAgain
                } else {
                    SlotCandidateRank::Lost
                }
            }
            (_, Some(key)) => return Err(ReserveError::KeyInUse { key: key.text.to_owned(), slot }),
            (_, None) => continue,
        };
        found.push(SlotCandidate { slot, control, rank });
    }
    found.sort_by_key(|candidate| candidate.rank);
    Ok(found)
}

/// Whether the board's creator is alive: by its byte, or, on a board made for a script, which holds no byte, by its
/// process.
pub(crate) fn creator_alive(segment: &Segment) -> Option<bool> {
    let facts = segment.facts();
    match facts.compatible & CREATOR_HOLDS_NO_LOCK {
        0 => lock::held(segment.lock_file()?, lock::CREATOR),
        _ => process::runs(ProcessMark::of_creator(facts), facts.boot_id),
    }
}

/// Whether the slot's writer is gone and no process is left that would record its end.
fn abandoned(
    segment: &Segment,
    slot: u32,
    control: ControlWord,
    cold: &ColdRecord,
    creator_alive: Option<bool>,
) -> bool {
    let Some(file) = segment.lock_file() else { return false };
    if lock::held(file, lock::slot_byte(slot)) != Some(false) {
        return false;
    }
    let identity = identity_of(cold);
    match identity.origin {
        _ if !control.named => true,
        ORIGIN_JOINED => true,
        // The creator reserved it, and records its end.
        ORIGIN_RESERVED_BY if is_by_creator(&identity, segment.facts()) && creator_alive == Some(true) => false,
        // The slot was claimed: the byte of its writer counts, which is free.
        ORIGIN_RESERVED_BY if known_state(control) == SlotState::Live => true,
        ORIGIN_ON_BEHALF | ORIGIN_RESERVED_BY => {
            process::runs(ProcessMark::of_writer(&identity), segment.facts().boot_id) == Some(false)
        }
        _ => creator_alive == Some(false),
    }
}

/// A key that is looked for: its cell, and the hash of all of it.
pub(crate) struct WantedKey<'a> {
    text: &'a str,
    sought: IdentityImage,
}

impl<'a> WantedKey<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let sought = IdentityImage { key_hash: hash_key(text), key: encode_text(text), ..IdentityImage::default() };
        Self { text, sought }
    }

    /// Whether the slot has this very key.
    pub(super) fn is_of(&self, cold: &ColdRecord) -> bool {
        has_key(cold, self.sought.key_hash, &self.sought.key)
    }
}

/// Whether the slot has the key with this hash and cell. Long keys that begin alike have equal cells, but other hashes.
fn has_key(cold: &ColdRecord, key_hash: u64, key: &[u64; KEY_WORDS]) -> bool {
    stamp::key_hash_of(cold) == key_hash && identity_of(cold).key == *key
}

/// Hash of the key that a slot last had.
pub(crate) fn key_hash_of(segment: &Segment, slot: u32) -> u64 {
    segment.cold(slot).map_or(0, stamp::key_hash_of)
}

pub(crate) fn lock_slot(segment: &Segment, slot: u32) -> Result<bool, ReserveError> {
    match segment.lock_file() {
        Some(file) => Ok(lock::try_lock(file, lock::slot_byte(slot))?),
        None => Ok(true),
    }
}

fn write_identity(cold: &ColdRecord, identity: &IdentityImage) {
    store_words(&cold.identity, bytemuck::cast_slice(std::slice::from_ref(identity)));
}

/// Write the first beat with the claim, because the writer lives before its thread has beaten.
fn first_beat(segment: &Segment, slot: u32, now_ns: u64) {
    let now = beat_units(now_ns, segment.facts().created_at_ns);
    if let Some(beat) = segment.beat(slot) {
        beat.store(Beat { beaten: now, moved: now }.word(), Ordering::Relaxed);
    }
}
