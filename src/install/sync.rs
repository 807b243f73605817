//! Everything of a release on the disk before anybody can see it, in one go; or later, where that can be checked.
//!
//! Syncing each of thousands of files takes four times as long as the install itself; syncing their file system once, as
//! long again as the install, for it waits for whatever everybody else has written too.

use std::io;
use std::path::Path;

/// The file system that a release is written to.
///
/// A write that the disk refuses later, when the system gets round to it, is told to who syncs only if that one had the
/// file system open since before: so this is made before the first byte is written.
pub(super) struct FileSystem {
    #[cfg(target_os = "linux")]
    directory: std::fs::File,
}

impl FileSystem {
    /// The one this directory is on.
    pub(super) fn of(directory: &Path) -> io::Result<Self> {
        #[cfg(not(target_os = "linux"))]
        let _ = directory;
        Ok(Self {
            #[cfg(target_os = "linux")]
            directory: std::fs::File::open(directory)?,
        })
    }

    /// The run of the machine in whose name a release may be activated before its bytes are on the disk:
    /// [`settle`](super::settle) looks after them. None where they must be waited for.
    ///
    /// A container's layers outlive the machine they were made on, and each container that is started from them would
    /// have to look again.
    pub(super) fn may_be_late(&self) -> Option<&'static str> {
        #[cfg(target_os = "linux")]
        {
            const OVERLAY: u64 = 0x794c_7630;
            let kind = rustix::fs::fstatfs(&self.directory).ok()?.f_type as u64;
            if kind != OVERLAY {
                return super::settle::boot();
            }
        }
        None
    }

    /// Write what is cached of it; an error also for what could not be written since [`FileSystem::of`].
    #[cfg(target_os = "linux")]
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.directory)?)
    }

    /// There is no call for one file system here, but one for all.
    #[cfg(all(unix, not(target_os = "linux")))]
    pub(super) fn sync(&self) -> io::Result<()> {
        rustix::fs::sync();
        Ok(())
    }

    /// There is no such call here; the file system orders a rename behind what it renames.
    #[cfg(not(unix))]
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
