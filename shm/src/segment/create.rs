//! Making a board: complete, at its full size, before anybody can find it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Backing, Segment, lock, named, open};
use crate::error::CreateError;
use crate::layout::HeaderImage;
use crate::stamp;

/// Make a board file: exclusive, for this user only, no link followed. `fill` writes what must be there before the
/// board has its name. Where it fails, nothing is left behind.
pub(crate) fn create_file(
    path: &Path,
    facts: &HeaderImage,
    fill: impl FnOnce(&Segment),
) -> Result<Segment, CreateError> {
    let fault = |doing| move |source| CreateError::Io { path: path.to_path_buf(), doing, source };
    let nameless = Nameless::open(path).map_err(fault("opening a file for it"))?;
    take_space(&nameless.file, facts.length).map_err(fault("taking the space it needs"))?;
    let map = open::map(&nameless.file, facts.length, true).map_err(fault("mapping it"))?;
    let file = nameless.file.try_clone().map_err(fault("opening it"))?;
    let segment = complete(Backing::Mapped(map), path, Some(file), facts, fill)?;
    nameless.name(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => CreateError::Exists { path: path.to_path_buf() },
        _ => fault("naming it")(source),
    })?;
    Ok(segment)
}

/// Make a named segment. It has its name before it is complete: readers wait for the ready word.
pub(crate) fn create_named(
    name: &str,
    facts: &HeaderImage,
    fill: impl FnOnce(&Segment),
) -> Result<Segment, CreateError> {
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
        // Nothing half-made stays; if even the removal fails, the first error is the one to tell.
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

/// The full size, truly there: a page that could not be had later would kill whoever touches it.
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

/// A file that nobody can find yet.
struct Nameless {
    file: File,
    /// Its makeshift name, where the file system has no files without one; removed on drop.
    makeshift: Option<PathBuf>,
}

impl Nameless {
    fn open(path: &Path) -> io::Result<Self> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        #[cfg(target_os = "linux")]
        match for_this_user().custom_flags(libc::O_TMPFILE | libc::O_CLOEXEC).open(directory) {
            Ok(file) => return Ok(Self { file, makeshift: None }),
            // Kernels and file systems without such files answer in either way.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR | libc::EINVAL)) => {}
            Err(error) => return Err(error),
        }
        Self::open_makeshift(path, directory)
    }

    fn open_makeshift(path: &Path, directory: &Path) -> io::Result<Self> {
        let stem = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let makeshift = directory.join(format!(".{stem}.{}.making", std::process::id()));
        let mut options = for_this_user();
        #[cfg(unix)]
        options.custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
        let file = options.create_new(true).open(&makeshift)?;
        Ok(Self { file, makeshift: Some(makeshift) })
    }

    /// Give the file its name, if nothing has it.
    fn name(&self, path: &Path) -> io::Result<()> {
        match &self.makeshift {
            Some(makeshift) => std::fs::hard_link(makeshift, path),
            None => link_open_file(&self.file, path),
        }
    }
}

impl Drop for Nameless {
    fn drop(&mut self) {
        if let Some(makeshift) = &self.makeshift {
            // What stays behind if this fails is a file of no meaning, which the next clean-up removes.
            let _ = std::fs::remove_file(makeshift);
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
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link_open_file(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into()) // Only Linux opens files without a name.
}
