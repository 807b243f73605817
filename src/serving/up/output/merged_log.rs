//! The last lines of several services as one log, which can be read in pieces, backwards and forwards.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use vx_run::{log_file, logs_of};
use vx_services::entries::{RotatedLog, time_of_day};
use vx_services::{KEPT_FILES, build_key, service_of_key};
use vx_status::source::{LogLine, LogPart, LogPlace};

use super::log_stream::ServiceLogStream;
use crate::boards::find::BoardError;
use crate::serving::up::output::{Filter, OutputEntry};

/// The most lines in memory.
const LINES: usize = 5_000;
/// The most lines of a piece.
const PIECE: usize = 1_000;

/// The logs of these services of one board.
pub struct Merged {
    /// The services.
    pub keys: Vec<String>,
    together: ServiceLogStream,
    lines: VecDeque<LogLine>,
    /// The offset after the last line, in bytes as in a file.
    end: u64,
    /// The width of the longest name, in columns.
    wide: usize,
}

impl Merged {
    /// The logs of these services of a board.
    ///
    /// # Errors
    /// The board cannot be read.
    pub fn for_services(board: &Path, keys: &[String]) -> Result<Self, BoardError> {
        let from = Timestamp::now();
        let together = ServiceLogStream::for_services(board, keys, from)?;
        let builds = keys.iter().map(|key| build_key(service_of_key(key)));
        let builds = builds.filter(|key| log_file(&logs_of(board), key).exists());
        let sources: BTreeSet<String> = keys.iter().cloned().chain(builds).collect();
        let wide = sources.iter().map(|key| vx_text::width(key)).max().unwrap_or_default();
        let mut merged = Self { keys: keys.to_vec(), together, lines: VecDeque::new(), end: 0, wide };
        let mut before: Vec<OutputEntry> = Vec::new();
        for key in &sources {
            let source: Arc<str> = key.as_str().into();
            let kept = RotatedLog { source, path: log_file(&logs_of(board), key), kept_files: KEPT_FILES };
            // A log that cannot be read contributes no lines.
            before.extend(kept.last(LINES, &Filter::default()).unwrap_or_default());
        }
        before.retain(|entry| entry.time < from);
        before.sort_by_key(|entry| entry.time);
        merged.add(before);
        Ok(merged)
    }

    /// A piece of the log at this place.
    pub fn piece(&mut self, place: LogPlace) -> LogPart {
        let news = self.together.read(false);
        self.add(news);
        let behind = match place {
            LogPlace::End => self.lines.len(),
            LogPlace::Before(at) => self.lines.partition_point(|line| line.at < at),
            LogPlace::From(at) => {
                let first = self.lines.partition_point(|line| line.at < at);
                return self.part(first, (first + PIECE).min(self.lines.len()));
            }
        };
        self.part(behind.saturating_sub(PIECE), behind)
    }

    fn part(&self, first: usize, behind: usize) -> LogPart {
        let at = |place: usize| self.lines.get(place).map_or(self.end, |line| line.at);
        let lines = self.lines.range(first..behind).cloned().collect();
        LogPart { lines, from: at(first), to: at(behind), size: self.end, last: behind == self.lines.len() }
    }

    fn add(&mut self, entries: Vec<OutputEntry>) {
        for OutputEntry { time, source, message, .. } in entries {
            // A build that came later has a longer name than its service.
            self.wide = self.wide.max(vx_text::width(&source));
            let source = vx_text::padded(&source, self.wide, "");
            let text = format!("{} {source} | {message}", time_of_day(time));
            let at = self.end;
            self.end += text.len() as u64 + 1;
            self.lines.push_back(LogLine { at, text });
        }
        let surplus = self.lines.len().saturating_sub(LINES);
        self.lines.drain(..surplus);
    }
}
