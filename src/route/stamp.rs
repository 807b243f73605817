//! The state of a file, in enough detail that any later change shows.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::format::Stamp;

/// A file that changed less than this before its state was recorded could change again with the same times: the
/// kernel's clock for files advances in steps of up to 10 ms.
const STEP: Duration = Duration::from_millis(10);

/// Records the state of files before they are read.
#[derive(Clone, Debug)]
pub struct Look {
    began: SystemTime,
    seen: Vec<(PathBuf, Stamp)>,
}

impl Look {
    /// A look that begins now.
    pub fn begin() -> Self {
        Self { began: SystemTime::now(), seen: Vec::new() }
    }

    /// Record the state of a file, which need not exist. Returns true if it does.
    pub fn at(&mut self, path: &Path) -> bool {
        if let Some((_, stamp)) = self.seen.iter().find(|(seen, _)| seen == path) {
            return stamp.is_some();
        }
        let stamp = stamp(path);
        self.seen.push((path.to_owned(), stamp));
        stamp.is_some()
    }

    /// The recorded states; `None` if a later change of a file could go unnoticed.
    pub fn finish(self) -> Option<Vec<(PathBuf, Stamp)>> {
        let trusted = self.began.checked_sub(STEP)?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
        let old = |stamp: &Stamp| stamp.is_none_or(|[.., changed]| u128::from(changed) < trusted);
        self.seen.iter().all(|(_, stamp)| old(stamp)).then_some(self.seen)
    }
}

/// The state of a file; `None` if there is none.
#[cfg(unix)]
pub fn stamp(path: &Path) -> Stamp {
    use std::os::unix::fs::MetadataExt;

    let found = std::fs::metadata(path).ok()?;
    let time = |seconds: i64, nanoseconds: i64| {
        seconds.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(nanoseconds.cast_unsigned())
    };
    let device = super::format::device(rustix::fs::major(found.dev()), rustix::fs::minor(found.dev()));
    let (modified, changed) = (time(found.mtime(), found.mtime_nsec()), time(found.ctime(), found.ctime_nsec()));
    Some([device, found.ino(), found.size(), modified, changed])
}

/// Without inodes and times of change a new file of the same size could pass for the old one, so nothing is kept.
#[cfg(not(unix))]
pub fn stamp(path: &Path) -> Stamp {
    path.exists().then_some([u64::MAX; 5])
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_a_moment_ago_is_not_trusted() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("vx.toml");
        let mut look = Look::begin();
        assert!(!look.at(&file));
        assert!(look.finish().is_some(), "a file that does not exist cannot change without showing");

        std::fs::write(&file, "").expect("a file");
        let mut look = Look::begin();
        assert!(look.at(&file));
        assert!(look.finish().is_none());

        std::thread::sleep(2 * STEP);
        let mut look = Look::begin();
        assert!(look.at(&file));
        assert_eq!(look.finish().map(|seen| seen.len()), Some(1));
    }
}
