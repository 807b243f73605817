//! Named segments of the system: boards for systems and programs that do not want a file. Needs the feature `named`.
//!
//! Their limits: every map of one is writable, even a reader's, although a reader never stores to it; the name exists
//! before the length is set, so a reader may find a segment that is not ready; and on Unix the name outlives the last
//! process, so that a board left by a killed creator must be removed by name.
//!
//! On Linux a named segment is also a file under `/dev/shm`. Locks are taken on that file, and readers map it instead,
//! read-only.

#[cfg(not(feature = "named"))]
mod absent;
#[cfg(feature = "named")]
mod system;

use std::fs::File;
use std::path::{Path, PathBuf};

use super::plain_file::plain_file;
#[cfg(not(feature = "named"))]
pub(crate) use absent::{Shmem, create, open, remove_named};
#[cfg(feature = "named")]
pub(crate) use system::{Shmem, create, open, remove_named};

/// A path that names a segment begins like this.
pub(crate) const SCHEME: &str = "shm:";
const LONGEST_NAME: usize = 30;
/// Whether named segments can be created and attached to.
pub(crate) const SUPPORTED: bool = cfg!(feature = "named");

/// Get the segment's name, if this path is one: `shm:NAME`.
pub(crate) fn name_of(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix(SCHEME)
}

/// Whether every system accepts this name for a segment.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.starts_with('.') && name.chars().all(plain)
}

/// Where a segment is a file, on systems that show segments as files: for locks, and for readers.
pub(crate) fn as_file(name: &str) -> Option<PathBuf> {
    cfg!(target_os = "linux").then(|| Path::new("/dev/shm").join(name))
}

/// Open the file of a named segment, for locks; `None` on systems that show no such file.
pub(crate) fn lock_file(name: &str) -> Option<File> {
    plain_file(&as_file(name)?, true).ok().map(|(file, _)| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_place_are_refused() {
        for good in ["vx", "vx-1.2_3", "A"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", ".", "..", "../x", "a/b", "a b", "ü", "a\0b", &"x".repeat(31)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
