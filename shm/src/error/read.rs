//! The error of reading an attached board.

use std::error::Error;
use std::path::PathBuf;
use std::{fmt, io};

/// Why a board that was attached can no longer be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// Its file was cut short.
    Truncated {
        /// Path of the board.
        path: PathBuf,
        /// Length that is left, in bytes.
        found: u64,
        /// Length before, in bytes.
        expected: u64,
    },
    /// Its header was written over, or its file was cut short and made as long as before.
    Overwritten {
        /// Path of the board.
        path: PathBuf,
    },
    /// The system refused.
    Io {
        /// Path of the board.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { path, found, expected } => {
                write!(f, "board `{}` was cut short: {found} of {expected} bytes are left", path.display())
            }
            Self::Overwritten { path } => {
                write!(f, "board `{}` was overwritten: its header no longer says that it is complete", path.display())
            }
            Self::Io { path, source } => write!(f, "board `{}` can no longer be read: {source}", path.display()),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl ReadError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        let gone = matches!(self, Self::Truncated { .. } | Self::Overwritten { .. });
        gone.then(|| "use the last good reading: the rest of the board is lost".into())
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        io::Error::other(error)
    }
}
