//! A lock that lives no longer than its process: the kernel drops it when the holder ends, however that happens.
//!
//! Each lock has its own file, which the holder removes while it still holds the lock. A process that gets a lock
//! therefore checks that the file it locked is still the one at the path, and tries again if not. So no lock file is
//! left behind, and no two processes ever hold locks on two files with the same name.
//!
//! Some file systems have no locks: some of clusters, network drives without a lock service, some in user space. There
//! the lock is a link beside the file, which names its owner (`owner`). It stays when the owner is killed, and the next
//! process on that machine sees that the owner has ended.

mod owner;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use owner::OwnerLink;
pub use owner::UnseenOwner;

/// The most tries if the file keeps being removed between opening and locking it.
const RACES: usize = 1000;

/// A lock held by this process. It also excludes other threads: a second lock on the same path is refused here, too.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
    at_end: AtEnd,
    /// Dropped after the file is gone.
    _grip: Grip,
}

/// The means by which a lock excludes others.
#[derive(Debug)]
enum Grip {
    /// The system's lock, for as long as the file is open.
    System,
    /// A link that names this process.
    Link { _link: OwnerLink },
}

/// What happens to the lock's file when the lock is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtEnd {
    Remove,
    Keep,
}

impl FileLock {
    /// Take the lock; `None` while another holds it. Its directory is created if needed.
    ///
    /// # Errors
    /// The file can't be made, or the file system has [no locks](has_no_locks) of any form.
    pub fn try_acquire(path: &Path) -> io::Result<Option<Self>> {
        Self::try_acquire_until(path, AtEnd::Remove)
    }

    /// Take a lock whose file stays after the release, because earlier versions of vx expect it to.
    ///
    /// # Errors
    /// As for [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_lasting(path: &Path) -> io::Result<Option<Self>> {
        Self::try_acquire_until(path, AtEnd::Keep)
    }

    fn try_acquire_until(path: &Path, at_end: AtEnd) -> io::Result<Option<Self>> {
        for _ in 0..RACES {
            let file = match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir_all(path.parent().unwrap_or(path))?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(grip) = Grip::try_on(&file, path)? else { return Ok(None) };
            if is_at(&file, path)? {
                return Ok(Some(Self { file, path: path.to_owned(), at_end, _grip: grip }));
            }
        }
        Err(io::Error::other("the lock file keeps being replaced"))
    }

    /// The locked file, in which the holder may record facts about itself.
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Grip {
    /// `None` while another holds the lock.
    fn try_on(file: &File, path: &Path) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self::System)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) if is_without_locks(&error) => {
                Ok(OwnerLink::try_acquire(path)?.map(|link| Self::Link { _link: link }))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Returns whether the lock at this path is free; it is free if there is no such file.
///
/// Nothing is changed for good, but a process that tries to take the lock at this very moment finds it taken, and has
/// to try again.
pub fn is_free(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::Error(error)) if is_without_locks(&error) => !owner::is_owned(path),
            Err(_) => false,
        },
        Err(error) => error.kind() == io::ErrorKind::NotFound && !owner::is_owned(path),
    }
}

/// The holder of the lock at this path, if it runs on another machine or in another container, where this process can
/// neither signal it nor see it end. Known only where the file system has no locks.
pub fn unseen_owner(path: &Path) -> Option<UnseenOwner> {
    owner::unseen_owner(path)
}

/// The lock whose owner this link names; `None` for any other file.
pub fn lock_of_owner_link(path: &Path) -> Option<PathBuf> {
    owner::lock_of(path)
}

/// Remove the link that a killed owner may have left for the lock at this path.
pub fn remove_dead_owner(path: &Path) {
    owner::remove_dead_owner(path);
}

/// Returns whether a lock could not be taken because the file system supports no form of locks.
pub fn has_no_locks(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<owner::NoLocks>())
}

/// The next step after [`has_no_locks`].
pub const NO_LOCKS_HINT: &str = "set VX_HOME to a directory on a local disk";

/// Recognizes the errors of file systems without locks.
#[cfg(unix)]
fn is_without_locks(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP))
}

#[cfg(not(unix))]
fn is_without_locks(_: &io::Error) -> bool {
    false
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Removed before the lock is dropped: afterwards the path may belong to another process.
        if self.at_end == AtEnd::Remove {
            let _ = fs::remove_file(&self.path);
        }
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

/// On these systems the name of an open file can't be given to another, so if the path exists, it is the locked file.
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
