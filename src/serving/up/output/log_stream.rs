//! The output of a board's services and their builds as one stream, ordered by time, each line with its source.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use vx_run::{log_file, logs_of};
use vx_services::service_of_key;
use vx_shm::{Kind, Reader, Snapshot};

use crate::boards::find::{BoardError, open_file};
use crate::serving::up::output::{LogFollower, OutputEntry};
use crate::serving::up::start::supervisor_place::UpPlace;
use crate::serving::up::state::is_supervised;

/// A line is returned once it is older than this, because an earlier line of another service may still be on its way to
/// its file.
const SETTLED: Duration = Duration::from_millis(20);

/// The lines that the services of one board and their builds print from now on, including services that start later.
pub struct ServiceLogStream {
    reader: Reader,
    snapshot: Snapshot,
    /// Only these services; empty for all.
    names: Vec<String>,
    since: Timestamp,
    followers: Vec<(Arc<str>, LogFollower)>,
    /// Lines that have been read but are not old enough yet.
    waiting: Vec<OutputEntry>,
}

impl ServiceLogStream {
    /// The lines from `since` on of these services of a board; of all services if no names are given.
    ///
    /// # Errors
    /// The board cannot be read.
    pub fn for_services(board: &Path, names: &[String], since: Timestamp) -> Result<Self, BoardError> {
        Ok(Self {
            reader: open_file(board)?,
            snapshot: Snapshot::default(),
            names: names.to_vec(),
            since,
            followers: Vec::new(),
            waiting: Vec::new(),
        })
    }

    /// The lines that have come since the last call. With `last`, also the lines that are not old enough yet.
    pub fn read(&mut self, last: bool) -> Vec<OutputEntry> {
        let begun = Timestamp::now();
        self.follow_new_logs();
        for (_, follower) in &mut self.followers {
            // A log that cannot be read now may be readable at the next call.
            let entries = follower.read().unwrap_or_default();
            self.waiting.extend(entries.into_iter().filter(|entry| entry.time >= self.since));
        }
        // Lines of one service keep their order.
        self.waiting.sort_by_key(|entry| entry.time);
        let settled = begun.checked_sub(SETTLED).unwrap_or(begun);
        let ready = if last { self.waiting.len() } else { self.waiting.partition_point(|entry| entry.time <= settled) };
        self.waiting.drain(..ready).collect()
    }

    /// Continue with the services of the project's next supervisor, once the supervisor of this board has ended.
    pub fn go_on(&mut self, directory: &Path) {
        if is_supervised(&self.snapshot) || !self.waiting.is_empty() {
            return;
        }
        let next = UpPlace::for_directory(directory).ok().and_then(|place| place.record());
        let next = next.filter(|record| record.board != self.reader.path());
        if let Some(reader) = next.and_then(|record| open_file(&record.board).ok()) {
            (self.reader, self.followers) = (reader, Vec::new());
        }
    }

    /// The width of the longest name, in columns.
    pub fn widest(&self) -> usize {
        self.followers.iter().map(|(name, _)| vx_text::width(name)).max().unwrap_or_default()
    }

    /// Follow services and builds that are new on the board.
    fn follow_new_logs(&mut self) {
        // If the board cannot be read any more, the last reading stays.
        let _ = self.reader.refresh(&mut self.snapshot);
        let logs = logs_of(self.reader.path());
        for slot in self.snapshot.slots.iter().filter(|slot| [Kind::Service, Kind::Build].contains(&slot.kind)) {
            let known = self.followers.iter().any(|(name, _)| **name == *slot.key);
            let named =
                self.names.iter().any(|name| [slot.key.as_str(), service_of_key(&slot.key)].contains(&name.as_str()));
            if known || !(self.names.is_empty() || named) {
                continue;
            }
            let source: Arc<str> = slot.key.as_str().into();
            let follower = LogFollower::new(&source, log_file(&logs, &slot.key), false);
            self.followers.push((source, follower));
        }
    }
}
