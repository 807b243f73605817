//! What can go wrong with a whole board, one type per door: each says what is wrong and what to do next.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::layout::LayoutFault;

/// Why a board could not be created.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CreateError {
    /// Something has that name already.
    #[error("cannot create the board `{}`: the name is taken", path.display())]
    Exists {
        /// The board's path, or `shm:NAME`.
        path: PathBuf,
    },
    /// A number of slots that no board can have.
    #[error("a board cannot have {asked} slots: it has between 1 and {most}")]
    Capacity {
        /// What was asked for.
        asked: u32,
        /// The most there can be.
        most: u32,
    },
    /// A name that no segment can have.
    #[error("`{name}` cannot name a board: use 1 to 30 letters, digits, `-`, `_` and `.`, not `.` first")]
    Name {
        /// What was asked for.
        name: String,
    },
    /// There is no process that a board could be made on behalf of.
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
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl CreateError {
    /// What to do next.
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
    /// What is wrong with it.
    pub kind: AttachErrorKind,
}

/// What is wrong with a board that could not be attached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttachErrorKind {
    /// Nothing has that name.
    #[error("does not exist")]
    Missing,
    /// It is a directory, a link, a pipe or a device.
    #[error("is not a plain file")]
    NotAFile,
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

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match &self.kind {
            AttachErrorKind::Missing => Some("see which boards there are with `vx board ls`".into()),
            AttachErrorKind::NotAFile => Some("name the board file itself, not a link to it".into()),
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
    /// Somebody cut it short.
    #[error("board `{}` was cut short: {found} of {expected} bytes are left", path.display())]
    Truncated {
        /// Which board.
        path: PathBuf,
        /// What is left, in bytes.
        found: u64,
        /// What there was, in bytes.
        expected: u64,
    },
    /// Somebody wrote over its header, or cut it short and made it as long as before.
    #[error("board `{}` was overwritten: its header no longer says that it is complete", path.display())]
    Overwritten {
        /// Which board.
        path: PathBuf,
    },
    /// The system refused.
    #[error("board `{}` can no longer be read: {source}", path.display())]
    Io {
        /// Which board.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl ReadError {
    /// What to do next.
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
        /// Where to.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl DumpError {
    /// What to do next.
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
