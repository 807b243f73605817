//! The estimate of the time left, for line-wise outputs and for readers that show nothing.

use vx_shm::Snapshot;

use crate::estimate::Estimate;
use crate::pace::SlotRate;
use crate::rates::Rates;
use crate::source::Expectations;

/// Estimates the time until a board's work ends, from earlier runs and from the readings passed to it.
#[derive(Debug, Default)]
pub struct Estimator {
    rates: Rates,
    expectations: Expectations,
}

impl Estimator {
    /// An estimator with the durations of earlier runs.
    pub fn new(expectations: Expectations) -> Self {
        Self { rates: Rates::expecting(expectations.clone()), expectations }
    }

    /// Milliseconds until the last tool ends, and the number of earlier installs of the tool with the fewest; `None`
    /// rather than a wrong estimate. Pass it every reading in order: it measures rates between them.
    pub fn left(&mut self, snapshot: &Snapshot) -> Option<(u64, u32)> {
        self.update(snapshot).1.whole.map(|left| (left.ms, left.runs))
    }

    /// Record a reading. Returns the rate of each slot, and the estimate.
    pub fn update(&mut self, snapshot: &Snapshot) -> (Vec<SlotRate>, Estimate) {
        let paces = self.rates.update(snapshot);
        let estimate = Estimate::from_snapshot(snapshot, &paces, &self.expectations);
        (paces, estimate)
    }
}
