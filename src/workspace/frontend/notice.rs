//! Notices: facts worth showing during work, besides its outcome.

use std::io;
use std::path::PathBuf;

use vx_base::trouble::Trouble;
use vx_plan::AgeRemark;
use vx_process::EndedProcesses;
use vx_project::lock::LockError;
use vx_project::trust::UntrustedLocation;
use vx_project::{LockedTool, Problem};

use super::shims_error::ShimsError;
use crate::workspace::error::WorkError;

/// A fact worth showing, given as soon as it is known. A door decides whether and how to show it.
#[derive(Debug)]
pub enum Notice {
    /// A remark about a project's file that was read.
    Project(String),
    /// A part of a project's file is ignored.
    Ignored {
        /// The file.
        path: PathBuf,
        /// The part, and why it is ignored.
        problem: Problem,
    },
    /// Parts of a project are withheld, since its user has not agreed to them.
    Withheld {
        /// The project's file.
        file: PathBuf,
        /// The parts, each in a few words.
        parts: Vec<String>,
        /// The variables that are never taken from a project.
        refused: Vec<String>,
        /// The reason why the project counts as a stranger's, if it does.
        stranger: Option<UntrustedLocation>,
    },
    /// In a build service, the run itself is the consent to the project that is checked out.
    TrustedByCi {
        /// The project's file.
        file: PathBuf,
        /// Each part, in a line.
        lines: Vec<String>,
    },
    /// A project has a table `[ui]`, which only counts in the user's own file.
    ForeignUi {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// `mirrors` in the project's settings names a site that no tool of the catalogue uses.
    UnknownMirror {
        /// The name.
        site: String,
    },
    /// The lock file has an old format; the pins in it that the project accepts are used.
    OldLock {
        /// The lock file.
        path: PathBuf,
        /// Its format.
        version: u64,
    },
    /// The lock file keeps its old format, since a new one would lose pins.
    OldLockKept {
        /// The lock file.
        path: PathBuf,
        /// Its format.
        version: u64,
        /// The tools whose pins would be lost.
        lost: Vec<String>,
    },
    /// A tool was added to a project's file.
    Declared {
        /// The file.
        path: PathBuf,
        /// The tool.
        tool: String,
        /// The request for its version.
        request: String,
    },
    /// A project's file is unchanged, since a tool for it could not be installed.
    NotDeclared {
        /// The file.
        path: PathBuf,
    },
    /// The lock file was written.
    LockWritten,
    /// The lock file of a project further up was written.
    LockWrittenAbove {
        /// The lock file.
        path: PathBuf,
    },
    /// The lock file of a project further up lacks entries and cannot be written.
    LockKept(LockError),
    /// A tool could not be locked for every platform, or is locked without a signature.
    Resolution(Trouble),
    /// A remark about the age of a chosen release.
    Age(AgeRemark),
    /// A tool could not be locked.
    NotLocked(Trouble),
    /// A tool gets another entry in the lock.
    Locked {
        /// The tool.
        tool: String,
        /// The version of the entry before, if there was one.
        before: Option<String>,
        /// The entry.
        entry: LockedTool,
    },
    /// An archive without a digest is fetched, so that its digest can be locked.
    Fetching {
        /// Its address, without credentials.
        address: String,
    },
    /// A server has not answered for some seconds; the work is waiting for it.
    Awaited {
        /// Its name.
        host: String,
    },
    /// Every requested tool is installed; nothing is done.
    UpToDate {
        /// The project's file.
        project: PathBuf,
        /// The number of tools.
        tools: usize,
    },
    /// The releases that a project wants cannot be recorded, so `vx list` does not name the project.
    WantsNotNoted(io::Error),
    /// Tools take options from variables of the environment, which is deprecated.
    OptionsFromEnvironment {
        /// The variables.
        variables: Vec<String>,
    },
    /// A tool that the project pins is not installed, so programs that start now find another copy of it.
    Stray {
        /// The tool.
        tool: String,
        /// The program of the other copy.
        program: PathBuf,
    },
    /// The doctor could not carry out a remedy, or repair a release.
    NotMended(Trouble),
    /// The shims could not be brought up to date.
    ShimsKept(ShimsError),
    /// The board of a run is not in its usual place, where other processes look for it.
    BoardElsewhere {
        /// The directory that it is in.
        directory: PathBuf,
        /// The reason why it is not in its usual place.
        reason: Trouble,
    },
    /// The board of a run has no file name, since no place can hold it: other processes don't see the run.
    BoardUnseen {
        /// The reason why no place can hold it.
        reason: Trouble,
    },
    /// A service that was to be started already runs with an earlier declaration, and goes on.
    ServiceOutdated {
        /// The service.
        service: String,
    },
    /// The services of the project are being stopped; others start only after that.
    ServicesStopping,
    /// Processes that killed runs had left behind were ended.
    Strays(EndedProcesses),
    /// A part of the work could not be started or finished; the rest continues.
    Failed(WorkError),
    /// The end of an install could not be written to its slot.
    EndNotWritten(vx_shm::EndError),
}
