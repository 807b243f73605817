//! Named segments of the system, through `shared_memory`.

use std::io;

pub(crate) use shared_memory::Shmem;
use shared_memory::{ShmemConf, ShmemError};

/// Create and map a segment of this length. The name stays when the map is dropped.
pub(crate) fn create(name: &str, length: usize) -> io::Result<Shmem> {
    let mut map = ShmemConf::new().os_id(system_name(name)).size(length).create().map_err(system_error)?;
    map.set_owner(false);
    Ok(map)
}

/// Map an existing segment.
pub(crate) fn open(name: &str) -> io::Result<Shmem> {
    ShmemConf::new().os_id(system_name(name)).open().map_err(system_error)
}

/// Remove the name. A process that has the segment mapped keeps its map until it drops it.
pub(crate) fn remove_named(name: &str) -> io::Result<()> {
    let mut map = open(name)?;
    map.set_owner(true); // The owner's drop removes the name.
    Ok(())
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
