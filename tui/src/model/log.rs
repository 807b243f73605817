//! The part of a log that is in view: a window on it, whatever its length, and the places found by a search.

use super::{LOG_LINES, SlotId};
use crate::source::{LogLine, LogPart, LogPlace};

/// A search counts no more matches than these.
pub(crate) const MOST_HITS: usize = 10_000;

/// Whoever follows a log that is so much further begins at its end again.
const FAR_BYTES: u64 = 64 * 1024;

/// So many lines come into view from one side, so that as many stay on the other.
const MOST_AT_ONCE: usize = LOG_LINES / 2;

/// Which match to go to, once it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    /// The first at this byte or behind it.
    From(u64),
    /// The first behind this byte.
    Behind(u64),
    /// The last before this byte.
    Before(u64),
}

/// A search through the whole of a log, as far as it got.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Search {
    /// What is looked for; empty for nothing.
    pub(crate) text: String,
    /// Where the lines begin that say it, first to last.
    pub(crate) hits: Vec<u64>,
    /// Everything before this byte was looked at.
    pub(crate) scanned: u64,
    /// Everything there was has been looked at.
    pub(crate) whole: bool,
    /// Where to go as soon as it is known.
    pub(crate) jump: Option<Jump>,
}

impl Search {
    pub(crate) fn of(text: String, jump: Jump) -> Self {
        Self { text, jump: Some(jump), ..Self::default() }
    }

    /// The same search in another log.
    pub(crate) fn elsewhere(&self) -> Self {
        Self { text: self.text.clone(), ..Self::default() }
    }

    /// The match to go to; `None` while that is not known, or where there is none.
    pub(crate) fn target(&self, jump: Jump) -> Option<u64> {
        let hits = &self.hits;
        let (found, wrapped) = match jump {
            Jump::From(at) => (hits.iter().find(|hit| **hit >= at), hits.first()),
            Jump::Behind(at) => (hits.iter().find(|hit| **hit > at), hits.first()),
            Jump::Before(at) if self.scanned < at => (None, hits.last()),
            Jump::Before(at) => (hits.iter().rev().find(|hit| **hit < at), hits.last()),
        };
        found.or(wrapped.filter(|_| self.whole)).copied()
    }

    /// Where a match stands among all: `3/17`; with a plus while there may be more.
    pub(crate) fn place(&self, hit: u64) -> String {
        let number = self.hits.iter().position(|other| *other == hit).unwrap_or_default() + 1;
        let more = if self.whole && self.hits.len() < MOST_HITS { "" } else { "+" };
        format!("{number}/{}{more}", self.hits.len())
    }
}

/// The log of the selected slot, as last read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogView {
    /// Whose log this is.
    pub(crate) of: Option<SlotId>,
    /// Lines that follow each other, cleaned.
    pub(crate) lines: Vec<LogLine>,
    /// Where the first of them begins.
    pub(crate) from: u64,
    /// Where the line behind them begins.
    pub(crate) to: u64,
    /// How long the log was when last read.
    pub(crate) size: u64,
    /// There was nothing behind the lines when that was last looked at.
    pub(crate) complete: bool,
    /// Where the whole of it is.
    pub(crate) location: Option<String>,
    /// Keep the newest line in view. While off, the lines stand still.
    pub(crate) follow: bool,
    /// The first line shown, while not following.
    pub(crate) top: usize,
    pub(crate) search: Search,
    /// Where the line found last begins.
    pub(crate) hit: Option<u64>,
    /// A place to show that is not among the lines.
    pub(crate) wanted: Option<u64>,
}

impl Default for LogView {
    fn default() -> Self {
        Self {
            of: None,
            lines: Vec::new(),
            from: 0,
            to: 0,
            size: 0,
            complete: false,
            location: None,
            follow: true,
            top: 0,
            search: Search::default(),
            hit: None,
            wanted: None,
        }
    }
}

impl LogView {
    /// Whether the search text occurs in this line, whatever the case.
    pub(crate) fn matches(&self, line: &LogLine) -> bool {
        !self.search.text.is_empty() && line.text.to_lowercase().contains(&self.search.text.to_lowercase())
    }

    /// The first line to show in `height` rows.
    pub(crate) fn first_shown(&self, height: usize) -> usize {
        let last_top = self.lines.len().saturating_sub(height);
        if self.follow { last_top } else { self.top.min(last_top) }
    }

    /// What to read next for a view of so many rows, and whether somebody waits for it.
    pub(crate) fn next_read(&self, rows: usize) -> Option<(LogPlace, bool)> {
        if let Some(at) = self.wanted {
            return Some((LogPlace::From(at), true));
        }
        if self.lines.is_empty() {
            return Some((LogPlace::End, false));
        }
        let far = self.size < self.to || self.size - self.to > FAR_BYTES;
        if self.follow && far {
            return Some((LogPlace::End, true));
        }
        let room = self.lines.len() < rows || (!self.follow && self.top < rows);
        if room && self.from > 0 {
            return Some((LogPlace::Before(self.from), true));
        }
        let at_the_end = self.follow || self.top + 2 * rows >= self.lines.len();
        at_the_end.then_some((LogPlace::From(self.to), !self.complete))
    }

    /// Take a piece in whose lines are clean. Returns whether it shows.
    pub(crate) fn take(&mut self, place: LogPlace, part: LogPart) -> bool {
        self.size = part.size;
        match place {
            LogPlace::End if self.follow || self.lines.is_empty() => self.replace(last_of(part, LOG_LINES)),
            LogPlace::End => false,
            LogPlace::From(at) if self.wanted == Some(at) => {
                self.wanted = None;
                self.top = 0;
                self.replace(first_of(part, LOG_LINES));
                true
            }
            LogPlace::From(at) if at == self.to => self.append(first_of(part, MOST_AT_ONCE)),
            LogPlace::Before(at) if at == self.from => self.prepend(last_of(part, MOST_AT_ONCE)),
            // Somebody moved on meanwhile.
            LogPlace::From(_) | LogPlace::Before(_) => false,
        }
    }

    fn replace(&mut self, part: LogPart) -> bool {
        let news = self.lines != part.lines;
        (self.from, self.to, self.lines, self.complete) = (part.from, part.to, part.lines, part.last);
        news
    }

    fn append(&mut self, part: LogPart) -> bool {
        // The line that was being written comes again, whole.
        let unfinished = self.lines.partition_point(|line| line.at < self.to);
        let news = self.lines[unfinished..] != part.lines;
        self.lines.truncate(unfinished);
        self.lines.extend(part.lines);
        (self.to, self.complete) = (part.to, part.last);
        let surplus = self.lines.len().saturating_sub(LOG_LINES);
        self.lines.drain(..surplus);
        self.top = self.top.saturating_sub(surplus);
        self.from = self.lines.first().map_or(self.from, |line| line.at);
        news
    }

    fn prepend(&mut self, part: LogPart) -> bool {
        // A log that became shorter has nothing before.
        self.from = if part.lines.is_empty() { 0 } else { part.from };
        self.top += part.lines.len();
        self.lines.splice(..0, part.lines);
        if let Some(behind) = self.lines.get(LOG_LINES) {
            (self.to, self.complete) = (behind.at, false);
            self.lines.truncate(LOG_LINES);
        }
        true
    }
}

/// The piece without all but its first lines.
fn first_of(mut part: LogPart, most: usize) -> LogPart {
    if let Some(behind) = part.lines.get(most) {
        (part.to, part.last) = (behind.at, false);
        part.lines.truncate(most);
    }
    part
}

/// The piece without all but its last lines.
fn last_of(mut part: LogPart, most: usize) -> LogPart {
    part.lines.drain(..part.lines.len().saturating_sub(most));
    part.from = part.lines.first().map_or(part.from, |line| line.at);
    part
}
