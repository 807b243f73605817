//! The place of a project's supervisor: a lock that it holds for life, which contains a record of its board.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use vx_base::digest::Algorithm;
use vx_base::files::file_lock::{FileLock, is_free};
use vx_base::paths::{Home, runtime_directory};
use vx_shm::{Kind, Snapshot};

use crate::boards::find;
use crate::serving::up::error::UpError;

/// The time between two attempts to take a lock.
const GLANCE: Duration = Duration::from_millis(5);
/// The prefix of the names of a project's files here.
const OWN: &str = "up-";
/// How many digits of a project's digest are in the name of its lock.
const DIGITS: usize = 16;

/// The place of one project's supervisor.
#[derive(Clone, Debug)]
pub struct UpPlace {
    /// The project's directory.
    pub directory: PathBuf,
    /// The directory of boards.
    pub runtime: PathBuf,
    lock: PathBuf,
}

/// The record of a project's supervisor, in the lock that it holds. The board of a supervisor that has ended is found
/// by the project's key in the board's header.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::serving::up) struct SupervisorRecord {
    pub pid: u32,
    pub board: PathBuf,
    /// The board's id, because another run may later have a board in a file of the same name.
    #[serde(default)]
    pub board_id: String,
}

/// A short name for this path.
fn digest_of(path: &Path) -> String {
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(path.as_os_str().as_encoded_bytes());
    format!("{:.DIGITS$}", hasher.finish().hex())
}

impl UpPlace {
    /// The place of the project in this directory.
    ///
    /// # Errors
    /// There is no directory for boards.
    pub fn for_directory(directory: &Path) -> Result<Self, UpError> {
        let runtime = runtime_directory()?;
        let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
        let lock = runtime.join(format!("{OWN}{}.lock", digest_of(&directory)));
        Ok(Self { directory, runtime, lock })
    }

    /// The directory for the results of its builds. It depends on the lock: a supervisor with another lock, in another
    /// runtime directory, has another folder in the same home.
    pub(in crate::serving::up) fn builds(&self) -> PathBuf {
        let name = format!("up-{}", digest_of(&self.lock));
        Home::from_environment().map_or_else(|_| self.runtime.join("builds"), |home| home.builds()).join(name)
    }

    /// Whether a supervisor runs, or is starting or ending.
    pub fn is_held(&self) -> bool {
        !is_free(&self.lock)
    }

    /// Take the lock, within this time. A client that checks the lock holds it for a moment.
    pub(in crate::serving::up) fn acquire_lock(&self, patience: Duration) -> io::Result<Option<FileLock>> {
        let deadline = Instant::now() + patience;
        loop {
            let taken = FileLock::try_acquire(&self.lock)?;
            if taken.is_some() || Instant::now() >= deadline {
                return Ok(taken);
            }
            thread::sleep(GLANCE);
        }
    }

    /// The lock by which only one client at a time starts a supervisor; the others wait.
    pub(in crate::serving::up) fn turn(&self) -> io::Result<Option<FileLock>> {
        FileLock::try_acquire(&self.lock.with_extension("turn"))
    }

    /// The record of the running supervisor.
    pub(in crate::serving::up) fn record(&self) -> Option<SupervisorRecord> {
        SupervisorRecord::read(&self.lock).filter(|_| self.is_held())
    }

    /// The board of the last supervisor, which may have ended, with a reading.
    pub(in crate::serving::up) fn last_board(&self) -> Option<(PathBuf, Snapshot)> {
        find::newest_in(&self.runtime, Kind::Service, &self.directory)
    }

    /// Whether the running supervisor is the process with this number.
    pub(in crate::serving::up) fn is_held_by(&self, pid: u32) -> bool {
        self.record().is_some_and(|record| record.pid == pid)
    }
}

impl SupervisorRecord {
    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Write the record into this lock, which this process holds.
    pub(in crate::serving::up) fn write(&self, lock: &FileLock) -> io::Result<()> {
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        let mut file = lock.file();
        file.set_len(0)?;
        file.write_all(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builds_of_two_locks_are_in_two_folders() {
        let at = |runtime: &str| {
            let (directory, runtime) = (PathBuf::from("/project"), PathBuf::from(runtime));
            let lock = runtime.join("up-1.lock");
            UpPlace { directory, runtime, lock }.builds()
        };
        assert_ne!(at("/run/a"), at("/run/b"));
        assert_eq!(at("/run/a"), at("/run/a"));
    }
}
