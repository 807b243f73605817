//! The liveness of the writers, examined only now and then, because that needs system calls, and only for slots that
//! have not ended.
//!
//! While a slot beats, its process is looked up only when a state has moved or the creator has ended: a check of 64
//! healthy slots then reads 64 words and makes no system call. Once it misses a beat, it is looked up about ten times a
//! second, so that a kill shows within half a second.

use crate::atomics::{AtomicU32, Ordering};
use crate::layout::CREATOR_HOLDS_NO_LOCK;
use crate::liveness::process::{self, ProcessMark, is_by_creator};
use crate::liveness::{Beat, Evidence, beat_units};
use crate::progress::SlotState;
use crate::segment::{Segment, lock};
use crate::stamp::{self, ORIGIN_ON_BEHALF, ORIGIN_RESERVED, ORIGIN_RESERVED_BY};
use crate::view::{Liveness, SlotView, Snapshot};

/// Least interval between two examinations of the slots, unless a state has changed.
const EVERY_NS: u64 = 100_000_000;
/// A writer that has beaten this recently counts as alive; it beats every 250 ms.
const FRESH_BEAT_MS: u64 = 400;

/// A reader's knowledge of the processes behind a board.
pub(super) struct ProcessExaminer {
    creator: ProcessMark,
    /// Whether this system's locks and processes are those of the board: not for a dump, nor after a new boot.
    here: bool,
    /// Whether the board is known to be of another boot or machine; never without `/proc`, which shows the boot.
    elsewhere: bool,
    boot: [u8; 16],
    looked_at_ns: u64,
    /// Result of the last examination of the creator.
    creator_alive: Option<bool>,
    /// 1 once a wait has seen the creator end, until the next examination.
    creator_ended: AtomicU32,
}

impl ProcessExaminer {
    pub(super) fn for_segment(segment: &Segment) -> Self {
        let facts = segment.facts();
        let creator = ProcessMark::of_creator(facts);
        let here = !facts.is_dump() && facts.boot_id == process::boot_id();
        Self {
            creator,
            here,
            elsewhere: process::is_another_boot(facts.boot_id, process::boot_id()),
            boot: facts.boot_id,
            looked_at_ns: 0,
            creator_alive: None,
            creator_ended: AtomicU32::new(0),
        }
    }

    /// The creator, if the last examination found it alive and its process can be identified here.
    pub(super) fn living_creator(&self) -> Option<ProcessMark> {
        (self.here && self.creator_alive == Some(true)).then_some(self.creator)
    }

    /// Examine the creator again at the next refresh, however soon that is.
    pub(super) fn note_creators_end(&self) {
        self.creator_ended.store(1, Ordering::Relaxed);
    }

    /// Examine every process, if that is due. Returns whether any result differs from the snapshot's.
    pub(super) fn examine(&mut self, segment: &Segment, into: &mut Snapshot, now_ns: u64, state_moved: bool) -> bool {
        let first = self.looked_at_ns == 0;
        let creator_ended = self.creator_ended.swap(0, Ordering::Relaxed) != 0;
        if !first && !state_moved && !creator_ended && now_ns.saturating_sub(self.looked_at_ns) < EVERY_NS {
            return false;
        }
        self.looked_at_ns = now_ns;
        let alive = self.creator_alive(segment);
        self.creator_alive = alive;
        let mut changed = std::mem::replace(&mut into.board.creator.alive, alive) != alive;
        let ask_all = state_moved || changed;
        let now = beat_units(now_ns, segment.facts().created_at_ns);
        for view in &mut into.slots {
            let (liveness, beat) = match view.state {
                state if state.ended() || segment.facts().is_dump() => (Liveness::Unknown, Beat::default()),
                _ => {
                    let evidence = self.evidence(segment, view, alive, now, ask_all);
                    (evidence.verdict(), evidence.beat)
                }
            };
            if segment.vanished() {
                return changed; // Zeros in place of the board are no evidence.
            }
            if liveness == Liveness::Lost && moved_on(segment, view) {
                continue; // The writer ended the slot before it died; the next refresh shows that end.
            }
            let lost = liveness == Liveness::Lost;
            view.last_beat_at_ns = beat.beaten_at_ns(segment.facts().created_at_ns).filter(|_| lost);
            changed |= std::mem::replace(&mut view.liveness, liveness) != liveness;
        }
        changed
    }

    /// Whether the creator is still alive: by its lock, or, if its lock cannot be tested, by its process.
    fn creator_alive(&self, segment: &Segment) -> Option<bool> {
        if segment.facts().is_dump() {
            return None;
        }
        let without_lock = segment.facts().compatible & CREATOR_HOLDS_NO_LOCK != 0;
        let held = segment.lock_file().filter(|_| !without_lock).and_then(|file| lock::held(file, lock::CREATOR));
        if held == Some(true) {
            return held; // Whatever is known of its process.
        }
        if self.elsewhere {
            return Some(false); // After a new boot, no process from before is left.
        }
        held.or_else(|| process::runs(self.creator, self.boot))
    }

    fn evidence(
        &self,
        segment: &Segment,
        view: &SlotView,
        creator_alive: Option<bool>,
        now: u32,
        ask_all: bool,
    ) -> Evidence {
        let beat = segment.beat(view.index).map_or(0, |word| word.load(Ordering::Relaxed));
        let mut evidence = Evidence {
            lock_held: Some(true),
            process_runs: None,
            judge_alive: None,
            claimed: view.state != SlotState::Reserved,
            on_behalf: false,
            beat_interval_ms: 0,
            beat: Beat::from_word(beat),
            now: Some(now),
        };
        if self.here && evidence.claimed && !ask_all && evidence.beat_within_ms(FRESH_BEAT_MS) {
            return evidence;
        }
        // The words of the identity are read one by one. If they mix two owners, the next examination corrects the
        // result.
        let Some(record) = segment.cold(view.index) else { return evidence };
        let identity = stamp::identity_of(record);
        let writer = ProcessMark::of_writer(&identity);
        evidence.beat_interval_ms = identity.beat_interval_ms;
        evidence.now = evidence.now.filter(|_| process::shares_clock(writer));
        match identity.origin {
            ORIGIN_RESERVED => evidence.judge_alive = creator_alive,
            // Reserved by the creator itself: its lock is better evidence, and works from another namespace too.
            ORIGIN_RESERVED_BY if is_by_creator(&identity, segment.facts()) => evidence.judge_alive = creator_alive,
            ORIGIN_RESERVED_BY if !evidence.claimed => {
                evidence.judge_alive = process::still_runs(writer, self.boot);
            }
            ORIGIN_ON_BEHALF => {
                let process_runs = process::still_runs(writer, self.boot);
                return Evidence { on_behalf: true, lock_held: None, process_runs, ..evidence };
            }
            _ => {}
        }
        let held = segment.lock_file().and_then(|file| lock::held(file, lock::slot_byte(view.index)));
        // If the board is of another boot and no lock proves otherwise, the writer has ended.
        evidence.lock_held = held.or_else(|| self.elsewhere.then_some(false));
        if evidence.lock_held.is_none() {
            evidence.process_runs = process::runs(writer, self.boot);
        }
        evidence
    }
}

/// Whether the slot has ended, or begun another life, since the view was taken.
fn moved_on(segment: &Segment, view: &SlotView) -> bool {
    let now = segment.hot(view.index).map(stamp::load_control);
    now.is_some_and(|now| now.generation != view.generation || now.slot_state().is_some_and(SlotState::ended))
}
