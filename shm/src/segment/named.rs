//! Named segments of the system, through `shared_memory`: the form for systems and programs that want no file.
//!
//! Their limits: every map of one is writable, also a reader's (which never stores all the same); the length cannot be
//! set before the name is there, so a reader may meet one that is not ready; and the name outlives the last process on
//! Unix, so that a board left by a killed creator must be removed by name. On Linux a named segment is also a file
//! under `/dev/shm`: it is opened there for locks, and by readers, who then have a map that is read-only.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use shared_memory::{Shmem, ShmemConf, ShmemError};

/// What a path begins with that is the name of a segment.
pub(crate) const SCHEME: &str = "shm:";
const LONGEST_NAME: usize = 30;

/// The segment's name, if this path is one: `shm:NAME`.
pub(crate) fn name_of(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix(SCHEME)
}

/// Whether a segment may have this name on every system.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.starts_with('.') && name.chars().all(plain)
}

/// Make and map a segment of this length. The name stays when the map is dropped.
pub(crate) fn create(name: &str, length: usize) -> io::Result<Shmem> {
    let mut map = ShmemConf::new().os_id(system_name(name)).size(length).create().map_err(system_error)?;
    map.set_owner(false);
    Ok(map)
}

/// Map a segment that is there.
pub(crate) fn open(name: &str) -> io::Result<Shmem> {
    ShmemConf::new().os_id(system_name(name)).open().map_err(system_error)
}

/// Take the name away. Whoever has the segment mapped keeps it until it lets go.
pub(crate) fn remove_named(name: &str) -> io::Result<()> {
    let mut map = open(name)?;
    map.set_owner(true); // The owner's drop takes the name away.
    Ok(())
}

/// The segment as a file, where the system shows it as one: for locks, and for readers.
pub(crate) fn as_file(name: &str) -> Option<PathBuf> {
    cfg!(target_os = "linux").then(|| Path::new("/dev/shm").join(name))
}

/// The description of a named segment that locks are held on, where there is one.
pub(crate) fn lock_file(name: &str) -> Option<File> {
    super::open::plain_file(&as_file(name)?, true).ok().map(|(file, _)| file)
}

fn system_name(name: &str) -> String {
    if cfg!(windows) { name.to_owned() } else { format!("/{name}") }
}

fn system_error(error: ShmemError) -> io::Error {
    match error {
        ShmemError::MappingIdExists => io::ErrorKind::AlreadyExists.into(),
        ShmemError::MapOpenFailed(code) | ShmemError::MapCreateFailed(code) | ShmemError::UnknownOsError(code) => {
            io::Error::from_raw_os_error(code as i32)
        }
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_place_are_refused() {
        for good in ["vx", "vx-1.2_3", "A"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", ".", "..", "../x", "a/b", "a b", "ü", "a\0b", &"x".repeat(31)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
