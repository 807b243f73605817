//! The estimate of the time left for whoever reads a board without showing it, and for the outputs that are lines.

use vx_shm::Snapshot;

use crate::history::History;
use crate::model::{Estimate, Pace, TimeLeft};
use crate::source::Expectations;

/// Foretells how long a board's work will still take, from earlier runs and from the readings it is shown.
#[derive(Debug, Default)]
pub struct Foreteller {
    history: History,
    expectations: Expectations,
}

impl Foreteller {
    /// One that knows what earlier runs say.
    pub fn new(expectations: Expectations) -> Self {
        Self { history: History::default(), expectations }
    }

    /// Milliseconds until the last tool is through, and how many earlier installs are known of the tool that is known
    /// least; `None` rather than a wrong estimate. Show it each reading in turn: it measures rates between them.
    pub fn left(&mut self, snapshot: &Snapshot) -> Option<(u64, u32)> {
        self.note(snapshot).1.map(|left| (left.ms, left.runs))
    }

    /// What was measured of each slot, and how long the whole will still take.
    pub(crate) fn note(&mut self, snapshot: &Snapshot) -> (Vec<Pace>, Option<TimeLeft>) {
        let paces = self.history.note(snapshot);
        let left = Estimate::of(snapshot, &paces, &self.expectations).whole;
        (paces, left)
    }
}
