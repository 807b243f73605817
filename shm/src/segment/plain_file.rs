//! Opening the file of a board, and no other kind of file.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::unnamed::{Unnamed, is_sealed};
use crate::error::AttachErrorKind;

/// What decides whether and how an open file is mapped.
pub(crate) struct FileFacts {
    pub(crate) length: u64,
    plain: bool,
    #[cfg(unix)]
    owner: u32,
    #[cfg(unix)]
    mode: u32,
}

impl FileFacts {
    /// Read the facts with `fstat`, which is the cheapest call that has them.
    #[cfg(unix)]
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let found = rustix::fs::fstat(file)?;
        let plain = rustix::fs::FileType::from_raw_mode(found.st_mode).is_file();
        Ok(Self { length: found.st_size as u64, plain, owner: found.st_uid, mode: found.st_mode as u32 })
    }

    #[cfg(not(unix))]
    pub(super) fn read(file: &File) -> io::Result<Self> {
        file.metadata().map(|found| Self { length: found.len(), plain: found.is_file() })
    }

    /// Whether no other user can shorten the file while it is mapped.
    #[cfg(unix)]
    pub(super) fn ours_alone(&self) -> bool {
        self.owner == rustix::process::geteuid().as_raw() && self.mode & 0o022 == 0
    }

    #[cfg(not(unix))]
    pub(super) fn ours_alone(&self) -> bool {
        true // Such a system lets no process shorten a mapped file.
    }
}

/// Open a plain file and nothing else: no link is followed, and a pipe or a device does not block the caller. The facts
/// of the opened file are read once and returned, so that all checks are about the same file. An open file of a
/// process, which the system shows as a link, is opened if it is sealed, as boards without a name are.
pub(crate) fn plain_file(path: &Path, writable: bool) -> Result<(File, FileFacts), AttachErrorKind> {
    let unnamed = Unnamed::from_path(path).is_some();
    let mut options = OpenOptions::new();
    options.read(true).write(writable);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let follow = if unnamed { 0 } else { libc::O_NOFOLLOW };
        options.custom_flags(follow | libc::O_NONBLOCK | libc::O_CLOEXEC);
    }
    let file = options.open(path).map_err(|error| match error.raw_os_error() {
        #[cfg(unix)]
        Some(libc::ELOOP | libc::EISDIR | libc::ENXIO) => AttachErrorKind::NotAFile,
        _ => AttachErrorKind::from(error),
    })?;
    match FileFacts::read(&file) {
        Ok(facts) if facts.plain && (!unnamed || is_sealed(&file)) => Ok((file, facts)),
        Ok(_) => Err(AttachErrorKind::NotAFile),
        Err(error) => Err(error.into()),
    }
}
