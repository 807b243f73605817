//! gzip: all members one after the other, as one stream.

use std::io::{BufRead, Read};

use flate2::bufread::MultiGzDecoder;

/// The content of these bytes.
pub(super) fn decoder(bytes: impl BufRead) -> impl Read {
    MultiGzDecoder::new(bytes)
}
