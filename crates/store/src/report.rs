//! Progress of an install, as reported to a board, to a test, or to nothing; the install itself is the same for all
//! three.

use std::fmt;

use vx_base::board_slot::BoardSlot;

/// A step of an install, in the order of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstallStep {
    /// Planned, not started.
    Queued,
    /// Waiting for another process's install of the same release.
    Waiting,
    /// Finding out which release to install and where it is.
    Resolving,
    /// Receiving bytes: `done` of `total` bytes.
    Downloading,
    /// Comparing digests.
    Verifying,
    /// Unpacking: `done` of `total` bytes of archive.
    Extracting,
    /// Placing the finished directory and its links: all of `total` files, which is unknown while a post-install
    /// command is still to come.
    Linking,
    /// Running the tool's own post-install command.
    PostInstall,
}

impl InstallStep {
    /// All steps, in their order.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Waiting,
        Self::Resolving,
        Self::Downloading,
        Self::Verifying,
        Self::Extracting,
        Self::Linking,
        Self::PostInstall,
    ];

    /// Name of the step on screen and in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Resolving => "resolving",
            Self::Downloading => "downloading",
            Self::Verifying => "verifying",
            Self::Extracting => "extracting",
            Self::Linking => "linking",
            Self::PostInstall => "post-install",
        }
    }
}

impl fmt::Display for InstallStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstallProgress {
    /// Current step.
    pub step: InstallStep,
    /// Finished units of the step.
    pub done: u64,
    /// All units of the step; `None` while unknown.
    pub total: Option<u64>,
}

/// Receives the progress of one piece of work. Calls come from the thread doing the work and must return at once.
pub trait Reporter: Send + Sync {
    /// The work entered a step; `done` and `total` start over.
    fn started(&self, step: InstallStep, total: Option<u64>);

    /// `done` units of this step are finished. Called often: once per buffer.
    fn advanced(&self, done: u64);

    /// The step's total is known, or corrected.
    fn total(&self, total: Option<u64>);

    /// One line about the present work.
    fn message(&self, text: &str);

    /// The work waits for that on another slot, perhaps of another board; `None` if the other work has no slot. Called
    /// before a waiting step begins, and holds until the next step that isn't a wait.
    fn waits_for(&self, other: Option<&BoardSlot>);

    /// The current step is tried again; attempts count from 1.
    fn attempt(&self, number: u8);
}

/// Drops every report.
#[derive(Clone, Copy, Debug, Default)]
pub struct SilentReporter;

impl Reporter for SilentReporter {
    fn started(&self, _: InstallStep, _: Option<u64>) {}
    fn advanced(&self, _: u64) {}
    fn total(&self, _: Option<u64>) {}
    fn message(&self, _: &str) {}
    fn waits_for(&self, _: Option<&BoardSlot>) {}
    fn attempt(&self, _: u8) {}
}
