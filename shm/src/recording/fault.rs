//! Reasons why a recording cannot be read.

use std::error::Error;
use std::path::PathBuf;
use std::{fmt, io};

use super::MOST_BYTES;

/// A recording that could not be read.
#[derive(Debug)]
pub struct RecordingError {
    /// Path of the recording.
    pub path: PathBuf,
    /// Why it cannot be read.
    pub fault: RecordingFault,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, fault } = self;
        write!(f, "recording `{}` {fault}", path.display())
    }
}

impl Error for RecordingError {}

/// A reason why a recording cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecordingFault {
    /// It does not begin like a recording.
    NotARecording,
    /// Its header or first reading does not match its checksum.
    Damaged,
    /// It was written by another version.
    OtherVersion {
        /// Version of the file.
        found: u32,
        /// Version that this program reads.
        known: u32,
    },
    /// It is longer than any recording.
    TooLong,
    /// The system refused.
    Io(io::Error),
}

impl fmt::Display for RecordingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARecording => f.write_str("is not a recording"),
            Self::Damaged => f.write_str("is damaged: it has no complete reading"),
            Self::OtherVersion { found, known } => write!(
                f,
                "was made by {} vx: layout {found}, this vx reads layout {known}",
                if found < known { "an earlier" } else { "a later" }
            ),
            Self::TooLong => write!(f, "is longer than any recording: more than {MOST_BYTES} bytes"),
            Self::Io(error) => write!(f, "cannot be read: {error}"),
        }
    }
}

impl Error for RecordingFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for RecordingFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
