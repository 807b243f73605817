//! The changes that a line-wise output has reported, so that it reports each once, even if it came and went between two
//! readings.

use std::collections::HashSet;

use vx_shm::{SlotView, Snapshot};

use crate::hanging::Hanging;
use crate::slot::{SlotId, asks, download_entry};
use crate::standing::Standing;

/// Remembers the lives of slots whose download, hang or end was reported. Grows with the number of lives, not with
/// time.
#[derive(Debug, Default)]
pub struct ReportedChanges {
    downloads: HashSet<SlotId>,
    ends: HashSet<SlotId>,
    hangs: HashSet<(SlotId, Standing)>,
    waits: HashSet<SlotId>,
    /// Slots that wait for a person now.
    questions: HashSet<SlotId>,
}

impl ReportedChanges {
    /// The slots that began a download since the last call, in the board's order.
    pub fn new_downloads<'a>(&mut self, snapshot: &'a Snapshot) -> Vec<&'a SlotView> {
        let began = |slot: &&SlotView| download_entry(slot).is_some() && self.downloads.insert(SlotId::from_slot(slot));
        snapshot.slots.iter().filter(began).collect()
    }

    /// The hanging slots whose hang was not reported before.
    pub fn new_hangs<'h, 'a>(&mut self, hanging: &'h [Hanging<'a>]) -> Vec<&'h Hanging<'a>> {
        hanging.iter().filter(|hangs| self.hangs.insert((SlotId::from_slot(hangs.slot), hangs.standing))).collect()
    }

    /// The queued slots whose preparation waits for a server, if that was not reported before.
    pub fn new_waits<'a>(&mut self, snapshot: &'a Snapshot) -> Vec<&'a SlotView> {
        let waits = |slot: &&SlotView| Standing::from_slot(slot) == Standing::Queued && !slot.message.is_empty();
        snapshot.slots.iter().filter(waits).filter(|slot| self.waits.insert(SlotId::from_slot(slot))).collect()
    }

    /// The slots that wait for a person and did not in the last call.
    pub fn new_questions<'a>(&mut self, snapshot: &'a Snapshot) -> Vec<&'a SlotView> {
        let asking: Vec<&SlotView> = snapshot.slots.iter().filter(|slot| asks(slot)).collect();
        let now = asking.iter().map(|slot| SlotId::from_slot(slot)).collect();
        let before = std::mem::replace(&mut self.questions, now);
        asking.into_iter().filter(|slot| !before.contains(&SlotId::from_slot(slot))).collect()
    }

    /// Returns whether the end of this slot was reported.
    pub fn has_reported_end(&self, slot: &SlotView) -> bool {
        self.ends.contains(&SlotId::from_slot(slot))
    }

    /// The slots that ended since the last call, in the order of their ends.
    pub fn new_ends<'a>(&mut self, snapshot: &'a Snapshot) -> Vec<&'a SlotView> {
        let ended = |slot: &&SlotView| Standing::from_slot(slot).over() && self.ends.insert(SlotId::from_slot(slot));
        let mut ends: Vec<_> = snapshot.slots.iter().filter(ended).collect();
        ends.sort_by_key(|slot| slot.ended_at_ns);
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{Phase, PhaseEntry};
    use vx_shm::SlotState;

    #[test]
    fn a_download_that_began_and_ended_between_two_readings_is_reported_once() {
        let slot = SlotView {
            state: SlotState::Done,
            transitions: vec![PhaseEntry { phase: Phase::DOWNLOADING, entered_at_ns: 1, done: 7 }.transition()],
            ended_at_ns: Some(3),
            ..SlotView::default()
        };
        let snapshot = Snapshot { slots: vec![slot], ..Snapshot::default() };
        let mut changes = ReportedChanges::default();
        assert_eq!((changes.new_downloads(&snapshot).len(), changes.new_ends(&snapshot).len()), (1, 1));
        assert_eq!((changes.new_downloads(&snapshot).len(), changes.new_ends(&snapshot).len()), (0, 0));
    }
}
