//! Reasons why a recording cannot be read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::MOST_BYTES;

/// A recording that could not be read.
#[derive(Debug, Error)]
#[error("recording `{}` {fault}", path.display())]
pub struct RecordingError {
    /// The recording's file.
    pub path: PathBuf,
    /// The reason.
    pub fault: RecordingFault,
}

/// A reason why a recording cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingFault {
    /// The file does not begin like a recording.
    #[error("is no recording")]
    NotARecording,
    /// The header or the first reading does not match its checksum.
    #[error("is damaged: not one reading of it is whole")]
    Damaged,
    /// It was written by another version.
    #[error("was made by {} vx: layout {found}, this vx reads layout {known}", if found < known { "an earlier" } else { "a later" })]
    OtherVersion {
        /// The version of the file.
        found: u32,
        /// The version that this program reads.
        known: u32,
    },
    /// No recorder writes that much.
    #[error("is longer than any recording: more than {MOST_BYTES} bytes")]
    TooLong,
    /// The system refused.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}
