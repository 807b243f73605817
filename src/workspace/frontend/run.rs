//! A run as a door sees it: the live run, and its outcome.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use vx_base::trouble::Trouble;
use vx_run::{RunEnd, RunHandle, RunHold};
use vx_shm::Board;
use vx_status::source::Expectations;

use super::shims_error::ShimsError;

/// The work that a run is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Installing what a project declares.
    Sync,
    /// Installing these tools by name.
    Install(Vec<String>),
    /// Installing tools that are to be declared in a project.
    Use,
    /// Installing what a script's project declares; the script runs in any case.
    Script,
    /// Installing damaged releases again.
    Repair,
    /// The steps of a script.
    Steps,
    /// Turns of agents.
    Turns,
}

/// The place in a project's file where a tool is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclarationLocation {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

/// The declarations of tools, by the keys of their slots.
pub type DeclarationLocations = Arc<BTreeMap<String, DeclarationLocation>>;

/// A live run.
pub struct LiveRun {
    /// The file of its board.
    pub board: PathBuf,
    /// The handle for requests to the run, its replies, and its end.
    pub handle: RunHandle,
    /// A clone of this keeps the run open until it is dropped.
    pub hold: RunHold,
    /// The declarations of the tools; empty if no project declares them.
    pub declared: DeclarationLocations,
    /// The durations to expect, from earlier runs.
    pub expectations: Expectations,
}

/// The outcome of a run.
#[derive(Debug)]
pub struct RunOutcome {
    /// The work that the run was part of.
    pub purpose: Purpose,
    /// The file of its board.
    pub board: PathBuf,
    /// Keeps the board open: a board without a file name vanishes when it is closed.
    #[expect(dead_code, reason = "it is held and never read")]
    pub kept: Option<Arc<Board>>,
    /// The end of each step.
    pub end: io::Result<RunEnd>,
    /// Whether the shims were brought up to date.
    pub shims: Result<(), ShimsError>,
    /// The errors of the run's files and views, which did not affect the installs.
    pub troubles: Vec<Trouble>,
}

impl RunOutcome {
    /// Whether the run was neither cancelled nor broken off.
    pub fn ran_to_its_end(&self) -> bool {
        self.end.as_ref().is_ok_and(|end| !end.cancelled)
    }

    /// Whether every required tool is installed, and the run was shown, dumped and recorded as asked.
    pub fn good(&self) -> bool {
        self.end.as_ref().is_ok_and(RunEnd::success) && self.troubles.is_empty()
    }
}
