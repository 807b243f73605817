//! The rates of each slot at work over the last half minute, for a graph of a few cells. Bounded by the slots at work.

use std::collections::BTreeMap;

use vx_status::slot::SlotId;

use super::SlotRow;

/// Number of rates kept of each slot.
const RATES: usize = 24;
/// Time between two of them, in nanoseconds of the board's clock.
const BETWEEN_NS: u64 = 1_000_000_000;

/// The last rates, in bytes per second, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pulse {
    noted_at_ns: u64,
    rates: BTreeMap<SlotId, Vec<u64>>,
}

impl Pulse {
    /// Record the rates of a reading. Playback may jump back in time.
    pub(crate) fn record_rates(&mut self, rows: &[SlotRow], taken_at_ns: u64) {
        if taken_at_ns.abs_diff(self.noted_at_ns) < BETWEEN_NS {
            return;
        }
        let went_back = taken_at_ns < self.noted_at_ns;
        self.noted_at_ns = taken_at_ns;
        let mut before = std::mem::take(&mut self.rates);
        if went_back {
            before.clear();
        }
        for row in rows.iter().filter(|row| row.standing.at_work()) {
            let Some(rate) = row.bytes_per_second else { continue };
            let mut rates = before.remove(&row.id).unwrap_or_default();
            if rates.len() == RATES {
                rates.remove(0);
            }
            rates.push(rate);
            self.rates.insert(row.id, rates);
        }
    }

    pub(crate) fn slot_rates(&self, id: SlotId) -> &[u64] {
        self.rates.get(&id).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_status::standing::Standing;

    #[test]
    fn few_rates_are_kept_and_only_of_what_is_at_work() {
        let row = |standing| SlotRow { standing, bytes_per_second: Some(7), ..SlotRow::default() };
        let mut pulse = Pulse::default();
        for second in 1..100 {
            pulse.record_rates(&[row(Standing::Running)], second * BETWEEN_NS);
            pulse.record_rates(&[row(Standing::Running)], second * BETWEEN_NS + 1);
        }
        assert_eq!(pulse.slot_rates(SlotId::default()), [7; RATES]);
        pulse.record_rates(&[row(Standing::Running)], BETWEEN_NS);
        assert_eq!(pulse.slot_rates(SlotId::default()), [7], "a recording went back");
        pulse.record_rates(&[row(Standing::Done)], 99 * BETWEEN_NS);
        assert_eq!(pulse.slot_rates(SlotId::default()), [0; 0]);
    }
}
