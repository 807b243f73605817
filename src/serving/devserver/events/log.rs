//! The log of development servers, as programs read it.

use std::collections::VecDeque;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use vx_services::entries::{Level, OutputEntry};

/// The source of entries about the manager's own work.
pub(in crate::serving::devserver) const MANAGER: &str = "manager";
/// The source of entries about files that have changed.
pub(in crate::serving::devserver) const WATCH: &str = "go-watch";

/// A line of output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// Its time.
    pub timestamp: Timestamp,
    /// Its source: `vite`, `go-build`, `go-watch`, `manager`, or a service by its name.
    pub source: String,
    /// Its level: debug, info, warn or error.
    pub level: String,
    /// Its text.
    pub message: String,
    /// The plugin's id.
    #[serde(rename = "pluginID")]
    pub plugin_id: String,
}

impl LogEntry {
    /// An entry that the manager writes itself, with the present time.
    pub(in crate::serving::devserver) fn own(plugin_id: &str, source: &str, level: &str, message: String) -> Self {
        let (source, level) = (source.to_owned(), level.to_owned());
        Self { timestamp: Timestamp::now(), source, level, message, plugin_id: plugin_id.to_owned() }
    }

    /// An entry from the output of a plugin's service.
    pub fn from_entry(plugin_id: &str, entry: &OutputEntry) -> Self {
        Self {
            timestamp: entry.time,
            source: entry.source.as_ref().to_owned(),
            level: Level::name(entry.level).to_owned(),
            message: entry.message.clone(),
            plugin_id: plugin_id.to_owned(),
        }
    }
}

/// The newest entries of a log. Any number of threads can share it.
#[derive(Debug)]
pub struct LogRingBuffer {
    entries: Mutex<VecDeque<LogEntry>>,
    capacity: usize,
}

impl LogRingBuffer {
    /// An empty buffer that keeps this many entries.
    pub fn new(capacity: usize) -> Self {
        Self { entries: Mutex::default(), capacity }
    }

    /// Add the newest entry. If the buffer is full, the oldest entry is dropped.
    pub fn push(&self, entry: LogEntry) {
        let mut entries = self.entries.lock();
        entries.push_back(entry);
        if entries.len() > self.capacity {
            entries.pop_front();
        }
    }

    /// All entries, the oldest first.
    pub fn entries(&self) -> Vec<LogEntry> {
        self.last(usize::MAX)
    }

    /// The newest entries, at most `count`, the oldest of them first.
    pub fn last(&self, count: usize) -> Vec<LogEntry> {
        let entries = self.entries.lock();
        entries.iter().skip(entries.len().saturating_sub(count)).cloned().collect()
    }

    /// Drop all entries.
    pub fn clear(&self) {
        self.entries.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_services::entries::Levels;

    fn entry(number: usize) -> LogEntry {
        let line = format!("WARN {number}");
        LogEntry::from_entry(
            "foo",
            &OutputEntry::from_line(&"vite".into(), Timestamp::UNIX_EPOCH, line.as_bytes(), &mut Levels::default()),
        )
    }

    #[test]
    fn the_newest_entries_come_oldest_first_and_any_count_is_safe() {
        let buffer = LogRingBuffer::new(3);
        assert_eq!((buffer.entries(), buffer.last(5)), (vec![], vec![]));
        (1..=5).for_each(|number| buffer.push(entry(number)));
        assert_eq!(buffer.entries(), [3, 4, 5].map(entry));
        assert_eq!(buffer.last(2), [4, 5].map(entry));
        assert_eq!(buffer.last(0), []);
        assert_eq!(buffer.last(usize::MAX), [3, 4, 5].map(entry));
        buffer.clear();
        assert_eq!(buffer.entries(), []);
        let none = LogRingBuffer::new(0);
        none.push(entry(1));
        assert_eq!(none.entries(), []);
    }

    #[test]
    fn an_entry_has_the_keys_of_the_contract() {
        let text = serde_json::to_string(&entry(1)).expect("text");
        let expected = r#"{"timestamp":"1970-01-01T00:00:00Z","source":"vite","level":"warn","message":"WARN 1","pluginID":"foo"}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<LogEntry>(&text).expect("an entry"), entry(1));
    }
}
