//! A line of output with its time, its source and its level.

use std::sync::Arc;

use jiff::Timestamp;

use super::level::Level;
use super::record::Levels;
use crate::plain::{last_shown, plain};

/// A message has at most this many bytes. The rest of a longer line is in the log file only.
const MESSAGE_BYTES: usize = 4 * 1024;

/// A line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputEntry {
    /// The time at which it was read.
    pub time: Timestamp,
    /// The service, or the part of one, that printed it.
    pub source: Arc<str>,
    /// Its level: its record's, or a graver one that the line itself shows.
    pub level: Level,
    /// Its text, without colours and without its end.
    pub message: String,
}

impl OutputEntry {
    /// Make the entry of a whole line. Of text that was drawn over, the last counts. `levels` has seen the lines before
    /// it.
    pub fn from_line(source: &Arc<str>, time: Timestamp, line: &[u8], levels: &mut Levels) -> Self {
        let line = &line[..line.len().min(4 * MESSAGE_BYTES)];
        let text = plain(line);
        let text = last_shown(&text).trim_end();
        let message = text[..text.floor_char_boundary(MESSAGE_BYTES)].to_owned();
        Self { time, source: Arc::clone(source), level: levels.next(time, &message), message }
    }
}
