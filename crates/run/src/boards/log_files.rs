//! The files of logs beside a board, one for each slot's output.

use std::io;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use vx_shm::Unnamed;

/// Characters of a slot's key that its log's file name keeps; all others are percent-encoded.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The directory with the logs of a board's children.
pub fn logs_of(board: &Path) -> PathBuf {
    board.with_extension("logs")
}

/// Make the directory for the logs of a board's children. A board without a name has no such directory: then only the
/// board has the last lines.
pub fn make_logs(board: &Path) -> io::Result<Option<PathBuf>> {
    if Unnamed::from_path(board).is_some() {
        return Ok(None);
    }
    let logs = logs_of(board);
    std::fs::create_dir_all(&logs)?;
    Ok(Some(logs))
}

/// The log of the child with this slot in that directory.
pub fn log_file(logs: &Path, key: &str) -> PathBuf {
    logs.join(format!("{}.log", utf8_percent_encode(key, KEPT)))
}
