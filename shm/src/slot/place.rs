//! Finding a place on the board and taking it: naming, claiming and taking over slots.
//!
//! All of this happens under the table's lock, which is held for microseconds and freed by the system when its holder
//! dies; publishing never needs it. A slot's words are written in three steps, so that a reader never sees a word of one
//! generation under the control word of another: "claiming", the words, "reserved" or "live".

use crate::atomics::Ordering;
use crate::layout::{ColdRecord, KEY_WORDS, NO_PARENT, VERSION_WORDS, encode_text};
use crate::liveness::process::{self, ProcessMark};
use crate::liveness::{Beat, beat_units, clock};
use crate::progress::{Kind, SlotState};
use crate::segment::{Segment, lock};
use crate::stamp::{self, Control, ORIGIN_JOINED, ORIGIN_ON_BEHALF, ORIGIN_RESERVED, store_words};

use super::{ClaimError, ReserveError, known_state, table};

/// The time for which a slot that has ended keeps its last view before another key may take it.
const REST_NS: u64 = 1_000_000_000;
/// The bits of an identity's word that hold the kind of work.
const KIND_BITS: u64 = 0xff << 32;
/// The offset of the identity's key, in words.
const KEY_AT: usize = 6;

/// The work for which a slot is wanted.
pub(crate) struct Subject<'a> {
    pub(crate) key: &'a str,
    pub(crate) version: &'a str,
    pub(crate) kind: Kind,
}

/// Name a slot for a process that is about to be started. For the board's creator.
pub(crate) fn reserve_place(segment: &Segment, wanted: &Subject<'_>) -> Result<(u32, u32), ReserveError> {
    let _table = table(segment)?;
    let life = NewLife { wanted, origin: ORIGIN_RESERVED, writer: ProcessMark::default(), state: SlotState::Reserved };
    let (slot, generation) = take(segment, &life, Some(true))?;
    if let Some(file) = segment.lock_file() {
        lock::unlock(file, lock::slot_byte(slot)); // For the process that will claim it.
    }
    Ok((slot, generation))
}

/// Reserve a slot that has ended once more for the same work. It does not rest before, since the caller has seen its
/// end. For the board's creator.
pub(crate) fn reserve_again(segment: &Segment, slot: u32, generation: u32, attempt: u8) -> Result<u32, ReserveError> {
    let _table = table(segment)?;
    let not_ended = ReserveError::NotEnded { slot, generation };
    let (Some(line), Some(cold)) = (segment.hot(slot), segment.cold(slot)) else { return Err(not_ended) };
    let control = stamp::look(line);
    let over = control.generation == generation && control.named && known_state(control).ended();
    if !over || !lock_slot(segment, slot)? {
        return Err(not_ended);
    }
    let next = generation.wrapping_add(1);
    let write = || {
        // Key and version stay.
        let kind = cold.identity[3].load(Ordering::Relaxed) & KIND_BITS | origin_bits(ORIGIN_RESERVED);
        store_words(&cold.identity, &[u64::from(next), 0, 0, kind, 0, 0]);
        let log = segment.log(slot).map(|(counters, _)| counters);
        stamp::begin_record(line, cold, log, clock::now_ns(), attempt);
    };
    let claimed = stamp::claim(line, control, Control::of(next, SlotState::Reserved, true), write);
    if let Some(file) = segment.lock_file() {
        lock::unlock(file, lock::slot_byte(slot)); // For the process that will claim it.
    }
    if claimed { Ok(next) } else { Err(not_ended) }
}

/// Take a slot for this process. The slot's byte stays locked.
pub(crate) fn take_place(segment: &Segment, wanted: &Subject<'_>) -> Result<(u32, u32), ReserveError> {
    let _table = table(segment)?;
    take_live(segment, wanted, ORIGIN_JOINED, process::own())
}

/// Take a slot that is live from now on, under the table's lock. The slot's byte stays locked.
pub(super) fn take_live(
    segment: &Segment,
    wanted: &Subject<'_>,
    origin: u8,
    writer: ProcessMark,
) -> Result<(u32, u32), ReserveError> {
    let creator_alive = segment.lock_file().and_then(|file| lock::held(file, lock::CREATOR));
    let life = NewLife { wanted, origin, writer, state: SlotState::Live };
    take(segment, &life, creator_alive)
}

/// Claim a slot that was named for this process. The slot's byte stays locked.
pub(crate) fn claim_reserved(segment: &Segment, slot: u32, generation: u32) -> Result<(), ClaimError> {
    let capacity = segment.facts().slot_count;
    let (Some(line), Some(cold)) = (segment.hot(slot), segment.cold(slot)) else {
        return Err(ClaimError::NoSuchSlot { slot, capacity });
    };
    let _table = table(segment)?;
    let control = stamp::look(line);
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
        write_process(segment, slot, cold, process::own());
        cold.identity[4].store(clock::now_ns(), Ordering::Relaxed);
    };
    let live = Control::of(generation, SlotState::Live, true);
    if !lock_slot(segment, slot)? || !stamp::claim(line, control, live, write) {
        return Err(ClaimError::AlreadyClaimed { slot });
    }
    Ok(())
}

/// The new life of a slot.
struct NewLife<'a> {
    wanted: &'a Subject<'a>,
    origin: u8,
    /// The slot's writer; a process id of 0 if that is not known yet.
    writer: ProcessMark,
    /// The slot's state once all its words are written.
    state: SlotState,
}

fn take(segment: &Segment, life: &NewLife<'_>, creator_alive: Option<bool>) -> Result<(u32, u32), ReserveError> {
    let wanted = life.wanted;
    if wanted.key.is_empty() {
        return Err(ReserveError::NoKey);
    }
    let key = encode_text::<KEY_WORDS>(wanted.key);
    let now_ns = clock::now_ns();
    for candidate in candidates(segment, &key, wanted.key, creator_alive, now_ns)? {
        let slot = candidate.slot;
        let (Some(line), Some(cold)) = (segment.hot(slot), segment.cold(slot)) else { continue };
        if !lock_slot(segment, slot)? {
            continue; // The byte may still be locked by the process that has just ended the slot.
        }
        let generation = candidate.control.generation.wrapping_add(1);
        stamp::note_used(&segment.header().used, slot);
        let write = || {
            write_identity(cold, generation, &key, wanted, life.origin);
            write_process(segment, slot, cold, life.writer);
            stamp::begin_record(line, cold, segment.log(slot).map(|(counters, _)| counters), now_ns, 1);
        };
        if stamp::claim(line, candidate.control, Control::of(generation, life.state, true), write) {
            return Ok((slot, generation));
        }
        // Another process has claimed it first, which happens only without locks.
    }
    Err(ReserveError::Full { capacity: segment.facts().slot_count })
}

struct Candidate {
    slot: u32,
    control: Control,
    /// Lowest first: abandoned with the same key, never used, ended longest ago, abandoned with another key.
    rank: (u8, u64),
}

fn candidates(
    segment: &Segment,
    key: &[u64; KEY_WORDS],
    key_text: &str,
    creator_alive: Option<bool>,
    now_ns: u64,
) -> Result<Vec<Candidate>, ReserveError> {
    let mut found = Vec::new();
    for slot in 0..segment.facts().slot_count {
        let (Some(line), Some(cold)) = (segment.hot(slot), segment.cold(slot)) else { continue };
        let control = stamp::look(line);
        let rank = match known_state(control) {
            SlotState::Free => Some((1, 0)),
            state if state.ended() => {
                let ended_at = cold.ended_at.load(Ordering::Relaxed);
                let resting = ended_at <= now_ns && now_ns - ended_at < REST_NS;
                (!resting).then_some((2, ended_at))
            }
            _ if abandoned(segment, slot, control, cold, creator_alive) => {
                Some((if control.named && has_key(cold, key) { 0 } else { 3 }, 0))
            }
            _ if control.named && has_key(cold, key) => {
                return Err(ReserveError::KeyInUse { key: key_text.to_owned(), slot });
            }
            _ => None,
        };
        found.extend(rank.map(|rank| Candidate { slot, control, rank }));
    }
    found.sort_by_key(|candidate| candidate.rank);
    Ok(found)
}

/// True if the slot's writer is gone and no process is left that would record its end.
fn abandoned(segment: &Segment, slot: u32, control: Control, cold: &ColdRecord, creator_alive: Option<bool>) -> bool {
    let Some(file) = segment.lock_file() else { return false };
    if lock::held(file, lock::slot_byte(slot)) != Some(false) {
        return false;
    }
    match origin_of(cold) {
        _ if !control.named => true,
        ORIGIN_JOINED => true,
        ORIGIN_ON_BEHALF => process::still_runs(writer_of(cold), segment.facts().boot_id) == Some(false),
        _ => creator_alive == Some(false),
    }
}

pub(super) fn origin_of(cold: &ColdRecord) -> u8 {
    (cold.identity[3].load(Ordering::Relaxed) >> 40) as u8
}

/// The process of a slot's identity. Each word is valid alone; under the table's lock all words are of the same
/// process.
pub(super) fn writer_of(cold: &ColdRecord) -> ProcessMark {
    let [first, start_time, namespace] = [0, 1, 2].map(|at: usize| cold.identity[at].load(Ordering::Relaxed));
    ProcessMark { pid: (first >> 32) as u32, start_time, namespace }
}

pub(super) fn has_key(cold: &ColdRecord, key: &[u64; KEY_WORDS]) -> bool {
    cold.identity[KEY_AT..KEY_AT + KEY_WORDS].iter().zip(key).all(|(cell, word)| cell.load(Ordering::Relaxed) == *word)
}

pub(super) fn lock_slot(segment: &Segment, slot: u32) -> Result<bool, ReserveError> {
    match segment.lock_file() {
        Some(file) => Ok(lock::try_lock(file, lock::slot_byte(slot))?),
        None => Ok(true),
    }
}

fn write_identity(cold: &ColdRecord, generation: u32, key: &[u64; KEY_WORDS], wanted: &Subject<'_>, origin: u8) {
    let kind = u64::from(wanted.kind.number()) << 32 | origin_bits(origin);
    store_words(&cold.identity, &[u64::from(generation), 0, 0, kind, 0, 0]);
    store_words(&cold.identity[KEY_AT..], key);
    store_words(&cold.identity[KEY_AT + KEY_WORDS..], &encode_text::<VERSION_WORDS>(wanted.version));
}

/// A slot's origin, in its bits beside the kind; no slot is part of another slot's work yet.
fn origin_bits(origin: u8) -> u64 {
    u64::from(origin) << 40 | u64::from(NO_PARENT) << 48
}

/// Write the identity of the slot's writer; nothing if that is not known yet.
fn write_process(segment: &Segment, slot: u32, cold: &ColdRecord, writer: ProcessMark) {
    if writer.pid == 0 {
        return;
    }
    let [first, kind] = [0, 3].map(|at: usize| cold.identity[at].load(Ordering::Relaxed));
    let uid = kind & !u64::from(u32::MAX) | u64::from(process::own_uid());
    let first = first & u64::from(u32::MAX) | u64::from(writer.pid) << 32;
    store_words(&cold.identity, &[first, writer.start_time, writer.namespace, uid]);
    let now = beat_units(clock::now_ns(), segment.facts().created_at_ns);
    if let Some(beat) = segment.beat(slot) {
        beat.store(Beat { beaten: now, moved: now }.word(), Ordering::Relaxed);
    }
}
