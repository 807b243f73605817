//! What a check says: what is wrong, why it matters, how to mend it.

use std::path::PathBuf;

use crate::install::Leftover;

/// How bad it is. What is wrong comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something does not work, or is not what it should be.
    Wrong,
    /// Everything works; it could be better, or is worth knowing.
    Advice,
}

/// The check that found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// A release of the store.
    Release,
    /// What dead processes left.
    Leftover,
    /// The boards of runs.
    Board,
    /// The project and its lock.
    Project,
    /// The configuration of a source.
    Source,
    /// The home, or the runtime directory.
    Place,
    /// `PATH`.
    Path,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Who found it.
    pub check: Check,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: a release, a file, a setting.
    pub subject: String,
    /// What is wrong with it.
    pub what: String,
    /// Why that matters.
    pub why: &'static str,
    /// How to mend it, in the imperative.
    pub mend: String,
    /// What mends it.
    pub remedy: Remedy,
}

/// What mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Install this release again.
    Install {
        /// The tool.
        tool: String,
        /// The exact version.
        version: String,
    },
    /// Remove what is in the place of this release.
    RemoveRelease {
        /// The tool.
        tool: String,
        /// The exact version.
        version: String,
    },
    /// Remove what a dead process left.
    RemoveLeftover(Leftover),
    /// Remove boards and logs that nobody needs.
    CollectBoards {
        /// The runtime directory.
        directory: PathBuf,
    },
    /// Let nobody but its owner into a directory.
    CloseDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// Lock the project's tools.
    Lock,
    /// Make the links of `vx shims` anew.
    Shims,
    /// Only a person can decide.
    ByHand,
}

impl Severity {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Wrong => "wrong",
            Severity::Advice => "advice",
        }
    }
}

impl Check {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Check::Release => "release",
            Check::Leftover => "leftover",
            Check::Board => "board",
            Check::Project => "project",
            Check::Source => "source",
            Check::Place => "place",
            Check::Path => "path",
        }
    }
}
