//! The options that every run has.

use std::path::PathBuf;
use std::time::Duration;

use crate::boards::exports::Exports;

/// The options of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// The most installs at once; `None` for the project's own limit, or else as many as fill the processors.
    pub jobs: Option<usize>,
    /// Install every release again that is not exactly as a new install would make it.
    pub force: bool,
    /// Use no network.
    pub offline: bool,
    /// Stop everything at the first failure.
    pub fail_fast: bool,
    /// The longest that one install may take.
    pub timeout: Option<Duration>,
    /// The longest that a server may send nothing.
    pub stall_timeout: Option<Duration>,
    /// The fewest bytes a second that a server may send; 0 for any.
    pub lowest_rate: Option<u64>,
    /// The directory for dumps of the board.
    pub dump: Option<PathBuf>,
    /// The time between dumps while the run is at work; `None` for a single dump at the end.
    pub dump_every: Option<Duration>,
    /// The file for a recording of the board.
    pub record: Option<PathBuf>,
    /// The exports to make at the end.
    pub exports: Exports,
}

impl RunOptions {
    /// Whether an option requests a file that is made from a board.
    pub fn wants_board(&self) -> bool {
        self.dump.is_some() || self.record.is_some() || !self.exports.is_empty()
    }
}
