//! Archives into directories, in one pass over bytes that nobody has verified yet.
//!
//! Everything goes to a staging directory through one [`Tree`], which alone decides what may be created: archives only
//! say what they hold. The digest is compared when the last byte has passed, and only then may anybody see the result.

mod error;
mod excluded;
mod files;
mod format;
mod gzip;
mod inflate;
mod limits;
mod links;
mod path;
mod pieced;
mod tar;
mod tree;
mod xz;
mod zip;
mod zip_file;
mod zip_records;
mod zstd;

use std::fs::File;
use std::io::BufRead;

use crate::config::Part;

pub use error::{UnpackError, UnpackErrorKind};
pub(super) use excluded::Excluded;
pub(super) use format::is_web_page;
pub use gzip::gunzip;
pub use inflate::{Damage, Inflated, Inflater};
pub(super) use limits::Limits;
pub(super) use tree::Tree;

use format::Format;
use path::Placement;
use pieced::Pieced;

/// The size of the buffers that content passes through where it has to.
const BUFFER_BYTES: usize = 256 * 1024;

/// One archive on its way into a tree.
pub(super) struct Archive<'a> {
    file_name: &'a str,
    format: Format,
    placement: Placement,
}

impl<'a> Archive<'a> {
    /// An archive by its name, and where its entries go, less those that are not wanted.
    pub(super) fn of(part: &'a Part, excluded: &Excluded) -> Result<Self, UnpackError> {
        let named = |kind| UnpackError { archive: part.file_name.clone(), kind };
        let format = Format::of(&part.file_name).map_err(named)?;
        let placement = Placement::new(part.strip, &part.into, excluded).map_err(named)?;
        Ok(Self { file_name: &part.file_name, format, placement })
    }

    /// Unpack from its bytes in order, as far as the format needs them.
    ///
    /// [`UnpackErrorKind::NotStreamable`] asks for the whole file: see [`Archive::unpack_file`].
    pub(super) fn unpack(&self, mut bytes: impl BufRead, tree: &mut Tree) -> Result<(), UnpackError> {
        let before = tree.entries();
        let result = self.format.check(&mut bytes).and_then(|()| match self.format {
            Format::TarGz => tar::unpack(gzip::decoder(tree.packed(bytes)), &self.placement, tree),
            Format::TarXz => tar::unpack(xz::decoder(tree.packed(bytes)), &self.placement, tree),
            Format::TarZst => tar::unpack(zstd::decoder(tree.packed(bytes)), &self.placement, tree),
            Format::Tar => tar::unpack(tree.packed(bytes), &self.placement, tree),
            Format::Zip => zip::unpack(bytes, &self.placement, tree),
            Format::Gz => tree.place_single(gzip::decoder(tree.packed(bytes)), self.single_name(), &self.placement),
            Format::Xz => tree.place_single(xz::decoder(tree.packed(bytes)), self.single_name(), &self.placement),
            Format::Zst => tree.place_single(zstd::decoder(tree.packed(bytes)), self.single_name(), &self.placement),
            Format::Plain => tree.place_single(tree.packed(bytes), self.single_name(), &self.placement),
        });
        result.and_then(|()| self.not_empty(before, tree)).map_err(|kind| self.error(kind))
    }

    /// Unpack a zip from its whole, verified file, by its directory.
    pub(super) fn unpack_file(&self, file: File, tree: &mut Tree) -> Result<(), UnpackError> {
        let before = tree.entries();
        let result = zip_file::unpack(file, &self.placement, tree);
        result.and_then(|()| self.not_empty(before, tree)).map_err(|kind| self.error(kind))
    }

    fn not_empty(&self, before: usize, tree: &Tree) -> Result<(), UnpackErrorKind> {
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

/// Reads on to the end, within the limits of what an archive may unpack to.
fn drain(bytes: impl BufRead, tree: &mut Tree) -> Result<(), UnpackErrorKind> {
    drain_past(bytes, tree, |_| {})
}

/// The same, past somebody who sees each piece.
fn drain_past(mut bytes: impl BufRead, tree: &mut Tree, mut see: impl FnMut(&[u8])) -> Result<(), UnpackErrorKind> {
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
