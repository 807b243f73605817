//! The pace of a slot: a rate that its reader measured, and the standing that follows from it.

use vx_shm::SlotView;

use crate::standing::Standing;
use crate::vocabulary::{Phases, sized_in_bytes};

/// The rate of a slot, as measured by its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotRate {
    /// In the unit of the slot's numbers, so bytes only where those are; `None` until measured for a second.
    pub bytes_per_second: Option<u64>,
    /// Time over which the rate was measured.
    pub measured_ms: u64,
    /// Amount done in that time: for slow work, a whole number per second would be too coarse.
    pub gained: u64,
    /// The rate is far below that of the other downloads or, if there is no other, below its own earlier rate.
    pub slow: bool,
}

impl SlotRate {
    /// The amount per millisecond, often far below 1; `None` until measured for a second.
    pub(crate) fn per_ms(self) -> Option<f64> {
        self.bytes_per_second.map(|_| self.gained as f64 / self.measured_ms.max(1) as f64)
    }
}

impl Standing {
    /// The standing, including what only a reader knows: whether the slot is slow, and whether the reader asked it to
    /// stop.
    pub fn with_pace(slot: &SlotView, pace: SlotRate, asked_to_stop: bool) -> Self {
        let standing = Self::from_slot(slot);
        match standing {
            _ if standing.over() => standing,
            _ if asked_to_stop => Self::Stopping,
            Self::Running if pace.slow && slot.phase().is_main() && sized_in_bytes(slot) => Self::Slow,
            _ => standing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{counting, downloading};

    #[test]
    fn a_download_is_slow_beside_others_and_not_by_a_figure() {
        let standing = |slow| {
            let pace = SlotRate { bytes_per_second: Some(12), measured_ms: 60_000, slow, gained: 12 };
            Standing::with_pace(&downloading(0, "node", "22", 5, Some(10)), pace, false)
        };
        assert_eq!((standing(false), standing(true)), (Standing::Running, Standing::Slow));
    }

    #[test]
    fn a_counter_is_not_slow_however_few_it_counts() {
        let pace = SlotRate { bytes_per_second: Some(1), measured_ms: 9_000, slow: true, gained: 1 };
        assert_eq!(Standing::with_pace(&counting(0, "test", 7, 40), pace, false), Standing::Running);
    }
}
