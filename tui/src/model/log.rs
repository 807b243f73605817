//! The part of a log that is in view: a bounded window on it, and the matches of a search.

use vx_status::painted::{Paint, Painted};
use vx_status::slot::SlotId;
use vx_status::source::{LogPart, LogPlace};

use super::LOG_LINES;

/// Most matches that a search counts.
pub(crate) const MOST_HITS: usize = 10_000;

/// A followed log that grew by more than this since the last read is read from its end again.
const FAR_BYTES: u64 = 64 * 1024;

/// At most this many lines are added on one side, so that as many stay on the other.
const MOST_AT_ONCE: usize = LOG_LINES / 2;

/// A line of the log, clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PaintedLogLine {
    /// Byte offset of its start.
    pub(crate) at: u64,
    /// Its text, as a terminal would show it last.
    pub(crate) text: String,
    /// Looks that it asks for, each from a byte of the text on.
    pub(crate) paints: Vec<(usize, Paint)>,
}

/// A piece of the log with clean lines.
struct LogChunk {
    lines: Vec<PaintedLogLine>,
    from: u64,
    to: u64,
    last: bool,
}

impl LogChunk {
    fn from_part(part: LogPart) -> Self {
        let clean = |line: vx_status::source::LogLine| {
            let Painted { text, paints } = Painted::from_line(&line.text);
            PaintedLogLine { at: line.at, text, paints }
        };
        let lines = part.lines.into_iter().map(clean).collect();
        Self { lines, from: part.from, to: part.to, last: part.last }
    }
}

/// The match to go to, once it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    /// The first at or after this byte.
    From(u64),
    /// The first after this byte.
    Behind(u64),
    /// The last before this byte.
    Before(u64),
}

/// A search through a whole log, and how far it has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Search {
    /// Search text; empty without a search.
    pub(crate) text: String,
    /// Byte offsets of the matching lines, in ascending order.
    pub(crate) hits: Vec<u64>,
    /// Everything before this byte has been searched.
    pub(crate) scanned: u64,
    /// The search has reached the end of the log.
    pub(crate) whole: bool,
    /// The match to go to as soon as it is known.
    pub(crate) jump: Option<Jump>,
}

impl Search {
    pub(crate) fn new(text: String, jump: Jump) -> Self {
        Self { text, jump: Some(jump), ..Self::default() }
    }

    /// The same search in another log.
    pub(crate) fn elsewhere(&self) -> Self {
        Self { text: self.text.clone(), ..Self::default() }
    }

    /// The match to go to; `None` while it is unknown, or if there is none.
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

    /// The position of a match among all: `3/17`; with a plus while there may be more.
    pub(crate) fn place(&self, hit: u64) -> String {
        let number = self.hits.iter().position(|other| *other == hit).unwrap_or_default() + 1;
        let more = if self.whole && self.hits.len() < MOST_HITS { "" } else { "+" };
        format!("{number}/{}{more}", self.hits.len())
    }
}

/// The log of the selected slot, as last read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogView {
    /// Slot of this log.
    pub(crate) of: Option<SlotId>,
    /// Consecutive lines.
    pub(crate) lines: Vec<PaintedLogLine>,
    /// Byte offset of the first line.
    pub(crate) from: u64,
    /// Byte offset of the line after the last one.
    pub(crate) to: u64,
    /// Length of the log when last read, in bytes.
    pub(crate) size: u64,
    /// The last read found nothing after the lines.
    pub(crate) complete: bool,
    /// Path of the whole log.
    pub(crate) location: Option<String>,
    /// Keep the newest line in view. While false, the lines stand still.
    pub(crate) follow: bool,
    /// First line shown while not following.
    pub(crate) top: usize,
    pub(crate) search: Search,
    /// Byte offset of the current match.
    pub(crate) hit: Option<u64>,
    /// A byte offset to show whose line hasn't been read yet.
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
    /// Returns whether the line contains the search text, in any case.
    pub(crate) fn matches(&self, line: &PaintedLogLine) -> bool {
        !self.search.text.is_empty() && line.text.to_lowercase().contains(&self.search.text.to_lowercase())
    }

    /// The first line to show in `height` rows.
    pub(crate) fn first_shown(&self, height: usize) -> usize {
        let last_top = self.lines.len().saturating_sub(height);
        if self.follow { last_top } else { self.top.min(last_top) }
    }

    /// The place to read next for a view of `rows` rows, and whether the view waits for the lines.
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

    /// Add a piece of the log. Returns whether the view changes.
    pub(crate) fn add_part(&mut self, place: LogPlace, part: LogPart) -> bool {
        self.size = part.size;
        let part = LogChunk::from_part(part);
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
            // The view has moved since this piece was requested.
            LogPlace::From(_) | LogPlace::Before(_) => false,
        }
    }

    fn replace(&mut self, part: LogChunk) -> bool {
        let news = self.lines != part.lines;
        (self.from, self.to, self.lines, self.complete) = (part.from, part.to, part.lines, part.last);
        news
    }

    fn append(&mut self, part: LogChunk) -> bool {
        // The piece contains the unfinished last line again, now longer.
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

    fn prepend(&mut self, part: LogChunk) -> bool {
        // No lines before this place means that the log was truncated, and nothing is left to read there.
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

/// Only the first `most` lines of the piece.
fn first_of(mut part: LogChunk, most: usize) -> LogChunk {
    if let Some(behind) = part.lines.get(most) {
        (part.to, part.last) = (behind.at, false);
        part.lines.truncate(most);
    }
    part
}

/// Only the last `most` lines of the piece.
fn last_of(mut part: LogChunk, most: usize) -> LogChunk {
    part.lines.drain(..part.lines.len().saturating_sub(most));
    part.from = part.lines.first().map_or(part.from, |line| line.at);
    part
}
