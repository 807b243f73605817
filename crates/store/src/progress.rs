//! The progress of a release over all its archives.
//!
//! The archives are received and unpacked one after the other, but they share one bar, which is full only when the last
//! archive is done.

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::report::{InstallStep, Reporter};

/// Adds up the progress of several archives, for the reporter.
pub(super) struct ArchiveProgress<'a> {
    reporter: &'a dyn Reporter,
    sizes: RefCell<Vec<Option<u64>>>,
    part: Cell<usize>,
    step: Cell<Option<InstallStep>>,
    /// Whether a message is shown.
    said: Cell<bool>,
}

impl<'a> ArchiveProgress<'a> {
    /// Make a meter for archives of these sizes, as far as they're known.
    pub(super) fn new(reporter: &'a dyn Reporter, sizes: Vec<Option<u64>>) -> Self {
        Self { reporter, sizes: RefCell::new(sizes), part: Cell::new(0), step: Cell::new(None), said: Cell::new(false) }
    }

    /// Continue with this archive.
    pub(super) fn begin_part(&self, index: usize) {
        self.part.set(index);
    }

    /// Set the size of the current archive.
    pub(super) fn part_size(&self, size: Option<u64>) {
        let before = self.total();
        if let Some(known) = self.sizes.borrow_mut().get_mut(self.part.get()) {
            *known = size;
        }
        if self.step.get().is_some() && self.total() != before {
            self.reporter.total(self.total());
        }
    }

    /// Enter a step that counts the bytes of all archives together.
    pub(super) fn enter(&self, step: InstallStep) {
        if self.step.replace(Some(step)) != Some(step) {
            self.reporter.started(step, self.total());
            self.advanced(0);
        }
    }

    /// Report the bytes of the first archive that are in the cache: they're verified, not received.
    pub(super) fn found(&self, cached: u64) {
        if cached > 0 && self.part.get() == 0 {
            self.enter(InstallStep::Verifying);
            self.advanced(cached);
        }
    }

    /// Report the archives' files once no further files will be made: all that is left is to put them in place.
    pub(super) fn placing(&self, files: u64) {
        self.enter_uncounted(InstallStep::Linking, None);
        self.reporter.total(Some(files));
        self.reporter.advanced(files);
    }

    /// Report the finished bytes of the current archive.
    pub(super) fn advanced(&self, done: u64) {
        let before: u64 = self.sizes.borrow().iter().take(self.part.get()).flatten().sum();
        self.reporter.advanced(before + done);
    }

    /// Enter a step that does not count the bytes of archives.
    pub(super) fn enter_uncounted(&self, step: InstallStep, total: Option<u64>) {
        if self.step.replace(Some(step)) != Some(step) {
            self.reporter.started(step, total);
        }
    }

    /// Make sure that the next step is reported even if it is unchanged: the wait has reported other steps since.
    pub(super) fn interrupted(&self) {
        self.step.set(None);
    }

    /// Report another attempt at the current step.
    pub(super) fn attempt(&self, number: u8, reason: &str) {
        self.reporter.attempt(number);
        self.say(&format!("{reason}; attempt {number}"));
    }

    /// Report the server that vx waits for.
    pub(super) fn waiting(&self, host: &str) {
        self.say(&format!("waiting for {host}'s answer"));
    }

    /// Clear the last message: it no longer holds.
    pub(super) fn hush(&self) {
        if self.said.replace(false) {
            self.reporter.message("");
        }
    }

    /// Report that everything is read again from the start.
    pub(super) fn restarted(&self, reason: &dyn fmt::Display) {
        self.step.set(None);
        self.say(&format!("{reason}; starting again"));
    }

    fn say(&self, text: &str) {
        self.said.set(true);
        self.reporter.message(text);
    }

    fn total(&self) -> Option<u64> {
        self.sizes.borrow().iter().copied().sum()
    }
}
