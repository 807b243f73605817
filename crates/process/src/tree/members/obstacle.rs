//! The reason for which a look may not have seen all of a tree: then nobody may say that the tree is empty.

use std::fmt;
use std::io;

use rustix::io::Errno;

/// The reason for which a look may not have seen all of a tree.
#[derive(Debug)]
pub(in crate::tree) enum Obstacle {
    /// The system refuses what a look needs.
    Refused(io::Error),
    /// The system knows of a living process that no look has found.
    Hidden,
    /// A process is becoming another program: it does not show yet whose it is.
    Changing,
    /// Processes start and end faster than looks follow.
    Restless,
}

impl From<io::Error> for Obstacle {
    fn from(error: io::Error) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) if has_no_room(error) => {
                f.write_str("too few open files are allowed to look for it (`ulimit -n`)")
            }
            Self::Refused(error) => write!(f, "it cannot be looked for: {error}"),
            Self::Hidden => f.write_str("a process that this user cannot see"),
            Self::Changing => f.write_str("a process that is becoming another program"),
            Self::Restless => f.write_str("processes start faster than they can be ended"),
        }
    }
}

/// True if this process, or the system, has no file left.
pub(in crate::tree) fn has_no_room(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
