//! Leftovers of dead processes: staging directories, unheld locks, parts of archives.
//!
//! All of them are harmless, and the next install that needs one continues or removes it. This module finds them
//! without waiting for such an install.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vx_base::files::file_lock::{FileLock, is_free, lock_of_owner_link, remove_dead_owner};
use vx_base::paths::Home;

use crate::disk::{DiskError, DiskErrorContext, remove_tree};
use crate::release::staging::lock_of;

/// A file or directory that no living process uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The file or directory.
    pub path: PathBuf,
    /// Its kind.
    pub kind: LeftoverKind,
}

/// What kind of leftover it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftoverKind {
    /// A directory for making a release, or a file beside such directories.
    Staging,
    /// The lock of an install.
    Lock,
    /// The beginning of the archive with this digest, written as in
    /// [`Digest::file_name`](vx_base::digest::Digest::file_name); an install of that archive continues where it ends.
    Part {
        /// The digest.
        of: String,
        /// Size of its content in bytes.
        size_bytes: u64,
    },
}

/// List all leftovers of this home. Nothing is changed.
pub fn leftovers(home: &Home) -> Vec<Leftover> {
    let staging = entries(&home.tmp()).into_iter().filter_map(|path| {
        if let Some(lock) = lock_of_owner_link(&path) {
            return orphan(lock);
        }
        let (lock, kind) = match path.extension() {
            Some(extension) if extension == "lock" => (path.clone(), LeftoverKind::Lock),
            _ => (lock_of(&path), LeftoverKind::Staging),
        };
        is_free(&lock).then_some(Leftover { path, kind })
    });
    let locks = entries(&home.locks()).into_iter().filter_map(|path| {
        if let Some(lock) = lock_of_owner_link(&path) {
            return orphan(lock);
        }
        // The turnstile files of locks have other names, and stay forever.
        let counts = path.extension() == Some(OsStr::new("lock")) && is_free(&path);
        counts.then_some(Leftover { path, kind: LeftoverKind::Lock })
    });
    let parts = entries(&home.downloads()).into_iter().filter_map(|path| part(home, path));
    staging.chain(locks).chain(parts).collect()
}

/// Remove a leftover; `false` if a process uses it by now.
pub fn remove_leftover(home: &Home, leftover: &Leftover) -> Result<bool, DiskError> {
    let path = &leftover.path;
    let lock_path = match &leftover.kind {
        LeftoverKind::Lock => path.clone(),
        LeftoverKind::Staging => lock_of(path),
        LeftoverKind::Part { of, .. } => lock_of_part(home, of),
    };
    // Dropping the lock removes its file.
    let Some(_lock) = FileLock::try_acquire(&lock_path).with_path("lock", &lock_path)? else { return Ok(false) };
    remove_dead_owner(&lock_path);
    if leftover.kind != LeftoverKind::Lock {
        match fs::symlink_metadata(path) {
            Ok(data) if data.is_dir() => remove_tree(path)?,
            _ => remove(path)?,
        }
        remove(&with(path, ".etag"))?;
    }
    Ok(true)
}

/// Recognise a lock of which only the owner's link is left. Usually the lock's file leads to both; this happens if a
/// process was killed between removing the file and removing the link.
fn orphan(lock: PathBuf) -> Option<Leftover> {
    (!lock.exists() && is_free(&lock)).then_some(Leftover { path: lock, kind: LeftoverKind::Lock })
}

fn part(home: &Home, path: PathBuf) -> Option<Leftover> {
    let name = path.file_name()?.to_str()?;
    let (of, orphan) = match name.strip_suffix(".part") {
        Some(of) => (of, false),
        // This is an ETag without its part.
        None => (name.strip_suffix(".part.etag")?, !path.with_extension("").exists()),
    };
    let counts = (name.ends_with(".part") || orphan) && is_free(&lock_of_part(home, of));
    let size_bytes = path.metadata().map_or(0, |data| data.len());
    let kind = LeftoverKind::Part { of: of.to_owned(), size_bytes };
    counts.then_some(Leftover { path, kind })
}

fn lock_of_part(home: &Home, of: &str) -> PathBuf {
    home.locks().join(format!("{of}.lock"))
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn remove(path: &Path) -> Result<(), DiskError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.with_path("remove", path),
    }
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_dead_left_is_found_and_goes_and_what_the_living_use_stays() {
        let top = tempfile::tempdir().expect("a directory");
        let home = Home::from_root(top.path().to_owned());
        let held = FileLock::try_acquire(&home.locks().join("a-1.lock")).expect("a lock file").expect("a free lock");
        let working = FileLock::try_acquire(&home.tmp().join("a-1.7-0.lock")).expect("a lock file").expect("free");
        for directory in ["tmp/a-1.7-0/release", "tmp/b-1.8-0/release", "cache/downloads"] {
            fs::create_dir_all(top.path().join(directory)).expect("a directory");
        }
        let planted = [
            "tmp/b-1.8-0.lock",
            "tmp/stray",
            "locks/b-1.lock",
            "locks/vx.lock-0123456789abcdef",
            "cache/downloads/sha256-aa.part",
            "cache/downloads/sha256-aa.part.etag",
            "cache/downloads/sha256-bb.part.etag",
            "cache/downloads/sha256-cc",
        ];
        planted.iter().for_each(|path| fs::write(top.path().join(path), "x").expect("a file"));
        let found = leftovers(&home);
        let names: Vec<String> = found
            .iter()
            .map(|left| left.path.strip_prefix(top.path()).expect("below").to_string_lossy().into_owned())
            .collect();
        let expected = [
            "tmp/b-1.8-0",
            "tmp/b-1.8-0.lock",
            "tmp/stray",
            "locks/b-1.lock",
            "cache/downloads/sha256-aa.part",
            "cache/downloads/sha256-bb.part.etag",
        ];
        assert_eq!(names, expected);
        for left in &found {
            assert!(remove_leftover(&home, left).expect("it goes"), "{left:?}");
        }
        assert_eq!(leftovers(&home), []);
        let kept = ["tmp/a-1.7-0/release", "locks/vx.lock-0123456789abcdef", "cache/downloads/sha256-cc"];
        assert!(kept.iter().all(|path| top.path().join(path).exists()));
        let in_use = Leftover { path: home.locks().join("a-1.lock"), kind: LeftoverKind::Lock };
        assert!(!remove_leftover(&home, &in_use).expect("it is looked at"));
        drop((held, working));
    }
}
