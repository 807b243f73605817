//! How work reports its progress, without knowing to whom: a board, a test, or nobody.

pub use vx_shm::Phase;

/// Receives the progress of one piece of work. Calls come from the thread doing the work and must return at once.
pub trait Reporter: Send + Sync {
    /// The work entered a phase; `done` and `total` start over.
    fn started(&self, phase: Phase, total: Option<u64>);

    /// `done` units of this phase are finished. Called often: once per buffer.
    fn advanced(&self, done: u64);

    /// What this phase is found to amount to, once that is known or known better.
    fn total(&self, total: Option<u64>);

    /// One line about what is going on.
    fn message(&self, text: &str);

    /// The current phase is tried again; attempts count from 1.
    fn attempt(&self, number: u8);
}

/// Reports to nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn started(&self, _: Phase, _: Option<u64>) {}
    fn advanced(&self, _: u64) {}
    fn total(&self, _: Option<u64>) {}
    fn message(&self, _: &str) {}
    fn attempt(&self, _: u8) {}
}
