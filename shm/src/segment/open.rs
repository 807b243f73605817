//! Attaching to an existing board: for reading or for writing, mapped or copied.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use memmap2::MmapOptions;

use super::plain_file::{FileFacts, plain_file};
use super::{Backing, Segment, copied, named};
use crate::error::{AttachError, AttachErrorKind};
use crate::layout::{LONGEST_BYTES, LayoutFault, MAGIC, PAGE_BYTES};

/// Attach for reading. The map is read-only, except on systems whose named segments can only be mapped writable;
/// nothing is stored to that map either. A file that other users may shorten is copied instead of mapped.
pub(crate) fn open_read(path: &Path) -> Result<Segment, AttachError> {
    let fault = |kind: AttachErrorKind| AttachError::new(path, kind);
    let on_disk = match location_of(path).map_err(fault)? {
        Location::File(file) => file,
        Location::Segment(name) => return open_named(path, name, false),
    };
    let (file, facts) = plain_file(&on_disk, false).map_err(fault)?;
    let length = match length_of(&facts) {
        // The name of a segment exists before its length is set, so a short segment is not an error yet.
        Err(_) if on_disk != path => return Err(fault(LayoutFault::NotReady.into())),
        length => length.map_err(|why| fault(why.into()))?,
    };
    let backing = if facts.ours_alone() {
        Backing::Mapped(map(&file, length, false).map_err(|error| fault(error.into()))?)
    } else if length <= LONGEST_BYTES {
        Backing::Copied(copied::Copied::load(&file, length).map_err(|error| fault(error.into()))?)
    } else {
        return Err(fault(too_long(&file, length).into()));
    };
    let segment = Segment::attach(backing, false, path, Some(file)).map_err(|why| fault(why.into()))?;
    segment.reload().map_err(|error| fault(error.into()))?;
    Ok(segment)
}

/// Attach for writing: a board, not a dump.
pub(crate) fn open_write(path: &Path) -> Result<Segment, AttachError> {
    let fault = |kind: AttachErrorKind| AttachError::new(path, kind);
    let on_disk = match location_of(path).map_err(fault)? {
        // Map and locks use one descriptor: at a second open, the name could be another board's.
        Location::File(file) => file,
        Location::Segment(name) => return open_named(path, name, true),
    };
    let (file, facts) = plain_file(&on_disk, true).map_err(fault)?;
    let length = length_of(&facts).map_err(|why| fault(why.into()))?;
    let backing = Backing::Mapped(map(&file, length, true).map_err(|error| fault(error.into()))?);
    Segment::attach(backing, true, path, Some(file)).map_err(|why| fault(why.into()))
}

/// Name the fault of a file that is longer than any board and may be shortened by other users: too long to be copied.
fn too_long(mut file: &File, length: u64) -> LayoutFault {
    let mut first = [0; 8];
    match file.read_exact(&mut first).map(|()| u64::from_le_bytes(first)) {
        Ok(MAGIC) => LayoutFault::TooLong { found: length },
        _ => LayoutFault::NotABoard,
    }
}

/// Where the memory of a board is.
enum Location<'a> {
    /// A file. On Linux a named segment is a file, too.
    File(PathBuf),
    /// A named segment, on a system that does not show it as a file.
    Segment(&'a str),
}

fn location_of(path: &Path) -> Result<Location<'_>, AttachErrorKind> {
    let Some(name) = named::name_of(path) else { return Ok(Location::File(path.to_path_buf())) };
    if !named::SUPPORTED {
        return Err(AttachErrorKind::NamedSegment);
    }
    if !named::is_name(name) {
        return Err(AttachErrorKind::Missing);
    }
    Ok(named::as_file(name).map_or(Location::Segment(name), Location::File))
}

fn open_named(path: &Path, name: &str, writable: bool) -> Result<Segment, AttachError> {
    let map = named::open(name).map_err(|error| AttachError::new(path, error))?;
    Segment::attach(Backing::Named(map), writable, path, named::lock_file(name))
        .map_err(|why| AttachError::new(path, why))
}

fn length_of(facts: &FileFacts) -> Result<u64, LayoutFault> {
    Some(facts.length).filter(|length| *length >= PAGE_BYTES as u64).ok_or(LayoutFault::NotABoard)
}

pub(super) fn map(file: &File, length: u64, writable: bool) -> io::Result<memmap2::MmapRaw> {
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut options = MmapOptions::new();
    options.len(length);
    if writable { options.map_raw(file) } else { options.map_raw_read_only(file) }
}
