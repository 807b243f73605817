//! Slots without proper progress: slow, stalled, or silent, and for how long.

use vx_shm::{Liveness, SlotView, Snapshot};

use crate::pace::SlotRate;
use crate::standing::Standing;

/// A slot that is at work and makes little or no progress.
#[derive(Clone, Debug, PartialEq)]
pub struct Hanging<'a> {
    /// The slot.
    pub slot: &'a SlotView,
    /// `Slow`, `Stalled` or `Silent`.
    pub standing: Standing,
    /// Time without progress, or the time over which the slow rate was measured.
    pub for_ms: u64,
    /// The rate, of a slow slot.
    pub bytes_per_second: Option<u64>,
}

/// The hanging slots of a reading, in the board's order; `paces` are in the order of its slots.
pub fn hanging<'a>(snapshot: &'a Snapshot, paces: &[SlotRate]) -> Vec<Hanging<'a>> {
    let one = |(place, slot): (usize, &'a SlotView)| {
        let pace = paces.get(place).copied().unwrap_or_default();
        let standing = Standing::with_pace(slot, pace, false);
        let (for_ms, bytes_per_second) = match (standing, slot.liveness) {
            (Standing::Slow, _) => (pace.measured_ms, pace.bytes_per_second),
            (Standing::Stalled, Liveness::Stalled(ms)) | (Standing::Silent, Liveness::Silent(ms)) => (ms, None),
            _ => return None,
        };
        Some(Hanging { slot, standing, for_ms, bytes_per_second })
    };
    snapshot.slots.iter().enumerate().filter_map(one).collect()
}
