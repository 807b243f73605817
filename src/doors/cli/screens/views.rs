//! Connects the views to a run: its board's reader, its children's logs, and its control.

mod control;
mod opener;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use vx_process::{TreeMeter, TreeUse};
use vx_run::{log_file, logs_of};
#[cfg(feature = "control")]
use vx_services::entries::{parted, time_of_day};
use vx_shm::{Kind, Reader, SlotView, Snapshot};
use vx_status::source::{Expectations, LogPart, LogPlace, Logs, SlotProcessUsage, Snapshots};
use vx_status::vocabulary::begun;

use crate::boards::logs;
use crate::boards::rings::Rings;
use crate::doors::cli::interrupts::lending;
use crate::doors::cli::output::pager;
#[cfg(feature = "control")]
use crate::serving::up::Merged;
pub(in crate::doors::cli) use control::RunControl;
pub(in crate::doors::cli) use opener::UserPrograms;

/// Snapshots of one board, and the expected durations from earlier runs.
pub(in crate::doors::cli) struct BoardSnapshots {
    pub reader: Reader,
    pub expectations: Expectations,
    pub meter: TreeMeter,
}

impl Snapshots for BoardSnapshots {
    fn refresh(&mut self, into: &mut Snapshot) -> io::Result<bool> {
        self.reader.refresh(into).map_err(io::Error::other)
    }

    fn expectations(&self) -> Expectations {
        self.expectations.clone()
    }

    /// The processor time and memory that the processes below the services' guards use.
    fn usage(&mut self, of: &Snapshot) -> Vec<Option<SlotProcessUsage>> {
        // The processes of a dump are those of another time, perhaps of another machine.
        if self.reader.is_dump() {
            return Vec::new();
        }
        let guard = |slot: &SlotView| slot.pid.filter(|_| slot.kind == Kind::Service && begun(slot));
        let guards: Vec<Option<u32>> = of.slots.iter().map(guard).collect();
        let roots: Vec<u32> = guards.iter().flatten().copied().collect();
        let mut measured = self.meter.sample(&roots).into_iter();
        let mut usage = |_: u32| {
            let TreeUse { pid, processes, processor_permille, memory_bytes } = measured.next()??;
            Some(SlotProcessUsage { pid, processes, processor_permille, memory_bytes })
        };
        guards.into_iter().map(|guard| guard.and_then(&mut usage)).collect()
    }
}

/// The log files beside one board; for a slot without a file, the last lines on the board itself.
pub(in crate::doors::cli) struct BoardLogs {
    #[cfg(feature = "control")]
    board: PathBuf,
    directory: PathBuf,
    rings: Rings,
    /// The merged log of several services, once it was asked for.
    #[cfg(feature = "control")]
    merged: Option<Merged>,
}

impl BoardLogs {
    /// The logs of the children of the board in this file.
    pub(in crate::doors::cli) fn beside(board: &Path) -> Self {
        Self {
            #[cfg(feature = "control")]
            board: board.to_owned(),
            directory: logs_of(board),
            rings: Rings::for_board(board),
            #[cfg(feature = "control")]
            merged: None,
        }
    }

    fn log_path(&self, key: &str) -> PathBuf {
        log_file(&self.directory, key)
    }
}

impl Logs for BoardLogs {
    fn tail(&mut self, key: &str, lines: usize) -> Vec<String> {
        let mut of_file = logs::tail(&self.log_path(key), lines).unwrap_or_default();
        of_file.iter_mut().for_each(|line| *line = without_date(line, false).into_owned());
        if of_file.is_empty() { self.rings.tail(key, lines) } else { of_file }
    }

    fn location(&self, key: &str) -> Option<String> {
        let path = self.log_path(key);
        path.metadata().is_ok_and(|metadata| metadata.len() > 0).then(|| path.display().to_string())
    }

    fn read(&mut self, key: &str, place: LogPlace) -> LogPart {
        let of_file = logs::piece(&self.log_path(key), place).ok().filter(|part| part.size > 0);
        let mut part = of_file.unwrap_or_else(|| self.rings.piece(key, place));
        for line in &mut part.lines {
            if let Cow::Owned(short) = without_date(&line.text, true) {
                line.text = short;
            }
        }
        part
    }

    #[cfg(feature = "control")]
    fn read_together(&mut self, keys: &[String], place: LogPlace) -> LogPart {
        if self.merged.as_ref().is_none_or(|merged| merged.keys != keys) {
            // A board that cannot be read has no such log.
            self.merged = Merged::for_services(&self.board, keys).ok();
        }
        self.merged.as_mut().map(|merged| merged.piece(place)).unwrap_or_default()
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

/// A line of a service's log without the date, or without the whole timestamp, in front of it. Lines of other logs have
/// no timestamp.
#[cfg(feature = "control")]
fn without_date(line: &str, timed: bool) -> Cow<'_, str> {
    let Some((time, text)) = parted(line.as_bytes()) else { return Cow::Borrowed(line) };
    let text = String::from_utf8_lossy(text);
    Cow::Owned(if timed { format!("{} {text}", time_of_day(time)) } else { text.into_owned() })
}

/// Without services no line has a timestamp.
#[cfg(not(feature = "control"))]
fn without_date(line: &str, _timed: bool) -> Cow<'_, str> {
    Cow::Borrowed(line)
}

#[cfg(all(test, feature = "control"))]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_services_line_is_short_and_other_lines_stay() {
        let line = "2026-11-23T10:00:01.250Z listening";
        assert_eq!(
            (without_date(line, true), without_date(line, false)),
            ("10:00:01.250 listening".into(), "listening".into())
        );
        assert_eq!(without_date("2026-11-23 10:00 listening", true), "2026-11-23 10:00 listening");
    }
}
