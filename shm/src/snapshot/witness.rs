//! Looking at who stands behind the slots: seldom, as it asks the system, and only about slots that have not ended.
//!
//! A slot that beats is asked about only when a state has moved or the creator has ended: a look at 64 healthy slots then reads 64 words and asks
//! the system nothing. One that misses a beat is asked about ten times a second, so that a kill shows within half a one.

use crate::atomics::{AtomicU32, Ordering};
use crate::layout::CREATOR_HOLDS_NO_LOCK;
use crate::liveness::process::{self, ProcessMark};
use crate::liveness::{Beat, Evidence, SILENT_AFTER_MS, beat_units};
use crate::progress::SlotState;
use crate::segment::{Segment, lock};
use crate::stamp::{self, ORIGIN_ON_BEHALF, ORIGIN_RESERVED};
use crate::view::{Liveness, SlotView, Snapshot};

/// Slots are looked at at most this often, unless a state has moved.
const EVERY_NS: u64 = 100_000_000;
/// The creator's process is looked up at most this often while its lock is held.
const CREATOR_EVERY_NS: u64 = 1_000_000_000;
/// A writer that has beaten this recently is taken for alive; it beats every 250 ms.
const FRESH_BEAT_MS: u64 = 400;

/// What a reader knows about the processes behind a board.
pub(super) struct Witness {
    creator: ProcessMark,
    /// Whether this system's locks and processes are those of the board: not for a dump, nor after a new boot.
    here: bool,
    boot: [u8; 16],
    looked_at_ns: u64,
    creator_seen_at_ns: u64,
    /// What the last look at the creator said.
    creator_alive: Option<bool>,
    /// 1 once a wait has seen the creator end and nobody has looked since.
    creator_ended: AtomicU32,
}

impl Witness {
    pub(super) fn of(segment: &Segment) -> Self {
        let facts = segment.facts();
        let creator =
            ProcessMark { pid: facts.creator_pid, start_time: facts.creator_start, namespace: facts.creator_namespace };
        let here = !facts.is_dump() && facts.boot_id == process::boot_id();
        Self {
            creator,
            here,
            boot: facts.boot_id,
            looked_at_ns: 0,
            creator_seen_at_ns: 0,
            creator_alive: None,
            creator_ended: AtomicU32::new(0),
        }
    }

    /// The creator, if the last look found it alive and its process can be told apart here.
    pub(super) fn living_creator(&self) -> Option<ProcessMark> {
        (self.here && self.creator_alive == Some(true)).then_some(self.creator)
    }

    /// Look again at the next occasion, however soon that is.
    pub(super) fn note_creators_end(&self) {
        self.creator_ended.store(1, Ordering::Relaxed);
    }

    /// Look at everybody, if it is time to; whether any answer differs from what the snapshot says.
    pub(super) fn examine(&mut self, segment: &Segment, into: &mut Snapshot, now_ns: u64, state_moved: bool) -> bool {
        let first = self.looked_at_ns == 0;
        let creator_ended = self.creator_ended.swap(0, Ordering::Relaxed) != 0;
        if !first && !state_moved && !creator_ended && now_ns.saturating_sub(self.looked_at_ns) < EVERY_NS {
            return false;
        }
        self.looked_at_ns = now_ns;
        if creator_ended {
            self.creator_seen_at_ns = 0; // Its lock may be held by a forked child: ask for the process itself.
        }
        let alive = self.creator_alive(segment, now_ns);
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
                continue; // Its writer ended the slot before it was gone: the next refresh says how.
            }
            let lost = liveness == Liveness::Lost;
            view.last_beat_at_ns = beat.beaten_at_ns(segment.facts().created_at_ns).filter(|_| lost);
            changed |= std::mem::replace(&mut view.liveness, liveness) != liveness;
        }
        changed
    }

    /// Whether the creator is still there: the process itself, or, where its number means nothing, its lock.
    fn creator_alive(&mut self, segment: &Segment, now_ns: u64) -> Option<bool> {
        if segment.facts().is_dump() {
            return None;
        }
        if !self.here {
            // After a new boot, nobody of before is left; a board from another machine has no boot id here.
            return (self.boot != [0; 16]).then_some(false);
        }
        if segment.facts().compatible & CREATOR_HOLDS_NO_LOCK != 0 {
            return process::runs(self.creator, self.boot);
        }
        let held = segment.lock_file().and_then(|file| lock::held(file, lock::CREATOR));
        if held == Some(true) && now_ns.saturating_sub(self.creator_seen_at_ns) < CREATOR_EVERY_NS {
            return Some(true);
        }
        let alive = process::runs(self.creator, self.boot).or(held);
        self.creator_seen_at_ns = if alive == Some(true) { now_ns } else { 0 };
        alive
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
            beat: Beat::from_word(beat),
            now,
        };
        if self.here && evidence.claimed && !ask_all && evidence.quiet_ms() < FRESH_BEAT_MS {
            return evidence;
        }
        // Words of the identity, each looked at alone: torn between two owners, they are right at the next look.
        let Some(record) = segment.cold(view.index) else { return evidence };
        let [first, start_time, namespace, kind] =
            [0, 1, 2, 3].map(|at: usize| record.identity[at].load(Ordering::Relaxed));
        let writer = ProcessMark { pid: (first >> 32) as u32, start_time, namespace };
        match (kind >> 40) as u8 {
            ORIGIN_RESERVED => evidence.judge_alive = creator_alive,
            ORIGIN_ON_BEHALF => {
                let process_runs = process::still_runs(writer, self.boot);
                return Evidence { on_behalf: true, lock_held: None, process_runs, ..evidence };
            }
            _ => {}
        }
        evidence.lock_held = match self.here {
            true => segment.lock_file().and_then(|file| lock::held(file, lock::slot_byte(view.index))),
            false => (self.boot != [0; 16]).then_some(false), // The boot that the writer lived in is over.
        };
        if evidence.lock_held.is_none() || evidence.quiet_ms() >= SILENT_AFTER_MS {
            evidence.process_runs = process::runs(writer, self.boot);
        }
        evidence
    }
}

/// Whether the slot has ended, or begun another life, since the view was taken.
fn moved_on(segment: &Segment, view: &SlotView) -> bool {
    let now = segment.hot(view.index).map(stamp::look);
    now.is_some_and(|now| now.generation != view.generation || now.slot_state().is_some_and(SlotState::ended))
}
