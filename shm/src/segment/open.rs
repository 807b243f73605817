//! Attaching to what is there: for reading, for writing, mapped or copied.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use memmap2::MmapOptions;

use super::{Backing, Segment, copied, named};
use crate::error::{AttachError, AttachErrorKind};
use crate::layout::{LONGEST_BYTES, LayoutFault, PAGE_BYTES};

/// Attach for reading. The map is read-only; on systems whose named segments can only be mapped writable, nothing is
/// stored to it all the same. A file that others may shorten is copied instead of mapped.
pub(crate) fn open_read(path: &Path) -> Result<Segment, AttachError> {
    let fault = |kind: AttachErrorKind| AttachError::new(path, kind);
    let on_disk = match named::name_of(path) {
        None => path.to_path_buf(),
        Some(name) if !named::is_name(name) => return Err(fault(AttachErrorKind::Missing)),
        Some(name) => match named::as_file(name) {
            Some(file) => file,
            None => return open_named(path, name, false),
        },
    };
    let (file, data) = plain_file(&on_disk, false).map_err(fault)?;
    let length = match length_of(&data) {
        // A named segment has its name before its length.
        Err(_) if on_disk != path => return Err(fault(LayoutFault::NotReady.into())),
        length => length.map_err(|why| fault(why.into()))?,
    };
    let backing = if ours_alone(&data) {
        Backing::Mapped(map(&file, length, false).map_err(|error| fault(error.into()))?)
    } else if length <= LONGEST_BYTES {
        Backing::Copied(copied::Copied::load(&file, length).map_err(|error| fault(error.into()))?)
    } else {
        return Err(fault(LayoutFault::NotABoard.into()));
    };
    let segment = Segment::attach(backing, false, path, Some(file)).map_err(|why| fault(why.into()))?;
    segment.reload().map_err(|error| fault(error.into()))?;
    Ok(segment)
}

/// Attach for writing: a board, not a dump.
pub(crate) fn open_write(path: &Path) -> Result<Segment, AttachError> {
    let fault = |kind: AttachErrorKind| AttachError::new(path, kind);
    let on_disk = match named::name_of(path) {
        None => path.to_path_buf(),
        Some(name) if !named::is_name(name) => return Err(fault(AttachErrorKind::Missing)),
        // By one descriptor, map and locks: opened twice, the name may be another board's the second time.
        Some(name) => match named::as_file(name) {
            Some(file) => file,
            None => return open_named(path, name, true),
        },
    };
    let (file, data) = plain_file(&on_disk, true).map_err(fault)?;
    let length = length_of(&data).map_err(|why| fault(why.into()))?;
    let backing = Backing::Mapped(map(&file, length, true).map_err(|error| fault(error.into()))?);
    Segment::attach(backing, true, path, Some(file)).map_err(|why| fault(why.into()))
}

fn open_named(path: &Path, name: &str, writable: bool) -> Result<Segment, AttachError> {
    let map = named::open(name).map_err(|error| AttachError::new(path, error))?;
    Segment::attach(Backing::Named(map), writable, path, named::lock_file(name))
        .map_err(|why| AttachError::new(path, why))
}

/// Open a plain file and nothing else: no link is followed, and a pipe or a device does not hold the caller up. What the
/// system says of the opened file is asked once, so that all checks are about the same answer.
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

fn length_of(data: &Metadata) -> Result<u64, LayoutFault> {
    Some(data.len()).filter(|length| *length >= PAGE_BYTES as u64).ok_or(LayoutFault::NotABoard)
}

/// Whether nobody but this user can shorten the file while it is mapped.
#[cfg(unix)]
fn ours_alone(data: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    data.uid() == rustix::process::geteuid().as_raw() && data.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn ours_alone(_: &Metadata) -> bool {
    true // A mapped file cannot be shortened there.
}

pub(super) fn map(file: &File, length: u64, writable: bool) -> io::Result<memmap2::MmapRaw> {
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut options = MmapOptions::new();
    options.len(length);
    if writable { options.map_raw(file) } else { options.map_raw_read_only(file) }
}
