//! Making a board: complete, at its full size, before any process can find it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Backing, Segment, lock, named, open, unnamed};
use crate::error::CreateError;
use crate::layout::HeaderImage;
use crate::stamp;

/// Make a board file: exclusive, for this user only, no link followed. `fill` writes all that must be there before the
/// board has its name. If it fails, nothing is left behind.
pub(crate) fn create_file(
    path: &Path,
    facts: &HeaderImage,
    fill: impl FnOnce(&Segment),
) -> Result<Segment, CreateError> {
    let fault = |doing| move |source| CreateError::Io { path: path.to_path_buf(), doing, source };
    let unnamed = UnnamedFile::open(path).map_err(fault("opening a file for it"))?;
    take_space(&unnamed.file, facts.length).map_err(fault("taking the space it needs"))?;
    let map = open::map(&unnamed.file, facts.length, true).map_err(fault("mapping it"))?;
    let file = unnamed.file.try_clone().map_err(fault("opening it"))?;
    let segment = complete(Backing::Mapped(map), path, Some(file), facts, fill)?;
    unnamed.name(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => CreateError::Exists { path: path.to_path_buf() },
        _ => fault("naming it")(source),
    })?;
    Ok(segment)
}

/// Make a board without a name. Its path leads to it while this process has it open.
pub(crate) fn create_unnamed(facts: &HeaderImage, fill: impl FnOnce(&Segment)) -> Result<Segment, CreateError> {
    let fault =
        |doing| move |source| CreateError::Io { path: Path::new("a file without a name").to_path_buf(), doing, source };
    let file = unnamed::create().map_err(fault("creating it in memory"))?;
    take_space(&file, facts.length).map_err(fault("taking the space it needs"))?;
    let path = unnamed::seal(&file).map_err(fault("finding it again"))?;
    let map = open::map(&file, facts.length, true).map_err(fault("mapping it"))?;
    complete(Backing::Mapped(map), &path, Some(file), facts, fill)
}

/// Make a named segment. It has its name before it is complete, so readers look at the ready word first.
pub(crate) fn create_named(
    name: &str,
    facts: &HeaderImage,
    fill: impl FnOnce(&Segment),
) -> Result<Segment, CreateError> {
    if !named::SUPPORTED {
        return Err(CreateError::NamedSegment { name: name.to_owned() });
    }
    if !named::is_name(name) {
        return Err(CreateError::Name { name: name.to_owned() });
    }
    let path = PathBuf::from(format!("{}{name}", named::SCHEME));
    let map = named::create(name, facts.length as usize).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => CreateError::Exists { path: path.clone() },
        _ => CreateError::Io { path: path.clone(), doing: "creating the segment", source },
    })?;
    let file = named::lock_file(name);
    let spaced = file.as_ref().map_or(Ok(()), |file| take_space(file, facts.length));
    let made = match spaced {
        Ok(()) => complete(Backing::Named(map), &path, file, facts, fill),
        Err(source) => Err(CreateError::Io { path, doing: "taking the space it needs", source }),
    };
    if made.is_err() {
        // Remove the half-made segment. If that fails too, the first error is reported.
        let _ = named::remove_named(name);
    }
    made
}

fn complete(
    backing: Backing,
    path: &Path,
    file: Option<File>,
    facts: &HeaderImage,
    fill: impl FnOnce(&Segment),
) -> Result<Segment, CreateError> {
    let fault = |doing| move |source| CreateError::Io { path: path.to_path_buf(), doing, source };
    if let Some(file) = &file {
        lock::try_lock(file, lock::CREATOR).map_err(fault("locking it"))?;
    }
    let segment = Segment::prepare(backing, path, file, facts)
        .ok_or_else(|| fault("mapping it")(io::ErrorKind::OutOfMemory.into()))?;
    stamp::complete(segment.header(), facts, || fill(&segment));
    Ok(segment)
}

/// Allocate the full size now: touching a page that cannot be allocated later would kill the process.
fn take_space(file: &File, length: u64) -> io::Result<()> {
    file.set_len(length)?;
    #[cfg(all(unix, not(any(target_os = "openbsd", target_os = "netbsd"))))]
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, length) {
        Ok(()) => return Ok(()),
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    write_zeros(file, length)
}

fn write_zeros(mut file: &File, length: u64) -> io::Result<()> {
    use io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut io::Read::take(io::repeat(0), length), &mut file)?;
    Ok(())
}

/// Through this directory a file without a name is given one. A container may have no `/proc`.
#[cfg(target_os = "linux")]
const OPEN_FILES: &str = "/proc/self/fd";

/// A file that no process can find yet.
struct UnnamedFile {
    file: File,
    /// Its temporary name, if the file system has no files without one; removed on drop.
    temporary: Option<PathBuf>,
}

impl UnnamedFile {
    fn open(path: &Path) -> io::Result<Self> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        #[cfg(target_os = "linux")]
        if Path::new(OPEN_FILES).exists() {
            match for_this_user().custom_flags(libc::O_TMPFILE | libc::O_CLOEXEC).open(directory) {
                Ok(file) => return Ok(Self { file, temporary: None }),
                // Kernels and file systems without unnamed files return one of these errors.
                Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR | libc::EINVAL)) => {}
                Err(error) => return Err(error),
            }
        }
        Self::open_temporary(path, directory)
    }

    fn open_temporary(path: &Path, directory: &Path) -> io::Result<Self> {
        let stem = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let temporary = directory.join(format!(".{stem}.{}.making", std::process::id()));
        let mut options = for_this_user();
        #[cfg(unix)]
        options.custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
        let file = options.create_new(true).open(&temporary)?;
        Ok(Self { file, temporary: Some(temporary) })
    }

    /// Give the file its name, if nothing else has that name.
    fn name(&self, path: &Path) -> io::Result<()> {
        match &self.temporary {
            Some(temporary) => std::fs::hard_link(temporary, path),
            None => link_open_file(&self.file, path),
        }
    }
}

impl Drop for UnnamedFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // If this fails, the file left behind does no harm, and the next `gc` removes it.
            let _ = std::fs::remove_file(temporary);
        }
    }
}

#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;

fn for_this_user() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    options.mode(0o600);
    options
}

#[cfg(target_os = "linux")]
fn link_open_file(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};
    let open = format!("{OPEN_FILES}/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link_open_file(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into()) // Only Linux opens files without a name.
}
