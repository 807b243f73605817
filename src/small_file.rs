//! Small files that anything may have changed: those that vx keeps for itself, of which one that cannot be right counts
//! as missing, and those of a project, which may be a stranger's.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest file that a project may have vx read as a whole.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The content of a file of at most this many bytes; `None` if it is missing, unreadable or larger.
pub fn read_small(path: &Path, most_bytes: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most_bytes).then_some(bytes)
}

/// The content of a project's file. In a stranger's project it may be a link to a device, which has no end, or a pipe
/// without a writer.
///
/// # Errors
/// It is missing, cannot be read, is no regular file, or has more than 64 MiB.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    read_regular_within(path, MOST_BYTES)
}

/// The content of a project's file of at most this many bytes; else as [`read_regular`].
///
/// # Errors
/// Those of [`read_regular`], with this limit.
pub fn read_regular_within(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let about = path.metadata()?;
    if !about.is_file() && !about.is_dir() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        let text = format!("it has more than {} MiB", most_bytes >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// The content of a project's file, which is text: [`read_regular`].
///
/// # Errors
/// Those of [`read_regular`], and the content is no UTF-8.
pub fn read_regular_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_regular(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_project_s_file_is_a_regular_one_of_a_size_that_can_be_read() {
        let top = tempfile::tempdir().expect("a directory");
        let path = top.path().join("file");
        let kind = |path: &Path| read_regular(path).map_err(|error| error.kind());
        assert_eq!(kind(&path), Err(io::ErrorKind::NotFound));
        assert_eq!(kind(top.path()), Err(io::ErrorKind::IsADirectory));
        std::os::unix::fs::symlink("/dev/zero", &path).expect("a link");
        assert_eq!(kind(&path), Err(io::ErrorKind::InvalidData));
        std::fs::remove_file(&path).expect("removed");
        File::create(&path).and_then(|file| file.set_len(MOST_BYTES + 1)).expect("a sparse file");
        assert_eq!(kind(&path), Err(io::ErrorKind::FileTooLarge));
        std::fs::write(&path, "four").expect("a file");
        assert_eq!(read_regular_text(&path).expect("text"), "four");
    }

    #[test]
    fn a_file_that_is_larger_than_it_may_be_counts_as_missing() {
        let top = tempfile::tempdir().expect("a directory");
        let path = top.path().join("file");
        assert_eq!(read_small(&path, 4), None);
        assert_eq!(read_small(top.path(), 4), None);
        std::fs::write(&path, "four").expect("a file");
        assert_eq!(read_small(&path, 4).as_deref(), Some(&b"four"[..]));
        assert_eq!(read_small(&path, 3), None);
    }
}
