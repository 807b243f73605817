//! What does not get on as it should: slow, stalled, or silent, and for how long.

use vx_shm::{Liveness, SlotView, Snapshot};

use super::rows::{Pace, Row};
use super::standing::Standing;

/// A slot that is at work and hardly gets on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hanging<'a> {
    pub(crate) slot: &'a SlotView,
    /// `Slow`, `Stalled` or `Silent`.
    pub(crate) standing: Standing,
    /// How long nothing came, or how long little did.
    pub(crate) for_ms: u64,
    /// How little, of a slow one.
    pub(crate) bytes_per_second: Option<u64>,
}

/// Those of a reading, in the board's order; `paces` stand in the order of its slots.
pub(crate) fn hanging<'a>(snapshot: &'a Snapshot, paces: &[Pace]) -> Vec<Hanging<'a>> {
    let one = |(place, slot): (usize, &'a SlotView)| {
        let pace = paces.get(place).copied().unwrap_or_default();
        let standing = Row::of(slot, pace, false, snapshot.taken_at_ns).standing;
        let (for_ms, bytes_per_second) = match (standing, slot.liveness) {
            (Standing::Slow, _) => (pace.measured_ms, pace.bytes_per_second),
            (Standing::Stalled, Liveness::Stalled(ms)) | (Standing::Silent, Liveness::Silent(ms)) => (ms, None),
            _ => return None,
        };
        Some(Hanging { slot, standing, for_ms, bytes_per_second })
    };
    snapshot.slots.iter().enumerate().filter_map(one).collect()
}
