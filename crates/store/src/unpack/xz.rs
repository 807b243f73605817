//! xz: all streams in sequence, as one.

use std::io::{BufRead, BufReader};

use lzma_rust2::XzReader;

use super::{BUFFER_BYTES, Pieced};

/// Most memory for a decoder, in KiB: `xz -9` needs 65 MiB, and an archive may request 4 GiB.
const MEMORY_KB: u32 = 128 * 1024;

/// Make a reader of the decoded content of these bytes.
pub(super) fn decoder(bytes: impl BufRead) -> impl Pieced {
    BufReader::with_capacity(BUFFER_BYTES, XzReader::new_mem_limit(bytes, true, MEMORY_KB))
}
