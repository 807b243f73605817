//! Everything of a release on the disk before anybody can see it, in one go.
//!
//! Syncing each of thousands of files takes four times as long as the install itself; syncing their file system once,
//! a third of it.

use std::io;
use std::path::Path;

/// Write what is cached of the file system this directory is on.
#[cfg(target_os = "linux")]
pub(super) fn sync_file_system(directory: &Path) -> io::Result<()> {
    let directory = std::fs::File::open(directory)?;
    Ok(rustix::fs::syncfs(&directory)?)
}

/// There is no call for one file system here, but one for all.
#[cfg(all(unix, not(target_os = "linux")))]
pub(super) fn sync_file_system(_: &Path) -> io::Result<()> {
    rustix::fs::sync();
    Ok(())
}

/// There is no such call here; the file system orders a rename behind what it renames.
#[cfg(not(unix))]
pub(super) fn sync_file_system(_: &Path) -> io::Result<()> {
    Ok(())
}
