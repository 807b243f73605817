//! Opening the file of a board, and no other kind of file.

use std::fs::{File, Metadata, OpenOptions};
use std::path::Path;

use crate::error::AttachErrorKind;

/// Open a plain file and nothing else: no link is followed, and a pipe or a device does not block the caller. The
/// metadata of the opened file is read once and returned, so that all checks are about the same file.
pub(crate) fn plain_file(path: &Path, writable: bool) -> Result<(File, Metadata), AttachErrorKind> {
    let mut options = OpenOptions::new();
    options.read(true).write(writable);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC);
    }
    let file = options.open(path).map_err(|error| match error.raw_os_error() {
        #[cfg(unix)]
        Some(libc::ELOOP | libc::EISDIR | libc::ENXIO) => AttachErrorKind::NotAFile,
        _ => AttachErrorKind::from(error),
    })?;
    match file.metadata() {
        Ok(data) if data.is_file() => Ok((file, data)),
        Ok(_) => Err(AttachErrorKind::NotAFile),
        Err(error) => Err(error.into()),
    }
}
