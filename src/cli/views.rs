//! Joins the views to what they show: a board's reader, the children's logs, and the run behind it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;
use vx_shm::{Reader, Snapshot};
use vx_tui::source::{Control, Logs, Snapshots};

use crate::sync::{Request, log_file, logs_of};

/// How much of the end of a log is read for its last lines.
const TAIL_BYTES: u64 = 64 * 1024;

/// Snapshots of one board.
pub(super) struct BoardSnapshots(pub Reader);

impl Snapshots for BoardSnapshots {
    fn refresh(&mut self, into: &mut Snapshot) -> io::Result<bool> {
        self.0.refresh(into).map_err(io::Error::other)
    }
}

/// The logs beside one board.
pub(super) struct BoardLogs {
    directory: PathBuf,
}

impl BoardLogs {
    /// The logs of the children of the board in this file.
    pub(super) fn beside(board: &Path) -> Self {
        Self { directory: logs_of(board) }
    }
}

impl Logs for BoardLogs {
    fn tail(&mut self, key: &str, lines: usize) -> Vec<String> {
        tail(&log_file(&self.directory, key), lines).unwrap_or_default()
    }

    fn location(&self, key: &str) -> Option<String> {
        let path = log_file(&self.directory, key);
        path.metadata().is_ok_and(|metadata| metadata.len() > 0).then(|| path.display().to_string())
    }
}

fn tail(path: &Path, lines: usize) -> io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = if skipped > 0 { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
    let all: Vec<&str> = whole.lines().collect();
    Ok(all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()).collect())
}

/// A hand on a run.
pub(super) struct RunControl(pub Sender<Request>);

impl Control for RunControl {
    fn cancel(&mut self, key: &str) {
        let _ = self.0.send(Request::Cancel(key.to_owned()));
    }

    fn cancel_all(&mut self) {
        let _ = self.0.send(Request::CancelAll);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_a_long_log_is_its_last_whole_lines() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("x.log");
        let text: String = (0..50_000).map(|line| format!("line {line}\n")).collect();
        std::fs::write(&path, text).expect("a log");
        assert_eq!(tail(&path, 2).expect("it reads"), ["line 49998", "line 49999"]);
        assert!(tail(&path, usize::MAX).expect("it reads").iter().all(|line| line.starts_with("line ")));
    }
}
