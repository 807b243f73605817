//! Staging: `tmp/<name>/`, where a release is assembled before it is visible, owned by a living process.
//!
//! Beside each staging directory is `<name>.lock`, held by its owner. It is created before the directory and removed
//! after it, so a directory without a held lock has no living owner, and [`sweep`] removes it. The process number in
//! the name is only for people: numbers are reused, locks aren't.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use vx_base::files::file_lock::{FileLock, is_free, lock_of_owner_link, remove_dead_owner};
use vx_base::paths::Home;

use crate::disk::{DiskError, DiskErrorContext, create_directories, remove_tree};

/// A staging directory of this process; dropping it deletes it with its content.
#[derive(Debug)]
pub(crate) struct Staging {
    path: PathBuf,
    _lock: FileLock,
}

impl Staging {
    /// Create an empty staging directory.
    pub(crate) fn create(home: &Home, label: &str) -> Result<Self, DiskError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = home.tmp().join(format!("{label}.{}-{number}", std::process::id()));
            let lock_path = lock_of(&path);
            let Some(lock) = FileLock::try_acquire(&lock_path).with_path("lock", &lock_path)? else { continue };
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path, _lock: lock }),
                // A dead process with the same number left it, and no sweep has run since.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => remove_tree(&path)?,
                Err(error) => return Err(error).with_path("create", &path),
            }
        }
    }

    /// Path of the directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Path of something in the directory.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Return the directory for the release, emptied.
    pub(crate) fn fresh_release(&self) -> Result<PathBuf, DiskError> {
        let release = self.join("release");
        remove_tree(&release)?;
        create_directories(&release)?;
        Ok(release)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = remove_tree(&self.path);
    }
}

/// Remove leftovers of dead processes from `tmp/` and `locks/`. Returns the number of removed directories.
///
/// A leftover that cannot be removed does no harm, and stays for the next sweep.
pub fn sweep(home: &Home) -> usize {
    for entry in fs::read_dir(home.locks()).into_iter().flatten().flatten() {
        let path = entry.path();
        if let Some(lock) = lock_of_owner_link(&path) {
            remove_dead_owner(&lock);
        } else if path.extension().is_some_and(|extension| extension == "lock") && is_free(&path) {
            // Dropping the lock removes its file.
            let _ = FileLock::try_acquire(&path);
        }
    }
    let Ok(entries) = fs::read_dir(home.tmp()) else { return 0 };
    let mut swept = 0;
    for entry in entries.flatten() {
        let path = entry.path();
        if let Some(lock) = lock_of_owner_link(&path) {
            remove_dead_owner(&lock);
            continue;
        }
        let (directory, lock_path) = match path.extension() {
            Some(extension) if extension == "lock" => (path.with_extension(""), path.clone()),
            _ if entry.file_type().is_ok_and(|kind| kind.is_dir()) => (path.clone(), lock_of(&path)),
            _ => continue,
        };
        // The lock keeps other processes away; dropping it removes its file, after the directory.
        if let Ok(Some(_lock)) = FileLock::try_acquire(&lock_path) {
            let was_there = directory.is_dir();
            swept += usize::from(remove_tree(&directory).is_ok() && was_there);
        }
    }
    swept
}

/// Whether a dead process left a staging directory. Nothing is changed.
pub fn has_abandoned_staging(home: &Home) -> bool {
    let entries = fs::read_dir(home.tmp()).into_iter().flatten().flatten();
    let mut directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    directories.any(|entry| is_free(&lock_of(&entry.path())))
}

/// Path of the lock, `<directory>.lock` beside the directory.
pub(crate) fn lock_of(directory: &Path) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_takes_what_the_dead_left_and_nothing_of_the_living() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let home = Home::from_root(top.path().to_owned());
        let alive = Staging::create(&home, "node-22.3.0").expect("a staging directory");
        fs::write(alive.join("file"), "x").expect("a file");
        for dead in ["deno-1.0.0.1-0", "deno-1.0.0.2-0"] {
            fs::create_dir_all(home.tmp().join(dead).join("release/lib")).expect("directories");
        }
        fs::write(home.tmp().join("deno-1.0.0.1-0.lock"), "").expect("a lock nobody holds");
        let held = FileLock::try_acquire(&home.locks().join("uv-1.0.0.lock")).expect("a lock file").expect("free");
        for name in ["node-1.0.0.lock", "vx.lock-0123"] {
            fs::write(home.locks().join(name), "").expect("a file");
        }

        assert_eq!(sweep(&home), 2);
        let mut locks: Vec<_> =
            fs::read_dir(home.locks()).expect("locks").map(|entry| entry.expect("a file").file_name()).collect();
        locks.sort();
        assert_eq!(locks, ["uv-1.0.0.lock", "vx.lock-0123"], "what is held, and what is no lock of an install");
        drop(held);
        assert!(alive.join("file").exists());
        drop(alive);
        assert_eq!(fs::read_dir(home.tmp()).expect("tmp").count(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_link_of_a_dead_owner_is_found_and_goes_and_that_of_a_living_one_stays() {
        use crate::store::leftovers::{leftovers, remove_leftover};

        let top = tempfile::tempdir().expect("a temporary directory");
        let home = Home::from_root(top.path().to_owned());
        let (pid, boot) = (std::process::id(), vx_base::system::identity::boot().expect("an identifier"));
        let (start, namespaces) = (vx_base::system::identity::started(pid), vx_base::system::identity::namespaces());
        let ((processes, times), start) = namespaces.zip(start).expect("this process");
        let owner = |start: u64| format!("{pid}.{start}.0.{processes}.{times}.{boot}.@here");
        let link = |path: PathBuf, target: String| std::os::unix::fs::symlink(target, path).expect("a link");
        let plant = || {
            for place in [home.locks(), home.tmp()] {
                fs::create_dir_all(&place).expect("a directory");
                link(place.join("dead.lock.owner"), owner(start - 1));
            }
        };
        plant();
        link(home.locks().join("alive.lock.owner"), owner(start));
        let found = leftovers(&home);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|left| remove_leftover(&home, left).expect("it goes")));
        assert_eq!(leftovers(&home), []);
        plant();
        sweep(&home);
        assert_eq!(leftovers(&home), []);
        assert!(home.locks().join("alive.lock.owner").is_symlink());
    }

    #[test]
    fn a_sweep_of_a_home_that_is_not_there_finds_nothing() {
        let top = tempfile::tempdir().expect("a temporary directory");
        assert_eq!(sweep(&Home::from_root(top.path().join("none"))), 0);
    }
}
