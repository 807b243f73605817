//! The log of a process's output: a file of bounded length, for this user alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// The longest log. Output beyond it is dropped, and a last line in the log notes the loss.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// A log that is being written.
pub struct Log {
    /// `None` once the log is full, or could not be written.
    file: Option<File>,
    written_bytes: u64,
}

impl Log {
    /// Begin a log anew, in a directory that is made if it is missing.
    ///
    /// # Errors
    /// The directory or the file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            let mut builder = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(directory)?;
        }
        Self::open(path, None)
    }

    /// Open a log in a directory that is there. With a heading the log is appended to, and the heading comes first;
    /// without one it begins anew. It is readable by this user only, since a program may print secrets.
    pub(super) fn open(path: &Path, heading: Option<&str>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true);
        match heading {
            Some(_) => options.append(true),
            None => options.write(true).truncate(true),
        };
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        heading.map_or(Ok(()), |heading| writeln!(file, "{heading}"))?;
        Ok(Self { file: Some(file), written_bytes: 0 })
    }

    /// Append this output. A log that is full, or that cannot be written, stays as it is from then on.
    pub fn write(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else { return };
        self.written_bytes += bytes.len() as u64;
        let full = self.written_bytes > MOST_BYTES;
        let written = if full { writeln!(file, "\n(the log is full)") } else { file.write_all(bytes) };
        if full || written.is_err() {
            self.file = None;
        }
    }
}
