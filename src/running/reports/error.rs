//! Errors of a script's reports.

use std::io;
use std::path::PathBuf;

use vx_base::trouble::{Explain, TroubleKind};
use vx_run::board_error::ExplainBoard;
use vx_shm::{AttachError, ClaimError, CreateError, EndError, ReadError};

use crate::boards::control::ControlError;
use crate::boards::find::BoardError;

/// Why a script's report is not on a board.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The key is empty.
    #[error("a slot needs a key")]
    NoKey,
    /// No key is named outside of a wrapped command.
    #[error("no key is named, and this script does not run under `vx board run`")]
    NotWrapped,
    /// The slot of the wrapped command already has a writer.
    #[error("the slot of this command has another writer{}", writer.map_or_else(String::new, |pid| format!(": process {pid}")))]
    Written {
        /// The process that claimed it first.
        writer: Option<u32>,
    },
    /// The system does not report the process that called this one.
    #[error("cannot tell which process called this")]
    NoCaller,
    /// There is no board to write to.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The process that writes the slot has not accepted the report.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The key belongs to another process.
    #[error("{error}")]
    KeyInUse {
        /// The board's error.
        error: ClaimError,
        /// The other process; `None` while the slot waits for its process.
        owner: Option<u32>,
    },
    /// The board has no free slot, or belongs to another process.
    #[error(transparent)]
    Refused(ClaimError),
    /// The slot has another version.
    #[error("the version of `{key}` is `{version}` and cannot change")]
    OtherVersion {
        /// The slot's key.
        key: String,
        /// The slot's version.
        version: String,
    },
    /// The slot's end could not be recorded.
    #[error(transparent)]
    End(#[from] EndError),
    /// The board cannot be read.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// The board can no longer be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No board can have this name.
    #[error("`{name}` cannot name a board: use at most {most_bytes} letters, digits, `-`, `_` and `.`")]
    Name {
        /// The name.
        name: String,
        /// The longest name, in bytes.
        most_bytes: usize,
    },
    /// An ended board has this name and cannot be removed.
    #[error("cannot remove the old board `{}`: {error}", path.display())]
    Remove {
        /// Its file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// The board cannot be made.
    #[error(transparent)]
    Create(#[from] CreateError),
}

impl Explain for ReportError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::NoKey | Self::NotWrapped | Self::Name { .. } => TroubleKind::Usage,
            Self::Written { .. } => TroubleKind::Board,
            Self::NoCaller => TroubleKind::NotFound,
            Self::Board(error) => error.kind(),
            Self::Control(error) => error.kind(),
            Self::KeyInUse { error, .. } | Self::Refused(error) => ExplainBoard::kind(error),
            Self::OtherVersion { .. } => TroubleKind::Board,
            Self::End(error) => ExplainBoard::kind(error),
            Self::Attach(error) => ExplainBoard::kind(error),
            Self::Read(error) => ExplainBoard::kind(error),
            Self::Remove { .. } => TroubleKind::Disk,
            Self::Create(error) => ExplainBoard::kind(error),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotWrapped => "name one: `vx board put KEY …`".into(),
            Self::Written { .. } => "give the report its own key: `vx board put KEY …`".into(),
            Self::NoCaller => "name the process that does the work".into(),
            Self::Board(error) => return error.hint(),
            Self::Control(error) => return error.hint(),
            Self::KeyInUse { owner, .. } => {
                let owner =
                    owner.map_or_else(|| "it waits for its process".into(), |pid| format!("it is process {pid}'s"));
                format!("{owner}: choose another key, or wait until it has ended")
            }
            Self::Refused(error) => return error.hint(),
            Self::OtherVersion { .. } => "end the slot and start a new one, or leave out the version".into(),
            Self::Name { .. } => "a number alone would be taken for a process id".into(),
            Self::Create(CreateError::Exists { .. }) => "a process still uses it: choose another name".into(),
            Self::Create(error) => return error.hint(),
            Self::NoKey | Self::End(_) | Self::Attach(_) | Self::Read(_) | Self::Remove { .. } => return None,
        })
    }
}
