//! gzip, around a tar archive or around one file.

use std::io::{BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::error::UnpackErrorKind;
use super::path::Placement;
use super::tree::Tree;
use super::{drain, tar};

/// What the decoder is asked for at once: tar headers are small, and a call of the decoder costs the same for them.
const DECODED_BYTES: usize = 64 * 1024;

/// Unpack a tar archive, and read on to the checksum at its end.
pub(super) fn unpack_tar(bytes: impl BufRead, placement: &Placement, tree: &mut Tree) -> Result<(), UnpackErrorKind> {
    let decoder = MultiGzDecoder::new(tree.packed(bytes));
    let mut decoded = BufReader::with_capacity(DECODED_BYTES, decoder);
    tar::unpack_entries(&mut decoded, placement, tree)?;
    drain(&mut decoded, tree)
}

/// Unpack one file, made executable.
pub(super) fn unpack_single(
    bytes: impl BufRead,
    name: &str,
    placement: &Placement,
    tree: &mut Tree,
) -> Result<(), UnpackErrorKind> {
    let mut decoder = MultiGzDecoder::new(tree.packed(bytes));
    tree.place_single(decoder.by_ref(), name, placement)
}
