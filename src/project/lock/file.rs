//! Writing the lock file: atomically, and by one vx at a time.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::{Lock, LockError, LockFile};
use crate::file_lock::{FileLock, unseen_owner};

/// The pause between two tries.
const GLANCE: Duration = Duration::from_millis(10);

/// The exclusive right to write one lock file; released when dropped, or when the process ends.
#[derive(Debug)]
pub struct Guard {
    path: PathBuf,
    _held: FileLock,
}

impl Guard {
    /// Wait for the right to write the lock file `path`, for at most `patience`.
    ///
    /// `turnstile` is a file outside of the project, the same one for all writers of `path`. It is created if missing,
    /// and stays.
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

    /// Replace the lock file in one step; false if it has this content already.
    pub fn write(&self, lock: &Lock) -> Result<bool, LockError> {
        let text = lock.render();
        // If the lock is a symbolic link, its target is replaced and the link stays.
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        if fs::read(&target).is_ok_and(|present| present == text.as_bytes()) {
            return Ok(false);
        }
        replace(&target, text.as_bytes()).map_err(|cause| LockError::Io {
            path: self.path.clone(),
            action: "written",
            cause,
        })?;
        Ok(true)
    }
}

fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".vx.lock.");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The permissions of any new file of the project; the umask still applies.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}
