//! The board's format as others see it: the document, the C header, and readers in other languages.

mod c;
mod described;
mod document;
mod python;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

pub(crate) fn crate_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

pub(crate) fn golden() -> PathBuf {
    crate_file("tests/golden/layout-1.vxb")
}
