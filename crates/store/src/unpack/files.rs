//! Creates files, modes and links, despite the differences between systems.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::super::disk::{DiskError, DiskErrorContext};
use super::path::EntryPath;

/// A release's staging directory.
///
/// Entries are created relative to its handle, so the system doesn't resolve the whole path for each.
pub(super) struct Root {
    path: PathBuf,
    #[cfg(unix)]
    handle: std::os::fd::OwnedFd,
}

/// Longest path, in bytes, with its terminating zero byte.
#[cfg(unix)]
const PATH_BYTES: usize = if cfg!(target_os = "linux") { 4096 } else { 1024 };

#[cfg(unix)]
impl Root {
    pub(super) fn open(path: PathBuf) -> Result<Self, DiskError> {
        let handle = File::open(&path).with_path("open", &path)?.into();
        Ok(Self { path, handle })
    }

    /// Create a file with this mode, less the bits in the user's mask and setuid, setgid and sticky.
    ///
    /// The owner can always read and write: a file without write permission could not be replaced later.
    pub(super) fn create_file(&self, path: &EntryPath, mode: u32) -> Result<File, DiskError> {
        use rustix::fs::{Mode, OFlags};

        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode((mode & 0o777 | 0o600) as _);
        let created = self.nameable(path.as_str()).and_then(|path| rustix::fs::openat(&self.handle, path, flags, mode));
        created.map(File::from).map_err(io::Error::from).with_lazy_path("create", || self.place(path.as_str()))
    }

    /// Create a directory, for a folder entry or as an entry's parent.
    pub(super) fn create_directory(&self, path: &str) -> Result<(), DiskError> {
        use rustix::fs::Mode;

        let mode = Mode::from_raw_mode(0o777);
        let created = self.nameable(path).and_then(|path| rustix::fs::mkdirat(&self.handle, path, mode));
        created.map_err(io::Error::from).with_lazy_path("create", || self.place(path))
    }

    /// Refuse paths that are too long as a whole: relative to the handle they could be created, but no other process
    /// could name them.
    fn nameable<'a>(&self, path: &'a str) -> rustix::io::Result<&'a str> {
        match self.path.as_os_str().len() + 1 + path.len() < PATH_BYTES {
            true => Ok(path),
            false => Err(rustix::io::Errno::NAMETOOLONG),
        }
    }
}

#[cfg(not(unix))]
impl Root {
    pub(super) fn open(path: PathBuf) -> Result<Self, DiskError> {
        Ok(Self { path })
    }

    pub(super) fn create_file(&self, path: &EntryPath, _: u32) -> Result<File, DiskError> {
        let place = self.place(path.as_str());
        fs::OpenOptions::new().write(true).create_new(true).open(&place).with_path("create", &place)
    }

    pub(super) fn create_directory(&self, path: &str) -> Result<(), DiskError> {
        let place = self.place(path);
        fs::create_dir(&place).with_path("create", &place)
    }
}

impl Root {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Full path of an entry.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        self.path.join(path)
    }
}

/// Add execute bits where there are read bits; all other bits were set when the file was created.
#[cfg(unix)]
pub(super) fn add_execute_bits(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let current = fs::metadata(path)?.permissions().mode() & 0o777;
    let wanted = current | (mode & 0o111 & (current >> 2));
    if wanted == current { Ok(()) } else { fs::set_permissions(path, fs::Permissions::from_mode(wanted)) }
}

#[cfg(not(unix))]
pub(super) fn add_execute_bits(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub(super) fn symlink(target: &str, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(windows)]
pub(super) fn symlink(target: &str, place: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target.replace('/', "\\"), place)
}
