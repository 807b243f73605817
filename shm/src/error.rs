//! The errors of a whole board, one type per operation: each has the fault and a hint at the next step.

#[cfg(feature = "dump")]
mod dump;
#[cfg(feature = "read")]
mod read;

#[cfg(feature = "dump")]
pub use dump::DumpError;
#[cfg(feature = "read")]
pub use read::ReadError;

use std::error::Error;
use std::path::PathBuf;
use std::{fmt, io};

use crate::layout::LayoutFault;

/// Hint when a named segment is asked for and the crate was built without the feature `named`.
const WITHOUT_NAMED: &str = "use the path of a board file, or build vx-shm with its feature `named`";

/// Why a board could not be created.
#[derive(Debug)]
#[non_exhaustive]
pub enum CreateError {
    /// Something has this name already.
    Exists {
        /// Path of the board, or `shm:NAME`.
        path: PathBuf,
    },
    /// No board can have this number of slots.
    Capacity {
        /// Number of slots asked for.
        asked: u32,
        /// Most slots that a board can have.
        most: u32,
    },
    /// No segment can have this name.
    Name {
        /// Name asked for.
        name: String,
    },
    /// This program was built without named segments.
    NamedSegment {
        /// Name asked for.
        name: String,
    },
    /// There is no process for which the board could be made.
    NoOwner {
        /// Path of the board.
        path: PathBuf,
        /// Process id that was given.
        pid: u32,
    },
    /// The system refused.
    Io {
        /// Path of the board, or `shm:NAME`.
        path: PathBuf,
        /// What failed.
        doing: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists { path } => write!(f, "cannot create the board `{}`: the name is taken", path.display()),
            Self::Capacity { asked, most } => {
                write!(f, "a board cannot have {asked} slots: the limits are 1 and {most}")
            }
            Self::Name { name } => {
                write!(f, "`{name}` cannot name a board: use 1 to 30 letters, digits, `-`, `_` and `.`, not `.` first")
            }
            Self::NamedSegment { name } => {
                write!(f, "cannot create the board `shm:{name}`: this program was built without named segments")
            }
            Self::NoOwner { path, pid } => {
                write!(f, "cannot create the board `{}`: there is no process {pid} to make it for", path.display())
            }
            Self::Io { path, doing, source } => {
                write!(f, "cannot create the board `{}`: {doing}: {source}", path.display())
            }
        }
    }
}

impl Error for CreateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
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
                Some("free some space on that file system, or choose another directory for boards".into())
            }
            Self::NoOwner { .. } => Some("give the id of a running process, in this process's pid namespace".into()),
            Self::NamedSegment { .. } => Some(WITHOUT_NAMED.into()),
            Self::Name { .. } | Self::Io { .. } => None,
        }
    }
}

/// Why a board, or a dump of one, could not be attached.
#[derive(Debug)]
pub struct AttachError {
    /// Path of the board, or `shm:NAME`.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: AttachErrorKind,
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, kind } = self;
        write!(f, "board `{}` {kind}", path.display())
    }
}

impl Error for AttachError {}

/// What is wrong with a board that could not be attached.
#[derive(Debug)]
#[non_exhaustive]
pub enum AttachErrorKind {
    /// There is no file or segment of this name.
    Missing,
    /// It is a directory, a link, a pipe or a device.
    NotAFile,
    /// It is a named segment, and this program was built without them.
    NamedSegment,
    /// Its bytes are not those of a board that this version reads.
    Layout(LayoutFault),
    /// The system refused.
    Io(io::Error),
}

impl fmt::Display for AttachErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::NotAFile => f.write_str("is not a plain file"),
            Self::NamedSegment => f.write_str("is a named segment, and this program was built without them"),
            Self::Layout(error) => error.fmt(f),
            Self::Io(error) => write!(f, "cannot be opened: {error}"),
        }
    }
}

impl Error for AttachErrorKind {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Layout(error) => error.source(),
            _ => None,
        }
    }
}

impl From<LayoutFault> for AttachErrorKind {
    fn from(error: LayoutFault) -> Self {
        Self::Layout(error)
    }
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
                Some("read the board as the user who made it".into())
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
