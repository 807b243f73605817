//! Writes the lock file: atomically, and by one vx process at a time.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use vx_base::files::file_lock::{FileLock, unseen_owner};
use vx_base::files::replace_file::replace_file_on_disk;

use super::{Lock, LockError, LockFile};

/// Pause between two tries.
const GLANCE: Duration = Duration::from_millis(10);

/// Exclusive right to write one lock file; released when dropped, or when the process ends.
#[derive(Debug)]
pub struct LockFileGuard {
    path: PathBuf,
    _held: FileLock,
}

impl LockFileGuard {
    /// Wait for the right to write the lock file `path`, for at most `patience`.
    ///
    /// `turnstile` is a file outside of the project, the same for all writers of `path`. It is created if missing, and
    /// stays.
    pub fn acquire(path: &Path, turnstile: &Path, patience: Duration) -> Result<Self, LockError> {
        let failed = |cause: io::Error| LockError::Io { path: turnstile.to_owned(), action: "written", cause };
        let began = Instant::now();
        loop {
            if let Some(held) = FileLock::try_acquire_lasting(turnstile).map_err(failed)? {
                return Ok(Self { path: path.to_owned(), _held: held });
            }
            if began.elapsed() >= patience {
                let unseen = unseen_owner(turnstile);
                return Err(LockError::Busy { path: path.to_owned(), waited: patience, unseen });
            }
            thread::sleep(GLANCE.min(patience));
        }
    }

    /// Read the lock file, while other writers are kept out.
    pub fn read(&self) -> Result<Option<LockFile>, LockError> {
        Lock::read(&self.path)
    }

    /// Replace the lock file in one step; `false` if it has this content already.
    pub fn write(&self, lock: &Lock) -> Result<bool, LockError> {
        let text = lock.render();
        if fs::read(&self.path).is_ok_and(|present| present == text.as_bytes()) {
            return Ok(false);
        }
        let written = replace_file_on_disk(&self.path, |file| file.write_all(text.as_bytes()));
        written.map_err(|cause| LockError::Io { path: self.path.clone(), action: "written", cause })?;
        Ok(true)
    }
}
