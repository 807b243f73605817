//! Looking at who stands behind the slots: seldom, as it asks the system, and only about slots that have not ended.

use crate::atomics::Ordering;
use crate::layout::ColdImage;
use crate::liveness::process::{self, ProcessMark};
use crate::liveness::{Beat, Evidence, SILENT_AFTER_MS, beat_units};
use crate::progress::SlotState;
use crate::segment::{Segment, lock};
use crate::stamp::{ORIGIN_RESERVED, read_cold};
use crate::view::{Liveness, SlotView, Snapshot};

/// The system is asked at most this often.
const EVERY_NS: u64 = 100_000_000;

/// What a reader knows about the processes behind a board.
pub(super) struct Witness {
    creator: ProcessMark,
    /// Whether this system's locks and processes are those of the board: not for a dump, nor after a new boot.
    here: bool,
    boot: [u8; 16],
    asked_at_ns: u64,
    cold: Box<ColdImage>,
}

impl Witness {
    pub(super) fn of(segment: &Segment) -> Self {
        let facts = segment.facts();
        Self {
            creator: ProcessMark {
                pid: facts.creator_pid,
                start_time: facts.creator_start,
                namespace: facts.creator_namespace,
            },
            here: !facts.is_dump() && facts.boot_id == process::boot_id(),
            boot: facts.boot_id,
            asked_at_ns: 0,
            cold: Box::default(),
        }
    }

    /// Whether it is time to ask again: after a while, or at once when a slot or the board changed its state.
    pub(super) fn due(&mut self, now_ns: u64, state_moved: bool) -> bool {
        if !state_moved && self.asked_at_ns != 0 && now_ns.saturating_sub(self.asked_at_ns) < EVERY_NS {
            return false;
        }
        self.asked_at_ns = now_ns;
        true
    }

    /// Whether the creator is still there: the process itself, or, where its number means nothing, its lock.
    pub(super) fn creator_alive(&self, segment: &Segment) -> Option<bool> {
        if segment.facts().is_dump() {
            return None;
        }
        if !self.here {
            // After a new boot, nobody of before is left; a board from another machine has no boot id here.
            return (self.boot != [0; 16]).then_some(false);
        }
        process::runs(self.creator, self.boot)
            .or_else(|| segment.lock_file().and_then(|file| lock::held(file, lock::CREATOR)))
    }

    /// Ask about everybody; whether any answer differs from what the snapshot says.
    pub(super) fn examine(&mut self, segment: &Segment, into: &mut Snapshot, now_ns: u64) -> bool {
        let alive = self.creator_alive(segment);
        let mut changed = std::mem::replace(&mut into.board.creator.alive, alive) != alive;
        let now = beat_units(now_ns, segment.facts().created_at_ns);
        for view in &mut into.slots {
            let liveness = match view.state {
                state if state.ended() || segment.facts().is_dump() => Liveness::Unknown,
                _ => self.evidence(segment, view, alive, now).verdict(),
            };
            changed |= std::mem::replace(&mut view.liveness, liveness) != liveness;
        }
        changed
    }

    fn evidence(&mut self, segment: &Segment, view: &SlotView, creator_alive: Option<bool>, now: u32) -> Evidence {
        let beat = segment.beat(view.index).map_or(0, |word| word.load(Ordering::Relaxed));
        let locks = segment.lock_file().filter(|_| self.here);
        let mut evidence = Evidence {
            lock_held: locks.and_then(|file| lock::held(file, lock::slot_byte(view.index))),
            process_runs: None,
            judge_alive: None,
            claimed: view.state != SlotState::Reserved,
            beat: Beat::from_word(beat),
            now,
        };
        if !self.here && self.boot != [0; 16] {
            evidence.lock_held = Some(false); // The boot that the writer lived in is over.
        }
        let Some(record) = segment.cold(view.index) else { return evidence };
        // Torn text is no matter here: only the identity is looked at, and the next look is 100 ms away.
        read_cold(record, &mut self.cold);
        if self.cold.origin == ORIGIN_RESERVED {
            evidence.judge_alive = creator_alive;
        }
        if evidence.lock_held.is_none() || evidence.quiet_ms() >= SILENT_AFTER_MS {
            let ColdImage { pid, start_time, namespace, .. } = *self.cold;
            evidence.process_runs = process::runs(ProcessMark { pid, start_time, namespace }, self.boot);
        }
        evidence
    }
}
