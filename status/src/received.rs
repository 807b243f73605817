//! The bytes of a slot's download, received and expected in all. Bytes from the cache count as neither.

use vx_shm::SlotView;

use crate::slot::{cached_bytes, download_entry};
use crate::standing::Standing;
use crate::vocabulary::{Phases, sized_in_bytes};

/// The bytes received for a slot, and its final size; nothing for work that counts no bytes.
pub(crate) fn download(slot: &SlotView, standing: Standing) -> (u64, Option<u64>) {
    if !sized_in_bytes(slot) {
        return (0, Some(0));
    }
    let came = |bytes: u64| bytes.saturating_sub(cached_bytes(slot));
    if slot.phase().is_main() && !standing.over() {
        return (came(slot.done), slot.total.filter(|total| *total >= slot.done && *total > 0).map(came));
    }
    match download_entry(slot) {
        Some(entry) => (came(entry.done), Some(came(entry.done))),
        // All of it came from the cache.
        None if standing.over() || slot.phase().is_after_main() => (0, Some(0)),
        None => (0, slot.total.filter(|total| *total > 0 && slot.phase().is_first())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{downloading, queued};
    use crate::vocabulary::{Phase, PhaseEntry};
    use vx_shm::SlotState;

    #[test]
    fn a_size_is_known_before_the_first_byte_and_an_archive_from_the_cache_is_not_received() {
        let planned = SlotView { total: Some(500), ..queued(0, "node", "22") };
        assert_eq!(download(&planned, Standing::Queued), (0, Some(500)));
        let claimed = SlotView { state: SlotState::Live, ..planned.clone() };
        assert_eq!(download(&claimed, Standing::Running), (0, Some(500)));
        let cached = SlotView { state: SlotState::Live, step: Phase::EXTRACTING.step(), ..planned };
        assert_eq!(download(&cached, Standing::Running), (0, Some(0)));
    }

    #[test]
    fn bytes_of_an_earlier_run_are_not_received_again() {
        let entry = |phase, done| PhaseEntry { phase, entered_at_ns: 1, done }.transition();
        let resumed = SlotView {
            transitions: vec![entry(Phase::VERIFYING, 300), entry(Phase::DOWNLOADING, 350)],
            ..downloading(0, "node", "22", 350, Some(500))
        };
        assert_eq!(download(&resumed, Standing::Running), (50, Some(200)));
        let over = SlotView { state: SlotState::Done, step: Phase::LINKING.step(), ..resumed };
        assert_eq!(download(&over, Standing::Done), (50, Some(50)));
    }
}
