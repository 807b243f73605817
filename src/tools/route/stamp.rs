//! The state of a file, in enough detail to notice any later change.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use vx_base::paths::FileSystemKind;

use super::format::{WitnessKind, WitnessStamp};

/// A file that changed less than this before its state was recorded could change again without new times: the kernel's
/// clock for files advances in steps of up to 10 ms.
const STEP: Duration = Duration::from_millis(10);

/// A file that routes depend on, with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampedFile {
    /// The file, or the directory.
    pub path: PathBuf,
    /// Its state; `None` if it does not exist.
    pub stamp: WitnessStamp,
    /// What a change means.
    pub kind: WitnessKind,
}

/// Whether all of these files are as they were. While a directory is unchanged, the names that it lacked are still
/// missing.
pub fn still_holds(seen: &[StampedFile]) -> bool {
    let mut same_directory = false;
    seen.iter().all(|StampedFile { path, stamp: before, kind }| match kind {
        WitnessKind::Directory => {
            same_directory = stamp(path) == *before;
            true
        }
        WitnessKind::Name => same_directory || stamp(path) == *before,
        WitnessKind::File => stamp(path) == *before,
    })
}

/// Records the state of files before they are read.
///
/// If a directory lacks several names, only its own state has to be compared later, since no name can appear without
/// changing it.
#[derive(Clone, Debug)]
pub struct FileStampRecorder {
    began: SystemTime,
    seen: Vec<(PathBuf, WitnessStamp)>,
    /// The directories of these files, each as it was before the first of its files.
    directories: Vec<(PathBuf, WitnessStamp)>,
    /// The directories for which any change counts.
    exact: Vec<PathBuf>,
}

impl FileStampRecorder {
    /// Begin to record now.
    pub fn begin() -> Self {
        Self { began: SystemTime::now(), seen: Vec::new(), directories: Vec::new(), exact: Vec::new() }
    }

    /// Record the state of a file, which need not exist. Returns true if it does.
    pub fn record(&mut self, path: &Path) -> bool {
        if let Some((_, stamp)) = self.seen.iter().find(|(seen, _)| seen == path) {
            return stamp.is_some();
        }
        if let Some(directory) = path.parent()
            && !self.directories.iter().any(|(known, _)| known == directory)
        {
            self.directories.push((directory.to_owned(), stamp(directory)));
        }
        let stamp = stamp(path);
        self.seen.push((path.to_owned(), stamp));
        stamp.is_some()
    }

    /// Record the state of a directory for which any change counts, so that the names it lacks need not be checked one
    /// by one. Returns false, and records nothing, if its times don't show every change of its names.
    pub fn record_directory(&mut self, directory: &Path) -> bool {
        let shows = shows_new_names(directory) && self.record(directory);
        if shows {
            self.exact.push(directory.to_owned());
        }
        shows
    }

    /// Forget a file that nothing depends on after all.
    pub fn forget(&mut self, path: &Path) {
        self.seen.retain(|(seen, _)| seen != path);
    }

    /// The recorded states; `None` if a later change of a file could go unnoticed.
    pub fn finish(self) -> Option<Vec<StampedFile>> {
        let trusted = self.began.checked_sub(STEP)?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
        let old = |stamp: &WitnessStamp| stamp.is_none_or(|[.., changed]| u128::from(changed) < trusted);
        if !self.seen.iter().all(|(_, stamp)| old(stamp)) {
            return None;
        }
        let (mut seen, mut left) = (Vec::new(), self.seen);
        let lacks = |directory: &Path, (path, stamp): &(PathBuf, WitnessStamp)| {
            stamp.is_none() && path.parent() == Some(directory) && path.symlink_metadata().is_err()
        };
        left.retain(|file| !self.exact.iter().any(|directory| lacks(directory, file)));
        for (directory, stamp) in self.directories.into_iter().filter(|(_, stamp)| stamp.is_some() && old(stamp)) {
            let lacks = |file: &(PathBuf, WitnessStamp)| lacks(&directory, file);
            if left.iter().filter(|file| lacks(file)).count() < 2 || !shows_new_names(&directory) {
                continue;
            }
            let names: Vec<PathBuf> = left.extract_if(.., |file| lacks(file)).map(|(path, _)| path).collect();
            seen.push(StampedFile { path: directory, stamp, kind: WitnessKind::Directory });
            seen.extend(names.into_iter().map(|path| StampedFile { path, stamp: None, kind: WitnessKind::Name }));
        }
        seen.extend(left.into_iter().map(|(path, stamp)| StampedFile { path, stamp, kind: WitnessKind::File }));
        Some(seen)
    }
}

/// Whether the times of a directory change with every new name. Network file systems may not show that at once.
fn shows_new_names(directory: &Path) -> bool {
    matches!(FileSystemKind::detect(directory), FileSystemKind::Disk | FileSystemKind::Memory)
}

/// The state of a file; `None` if it does not exist.
#[cfg(unix)]
pub fn stamp(path: &Path) -> WitnessStamp {
    use std::os::unix::fs::MetadataExt;

    let found = std::fs::metadata(path).ok()?;
    let time = |seconds: i64, nanoseconds: i64| {
        seconds.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(nanoseconds.cast_unsigned())
    };
    let number = found.dev() as rustix::fs::Dev;
    let device = super::format::device(rustix::fs::major(number), rustix::fs::minor(number));
    let (modified, changed) = (time(found.mtime(), found.mtime_nsec()), time(found.ctime(), found.ctime_nsec()));
    Some([device, found.ino(), found.size(), modified, changed])
}

/// Without inodes and times of change, a new file of the same size could pass for the old one, so every file that
/// exists counts as changed just now.
#[cfg(not(unix))]
pub fn stamp(path: &Path) -> WitnessStamp {
    path.exists().then_some([u64::MAX; 5])
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_a_moment_ago_is_not_trusted() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("vx.toml");
        let mut look = FileStampRecorder::begin();
        assert!(!look.record(&file));
        assert!(look.finish().is_some(), "a file that does not exist cannot change without showing");

        std::fs::write(&file, "").expect("a file");
        let mut look = FileStampRecorder::begin();
        assert!(look.record(&file));
        assert!(look.finish().is_none());

        std::thread::sleep(2 * STEP);
        let mut look = FileStampRecorder::begin();
        assert!(look.record(&file));
        assert_eq!(look.finish().map(|seen| seen.len()), Some(1));
    }

    #[test]
    fn of_a_directory_that_counts_as_a_whole_no_lacking_name_is_recorded() {
        let top = tempfile::tempdir().expect("a directory");
        std::fs::write(top.path().join("vx.lock"), "").expect("a file");
        std::os::unix::fs::symlink("/no/such/file", top.path().join("link")).expect("a link");
        std::thread::sleep(2 * STEP);
        let mut look = FileStampRecorder::begin();
        assert!(look.record_directory(top.path()));
        for name in ["vx.toml", ".vx.toml", "vx.lock", "link"] {
            look.record(&top.path().join(name));
        }
        let seen = look.finish().expect("old enough");
        assert!(seen.iter().all(|seen| seen.kind == WitnessKind::File));
        let names: Vec<_> = seen.iter().map(|seen| seen.path.strip_prefix(top.path()).expect("inside")).collect();
        assert_eq!(names, [Path::new(""), Path::new("vx.lock"), Path::new("link")]);
        assert!(!FileStampRecorder::begin().record_directory(&top.path().join("none")), "it is not there");
    }

    #[test]
    fn names_that_a_directory_lacks_are_known_by_the_directory_unless_they_are_links() {
        let top = tempfile::tempdir().expect("a directory");
        let names = [".vx.toml", "vx.toml"].map(|name| top.path().join(name));
        let kinds = |look: FileStampRecorder| {
            look.finish().expect("old enough").iter().map(|seen| seen.kind).collect::<Vec<_>>()
        };
        let look = || {
            std::thread::sleep(2 * STEP);
            let mut look = FileStampRecorder::begin();
            names.iter().for_each(|name| assert!(!look.record(name)));
            look
        };
        assert_eq!(kinds(look()), [WitnessKind::Directory, WitnessKind::Name, WitnessKind::Name]);
        // A link to nothing becomes a file without a change of its directory.
        std::os::unix::fs::symlink("/no/such/file", &names[0]).expect("a link");
        assert_eq!(kinds(look()), [WitnessKind::File, WitnessKind::File]);
        std::fs::remove_file(&names[0]).expect("it goes");
        let mut fresh = FileStampRecorder::begin();
        names.iter().for_each(|name| assert!(!fresh.record(name)));
        assert_eq!(kinds(fresh), [WitnessKind::File, WitnessKind::File], "the directory changed a moment ago");
    }
}
