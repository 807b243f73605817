//! Zip archives that must be read from the whole file, by the directory at the end.

use std::fs::File;
use std::io::{BufReader, Read};

use libdeflater::Crc;
use vx_inflate::{Inflated, Inflater};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::unpack::error::UnpackErrorKind;
use crate::unpack::path::{EntryPath, Placement, shown};
use crate::unpack::tree::ReleaseTree;
use crate::unpack::{BUFFER_BYTES, Pieced};

/// Longest target of a symbolic link, in bytes.
const TARGET_BYTES: u64 = 4096;

/// Unpack the directory's entries, in its order.
pub(in crate::unpack) fn unpack(
    file: File,
    placement: &Placement,
    tree: &mut ReleaseTree,
) -> Result<(), UnpackErrorKind> {
    let metadata = file.metadata().map_err(UnpackErrorKind::Damaged)?;
    tree.add_packed(metadata.len());
    let mut archive = ZipArchive::new(BufReader::with_capacity(BUFFER_BYTES, file)).map_err(damaged)?;
    let mut inflater = Inflater::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(damaged)?;
        let raw = entry.name_raw().to_vec();
        let special = |kind| Err(UnpackErrorKind::Kind { entry: shown(&raw), kind });
        if entry.encrypted() {
            return special("encrypted");
        }
        let Some(path) = placement.place(&raw)? else { continue };
        if entry.is_dir() {
            tree.directory(&path)?;
            continue;
        }
        let mode = entry.unix_mode().unwrap_or(0o644);
        if !matches!(mode & 0o170_000, 0 | 0o100_000 | 0o120_000) {
            return special("a device or a pipe");
        }
        let facts = ZipEntryFacts { mode, size_bytes: entry.size(), crc: entry.crc32() };
        let method = entry.compression();
        let content = BufReader::with_capacity(BUFFER_BYTES, entry);
        match method {
            CompressionMethod::STORE => facts.put(content, &path, tree)?,
            CompressionMethod::DEFLATE => facts.put(Inflated::new(&mut inflater, content), &path, tree)?,
            _ => return special("compressed by a method that is not supported"),
        }
    }
    Ok(())
}

/// What the directory says about a file or a symbolic link.
struct ZipEntryFacts {
    mode: u32,
    size_bytes: u64,
    crc: u32,
}

impl ZipEntryFacts {
    fn put(&self, mut content: impl Pieced, path: &EntryPath, tree: &mut ReleaseTree) -> Result<(), UnpackErrorKind> {
        if self.mode & 0o170_000 != 0o120_000 {
            let written = tree.file(path, self.mode & 0o777, Some(self.size_bytes), content)?;
            return self.check(written);
        }
        let mut target = Vec::new();
        content.by_ref().take(TARGET_BYTES).read_to_end(&mut target).map_err(UnpackErrorKind::Damaged)?;
        let mut crc = Crc::new();
        crc.update(&target);
        self.check((crc.sum(), target.len() as u64))?;
        tree.symlink(path, &target)
    }

    fn check(&self, found: (u32, u64)) -> Result<(), UnpackErrorKind> {
        if found != (self.crc, self.size_bytes) {
            return Err(UnpackErrorKind::damaged("an entry does not match its checksum"));
        }
        Ok(())
    }
}

fn damaged(error: ZipError) -> UnpackErrorKind {
    match error {
        ZipError::Io(error) => UnpackErrorKind::Damaged(error),
        other => UnpackErrorKind::Damaged(std::io::Error::new(std::io::ErrorKind::InvalidData, other)),
    }
}
