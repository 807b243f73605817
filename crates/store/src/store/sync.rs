//! Writes a release to the disk before it is visible, all at once; or later, if that can be checked.
//!
//! Syncing thousands of files one by one takes four times as long as the install itself. Syncing the whole file system
//! takes about as long as the install, because it also waits for the writes of all other processes.

use std::io;
use std::path::Path;

/// The file system that a release is written to.
///
/// If the disk refuses a delayed write, the sync reports the error only to processes that had the file system open
/// before the write. So it is opened before the first byte is written.
pub(crate) struct SyncedFileSystem {
    #[cfg(target_os = "linux")]
    directory: std::fs::File,
}

impl SyncedFileSystem {
    /// Open the file system of this directory.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        #[cfg(not(target_os = "linux"))]
        let _ = directory;
        Ok(Self {
            #[cfg(target_os = "linux")]
            directory: std::fs::File::open(directory)?,
        })
    }

    /// Return the boot to record in the receipt if a release may be activated before its bytes are on the disk:
    /// [`settle`](super::settle) checks it later. `None` if the sync has to come first.
    ///
    /// A sync comes first in a container: its layers outlive the machine they were made on, and each container started
    /// from them would have to check again.
    pub(crate) fn deferrable_in(&self) -> Option<&'static str> {
        #[cfg(target_os = "linux")]
        {
            const OVERLAY: u64 = 0x794c_7630;
            let kind = rustix::fs::fstatfs(&self.directory).ok()?.f_type as u64;
            if kind != OVERLAY {
                return vx_base::system::identity::boot();
            }
        }
        None
    }

    /// Write the cached data of the file system; also fails for any write that failed since [`SyncedFileSystem::open`].
    #[cfg(target_os = "linux")]
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.directory)?)
    }

    /// This system only has a call for all file systems.
    #[cfg(all(unix, not(target_os = "linux")))]
    pub(crate) fn sync(&self) -> io::Result<()> {
        rustix::fs::sync();
        Ok(())
    }

    /// This system has no such call, but its file systems order a rename after the data that it renames.
    #[cfg(not(unix))]
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
