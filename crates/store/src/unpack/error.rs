//! Errors of unpacking an archive.

use std::io;

use vx_base::trouble::{Explain, TroubleKind};

use super::super::cancel::InstallStop;
use super::super::disk::DiskError;

/// Why an archive was not unpacked.
#[derive(Debug, thiserror::Error)]
#[error("archive `{archive}`: {kind}")]
pub struct UnpackError {
    /// The archive's file name.
    pub archive: String,
    /// What is wrong.
    pub kind: UnpackErrorKind,
}

/// What is wrong with an archive, or with the directory it is unpacked to. Entries have the names that the archive
/// gives them.
#[derive(Debug, thiserror::Error)]
pub enum UnpackErrorKind {
    /// The format isn't supported.
    #[error("`{0}` archives are not supported")]
    Format(String),
    /// A pattern in `exclude_patterns` is invalid.
    #[error("exclude pattern `{pattern}`: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Mistake in the pattern.
        reason: &'static str,
    },
    /// The content has another format than the name says.
    #[error("it is {found}, not {expected}")]
    OtherContent {
        /// Format by the name.
        expected: &'static str,
        /// Format by the first bytes.
        found: &'static str,
    },
    /// The archive is cut short or corrupt.
    #[error("it is damaged: {0}")]
    Damaged(io::Error),
    /// The archive has nothing to install.
    #[error("it is empty{}", if *strip > 0 { format!(" after dropping the first {strip} components of each path") } else { String::new() })]
    Empty {
        /// How many path components were dropped.
        strip: u32,
    },
    /// A path may not be created.
    #[error("entry `{entry}` {reason}")]
    Path {
        /// The path, made printable.
        entry: String,
        /// Reason, as the predicate of a sentence about the entry.
        reason: &'static str,
    },
    /// Two entries have the same path.
    #[error("entry `{entry}` would replace `{earlier}`")]
    Twice {
        /// The later one.
        entry: String,
        /// The earlier one; its path is the same except perhaps for case, or is a folder above.
        earlier: String,
    },
    /// A link leads out of the release.
    #[error("link `{entry}` leads out of the release: `{target}`")]
    LinkOutside {
        /// The link.
        entry: String,
        /// Its target.
        target: String,
    },
    /// An entry is of a kind that no tool contains: a device, a pipe, …
    #[error("entry `{entry}` is {kind}")]
    Kind {
        /// The entry.
        entry: String,
        /// What it is.
        kind: &'static str,
    },
    /// The content exceeds a limit.
    #[error("it unpacks to more than {limit} {unit}{}", entry.as_ref().map(|entry| format!(" (at entry `{entry}`)")).unwrap_or_default())]
    TooMuch {
        /// The limit that was reached.
        limit: u64,
        /// The unit of the limit.
        unit: &'static str,
        /// Entry that exceeded it.
        entry: Option<String>,
    },
    /// The zip can only be read by its directory, at its end.
    #[error("it cannot be unpacked while it is received: {0}")]
    NotStreamable(&'static str),
    /// A file system operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The install has to stop.
    #[error("stopped while unpacking")]
    Stop(InstallStop),
}

impl From<InstallStop> for UnpackErrorKind {
    fn from(stop: InstallStop) -> Self {
        Self::Stop(stop)
    }
}

impl UnpackErrorKind {
    /// Make the error for an archive that contradicts itself or its format.
    pub(super) fn damaged(reason: &'static str) -> Self {
        Self::Damaged(io::Error::new(io::ErrorKind::InvalidData, reason))
    }
}

impl Explain for UnpackError {
    fn kind(&self) -> TroubleKind {
        match &self.kind {
            UnpackErrorKind::Pattern { .. } => TroubleKind::Configuration,
            UnpackErrorKind::OtherContent { .. } => TroubleKind::BadAnswer,
            UnpackErrorKind::Disk(error) => error.kind(),
            UnpackErrorKind::Stop(stop) => stop.kind(),
            UnpackErrorKind::Format(_)
            | UnpackErrorKind::Damaged(_)
            | UnpackErrorKind::Empty { .. }
            | UnpackErrorKind::Path { .. }
            | UnpackErrorKind::Twice { .. }
            | UnpackErrorKind::LinkOutside { .. }
            | UnpackErrorKind::Kind { .. }
            | UnpackErrorKind::TooMuch { .. }
            | UnpackErrorKind::NotStreamable(_) => TroubleKind::Archive,
        }
    }

    fn hint(&self) -> Option<String> {
        match &self.kind {
            UnpackErrorKind::Format(_) => {
                Some("name a .tar.gz, .tar.xz, .tar.zst, .tar or .zip of the same release".into())
            }
            UnpackErrorKind::Pattern { .. } => Some("correct `exclude_patterns` in vx.toml".into()),
            UnpackErrorKind::OtherContent { .. } => {
                Some("open the address in a browser: it may ask to log in, or the file may have moved".into())
            }
            UnpackErrorKind::Empty { strip } if *strip > 0 => Some("use a smaller `strip`".into()),
            UnpackErrorKind::Damaged(_) => {
                Some("try again; if that does not help, tell whoever publishes the archive".into())
            }
            UnpackErrorKind::Disk(error) => error.hint(),
            UnpackErrorKind::Twice { entry, earlier } if entry != earlier => {
                Some("this file system cannot tell the two names apart: set VX_HOME to a place on one that can".into())
            }
            UnpackErrorKind::Path { .. }
            | UnpackErrorKind::Twice { .. }
            | UnpackErrorKind::LinkOutside { .. }
            | UnpackErrorKind::Kind { .. }
            | UnpackErrorKind::TooMuch { .. } => {
                Some("do not use this archive unless you know the reason; tell whoever publishes it".into())
            }
            _ => None,
        }
    }
}
