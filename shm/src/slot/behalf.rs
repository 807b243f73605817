//! Slots of processes that cannot hold one themselves: a shell script, each of whose reports is a separate program.
//!
//! The slot belongs to the script, whose process id and start time are the slot's identity and the only evidence of
//! life, as between two reports no process holds the slot's byte. A report locks the byte for as long as it writes. So
//! two reports at once take turns, and the slot's words have one writer at a time, like any other slot's.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::acquire::{WantedKey, claim_for, lock_slot, take_live};
use super::{ClaimError, Reservation, Slot, SlotWork, control_of, known_state, ring, table};
use crate::atomics::Ordering;
use crate::liveness::beats::Beating;
use crate::liveness::process::{self, ProcessMark};
use crate::liveness::{beats, clock};
use crate::progress::{Kind, SlotState};
use crate::segment::{self, Segment, lock};
use crate::stamp::{self, ControlWord, ORIGIN_ON_BEHALF, ORIGIN_RESERVED_BY, identity_of};

/// Longest wait for another report to the same slot; a report takes microseconds.
const REPORT_WAIT: Duration = Duration::from_secs(2);
/// Interval between two tries.
const LOOK_EVERY: Duration = Duration::from_micros(200);

impl Slot {
    /// Write to a slot on behalf of another process, for a moment: until this is dropped or ended.
    ///
    /// `owners` are process ids, nearest first: a shell, and the processes that it works for. If one of them has a slot
    /// with this key, the call continues that slot. Otherwise it takes a slot for the first of them, which is then the
    /// slot's process: its end makes the slot lost. If their slot with this key has ended, the call begins the next
    /// attempt if `anew` is true, and fails if not. One report to a slot is written at a time: others wait for it.
    ///
    /// # Errors
    /// As [`join`](Self::join): another process's slot that has not ended keeps its key. [`ClaimError::NoOwner`] when
    /// the first owner does not run, and [`ClaimError::Ended`] when the slot has ended and `anew` is false.
    pub fn on_behalf(
        board: &Path,
        key: &str,
        version: &str,
        kind: Kind,
        owners: &[u32],
        anew: bool,
    ) -> Result<Self, ClaimError> {
        let segment = segment::open_write(board)?;
        if segment.facts().is_dump() {
            return Err(ClaimError::Closed);
        }
        let marks: Vec<ProcessMark> = owners.iter().filter_map(|owner| process::mark_of_pid(*owner)).collect();
        let first = owners.first().copied().unwrap_or(0);
        let owner = marks.first().filter(|mark| mark.pid == first).ok_or(ClaimError::NoOwner { pid: first })?;
        let wanted = SlotWork::new(key, version, kind);
        let place = in_turn(|| take_up(&segment, &wanted, &marks, *owner, anew))?;
        Self::in_place(segment, place)
    }

    /// As [`on_behalf`](Self::on_behalf), in a slot that was reserved with [`Slot::reserve`], for the process `owner`:
    /// the first call claims it, and later ones continue it.
    ///
    /// # Errors
    /// As [`claim`](Self::claim), unless the slot was claimed on behalf of this very process. [`ClaimError::NoOwner`]
    /// when the process does not run.
    pub fn on_behalf_in(board: &Path, reservation: Reservation, owner: u32) -> Result<Self, ClaimError> {
        let segment = segment::open_write(board)?;
        if segment.facts().is_dump() {
            return Err(ClaimError::Closed);
        }
        let owner = process::mark_of_pid(owner).ok_or(ClaimError::NoOwner { pid: owner })?;
        let place = in_turn(|| claim_or_continue(&segment, reservation, owner))?;
        Self::in_place(segment, place)
    }

    fn in_place(segment: Segment, place: LockedSlot) -> Result<Self, ClaimError> {
        if let Some(line) = segment.hot(place.slot).filter(|_| !place.claimed) {
            stamp::take_up(line);
        }
        let (slot, beating) = Self::attach(Arc::new(segment), place.slot, place.generation)?;
        beating.beat(clock::now_ns());
        if place.claimed {
            ring(slot.segment());
        }
        Ok(slot)
    }
}

/// A slot whose byte this process has locked.
struct LockedSlot {
    slot: u32,
    generation: u32,
    /// Whether this call took the slot.
    claimed: bool,
}

/// Why the slot was not locked: another report is being written to this slot.
struct Busy(u32);

/// Try until no other report to the slot is under way. Between tries the table is unlocked, as other processes may need
/// it.
fn in_turn(mut take: impl FnMut() -> Result<Result<LockedSlot, Busy>, ClaimError>) -> Result<LockedSlot, ClaimError> {
    let began = Instant::now();
    loop {
        match take()? {
            Ok(place) => return Ok(place),
            Err(Busy(slot)) if began.elapsed() > REPORT_WAIT => return Err(ClaimError::AlreadyClaimed { slot }),
            Err(Busy(_)) => std::thread::sleep(LOOK_EVERY),
        }
    }
}

fn take_up(
    segment: &Segment,
    wanted: &SlotWork<'_>,
    owners: &[ProcessMark],
    owner: ProcessMark,
    anew: bool,
) -> Result<Result<LockedSlot, Busy>, ClaimError> {
    let _table = table(segment)?;
    match own_slot(segment, wanted.key, owners) {
        Some((slot, control)) if !known_state(control).ended() => go_on(segment, slot, control),
        Some((slot, control)) if !anew => Err(ClaimError::Ended { slot, state: known_state(control) }),
        _ if stamp::is_closed(&segment.header().closed) => Err(ClaimError::Closed),
        _ => {
            let (slot, generation) = take_live(segment, wanted, ORIGIN_ON_BEHALF, owner)?;
            Ok(Ok(LockedSlot { slot, generation, claimed: true }))
        }
    }
}

fn claim_or_continue(
    segment: &Segment,
    reservation: Reservation,
    owner: ProcessMark,
) -> Result<Result<LockedSlot, Busy>, ClaimError> {
    let Reservation { slot, generation } = reservation;
    let _table = table(segment)?;
    match (control_of(segment, slot), segment.cold(slot)) {
        (Some(control), Some(cold)) if control.generation == generation && known_state(control) == SlotState::Live => {
            let identity = identity_of(cold);
            let theirs = identity.origin == ORIGIN_ON_BEHALF && ProcessMark::of_writer(&identity) == owner;
            if theirs { go_on(segment, slot, control) } else { Err(ClaimError::AlreadyClaimed { slot }) }
        }
        _ if stamp::is_closed(&segment.header().closed) => Err(ClaimError::Closed),
        _ => {
            claim_for(segment, reservation, ORIGIN_ON_BEHALF, owner, beats::INTERVAL)?;
            Ok(Ok(LockedSlot { slot, generation, claimed: true }))
        }
    }
}

fn go_on(segment: &Segment, slot: u32, control: ControlWord) -> Result<Result<LockedSlot, Busy>, ClaimError> {
    let continued = continue_slot(segment, slot, control)?;
    let place = LockedSlot { slot, generation: control.generation, claimed: false };
    Ok(if continued { Ok(place) } else { Err(Busy(slot)) })
}

/// Find the slot with this key that was taken on behalf of one of these: the one that has not ended, else the last to
/// end.
fn own_slot(segment: &Segment, key: &str, owners: &[ProcessMark]) -> Option<(u32, ControlWord)> {
    let key = WantedKey::new(key);
    let here = segment.facts().boot_id == process::boot_id();
    let own = (0..segment.facts().slot_count).filter(|_| here).filter_map(|slot| {
        let (control, cold) = (control_of(segment, slot)?, segment.cold(slot)?);
        let identity = identity_of(cold);
        let writer = ProcessMark::of_writer(&identity);
        let theirs = control.named && identity.origin == ORIGIN_ON_BEHALF && owners.contains(&writer);
        let state = known_state(control);
        let held = theirs && key.is_of(cold) && (state == SlotState::Live || state.ended());
        held.then(|| (!state.ended(), cold.ended_at.load(Ordering::Relaxed), slot, control))
    });
    own.max_by_key(|(live, ended_at, ..)| (*live, *ended_at)).map(|(_, _, slot, control)| (slot, control))
}

/// Which process the slot belongs to although it holds no byte: the slot is written on behalf of that process, or
/// reserved by it and not yet claimed.
pub(crate) fn kept_for(segment: &Segment, slot: u32) -> Option<ProcessMark> {
    let (control, identity) = (control_of(segment, slot)?, identity_of(segment.cold(slot)?));
    match (known_state(control), identity.origin) {
        (SlotState::Live, ORIGIN_ON_BEHALF) | (SlotState::Reserved, ORIGIN_RESERVED_BY) => {
            Some(ProcessMark::of_writer(&identity))
        }
        _ => None,
    }
}

/// Lock the slot's byte, unless another report has locked it or has just ended the slot. Returns whether it is locked.
fn continue_slot(segment: &Segment, slot: u32, seen: ControlWord) -> Result<bool, ClaimError> {
    if !lock_slot(segment, slot)? {
        return Ok(false);
    }
    let same = control_of(segment, slot) == Some(seen);
    if let Some(file) = segment.lock_file().filter(|_| !same) {
        lock::unlock(file, lock::slot_byte(slot));
    }
    Ok(same)
}
