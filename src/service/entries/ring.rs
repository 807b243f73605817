//! The last entries, in memory.

use std::collections::VecDeque;

use super::entry::Entry;
use super::filter::Filter;

/// The number of entries that are at hand.
pub const ENTRIES: usize = 5000;
/// The most bytes of their messages: a service with long lines has fewer entries at hand.
const MESSAGES_BYTES: usize = 2 * 1024 * 1024;

/// The last entries.
#[derive(Debug)]
pub struct Entries {
    entries: VecDeque<Entry>,
    capacity: usize,
    bytes: usize,
}

impl Default for Entries {
    fn default() -> Self {
        Self::of_at_most(ENTRIES)
    }
}

impl Entries {
    /// No entries yet, and never more than this many.
    pub fn of_at_most(capacity: usize) -> Self {
        Self { entries: VecDeque::new(), capacity, bytes: 0 }
    }

    /// Add the newest entry; the oldest ones go if there is no room.
    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.message.len();
        self.entries.push_back(entry);
        while self.entries.len() > self.capacity || self.bytes > MESSAGES_BYTES {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.message.len();
        }
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The newest of those that a filter takes, at most this many, the oldest first.
    pub fn last(&self, most: usize, filter: &Filter) -> Vec<&Entry> {
        let mut last: Vec<&Entry> = self.entries.iter().rev().filter(|entry| filter.takes(entry)).take(most).collect();
        last.reverse();
        last
    }

    /// Drop all.
    pub fn clear(&mut self) {
        (self.bytes, self.entries) = (0, VecDeque::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn entry(text: &str) -> Entry {
        Entry::of(&"api".into(), Timestamp::UNIX_EPOCH, text.as_bytes())
    }

    fn texts(entries: &[&Entry]) -> Vec<String> {
        entries.iter().map(|entry| entry.message.clone()).collect()
    }

    #[test]
    fn the_last_entries_stay_in_their_order() {
        let mut entries = Entries::of_at_most(3);
        for number in 1..=5 {
            entries.push(entry(&format!("line {number}")));
        }
        assert_eq!(texts(&entries.last(usize::MAX, &Filter::default())), ["line 3", "line 4", "line 5"]);
        assert_eq!(texts(&entries.last(2, &Filter::default())), ["line 4", "line 5"]);
        assert!(entries.last(0, &Filter::default()).is_empty());
        entries.push(entry("error: x"));
        let errors = Filter { level: Some(crate::service::entries::Level::Error), ..Filter::default() };
        assert_eq!(texts(&entries.last(2, &errors)), ["error: x"]);
        entries.clear();
        assert_eq!(entries.iter().count(), 0);
    }

    #[test]
    fn long_lines_take_bounded_memory() {
        let mut entries = Entries::default();
        let long = "x".repeat(100_000_000);
        entries.push(entry(&long));
        assert!(entries.iter().all(|entry| entry.message.len() == 4096));
        for _ in 0..2 * ENTRIES {
            entries.push(entry(&long[..10_000]));
        }
        assert_eq!(entries.iter().count(), MESSAGES_BYTES / 4096);
        assert_eq!(entries.bytes, MESSAGES_BYTES);
    }
}
