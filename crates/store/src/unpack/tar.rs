//! tar archives, entry by entry.
//!
//! Extensions (long names, pax records) are read here, because the `tar` crate would read an extension of any length
//! into memory.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use tar::{EntryType, Header, PaxExtensions};

use super::Pieced;
use super::drain;
use super::error::UnpackErrorKind;
use super::path::{EntryPath, Placement, shown};
use super::tree::ReleaseTree;

/// Longest accepted extension, in bytes.
const EXTENSION_BYTES: u64 = 256 * 1024;

/// Size of a block: headers and contents are padded to it.
const BLOCK_BYTES: usize = 512;

/// Unpack a tar archive, and read to the end of its bytes, where the compression has its checksum.
pub(super) fn unpack(
    mut bytes: impl Pieced,
    placement: &Placement,
    tree: &mut ReleaseTree,
) -> Result<(), UnpackErrorKind> {
    unpack_entries(&mut bytes, placement, tree)?;
    drain(bytes, tree)
}

/// Unpack the entries of a tar archive, up to its end marker.
fn unpack_entries(
    bytes: &mut impl Pieced,
    placement: &Placement,
    tree: &mut ReleaseTree,
) -> Result<(), UnpackErrorKind> {
    let mut extensions = Extensions::default();
    while let Some(header) = next_header(bytes).map_err(UnpackErrorKind::Damaged)? {
        let size = header.entry_size().map_err(UnpackErrorKind::Damaged)?;
        let mut entry = TarEntry { header, size, content: bytes.take(size) };
        if !extensions.read_extension(&mut entry)? {
            unpack_entry(&mut entry, &std::mem::take(&mut extensions), placement, tree)?;
        }
        // Skip the content that was not unpacked.
        drain(&mut entry.content, tree)?;
        if entry.content.limit() > 0 {
            return Err(UnpackErrorKind::Damaged(io::ErrorKind::UnexpectedEof.into()));
        }
        let fill = size.next_multiple_of(BLOCK_BYTES as u64) - size;
        bytes.read_exact(&mut [0; BLOCK_BYTES][..fill as usize]).map_err(UnpackErrorKind::Damaged)?;
    }
    Ok(())
}

/// An entry; its content is read directly from the archive.
struct TarEntry<R> {
    header: Header,
    size: u64,
    content: R,
}

/// Read the next entry's header; `None` at the archive's end marker, or at the end of the bytes.
fn next_header(bytes: &mut impl BufRead) -> io::Result<Option<Header>> {
    if bytes.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut header = Header::new_old();
    bytes.read_exact(header.as_mut_bytes())?;
    let block = header.as_bytes();
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    // For the checksum, its own field counts as spaces.
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    if sum(&block[..148]) + 8 * u32::from(b' ') + sum(&block[156..]) != header.cksum()? {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the header of an entry does not match its checksum"));
    }
    Ok(Some(header))
}

fn unpack_entry<R: Pieced>(
    entry: &mut TarEntry<R>,
    extensions: &Extensions,
    placement: &Placement,
    tree: &mut ReleaseTree,
) -> Result<(), UnpackErrorKind> {
    let header = &entry.header;
    let raw: Cow<'_, [u8]> = match &extensions.path {
        Some(path) => Cow::Borrowed(path),
        None => Cow::Owned(header.path_bytes().into_owned()),
    };
    // A bad path is refused even if it would be left out.
    let path = placement.place(&raw)?;
    let size = entry.size;
    if extensions.size.is_some_and(|declared| declared != size) {
        return Err(UnpackErrorKind::damaged("an entry has two sizes"));
    }
    let mode = header.mode().map_err(UnpackErrorKind::Damaged)?;
    let kind = header.entry_type();
    let link = || match &extensions.link {
        Some(link) => Ok(link.clone()),
        None => header.link_name_bytes().map(Cow::into_owned).ok_or(UnpackErrorKind::damaged("a link has no target")),
    };
    let special = |kind| Err(UnpackErrorKind::Kind { entry: shown(&raw), kind });
    match kind {
        // Old archives mark a folder by a `/` at the end of its name.
        EntryType::Regular | EntryType::Continuous if size == 0 && raw.ends_with(b"/") => directory(path, tree),
        EntryType::Regular | EntryType::Continuous => match path {
            Some(path) => tree.file(&path, mode, Some(size), &mut entry.content).map(drop),
            None => Ok(()),
        },
        EntryType::Directory => directory(path, tree),
        EntryType::Symlink => match path {
            Some(path) => tree.symlink(&path, &link()?),
            None => Ok(()),
        },
        EntryType::Link => {
            let target = placement.place(&link()?)?;
            match (path, target) {
                (Some(path), Some(target)) => tree.hardlink(&path, &target),
                (None, _) => Ok(()),
                (Some(_), None) => Err(UnpackErrorKind::damaged("a hard link leads to a path that is dropped")),
            }
        }
        EntryType::Char | EntryType::Block => special("a device"),
        EntryType::Fifo => special("a pipe"),
        EntryType::GNUSparse => special("a sparse file"),
        _ => special("of a kind that is not known"),
    }
}

fn directory(path: Option<EntryPath>, tree: &mut ReleaseTree) -> Result<(), UnpackErrorKind> {
    path.map_or(Ok(()), |path| tree.directory(&path))
}

/// Values of extension entries, for the entry after them.
#[derive(Default)]
struct Extensions {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extensions {
    /// Read an extension entry. Returns `false` for any other entry.
    fn read_extension(&mut self, entry: &mut TarEntry<impl Read>) -> Result<bool, UnpackErrorKind> {
        match entry.header.entry_type() {
            EntryType::GNULongName => self.path = Some(read_name(entry)?),
            EntryType::GNULongLink => self.link = Some(read_name(entry)?),
            EntryType::XHeader => self.read_pax(&read(entry)?)?,
            // These records describe the archive as a whole, such as its commit.
            EntryType::XGlobalHeader => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn read_pax(&mut self, records: &[u8]) -> Result<(), UnpackErrorKind> {
        for record in PaxExtensions::new(records) {
            let record = record.map_err(UnpackErrorKind::Damaged)?;
            match record.key_bytes() {
                b"path" => self.path = Some(record.value_bytes().to_vec()),
                b"linkpath" => self.link = Some(record.value_bytes().to_vec()),
                b"size" => {
                    let size = record.value().ok().and_then(|value| value.parse().ok());
                    self.size = Some(size.ok_or(UnpackErrorKind::damaged("a size is not a number"))?);
                }
                key if key.starts_with(b"GNU.sparse.") => {
                    let entry = self.path.as_deref().map(shown).unwrap_or_default();
                    return Err(UnpackErrorKind::Kind { entry, kind: "a sparse file" });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn read(entry: &mut TarEntry<impl Read>) -> Result<Vec<u8>, UnpackErrorKind> {
    if entry.size > EXTENSION_BYTES {
        return Err(UnpackErrorKind::damaged("a name or record is longer than 256 KiB"));
    }
    let mut bytes = Vec::new();
    entry.content.read_to_end(&mut bytes).map_err(UnpackErrorKind::Damaged)?;
    Ok(bytes)
}

/// Read a name in GNU form, with a zero byte at its end.
fn read_name(entry: &mut TarEntry<impl Read>) -> Result<Vec<u8>, UnpackErrorKind> {
    let mut name = read(entry)?;
    while name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}
