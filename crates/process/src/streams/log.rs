//! The log of a process's output: a file of bounded length that only this user can read.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A log to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Its file, in an existing directory.
    pub path: PathBuf,
    /// With a heading, the log is appended to, and the heading is written first; with `None`, the log is started
    /// afresh.
    pub heading: Option<String>,
    /// Its bounds.
    pub policy: LogPolicy,
}

/// The bounds of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPolicy {
    /// The most bytes in one file.
    pub most_bytes: u64,
    /// Number of full files kept beside the current one, as `NAME.1` (the newest), `NAME.2` and so on. With 0, the log
    /// keeps its beginning: further output is dropped, and a last line in the log notes the loss.
    pub kept_files: u8,
}

impl Default for LogPolicy {
    /// Keep the beginning, in one file: in the output of an install or a script, the beginning explains the rest.
    fn default() -> Self {
        Self { most_bytes: 64 * 1024 * 1024, kept_files: 0 }
    }
}

/// A log that is being written.
pub struct Log {
    /// `None` once the log is full, or could not be written.
    file: Option<File>,
    path: PathBuf,
    policy: LogPolicy,
    written_bytes: u64,
}

impl Log {
    /// Start a log afresh, in a directory that is made if it is missing.
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
        Self::open(LogFile { path: path.to_owned(), heading: None, policy: LogPolicy::default() })
    }

    /// Continue or start a log, in an existing directory.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn go_on(path: &Path, policy: LogPolicy) -> io::Result<Self> {
        let file = open_file(path, true)?;
        let written_bytes = file.metadata()?.len();
        Ok(Self { file: Some(file), path: path.to_owned(), policy, written_bytes })
    }

    /// Open a log.
    pub(crate) fn open(log: LogFile) -> io::Result<Self> {
        let LogFile { path, heading, policy } = log;
        let mut file = open_file(&path, heading.is_some())?;
        let written_bytes = file.metadata()?.len();
        heading.map_or(Ok(()), |heading| writeln!(file, "{heading}"))?;
        Ok(Self { file: Some(file), path, policy, written_bytes })
    }

    /// Append this output. Once the log is full or a write has failed, further output is dropped.
    pub fn write(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else { return };
        self.written_bytes += bytes.len() as u64;
        let full = self.written_bytes > self.policy.most_bytes;
        let written = match (full, self.policy.kept_files) {
            (false, _) => file.write_all(bytes),
            (true, 0) => writeln!(file, "\n(the log is full)"),
            (true, _) => return self.write_to_next(bytes),
        };
        if full || written.is_err() {
            self.file = None;
        }
    }

    /// Keep the current file under its next name, and begin a new one with this output.
    fn write_to_next(&mut self, bytes: &[u8]) {
        // If a rename fails, the file is overwritten: the newest output is worth more.
        for number in (1..self.policy.kept_files).rev() {
            let _ = std::fs::rename(numbered(&self.path, number), numbered(&self.path, number + 1));
        }
        let _ = std::fs::rename(&self.path, numbered(&self.path, 1));
        self.written_bytes = bytes.len() as u64;
        let begun = open_file(&self.path, false).and_then(|mut file| file.write_all(bytes).map(|()| file));
        self.file = begun.ok();
    }
}

/// Open a file to write to, readable by this user only, since a program may print secrets.
fn open_file(path: &Path, append: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true);
    if append {
        options.append(true)
    } else {
        options.write(true).truncate(true)
    };
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn numbered(path: &Path, number: u8) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The log after these pieces: the current file and the kept ones.
    fn written(policy: LogPolicy, pieces: &[&str]) -> (tempfile::TempDir, Vec<Option<String>>) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("x.log");
        let mut log = Log::open(LogFile { path: path.clone(), heading: None, policy }).expect("a log");
        pieces.iter().for_each(|piece| log.write(piece.as_bytes()));
        let kept = (1..4).map(|number| numbered(&path, number));
        let files = std::iter::once(path.clone()).chain(kept).map(|path| std::fs::read_to_string(path).ok());
        (directory, files.collect())
    }

    #[test]
    fn a_log_keeps_its_beginning_and_notes_the_loss() {
        let (_kept, files) = written(LogPolicy { most_bytes: 8, kept_files: 0 }, &["one\n", "two\n", "three\n", "4\n"]);
        assert_eq!(files, [Some("one\ntwo\n\n(the log is full)\n".to_owned()), None, None, None]);
    }

    #[test]
    fn a_log_with_kept_files_keeps_its_end() {
        let pieces = ["one\n", "two\n", "three\n", "four\n", "five\n", "six\n"];
        let (_kept, files) = written(LogPolicy { most_bytes: 8, kept_files: 2 }, &pieces);
        let expected = ["six\n", "five\n", "four\n"].map(|text| Some(text.to_owned()));
        assert_eq!(files, [expected.as_slice(), &[None]].concat());
    }

    #[test]
    fn a_log_that_goes_on_counts_what_is_in_it() {
        let (directory, _) = written(LogPolicy { most_bytes: 8, kept_files: 1 }, &["1234567\n"]);
        let path = directory.path().join("x.log");
        let policy = LogPolicy { most_bytes: 8, kept_files: 1 };
        let heading = Some("--- attempt 2 ---".to_owned());
        Log::open(LogFile { path: path.clone(), heading, policy }).expect("a log").write(b"x\n");
        assert_eq!(std::fs::read_to_string(&path).expect("a log"), "x\n");
        let before = std::fs::read_to_string(numbered(&path, 1)).expect("the file before");
        assert_eq!(before, "1234567\n--- attempt 2 ---\n");
    }
}
