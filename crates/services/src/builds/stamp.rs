//! Metadata that shows whether a file was written or replaced.

use std::fs;
use std::time::SystemTime;

/// Metadata of a file that differs once the file was written, or another one was put in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Stamp {
    /// Take the stamp of a file as it is now.
    pub(crate) fn from_metadata(there: &fs::Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(there);
        #[cfg(not(unix))]
        let inode = 0;
        Self { length: there.len(), modified: there.modified().ok(), inode }
    }
}
