//! Joins the views to a run: its board's reader, its children's logs, and its control.

mod control;
mod opener;

use std::io;
use std::path::{Path, PathBuf};

use vx_shm::{Reader, Snapshot};
use vx_status::source::{Expectations, LogPart, LogPlace, Logs, Snapshots};

use super::interrupts::lending;
use super::pager;
use crate::run::{log_file, logs_of};
use crate::work::logs;
use crate::work::rings::Rings;
pub(super) use control::RunControl;
pub(super) use opener::UserPrograms;

/// Snapshots of one board, and the expected durations from earlier runs.
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

/// The logs beside one board; where there is none, the last lines that the board itself holds.
pub(super) struct BoardLogs {
    directory: PathBuf,
    rings: Rings,
}

impl BoardLogs {
    /// The logs of the children of the board in this file.
    pub(super) fn beside(board: &Path) -> Self {
        Self { directory: logs_of(board), rings: Rings::of(board) }
    }

    fn of(&self, key: &str) -> PathBuf {
        log_file(&self.directory, key)
    }
}

impl Logs for BoardLogs {
    fn tail(&mut self, key: &str, lines: usize) -> Vec<String> {
        let of_file = logs::tail(&self.of(key), lines).unwrap_or_default();
        if of_file.is_empty() { self.rings.tail(key, lines) } else { of_file }
    }

    fn location(&self, key: &str) -> Option<String> {
        let path = self.of(key);
        path.metadata().is_ok_and(|metadata| metadata.len() > 0).then(|| path.display().to_string())
    }

    fn read(&mut self, key: &str, place: LogPlace) -> LogPart {
        let of_file = logs::piece(&self.of(key), place).ok().filter(|part| part.size > 0);
        of_file.unwrap_or_else(|| self.rings.piece(key, place))
    }

    fn page(&mut self, key: &str) -> Result<(), String> {
        let path = self.location(key).ok_or_else(|| format!("{key} has printed nothing yet"))?;
        lending(|| pager::show(Path::new(&path)))
    }

    fn save(&mut self, key: &str) -> Result<String, String> {
        let path = self.location(key).ok_or("it has printed nothing yet")?;
        let directory = std::env::current_dir().map_err(|error| error.to_string())?;
        let saved = logs::save(Path::new(&path), &directory).map_err(|error| error.to_string())?;
        Ok(saved.file_name().unwrap_or_default().to_string_lossy().into_owned())
    }
}
