//! The bytes of a slot's download: those that are here, and all of them.

use vx_shm::SlotView;

use crate::slot::download_entry;
use crate::standing::Standing;
use crate::vocabulary::{Phases, sized_in_bytes};

/// The bytes received for a slot, and its final size; nothing for work that counts no bytes.
pub(crate) fn download(slot: &SlotView, standing: Standing) -> (u64, Option<u64>) {
    if !sized_in_bytes(slot) {
        return (0, Some(0));
    }
    if slot.phase().is_main() && !standing.over() {
        return (slot.done, slot.total.filter(|total| *total >= slot.done && *total > 0));
    }
    match download_entry(slot) {
        Some(entry) => (entry.done, Some(entry.done)),
        // All of it lay in the cache.
        None if standing.over() || slot.phase().is_after_main() => (0, Some(0)),
        None => (0, slot.total.filter(|total| *total > 0 && slot.phase().is_first())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::queued;
    use crate::vocabulary::Phase;
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
}
