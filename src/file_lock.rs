//! A lock that lives as long as its process: the kernel drops it when the holder ends, however that happens.
//!
//! The lock is on a file of its own, which its holder removes while it still holds the lock. A process that gets a lock
//! therefore checks that the file it locked is still the one at the path, and tries again if not. So no lock file is left
//! behind, and no two processes ever hold locks on two files of one name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The most tries if the file keeps being removed between opening and locking it.
const RACES: usize = 1000;

/// A lock held by this process, or by a part of it: a second one on the same path is refused here too.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Take the lock, or `None` while it is held elsewhere. Its directory is created if needed.
    pub fn try_acquire(path: &Path) -> io::Result<Option<Self>> {
        for _ in 0..RACES {
            let file = match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir_all(path.parent().unwrap_or(path))?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            match file.try_lock() {
                Ok(()) if is_at(&file, path)? => return Ok(Some(Self { file, path: path.to_owned() })),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other("the lock file keeps being replaced"))
    }

    /// The locked file, for its holder's record.
    pub fn file(&self) -> &File {
        &self.file
    }
}

/// True if the lock at this path is free, also because there is no such file.
///
/// Nothing is left changed, but a process that tries to take the lock at this very moment finds it taken, and tries again.
pub fn is_free(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Before the lock is dropped: afterwards the path may belong to another process.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let locked = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((locked.dev(), locked.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// An open file cannot lose its name to another on these systems, so a locked file is the one at the path while that exists.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    #[test]
    fn a_held_lock_is_refused_to_others_and_leaves_no_file() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let path = home.path().join("locks").join("one.lock");
        let held = FileLock::try_acquire(&path).expect("a lock file").expect("a free lock");
        assert!(FileLock::try_acquire(&path).expect("a lock file").is_none());
        drop(held);
        assert!(!path.exists());
        assert!(FileLock::try_acquire(&path).expect("a lock file").is_some());
    }

    #[test]
    fn many_takers_never_hold_it_together() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let path = home.path().join("one.lock");
        let (inside, taken) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if let Some(_held) = FileLock::try_acquire(&path).expect("a lock file") {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            taken.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }
}
