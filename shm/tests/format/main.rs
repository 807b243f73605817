//! The board's format as other programs see it: the document, and the C header. Readers in Python are tested in
//! `vx-status`, which has the JSON that they are compared with.

mod c;
mod described;
mod document;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

pub(crate) fn crate_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
