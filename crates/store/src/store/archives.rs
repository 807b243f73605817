//! Whole archives in the download cache, compared with the digests that are their names.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use vx_base::digest::Digest;
use vx_base::paths::Home;

use crate::disk::{DiskError, DiskErrorContext};

/// Size of one read.
const CHUNK_BYTES: usize = 256 * 1024;

/// List the whole archives in the cache of this home.
pub fn cached_archives(home: &Home) -> Vec<PathBuf> {
    let entries = fs::read_dir(home.downloads()).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| digest_in(path).is_some()).collect();
    paths.sort();
    paths
}

/// Whether this file of the cache has another digest than its name says. Every install detects that too, and receives
/// the archive anew.
pub fn is_damaged(path: &Path) -> io::Result<bool> {
    let Some(digest) = digest_in(path) else { return Ok(false) };
    let mut file = File::open(path)?;
    let mut hasher = digest.algorithm().hasher();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish() != digest),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Remove an archive from the cache, if it is still damaged.
pub fn remove_damaged(path: &Path) -> Result<(), DiskError> {
    match is_damaged(path) {
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => fs::remove_file(path).with_path("remove", path),
    }
}

fn digest_in(path: &Path) -> Option<Digest> {
    Digest::of_file_name(path.file_name()?.to_str()?)
}
