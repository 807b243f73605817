//! Joins the views to what they show: a board's reader, the children's logs, and the run behind it.

use std::io;
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender};
use vx_shm::{Reader, Snapshot};
use vx_tui::source::{Answer, Control, Expectations, LogPart, LogPlace, Logs, Snapshots};

use super::interrupts::lending;
use super::{log_file, pager};
use crate::sync::{self, Request, logs_of};

/// Snapshots of one board, and what earlier runs say about it.
pub(super) struct BoardSnapshots {
    pub reader: Reader,
    pub expectations: Expectations,
}

impl Snapshots for BoardSnapshots {
    fn refresh(&mut self, into: &mut Snapshot) -> io::Result<bool> {
        self.reader.refresh(into).map_err(io::Error::other)
    }

    fn expectations(&self) -> Expectations {
        self.expectations.clone()
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

    fn of(&self, key: &str) -> PathBuf {
        sync::log_file(&self.directory, key)
    }
}

impl Logs for BoardLogs {
    fn tail(&mut self, key: &str, lines: usize) -> Vec<String> {
        log_file::tail(&self.of(key), lines).unwrap_or_default()
    }

    fn location(&self, key: &str) -> Option<String> {
        let path = self.of(key);
        path.metadata().is_ok_and(|metadata| metadata.len() > 0).then(|| path.display().to_string())
    }

    fn read(&mut self, key: &str, place: LogPlace) -> LogPart {
        log_file::piece(&self.of(key), place).unwrap_or_default()
    }

    fn page(&mut self, key: &str) -> Result<(), String> {
        let path = self.location(key).ok_or_else(|| format!("{key} has printed nothing yet"))?;
        lending(|| pager::show(Path::new(&path)))
    }

    fn save(&mut self, key: &str) -> Result<String, String> {
        let path = self.location(key).ok_or("it has printed nothing yet")?;
        let directory = std::env::current_dir().map_err(|error| error.to_string())?;
        let saved = log_file::save(Path::new(&path), &directory).map_err(|error| error.to_string())?;
        Ok(saved.file_name().unwrap_or_default().to_string_lossy().into_owned())
    }
}

/// A hand on a run.
pub(super) struct RunControl {
    /// Takes what is asked.
    pub requests: Sender<Request>,
    /// What comes of it.
    pub answers: Receiver<sync::Answer>,
    /// Takes that the process is to end.
    pub ends: Sender<()>,
}

impl RunControl {
    fn ask(&self, request: Request) {
        // A run that is over takes no requests.
        let _ = self.requests.send(request);
    }
}

impl Control for RunControl {
    fn cancel(&mut self, key: &str) {
        self.ask(Request::Cancel(key.to_owned()));
    }

    fn cancel_all(&mut self) {
        self.ask(Request::CancelAll);
    }

    fn end(&mut self) {
        // Where nobody listens any more, the run is over.
        let _ = self.ends.send(());
    }

    fn retry(&mut self, key: &str) {
        self.ask(Request::Retry(key.to_owned()));
    }

    fn answer(&mut self) -> Option<Answer> {
        Some(match self.answers.try_recv().ok()? {
            sync::Answer::Refused { tool, why } => Answer::Refused { key: tool, why },
            sync::Answer::NotStopped { tool, why } => Answer::NotStopped { key: tool, why },
            sync::Answer::Blocked { tool, by } => Answer::Blocked { key: tool, by },
        })
    }
}
