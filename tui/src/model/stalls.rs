//! The spans of time in which a slot's work did not move, as far as this view saw them.
//!
//! A board shows only the present stall of a slot. So stalls that were over before the view was opened are unknown, as
//! are stalls in skipped parts of a recording. Bounded by the slots of the board.

use std::collections::BTreeMap;

use vx_shm::{Liveness, SlotView};
use vx_status::slot::SlotId;
use vx_status::standing::Standing;

use super::SlotRow;

/// Number of stalls kept of each slot; the oldest are forgotten.
const MOST: usize = 16;

/// A time without movement, from one moment to another in nanoseconds of the board's clock.
pub(crate) type Stall = (u64, u64);

/// The stalls that were seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stalls {
    noted_at_ns: u64,
    seen: BTreeMap<SlotId, Vec<Stall>>,
}

impl Stalls {
    /// Record the stalls of a reading. If playback jumped back, stalls later than this reading are forgotten.
    pub(crate) fn record_stalls(&mut self, slots: &[SlotView], rows: &[SlotRow], taken_at_ns: u64) {
        let went_back = taken_at_ns < self.noted_at_ns;
        self.noted_at_ns = taken_at_ns;
        if went_back {
            for stalls in self.seen.values_mut() {
                stalls.retain(|(from_ns, _)| *from_ns < taken_at_ns);
                stalls.iter_mut().for_each(|(_, to_ns)| *to_ns = (*to_ns).min(taken_at_ns));
            }
        }
        self.seen.retain(|id, _| rows.iter().any(|row| row.id == *id));
        for (slot, row) in slots.iter().zip(rows) {
            let Some(still_ns) = still_for_ns(slot, row.standing) else { continue };
            // A new phase counts as movement, whatever liveness says.
            let phase_ns = slot.transitions.last().map_or(0, |transition| transition.entered_at_ns);
            let stall = (taken_at_ns.saturating_sub(still_ns).max(phase_ns), taken_at_ns);
            let stalls = self.seen.entry(row.id).or_default();
            match stalls.last_mut() {
                // The same stall, measured again.
                Some(last) if last.1 >= stall.0 => *last = stall,
                _ => stalls.push(stall),
            }
            let surplus = stalls.len().saturating_sub(MOST);
            stalls.drain(..surplus);
        }
    }

    /// The stalls of this slot, the oldest first.
    pub(crate) fn slot_stalls(&self, id: SlotId) -> &[Stall] {
        self.seen.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// Nanoseconds for which nothing has moved.
pub(crate) fn still_for_ns(slot: &SlotView, standing: Standing) -> Option<u64> {
    match (standing, slot.liveness) {
        (Standing::Stalled, Liveness::Stalled(ms)) | (Standing::Silent, Liveness::Silent(ms)) => {
            Some(ms.saturating_mul(1_000_000))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// Record a reading at this second, in which the slot has not moved for `still` seconds.
    fn note(stalls: &mut Stalls, second: u64, still: Option<u64>) {
        let (standing, liveness) = match still {
            Some(seconds) => (Standing::Stalled, Liveness::Stalled(seconds * 1000)),
            None => (Standing::Running, Liveness::Alive),
        };
        let slot = SlotView { liveness, ..SlotView::default() };
        let row = SlotRow { id: SlotId::from_slot(&slot), standing, ..SlotRow::default() };
        stalls.record_stalls(&[slot], &[row], second * SECOND);
    }

    fn seen(stalls: &Stalls) -> Vec<(u64, u64)> {
        let of = stalls.slot_stalls(SlotId::from_slot(&SlotView::default()));
        of.iter().map(|(from_ns, to_ns)| (from_ns / SECOND, to_ns / SECOND)).collect()
    }

    #[test]
    fn stalls_stay_known_after_the_work_has_moved_again() {
        let mut stalls = Stalls::default();
        for (second, still) in [(10, None), (15, Some(4)), (16, Some(5)), (17, None), (30, Some(5)), (31, None)] {
            note(&mut stalls, second, still);
        }
        assert_eq!(seen(&stalls), [(11, 16), (25, 30)]);
        stalls.record_stalls(&[], &[], 40 * SECOND);
        assert_eq!(seen(&stalls), [], "its slot is gone");
    }

    #[test]
    fn a_recording_that_goes_back_has_no_stalls_of_its_future() {
        let mut stalls = Stalls::default();
        for (second, still) in [(16, Some(5)), (17, None), (30, Some(5)), (31, None), (14, None)] {
            note(&mut stalls, second, still);
        }
        assert_eq!(seen(&stalls), [(11, 14)]);
        (0..40).for_each(|round| note(&mut stalls, 100 + round * 10, Some(2)));
        assert_eq!(seen(&stalls).len(), MOST);
    }
}
