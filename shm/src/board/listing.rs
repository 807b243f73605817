//! The boards of a directory, each with a reading.

use std::io;
use std::path::{Path, PathBuf};

use super::directory::board_files;
use crate::error::AttachError;
use crate::snapshot::Reader;
use crate::view::Snapshot;

/// One board of a directory.
#[derive(Debug)]
pub struct ListedBoard {
    /// Its path.
    pub path: PathBuf,
    /// Its name in that directory.
    pub file_name: String,
    /// A reading of the board, or the error of attaching it.
    pub reading: Result<Snapshot, AttachError>,
    /// Whether its creator has closed it.
    pub closed: bool,
}

/// List the boards and dumps of a directory, newest first, and last those that cannot be attached. Empty if the
/// directory does not exist.
///
/// # Errors
/// When the directory cannot be read.
pub fn list(directory: &Path) -> io::Result<Vec<ListedBoard>> {
    let mut found: Vec<ListedBoard> = board_files(directory)?
        .into_iter()
        .map(|path| {
            let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (reading, closed) = match Reader::open(&path) {
                Ok(mut reader) => (summary(&mut reader, &path), reader.closed()),
                Err(error) => (Err(error), false),
            };
            ListedBoard { path, file_name, reading, closed }
        })
        .collect();
    let created =
        |listed: &ListedBoard| listed.reading.as_ref().map_or(i64::MIN, |reading| reading.board.created_unix_ns);
    found.sort_by(|one, other| created(other).cmp(&created(one)).then_with(|| one.path.cmp(&other.path)));
    Ok(found)
}

fn summary(reader: &mut Reader, path: &Path) -> Result<Snapshot, AttachError> {
    reader.snapshot().map_err(|error| AttachError::new(path, io::Error::from(error)))
}
