//! Why an archive was not unpacked.

use std::io;

use crate::hint::Hint;

use super::super::cancel::Stop;
use super::super::disk::DiskError;

/// Why the archive named was not unpacked.
#[derive(Debug, thiserror::Error)]
#[error("archive `{archive}`: {kind}")]
pub struct UnpackError {
    /// Its file name.
    pub archive: String,
    /// What is wrong.
    pub kind: UnpackErrorKind,
}

/// What is wrong with an archive, or with the place it goes to. Entries are named as the archive names them.
#[derive(Debug, thiserror::Error)]
pub enum UnpackErrorKind {
    /// A format vx does not read.
    #[error("`{0}` archives are not supported")]
    Format(String),
    /// A pattern of what to leave out that is none.
    #[error("exclude pattern `{pattern}`: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The bytes are not what the name promises.
    #[error("it is {found}, not {expected}")]
    OtherContent {
        /// What the name promises.
        expected: &'static str,
        /// What it begins like.
        found: &'static str,
    },
    /// It cannot be read: cut short or corrupt.
    #[error("it is damaged: {0}")]
    Damaged(io::Error),
    /// It holds nothing to install.
    #[error("it is empty{}", if *strip > 0 { format!(" after dropping the first {strip} components of each path") } else { String::new() })]
    Empty {
        /// How many components were dropped.
        strip: u32,
    },
    /// A path that may not be created.
    #[error("entry `{entry}` {reason}")]
    Path {
        /// The path, made printable.
        entry: String,
        /// Why not, as the end of a sentence about the entry.
        reason: &'static str,
    },
    /// Two entries want one place.
    #[error("entry `{entry}` would replace `{earlier}`")]
    Twice {
        /// The later one.
        entry: String,
        /// The earlier one; it differs in case at most, or is a folder above.
        earlier: String,
    },
    /// A link that leads out of the release.
    #[error("link `{entry}` leads out of the release: `{target}`")]
    LinkOutside {
        /// The link.
        entry: String,
        /// Where it points.
        target: String,
    },
    /// A kind of entry that is no part of a tool: a device, a pipe, …
    #[error("entry `{entry}` is {kind}")]
    Kind {
        /// The entry.
        entry: String,
        /// What it is.
        kind: &'static str,
    },
    /// It would unpack to more than is sensible.
    #[error("it unpacks to more than {limit} {unit}{}", entry.as_ref().map(|entry| format!(" (at entry `{entry}`)")).unwrap_or_default())]
    TooMuch {
        /// The limit that was reached.
        limit: u64,
        /// Of what.
        unit: &'static str,
        /// The entry that reached it.
        entry: Option<String>,
    },
    /// A zip that can only be read by its directory, at its end.
    #[error("it cannot be unpacked while it is received: {0}")]
    NotStreamable(&'static str),
    /// The place it goes to refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Told to stop.
    #[error("stopped while unpacking")]
    Stop(Stop),
}

impl From<Stop> for UnpackErrorKind {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl UnpackErrorKind {
    /// An archive that contradicts itself or its format.
    pub(super) fn damaged(reason: &'static str) -> Self {
        Self::Damaged(io::Error::new(io::ErrorKind::InvalidData, reason))
    }
}

impl Hint for UnpackError {
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
            UnpackErrorKind::Damaged(_) => Some("try again; if it stays so, tell whoever publishes the archive".into()),
            UnpackErrorKind::Disk(error) => error.hint(),
            UnpackErrorKind::Path { .. }
            | UnpackErrorKind::Twice { .. }
            | UnpackErrorKind::LinkOutside { .. }
            | UnpackErrorKind::Kind { .. }
            | UnpackErrorKind::TooMuch { .. } => {
                Some("do not use this archive unless you know why it is so; tell whoever publishes it".into())
            }
            _ => None,
        }
    }
}
