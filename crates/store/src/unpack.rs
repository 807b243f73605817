//! Unpacks archives into directories, in one pass over bytes that aren't verified yet.
//!
//! Everything goes to a staging directory through one [`ReleaseTree`]: the code for each format only lists the entries, and
//! the tree alone decides what may be created. The digest is compared after the last byte, and the result becomes
//! visible only after that.

mod error;
mod excluded;
mod files;
mod format;
mod limits;
mod links;
mod names;
mod path;
mod tar;
mod tree;
mod xz;
mod zip;
mod zstd;

use std::fs::File;
use std::io::BufRead;

use vx_inflate::{Pieced, gunzip};

use vx_base::package::archive::Archive;

pub use error::{UnpackError, UnpackErrorKind};
pub(super) use excluded::Excluded;
pub(super) use format::is_web_page;
pub(super) use limits::UnpackLimits;
pub(super) use names::NameCase;
pub(super) use tree::ReleaseTree;

use format::Format;
use path::Placement;

/// Size of the buffers for content that has to be copied through one.
const BUFFER_BYTES: usize = 256 * 1024;

/// An unpacker of one archive into a tree.
pub(super) struct Unpacker<'a> {
    file_name: &'a str,
    format: Format,
    placement: Placement,
}

impl<'a> Unpacker<'a> {
    /// Make an unpacker for this archive, whose name decides the format. Excluded entries are left out.
    pub(super) fn for_archive(archive: &'a Archive, excluded: &Excluded) -> Result<Self, UnpackError> {
        let named = |kind| UnpackError { archive: archive.file.clone(), kind };
        let format = Format::from_file_name(&archive.file).map_err(named)?;
        let placement = Placement::new(archive.strip, &archive.into, excluded).map_err(named)?;
        Ok(Self { file_name: &archive.file, format, placement })
    }

    /// Unpack the archive from its bytes in order, as far as the format needs them.
    ///
    /// On [`UnpackErrorKind::NotStreamable`], call [`Unpacker::unpack_file`] with the whole file.
    pub(super) fn unpack(&self, mut bytes: impl BufRead, tree: &mut ReleaseTree) -> Result<(), UnpackError> {
        let before = tree.entries();
        let result = self.format.check(&mut bytes).and_then(|()| match self.format {
            Format::TarGz => tar::unpack(gunzip(tree.packed(bytes)), &self.placement, tree),
            Format::TarXz => tar::unpack(xz::decoder(tree.packed(bytes)), &self.placement, tree),
            Format::TarZst => tar::unpack(zstd::decoder(tree.packed(bytes)), &self.placement, tree),
            Format::Tar => tar::unpack(tree.packed(bytes), &self.placement, tree),
            Format::Zip => zip::unpack(bytes, &self.placement, tree),
            Format::Gz => tree.place_single(gunzip(tree.packed(bytes)), self.single_name(), &self.placement),
            Format::Xz => tree.place_single(xz::decoder(tree.packed(bytes)), self.single_name(), &self.placement),
            Format::Zst => tree.place_single(zstd::decoder(tree.packed(bytes)), self.single_name(), &self.placement),
            Format::Plain => tree.place_single(tree.packed(bytes), self.single_name(), &self.placement),
        });
        result.and_then(|()| self.not_empty(before, tree)).map_err(|kind| self.error(kind))
    }

    /// Unpack a zip from its whole, verified file, by the directory at its end.
    pub(super) fn unpack_file(&self, file: File, tree: &mut ReleaseTree) -> Result<(), UnpackError> {
        let before = tree.entries();
        let result = zip::zip_file::unpack(file, &self.placement, tree);
        result.and_then(|()| self.not_empty(before, tree)).map_err(|kind| self.error(kind))
    }

    fn not_empty(&self, before: usize, tree: &ReleaseTree) -> Result<(), UnpackErrorKind> {
        if tree.entries() > before { Ok(()) } else { Err(UnpackErrorKind::Empty { strip: self.placement.strip() }) }
    }

    fn error(&self, kind: UnpackErrorKind) -> UnpackError {
        UnpackError { archive: self.file_name.to_owned(), kind }
    }

    fn single_name(&self) -> &str {
        match self.format {
            Format::Gz | Format::Xz | Format::Zst => {
                self.file_name.rsplit_once('.').map_or(self.file_name, |name| name.0)
            }
            _ => self.file_name,
        }
    }
}

/// Read on to the end, within the limits of what an archive may unpack to.
fn drain(bytes: impl BufRead, tree: &mut ReleaseTree) -> Result<(), UnpackErrorKind> {
    drain_past(bytes, tree, |_| {})
}

/// Read on to the end like [`drain`], and show each piece to `see`.
fn drain_past(
    mut bytes: impl BufRead,
    tree: &mut ReleaseTree,
    mut see: impl FnMut(&[u8]),
) -> Result<(), UnpackErrorKind> {
    loop {
        let piece = bytes.fill_buf().map_err(UnpackErrorKind::Damaged)?;
        let count = piece.len();
        if count == 0 {
            return Ok(());
        }
        see(piece);
        bytes.consume(count);
        tree.count_bytes(count as u64)?;
    }
}

#[cfg(test)]
mod tests;
