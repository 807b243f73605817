//! The progress of work, reported to a board, to a test, or to nothing; the work itself is the same for all three.

use vx_shm::SlotView;
pub use vx_status::vocabulary::Phase;
use vx_status::vocabulary::Phases;

/// The progress of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The present phase.
    pub phase: Phase,
    /// Units of the phase that are finished.
    pub done: u64,
    /// Units of the phase in all; `None` while unknown.
    pub total: Option<u64>,
}

impl Progress {
    /// The progress that a slot shows.
    pub fn of(slot: &SlotView) -> Self {
        Self { phase: slot.phase(), done: slot.done, total: slot.total }
    }
}

/// Receives the progress of one piece of work. Calls come from the thread doing the work and must return at once.
pub trait Reporter: Send + Sync {
    /// The work entered a phase; `done` and `total` start over.
    fn started(&self, phase: Phase, total: Option<u64>);

    /// `done` units of this phase are finished. Called often: once per buffer.
    fn advanced(&self, done: u64);

    /// The total units of this phase are known, or a better figure is.
    fn total(&self, total: Option<u64>);

    /// One line about the present work.
    fn message(&self, text: &str);

    /// The current phase is tried again; attempts count from 1.
    fn attempt(&self, number: u8);
}

/// Drops every report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn started(&self, _: Phase, _: Option<u64>) {}
    fn advanced(&self, _: u64) {}
    fn total(&self, _: Option<u64>) {}
    fn message(&self, _: &str) {}
    fn attempt(&self, _: u8) {}
}
