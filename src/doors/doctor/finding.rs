//! A finding of a check: the fault, why it matters, and its remedy.

use std::path::PathBuf;

use vx_store::Leftover;

/// The severity of a finding, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something does not work, or differs from its correct state.
    Wrong,
    /// Everything works, but this could be better or is worth knowing.
    Advice,
}

/// A check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoctorCheck {
    /// A release of the store.
    Release,
    /// An archive in the download cache.
    Archive,
    /// The remains of dead processes.
    Leftover,
    /// The boards of runs.
    Board,
    /// The processes of runs.
    Process,
    /// The project and its lock.
    Project,
    /// The configuration of a source.
    Source,
    /// The home, or the runtime directory.
    Place,
    /// `PATH`.
    Path,
}

/// A fault, or a piece of advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check that found it.
    pub check: DoctorCheck,
    /// Its severity.
    pub severity: Severity,
    /// Its subject: a release, a file, a setting.
    pub subject: String,
    /// The fault.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// The next step, in the imperative.
    pub mend: String,
    /// The remedy.
    pub remedy: Remedy,
}

/// The remedy of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Install this release again.
    Install {
        /// The tool.
        tool: String,
        /// The exact version.
        version: String,
    },
    /// Remove the directory in the place of this release.
    RemoveRelease {
        /// The tool.
        tool: String,
        /// The exact version.
        version: String,
    },
    /// Remove a damaged archive from the cache.
    RemoveArchive {
        /// Its file.
        path: PathBuf,
    },
    /// Remove the remains of a dead process.
    RemoveLeftover(Leftover),
    /// Remove boards and logs of runs that are long over.
    CollectBoards {
        /// The runtime directory.
        directory: PathBuf,
    },
    /// End the processes that killed runs left behind.
    EndStrays,
    /// Make a directory accessible to its owner only.
    CloseDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// Lock the project's tools.
    Lock,
    /// Make the links of `vx shims` again.
    Shims,
    /// The user has to decide.
    ByHand,
}

impl Severity {
    /// Its name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Wrong => "wrong",
            Severity::Advice => "advice",
        }
    }
}

impl DoctorCheck {
    /// Its name in the output.
    pub fn name(self) -> &'static str {
        match self {
            DoctorCheck::Release => "release",
            DoctorCheck::Archive => "archive",
            DoctorCheck::Leftover => "leftover",
            DoctorCheck::Board => "board",
            DoctorCheck::Process => "process",
            DoctorCheck::Project => "project",
            DoctorCheck::Source => "source",
            DoctorCheck::Place => "place",
            DoctorCheck::Path => "path",
        }
    }
}
