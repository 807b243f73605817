//! The pace of a slot: a rate that its reader measured, and the standing that follows from it.

use vx_shm::SlotView;

use crate::standing::Standing;
use crate::vocabulary::{Phases, sized_in_bytes};

/// A download with a rate below this, measured over [`SLOW_MS`], is called slow.
const SLOW_BYTES_PER_SECOND: u64 = 50_000;
const SLOW_MS: u64 = 4_000;

/// The rate of a slot, as measured by its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// In the unit of the slot's numbers, so bytes only where those are; `None` until measured for a second.
    pub bytes_per_second: Option<u64>,
    /// The time over which the rate was measured.
    pub measured_ms: u64,
}

impl Standing {
    /// The standing with what only a reader knows: how slow the slot is, and that the reader asked it to stop.
    pub fn with_pace(slot: &SlotView, pace: Pace, asked_to_stop: bool) -> Self {
        let standing = Self::of(slot);
        let slow =
            pace.measured_ms >= SLOW_MS && pace.bytes_per_second.is_some_and(|rate| rate < SLOW_BYTES_PER_SECOND);
        match standing {
            _ if standing.over() => standing,
            _ if asked_to_stop => Self::Stopping,
            Self::Running if slow && slot.phase().is_main() && sized_in_bytes(slot) => Self::Slow,
            _ => standing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{counting, downloading};

    #[test]
    fn a_download_counts_as_slow_only_after_a_while() {
        let standing = |bytes_per_second, measured_ms| {
            let pace = Pace { bytes_per_second: Some(bytes_per_second), measured_ms };
            Standing::with_pace(&downloading(0, "node", "22", 5, Some(10)), pace, false)
        };
        assert_eq!(standing(12_000, 1_000), Standing::Running);
        assert_eq!(standing(12_000, 5_000), Standing::Slow);
        assert_eq!(standing(1_200_000, 5_000), Standing::Running);
    }

    #[test]
    fn a_counter_is_not_slow_however_few_it_counts() {
        let pace = Pace { bytes_per_second: Some(1), measured_ms: 9_000 };
        assert_eq!(Standing::with_pace(&counting(0, "test", 7, 40), pace, false), Standing::Running);
    }
}
