//! The board's format as others see it: the document, the C header, and readers in other languages; those in Python are
//! in the tests of `vx-status`, which has the JSON that they are compared with.

mod c;
mod described;
mod document;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

pub(crate) fn crate_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
