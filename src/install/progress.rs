//! One line of progress over all archives of a release.
//!
//! The archives of a release are received and unpacked one after the other, but whoever looks wants one bar: it is
//! full when the last archive is through, and not before.

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::report::{Phase, Reporter};

use super::lock::HeldLock;

/// Adds up the progress of several archives, and tells the reporter and those who wait for this install.
pub(super) struct Meter<'a> {
    reporter: &'a dyn Reporter,
    lock: Option<&'a HeldLock>,
    sizes: RefCell<Vec<Option<u64>>>,
    part: Cell<usize>,
    phase: Cell<Option<Phase>>,
}

impl<'a> Meter<'a> {
    /// For archives of these sizes, as far as they are known.
    pub(super) fn new(reporter: &'a dyn Reporter, lock: Option<&'a HeldLock>, sizes: Vec<Option<u64>>) -> Self {
        Self { reporter, lock, sizes: RefCell::new(sizes), part: Cell::new(0), phase: Cell::new(None) }
    }

    /// What follows is about this archive.
    pub(super) fn begin_part(&self, index: usize) {
        self.part.set(index);
    }

    /// The size of this archive is found to be this.
    pub(super) fn part_size(&self, size: Option<u64>) {
        let before = self.total();
        if let Some(known) = self.sizes.borrow_mut().get_mut(self.part.get()) {
            *known = size;
        }
        if self.phase.get().is_some() && self.total() != before {
            self.reporter.total(self.total());
        }
    }

    /// This archive is received, or read from the cache: a phase of all archives together.
    pub(super) fn enter(&self, phase: Phase) {
        if self.phase.replace(Some(phase)) != Some(phase) {
            self.start(phase, self.total());
            self.advanced(0);
        }
    }

    /// So much of this archive is through.
    pub(super) fn advanced(&self, done: u64) {
        let before: u64 = self.sizes.borrow().iter().take(self.part.get()).flatten().sum();
        self.reporter.advanced(before + done);
        if let Some(lock) = self.lock {
            lock.advanced(before + done);
        }
    }

    /// A phase that is not about bytes of archives.
    pub(super) fn step(&self, phase: Phase, total: Option<u64>) {
        if self.phase.replace(Some(phase)) != Some(phase) {
            self.start(phase, total);
        }
    }

    /// Somebody else had the reporter meanwhile: the next phase is told whichever it is.
    pub(super) fn interrupted(&self) {
        self.phase.set(None);
    }

    /// What is going on is tried again.
    pub(super) fn attempt(&self, number: u8, reason: &str) {
        self.reporter.attempt(number);
        self.reporter.message(&format!("{reason}; attempt {number}"));
    }

    /// Everything is read again from its beginning.
    pub(super) fn begin_again(&self, reason: &dyn fmt::Display) {
        self.phase.set(None);
        self.reporter.message(&format!("{reason}; beginning again"));
    }

    fn start(&self, phase: Phase, total: Option<u64>) {
        self.reporter.started(phase, total);
        if let Some(lock) = self.lock {
            lock.started(phase, total);
        }
    }

    fn total(&self) -> Option<u64> {
        self.sizes.borrow().iter().copied().sum()
    }
}
