//! Reasons why a scan may have missed processes of a tree, so that it does not prove the tree empty.

use std::fmt;
use std::io;

use rustix::io::Errno;

/// Why a scan may have missed processes of a tree.
#[derive(Debug)]
pub(in crate::tree) enum Obstacle {
    /// The system refused something that a scan needs.
    Refused(io::Error),
    /// The system knows of a living process that no scan has found.
    Hidden,
    /// A process is executing a program, and does not show yet which tree it belongs to.
    Changing,
    /// Processes start and end faster than scans can follow.
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
                f.write_str("the limit of open files is too low to search for it (`ulimit -n`)")
            }
            Self::Refused(error) => write!(f, "the search for it failed: {error}"),
            Self::Hidden => f.write_str("a process that this user cannot see"),
            Self::Changing => f.write_str("a process that is executing another program"),
            Self::Restless => f.write_str("processes start faster than they can be ended"),
        }
    }
}

/// Returns whether this process, or the system, has no file descriptors left.
pub(in crate::tree) fn has_no_room(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
