//! Zip archives, including wheels, unpacked in the order of their bytes.
//!
//! A zip lists its content twice: in a header before each entry, and in the directory at its end, which alone has the
//! modes and takes precedence. This module unpacks entries by their headers, and then compares them with the directory.
//! If the two differ, or the headers are incomplete, the archive is [not streamable] and is read again by its directory
//! alone.
//!
//! [not streamable]: UnpackErrorKind::NotStreamable

pub(super) mod zip_file;
mod zip_records;

use std::io::{self, BufRead, Read};

use foldhash::{HashMap, HashMapExt};
use libdeflater::{Crc, Decompressor};
use vx_inflate::{Inflated, Inflater};

use super::error::UnpackErrorKind;
use super::limits::Packed;
use super::path::{EntryPath, Placement, shown};
use super::tree::ReleaseTree;
use super::{Pieced, drain, drain_past};
use crate::unpack::zip::zip_records::{Central, Local, ZipRecord, check_descriptor, next};

/// Entries up to this size are unpacked in one call, which is faster for small ones.
const WHOLE_PACKED_BYTES: u64 = 256 * 1024;
const WHOLE_UNPACKED_BYTES: u64 = 1024 * 1024;

/// Mode of an entry until the directory is read.
const MODE: u32 = 0o644;

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

/// Unpack an archive from its bytes in order, and read to their end.
pub(super) fn unpack(
    bytes: impl BufRead,
    placement: &Placement,
    tree: &mut ReleaseTree,
) -> Result<(), UnpackErrorKind> {
    let mut stream = ZipStream {
        bytes: tree.packed(bytes),
        whole: Decompressor::new(),
        packed: Vec::new(),
        unpacked: Vec::new(),
        inflater: Inflater::new(),
    };
    let mut found: HashMap<u64, UnpackedEntry> = HashMap::new();
    loop {
        let offset = stream.bytes.position();
        match next(&mut stream.bytes)? {
            ZipRecord::Local(local) => {
                let entry = stream.unpack_entry(&local, placement, tree)?;
                found.insert(offset, entry);
            }
            ZipRecord::Central(central) => {
                match found.remove(&central.offset) {
                    Some(entry) => entry.complete(&central, placement, tree)?,
                    None => {
                        return Err(UnpackErrorKind::NotStreamable("its directory names an entry that was not there"));
                    }
                };
            }
            ZipRecord::End if found.is_empty() => break,
            ZipRecord::End => {
                return Err(UnpackErrorKind::NotStreamable("it holds an entry that its directory does not name"));
            }
            ZipRecord::Unknown => return Err(UnpackErrorKind::NotStreamable("there is something between its entries")),
        }
    }
    drain(&mut stream.bytes, tree)
}

/// An entry unpacked by its header.
struct UnpackedEntry {
    path: Option<EntryPath>,
    crc: u32,
    unpacked: u64,
}

impl UnpackedEntry {
    /// Compare the entry with the directory, and apply the mode, which only the directory has.
    fn complete(
        &self,
        central: &Central,
        placement: &Placement,
        tree: &mut ReleaseTree,
    ) -> Result<(), UnpackErrorKind> {
        let path = placement.place(&central.name)?;
        if (&path, central.crc, central.unpacked) != (&self.path, self.crc, self.unpacked) {
            return Err(UnpackErrorKind::NotStreamable("its headers and its directory differ"));
        }
        let (Some(path), Some(mode)) = (path, central.mode) else { return Ok(()) };
        match mode & 0o170_000 {
            0o120_000 => tree.turn_into_symlink(&path),
            0 | 0o040_000 | 0o100_000 => tree.set_mode(&path, mode),
            _ => Err(UnpackErrorKind::Kind { entry: shown(&central.name), kind: "a device or a pipe" }),
        }
    }
}

struct ZipStream<R> {
    bytes: Packed<R>,
    whole: Decompressor,
    packed: Vec<u8>,
    unpacked: Vec<u8>,
    inflater: Inflater,
}

impl<R: BufRead> ZipStream<R> {
    fn unpack_entry(
        &mut self,
        local: &Local,
        placement: &Placement,
        tree: &mut ReleaseTree,
    ) -> Result<UnpackedEntry, UnpackErrorKind> {
        let path = placement.place(&local.name)?;
        let unsupported = |kind| Err(UnpackErrorKind::Kind { entry: shown(&local.name), kind });
        if local.flags.encrypted() {
            return unsupported("encrypted");
        }
        let directory = local.name.ends_with(b"/");
        let (crc, unpacked) = match (local.method, local.flags.descriptor()) {
            _ if directory => {
                path.as_ref().map_or(Ok(()), |path| tree.directory(path))?;
                self.pass_over(local)?
            }
            (STORED, true) => return Err(UnpackErrorKind::NotStreamable("an entry's size comes after it")),
            (DEFLATED, true) => self.unknown_size(path.as_ref(), tree)?,
            (DEFLATED, false) if local.packed <= WHOLE_PACKED_BYTES && local.unpacked <= WHOLE_UNPACKED_BYTES => {
                self.in_one_piece(local, path.as_ref(), tree)?
            }
            (STORED | DEFLATED, false) => self.known_size(local, path.as_ref(), tree)?,
            _ => return unsupported("compressed by a method that is not supported"),
        };
        if !local.flags.descriptor() && (crc, unpacked) != (local.crc, local.unpacked) {
            return Err(UnpackErrorKind::damaged("an entry does not match its checksum"));
        }
        Ok(UnpackedEntry { path, crc, unpacked })
    }

    /// Skip the content of a folder, which must be empty.
    fn pass_over(&mut self, local: &Local) -> Result<(u32, u64), UnpackErrorKind> {
        if local.flags.descriptor() || local.packed > 2 || local.unpacked > 0 {
            return Err(UnpackErrorKind::NotStreamable("a folder has content"));
        }
        // An empty deflate stream is two bytes long.
        io::copy(&mut self.bytes.by_ref().take(local.packed), &mut io::sink()).map_err(UnpackErrorKind::Damaged)?;
        Ok((local.crc, local.unpacked))
    }

    fn in_one_piece(
        &mut self,
        local: &Local,
        path: Option<&EntryPath>,
        tree: &mut ReleaseTree,
    ) -> Result<(u32, u64), UnpackErrorKind> {
        let (packed, unpacked) = (local.packed as usize, local.unpacked as usize);
        if self.unpacked.is_empty() {
            // The system provides zero pages lazily, so unused parts cost nothing.
            self.unpacked = vec![0; WHOLE_UNPACKED_BYTES as usize];
        }
        let content = &mut self.unpacked[..unpacked];
        let at_hand = self.bytes.fill_buf().map_err(UnpackErrorKind::Damaged)?;
        let result = if let Some(whole) = at_hand.get(..packed) {
            let result = self.whole.deflate_decompress(whole, content);
            self.bytes.consume(packed);
            result
        } else {
            if self.packed.is_empty() {
                self.packed = vec![0; WHOLE_PACKED_BYTES as usize];
            }
            self.bytes.read_exact(&mut self.packed[..packed]).map_err(UnpackErrorKind::Damaged)?;
            self.whole.deflate_decompress(&self.packed[..packed], content)
        };
        if result.ok() != Some(unpacked) {
            return Err(UnpackErrorKind::damaged("an entry does not unpack to its stated size"));
        }
        match path {
            Some(path) => tree.small_file(path, MODE, content),
            None => {
                let mut crc = Crc::new();
                crc.update(content);
                Ok((crc.sum(), local.unpacked))
            }
        }
    }

    fn known_size(
        &mut self,
        local: &Local,
        path: Option<&EntryPath>,
        tree: &mut ReleaseTree,
    ) -> Result<(u32, u64), UnpackErrorKind> {
        let mut packed = self.bytes.by_ref().take(local.packed);
        let sums = if local.method == STORED {
            pour(&mut packed, path, Some(local.unpacked), tree)?
        } else {
            pour(Inflated::new(&mut self.inflater, &mut packed), path, Some(local.unpacked), tree)?
        };
        if packed.limit() > 0 {
            return Err(UnpackErrorKind::damaged("an entry is followed by bytes that belong to no entry"));
        }
        Ok(sums)
    }

    fn unknown_size(
        &mut self,
        path: Option<&EntryPath>,
        tree: &mut ReleaseTree,
    ) -> Result<(u32, u64), UnpackErrorKind> {
        let start = self.bytes.position();
        // The decoder finds the end by itself, and doesn't read beyond it.
        let (crc, unpacked) = pour(Inflated::new(&mut self.inflater, &mut self.bytes), path, None, tree)?;
        let packed = self.bytes.position() - start;
        check_descriptor(&mut self.bytes, crc, packed, unpacked)?;
        Ok((crc, unpacked))
    }
}

/// Write content into its file, or discard it if `path` is `None`. Returns its checksum and size.
fn pour(
    content: impl Pieced,
    path: Option<&EntryPath>,
    size_bytes: Option<u64>,
    tree: &mut ReleaseTree,
) -> Result<(u32, u64), UnpackErrorKind> {
    if let Some(path) = path {
        return tree.file(path, MODE, size_bytes, content);
    }
    let (mut crc, mut total) = (Crc::new(), 0);
    drain_past(content, tree, |piece| {
        crc.update(piece);
        total += piece.len() as u64;
    })?;
    Ok((crc.sum(), total))
}
