//! The daemon's log file: its starts and ends, with the reasons.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A log that is longer than this at a start is emptied.
const LARGEST_BYTES: u64 = 1024 * 1024;

/// The log of this daemon.
#[derive(Debug)]
pub(in crate::doors::daemon) struct OwnLog(Option<File>);

impl OwnLog {
    /// The log in this file. A daemon that cannot write it goes on without a log.
    pub(in crate::doors::daemon) fn open(path: &Path) -> Self {
        let mut options = OpenOptions::new();
        let options = options.create(true).append(true).mode(0o600);
        let file = options.open(path).ok();
        if let Some(file) = &file
            && file.metadata().is_ok_and(|found| found.len() > LARGEST_BYTES)
        {
            let _ = file.set_len(0);
        }
        Self(file)
    }

    /// Write a line.
    pub(in crate::doors::daemon) fn line(&self, text: impl Display) {
        if let Some(mut file) = self.0.as_ref() {
            let line = format!("{:.0} {}: {text}\n", jiff::Timestamp::now(), std::process::id());
            let _ = file.write_all(line.as_bytes());
        }
    }
}

/// Whether a line says why a daemon has ended or was not started.
pub(in crate::doors::daemon) fn is_end(line: &str) -> bool {
    line.contains(": ended: ") || line.contains(": not started: ")
}

/// The last lines of a log.
pub(in crate::doors::daemon) fn last_lines(path: &Path, most: usize) -> io::Result<Vec<String>> {
    const ENOUGH_BYTES: u64 = 16 * 1024;
    let mut file = fs::File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(ENOUGH_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(ENOUGH_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    Ok(lines.split_off(lines.len().saturating_sub(most)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_those_written_last_and_a_long_log_begins_anew() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("daemon.log");
        let log = OwnLog::open(&path);
        (0..5).for_each(|number| log.line(format_args!("line {number}")));
        let last = last_lines(&path, 2).expect("it reads");
        assert!(last.len() == 2 && last[0].ends_with("line 3") && last[1].ends_with("line 4"), "{last:?}");
        fs::write(&path, vec![b'x'; 2 * 1024 * 1024]).expect("a long one");
        OwnLog::open(&path).line("first");
        let all = last_lines(&path, 10).expect("it reads");
        assert!(all.len() == 1 && all[0].ends_with("first"), "{all:?}");
    }
}
