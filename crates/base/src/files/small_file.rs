//! Small files that any program may have changed: vx's own, where an implausible file counts as missing, and those of a
//! project, which may be a stranger's.
//!
//! All of them are opened by [`open_regular`]. Another program may put a pipe in a file's place at any moment, so the
//! kind is checked on the open file, and opening a pipe must not wait for its writer.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// The largest file that a project may have vx read as a whole.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The content of a file of at most this many bytes; `None` if it is missing, unreadable or larger.
pub fn read_small(path: &Path, most_bytes: u64) -> Option<Vec<u8>> {
    read_regular_within(path, most_bytes).ok()
}

/// The regular file at this path, open for reading.
///
/// # Errors
/// It is missing, cannot be opened, or is a directory, a device, a pipe or a socket.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // Opening a device may have an effect, so a path that leads to one isn't even opened.
    must_be_regular(&path.metadata()?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    let file = options.open(path)?;
    must_be_regular(&file.metadata()?)?;
    Ok(file)
}

fn must_be_regular(about: &std::fs::Metadata) -> io::Result<()> {
    match about {
        _ if about.is_file() => Ok(()),
        _ if about.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a regular file")),
    }
}

/// Reads a file of a project. In a stranger's project the path may be a link to a device, which has no end, or a pipe
/// without a writer: neither is read.
///
/// # Errors
/// It is missing, cannot be read, is not a regular file, or has more than 64 MiB.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    read_regular_within(path, MOST_BYTES)
}

/// As [`read_regular`], for a file of at most this many bytes.
///
/// # Errors
/// Those of [`read_regular`], with this limit.
pub fn read_regular_within(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        let text = format!("it has more than {} MiB", most_bytes >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// As [`read_regular`], for a file of text.
///
/// # Errors
/// Those of [`read_regular`], and the content is not UTF-8.
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

    /// Makes a pipe at this path, which nobody writes to.
    #[cfg(target_os = "linux")]
    fn make_pipe(path: &Path) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pipe_that_comes_between_the_look_at_a_file_and_its_opening_holds_nobody_up() {
        let top = tempfile::tempdir().expect("a directory");
        let (path, pipe, plain) = (top.path().join("file"), top.path().join("pipe"), top.path().join("plain"));
        make_pipe(&pipe);
        std::fs::write(&plain, "four").and_then(|()| std::fs::hard_link(&plain, &path)).expect("a file");
        let (sender, reads) = std::sync::mpsc::channel();
        let place = path.clone();
        std::thread::spawn(move || {
            for read in std::iter::repeat_with(|| (read_small(&place, 4), read_regular(&place).ok())) {
                if sender.send(read).is_err() {
                    return;
                }
            }
        });
        let mut kinds = [0; 2];
        while kinds.iter().any(|seen| *seen < 500) {
            for from in [&pipe, &plain] {
                let next = top.path().join("next");
                std::fs::hard_link(from, &next).and_then(|()| std::fs::rename(&next, &path)).expect("replaced");
                let _ = std::fs::remove_file(&next);
            }
            let read = reads.recv_timeout(std::time::Duration::from_secs(20)).expect("no read waits for a writer");
            for read in [read.0, read.1] {
                assert!(read.as_ref().is_none_or(|bytes| bytes == b"four"), "{read:?}");
                kinds[usize::from(read.is_some())] += 1;
            }
        }
    }

    #[test]
    fn a_file_that_is_larger_than_it_may_be_counts_as_missing() {
        let top = tempfile::tempdir().expect("a directory");
        let path = top.path().join("file");
        assert_eq!(read_small(&path, 4), None);
        assert_eq!(read_small(top.path(), 4), None);
        #[cfg(target_os = "linux")]
        {
            make_pipe(&path);
            assert_eq!(read_small(&path, 4), None);
            std::fs::remove_file(&path).expect("removed");
        }
        std::fs::write(&path, "four").expect("a file");
        assert_eq!(read_small(&path, 4).as_deref(), Some(&b"four"[..]));
        assert_eq!(read_small(&path, 3), None);
    }
}
