//! The error of a dump.

use std::error::Error;
use std::path::PathBuf;
use std::{fmt, io};

use super::ReadError;

/// Why a dump could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum DumpError {
    /// The board can no longer be read.
    Read(ReadError),
    /// The file could not be written.
    Write {
        /// Path of the dump.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Write { path, source } => write!(f, "cannot write the dump `{}`: {source}", path.display()),
        }
    }
}

impl Error for DumpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(error) => error.source(),
            Self::Write { source, .. } => Some(source),
        }
    }
}

impl From<ReadError> for DumpError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl DumpError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Write { path, source } if source.kind() == io::ErrorKind::NotFound => {
                path.parent().map(|directory| format!("create the directory `{}` first", directory.display()))
            }
            Self::Write { .. } => None,
        }
    }
}
