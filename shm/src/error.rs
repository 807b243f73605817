//! The errors of a whole board, one type per door: each names the fault and the next step.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::layout::LayoutFault;

/// The hint for a named segment in a crate that is built without the feature `named`.
const WITHOUT_NAMED: &str = "use the path of a board file, or build vx-shm with its feature `named`";

/// Why a board could not be created.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The name is taken.
    #[error("cannot create the board `{}`: the name is taken", path.display())]
    Exists {
        /// The board's path, or `shm:NAME`.
        path: PathBuf,
    },
    /// A number of slots that no board can have.
    #[error("a board cannot have {asked} slots: it has between 1 and {most}")]
    Capacity {
        /// The number asked for.
        asked: u32,
        /// The most slots that a board can have.
        most: u32,
    },
    /// A name that no segment can have.
    #[error("`{name}` cannot name a board: use 1 to 30 letters, digits, `-`, `_` and `.`, not `.` first")]
    Name {
        /// The name asked for.
        name: String,
    },
    /// This program is built without named segments.
    #[error("cannot create the board `shm:{name}`: this program is built without named segments")]
    NamedSegment {
        /// The name asked for.
        name: String,
    },
    /// The process for which the board was to be made does not exist.
    #[error("cannot create the board `{}`: there is no process {pid} to make it for", path.display())]
    NoOwner {
        /// The board's path.
        path: PathBuf,
        /// The number that was given.
        pid: u32,
    },
    /// The system refused.
    #[error("cannot create the board `{}`: {doing}: {source}", path.display())]
    Io {
        /// The board's path, or `shm:NAME`.
        path: PathBuf,
        /// The step that failed.
        doing: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

impl CreateError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Exists { path } => Some(format!("choose another name, or remove `{}`", path.display())),
            Self::Capacity { most, .. } => Some(format!("use several boards for more than {most} slots")),
            Self::Io { path, source, .. } if source.kind() == io::ErrorKind::NotFound => {
                path.parent().map(|directory| format!("create the directory `{}` first", directory.display()))
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free some space where boards live, or choose another directory for them".into())
            }
            Self::NoOwner { .. } => Some("name a process that runs, in this process's pid namespace".into()),
            Self::NamedSegment { .. } => Some(WITHOUT_NAMED.into()),
            Self::Name { .. } | Self::Io { .. } => None,
        }
    }
}

/// Why a board, or a dump of one, could not be attached.
#[derive(Debug, Error)]
#[error("board `{}` {kind}", path.display())]
pub struct AttachError {
    /// The board's path, or `shm:NAME`.
    pub path: PathBuf,
    /// The fault.
    pub kind: AttachErrorKind,
}

/// The fault of a board that could not be attached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttachErrorKind {
    /// There is no file or segment of this name.
    #[error("does not exist")]
    Missing,
    /// It is a directory, a link, a pipe or a device.
    #[error("is not a plain file")]
    NotAFile,
    /// It is a named segment, and this program is built without those.
    #[error("is a named segment, and this program is built without those")]
    NamedSegment,
    /// Its bytes are not those of a board that this version reads.
    #[error(transparent)]
    Layout(#[from] LayoutFault),
    /// The system refused.
    #[error("cannot be opened: {0}")]
    Io(io::Error),
}

impl AttachError {
    pub(crate) fn new(path: impl Into<PathBuf>, kind: impl Into<AttachErrorKind>) -> Self {
        Self { path: path.into(), kind: kind.into() }
    }

    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        match &self.kind {
            AttachErrorKind::Missing => Some("see which boards there are with `vx board ls`".into()),
            AttachErrorKind::NotAFile => Some("name the board file itself, not a link to it".into()),
            AttachErrorKind::NamedSegment => Some(WITHOUT_NAMED.into()),
            AttachErrorKind::Layout(LayoutFault::OtherLayout { found, known }) if found > known => {
                Some("update vx to read it".into())
            }
            AttachErrorKind::Layout(LayoutFault::OtherLayout { .. }) => {
                Some("read it with the vx that wrote it".into())
            }
            AttachErrorKind::Layout(LayoutFault::Feature { .. }) => Some("update vx to read it".into()),
            AttachErrorKind::Layout(LayoutFault::NotReady) => Some("try again in a moment".into()),
            AttachErrorKind::Layout(_) => Some("name a board or a dump; see `vx board ls`".into()),
            AttachErrorKind::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Some("a board can be read by the user who made it".into())
            }
            AttachErrorKind::Io(_) => None,
        }
    }
}

impl From<io::Error> for AttachErrorKind {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Io(error),
        }
    }
}

/// Why a board that was attached can no longer be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Its file was cut short.
    #[error("board `{}` was cut short: {found} of {expected} bytes are left", path.display())]
    Truncated {
        /// The board's path.
        path: PathBuf,
        /// The length that is left, in bytes.
        found: u64,
        /// The length before, in bytes.
        expected: u64,
    },
    /// Its header was written over, or its file was cut short and made as long as before.
    #[error("board `{}` was overwritten: its header no longer says that it is complete", path.display())]
    Overwritten {
        /// The board's path.
        path: PathBuf,
    },
    /// The system refused.
    #[error("board `{}` can no longer be read: {source}", path.display())]
    Io {
        /// The board's path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl ReadError {
    /// A hint at the next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        let gone = matches!(self, Self::Truncated { .. } | Self::Overwritten { .. });
        gone.then(|| "the last good reading is all there is of it".into())
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        io::Error::other(error)
    }
}

/// Why a dump could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DumpError {
    /// The board can no longer be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file could not be written.
    #[error("cannot write the dump `{}`: {source}", path.display())]
    Write {
        /// The dump's path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
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
