//! The ports of services. Each service has its own place in a small range, so that its address stays the same from day
//! to day.
//!
//! A port is reserved by a lock in the runtime directory, across all projects of this user, before its service listens:
//! two services that start at once never get the same port. The lock ends with its process, however that ends.

mod free;
#[cfg(target_os = "linux")]
mod holder;
#[cfg(not(target_os = "linux"))]
#[path = "ports/holder_elsewhere.rs"]
mod holder;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use free::is_free;
pub use holder::{PortOwner, holder};

use vx_base::files::file_lock::FileLock;

/// First port of the range from which ports are given.
pub const PORT_RANGE_START: u16 = 15173;
/// End of the range, not included.
pub const PORT_RANGE_END: u16 = 15273;

/// The reservations of this user.
#[derive(Clone, Debug)]
pub struct Ports {
    directory: PathBuf,
}

/// A port that belongs to its holder until this is dropped.
#[derive(Debug)]
pub struct PortReservation {
    port: u16,
    _lock: FileLock,
}

/// Why there is no port.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another program has the port.
    #[error("port {port} is held by {holder}")]
    Held {
        /// The port.
        port: u16,
        /// The program, as far as the system shows it.
        holder: PortOwner,
    },
    /// Another service has the port.
    #[error("port {port} is reserved for another service of yours")]
    Reserved {
        /// The port.
        port: u16,
    },
    /// No port of the range is free.
    #[error("all {} ports from {} to {} are taken", range.len(), range.start, range.end.saturating_sub(1))]
    Exhausted {
        /// The range.
        range: Range<u16>,
    },
    /// The reservation cannot be written.
    #[error("port {port} cannot be reserved in `{}`: {error}", path.display())]
    Lock {
        /// The port.
        port: u16,
        /// The lock's file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
}

impl PortError {
    /// The next step, as a sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Held { .. } => "stop that program, or give the service another port, such as `port = \"auto\"`",
            Self::Reserved { .. } => "stop that service with `vx down`, or give this one another port",
            Self::Exhausted { .. } => "stop services with `vx down`, or give some of them fixed ports",
            Self::Lock { .. } => "check the permissions of that directory, and the space on its disk",
        }
    }
}

/// Compute the port at which the search for a free one begins: always the same for a service of one worktree. `None`
/// for an empty range.
pub fn place(worktree: &Path, service: &str, range: &Range<u16>) -> Option<u16> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(worktree.as_os_str().as_encoded_bytes());
    hasher.update(b"\0");
    hasher.update(service.as_bytes());
    let offset = hasher.finalize().checked_rem(u32::try_from(range.len()).ok()?)?;
    range.start.checked_add(u16::try_from(offset).ok()?)
}

impl Ports {
    /// The reservations below this runtime directory.
    pub fn within(runtime_directory: &Path) -> Self {
        Self { directory: runtime_directory.join("ports") }
    }

    /// Reserve the first free port of a range, beginning at the service's own place.
    ///
    /// # Errors
    /// All are taken, or a reservation cannot be written.
    pub fn reserve(&self, worktree: &Path, service: &str, range: Range<u16>) -> Result<PortReservation, PortError> {
        let place = place(worktree, service, &range).unwrap_or(range.start);
        for port in (place..range.end).chain(range.start..place) {
            match self.reserve_exactly(port) {
                Err(PortError::Held { .. } | PortError::Reserved { .. }) => {}
                other => return other,
            }
        }
        Err(PortError::Exhausted { range })
    }

    /// Reserve exactly this port.
    ///
    /// # Errors
    /// Another service or another program has it, or the reservation cannot be written.
    pub fn reserve_exactly(&self, port: u16) -> Result<PortReservation, PortError> {
        let path = self.directory.join(format!("{port}.lock"));
        let lock = FileLock::try_acquire(&path).map_err(|error| PortError::Lock { port, path, error })?;
        let lock = lock.ok_or(PortError::Reserved { port })?;
        match is_free(port) {
            true => Ok(PortReservation { port, _lock: lock }),
            false => Err(PortError::Held { port, holder: holder(port) }),
        }
    }
}

impl PortReservation {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Check that no program listens on the port, as before a restart.
    ///
    /// # Errors
    /// A program does.
    pub fn check_free(&self) -> Result<(), PortError> {
        if is_free(self.port) {
            return Ok(());
        }
        Err(PortError::Held { port: self.port, holder: holder(self.port) })
    }
}

impl fmt::Display for PortOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.program, self.pid, self.user) {
            (Some(program), Some(pid), _) => write!(f, "`{program}` (pid {pid})"),
            (None, Some(pid), _) => write!(f, "the process {pid}"),
            (_, None, Some(user)) => write!(f, "a program of the user {user}"),
            (_, None, None) => f.write_str("another program"),
        }
    }
}

#[cfg(test)]
mod tests;
