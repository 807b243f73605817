//! The files of logs beside a board, one for each slot's output.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters of a slot's key that its log's name has, too; the others are encoded.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The directory with the logs of a board's children.
pub fn logs_of(board: &Path) -> PathBuf {
    board.with_extension("logs")
}

/// The log of the child with this slot in that directory.
pub fn log_file(logs: &Path, key: &str) -> PathBuf {
    logs.join(format!("{}.log", utf8_percent_encode(key, KEPT)))
}
