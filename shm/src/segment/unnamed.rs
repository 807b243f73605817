//! Boards without a name: memory of their creator, for a run for which no directory can hold a file.
//!
//! The system shows such a file among the open files of the process that made it, and any process of the same user that
//! knows the path can open it there. So a run's own children find it, and other processes do not come across it. It is
//! gone with the last process that has it open. It is sealed: no process can change its length.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Where a board without a name is: an open file of the process that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unnamed {
    /// The process, by its number in its namespace.
    pub process: u32,
    /// Its descriptor.
    pub descriptor: u32,
}

impl Unnamed {
    /// Parse a path; `None` for every path that is not the system's own name for an open file.
    pub fn from_path(path: &Path) -> Option<Self> {
        let (process, descriptor) = path.to_str()?.strip_prefix("/proc/")?.split_once("/fd/")?;
        let number = |text: &str| text.parse().ok().filter(|number: &u32| number.to_string() == text);
        let place = Self { process: number(process)?, descriptor: number(descriptor)? };
        cfg!(target_os = "linux").then_some(place)
    }

    /// Its path, which leads to it while the process has it open.
    pub fn path(self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", self.process, self.descriptor))
    }
}

/// A file without a name, for this user only and still empty.
#[cfg(target_os = "linux")]
pub(super) fn create() -> io::Result<File> {
    use rustix::fs::{MemfdFlags, Mode, fchmod, memfd_create};
    let with = |more| memfd_create("vx-board", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING | more);
    // Newer systems may demand the flag, and older ones do not know it.
    let file = File::from(with(MemfdFlags::NOEXEC_SEAL).or_else(|_| with(MemfdFlags::empty()))?);
    fchmod(&file, Mode::RUSR | Mode::WUSR)?;
    Ok(file)
}

/// Fix the length of the file. Returns its path among the open files of this process, which leads to it while `file` is
/// open.
#[cfg(target_os = "linux")]
pub(super) fn seal(file: &File) -> io::Result<PathBuf> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{SealFlags, fcntl_add_seals};
    fcntl_add_seals(file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    let descriptor = u32::try_from(file.as_raw_fd()).map_err(io::Error::other)?;
    let path = Unnamed { process: std::process::id(), descriptor }.path();
    // The system may show no open files, or those of another process.
    let again = File::open(&path)?;
    if same_file(&again, file)? { Ok(path) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// Whether both are one file.
#[cfg(target_os = "linux")]
fn same_file(one: &File, other: &File) -> io::Result<bool> {
    let (one, other) = (rustix::fs::fstat(one)?, rustix::fs::fstat(other)?);
    Ok((one.st_dev, one.st_ino) == (other.st_dev, other.st_ino))
}

/// Whether no process can change the length of this file: it is a board without a name, and nothing else that a process
/// has open.
#[cfg(target_os = "linux")]
pub(super) fn is_sealed(file: &File) -> bool {
    use rustix::fs::{SealFlags, fcntl_get_seals};
    fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SealFlags::SHRINK | SealFlags::GROW))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn create() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into()) // Only Linux can open a process's open file again by its path.
}

#[cfg(not(target_os = "linux"))]
pub(super) fn seal(_: &File) -> io::Result<PathBuf> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_sealed(_: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn only_the_path_of_an_open_file_names_a_board_without_a_name() {
        let place = Unnamed { process: 4711, descriptor: 9 };
        assert_eq!(Unnamed::from_path(&place.path()), Some(place));
        for path in [
            "/proc/self/fd/9",
            "/proc/4711/fd/",
            "/proc//fd/9",
            "/proc/1/fd/9/x",
            "/proc/1/fd/../2",
            "/proc/+1/fd/2",
            "/x/1/fd/9",
            "fd/9",
        ] {
            assert_eq!(Unnamed::from_path(Path::new(path)), None, "{path}");
        }
    }
}
