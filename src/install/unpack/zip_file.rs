//! zip archives that must be read by the directory at their end, from their whole file.

use std::fs::File;
use std::io::{BufReader, Read};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::BUFFER_BYTES;
use super::error::UnpackErrorKind;
use super::path::{Placement, shown};
use super::tree::Tree;

/// The longest target of a symbolic link, in bytes.
const TARGET_BYTES: u64 = 4096;

/// Unpack what the directory names, in its order.
pub(super) fn unpack(file: File, placement: &Placement, tree: &mut Tree) -> Result<(), UnpackErrorKind> {
    let metadata = file.metadata().map_err(UnpackErrorKind::Damaged)?;
    tree.add_packed(metadata.len());
    let mut archive = ZipArchive::new(BufReader::with_capacity(BUFFER_BYTES, file)).map_err(damaged)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(damaged)?;
        let raw = entry.name_raw().to_vec();
        let special = |kind| Err(UnpackErrorKind::Kind { entry: shown(&raw), kind });
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return special("compressed by a method that is not supported");
        }
        let Some(path) = placement.place(&raw)? else { continue };
        let mode = entry.unix_mode().unwrap_or(0o644);
        let size = entry.size();
        match mode & 0o170_000 {
            _ if entry.is_dir() => tree.directory(&path)?,
            0o120_000 => {
                let mut target = Vec::new();
                entry.by_ref().take(TARGET_BYTES).read_to_end(&mut target).map_err(UnpackErrorKind::Damaged)?;
                tree.symlink(&path, &target)?;
            }
            0 | 0o100_000 => {
                let content = BufReader::with_capacity(BUFFER_BYTES, &mut entry);
                tree.file(&path, mode & 0o777, Some(size), content).map(drop)?;
            }
            _ => return special("a device or a pipe"),
        }
    }
    Ok(())
}

fn damaged(error: ZipError) -> UnpackErrorKind {
    match error {
        ZipError::Io(error) => UnpackErrorKind::Damaged(error),
        other => UnpackErrorKind::Damaged(std::io::Error::new(std::io::ErrorKind::InvalidData, other)),
    }
}
