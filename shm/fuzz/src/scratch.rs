//! Files that are overwritten with boards of any bytes again and again; in memory, if there is a memory file system.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vx_shm::layout::HeaderImage;

/// A directory that is removed when this is dropped.
pub(crate) struct Scratch {
    directory: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { directory: directory.expect("a directory to work in") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file with this mode: 0600, as boards have, is mapped; one that others may write to is copied.
    pub(crate) fn file(&self, name: &str, mode: u32, bytes: &[u8]) -> File {
        let path = self.path(name);
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).expect("a file");
        file.set_permissions(Permissions::from_mode(mode)).expect("its own file");
        file.write_all(bytes).expect("room for a small file");
        file
    }
}

/// Put these bytes in place of the file's content.
pub(crate) fn replace(file: &File, bytes: &[u8]) {
    file.write_all_at(bytes, 0).expect("room for a small file");
    file.set_len(bytes.len() as u64).expect("room for a small file");
}

/// A number that depends on the bytes, to pick one of several checks.
pub(crate) fn choice(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// The facts at the front of these bytes, if there are enough bytes.
pub(crate) fn facts_of(bytes: &[u8]) -> Option<HeaderImage> {
    bytes.get(..size_of::<HeaderImage>()).map(bytemuck::pod_read_unaligned)
}

/// Put these facts, with a correct checksum, at the front of the bytes.
pub(crate) fn with_facts(bytes: &mut [u8], facts: &HeaderImage) {
    bytes[..size_of::<HeaderImage>()].copy_from_slice(bytemuck::bytes_of(&facts.sealed()));
}
