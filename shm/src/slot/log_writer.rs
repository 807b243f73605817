//! The log of a slot, written by the process that captures the output of the slot's process.

use super::LOG_LINE_BYTES;
use crate::segment::Segment;
use crate::stamp;

/// Writes a slot's log, for the process that the record names as its writer.
#[derive(Debug)]
pub struct LogWriter<'a> {
    segment: &'a Segment,
    slot: u32,
}

impl<'a> LogWriter<'a> {
    /// Get the writer of this life's log; `None` if the record names another process, or the slot is in another life.
    pub(crate) fn for_life(segment: &'a Segment, slot: u32, generation: u32) -> Option<Self> {
        let identity = stamp::identity_of(segment.cold(slot)?);
        let ours = identity.generation == generation && identity.log_writer == std::process::id();
        ours.then_some(Self { segment, slot })
    }

    /// Append one line of output to the slot's log ring, as [`Slot::log_line`](crate::Slot::log_line).
    pub fn line(&mut self, line: &[u8]) {
        append_line(self.segment, self.slot, line);
    }
}

/// Append a line to a slot's ring, if the board has rings.
pub(super) fn append_line(segment: &Segment, slot: u32, line: &[u8]) {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = &line[..line.len().min(LOG_LINE_BYTES)];
    if let Some((counters, ring)) = segment.log(slot) {
        stamp::append_log(counters, ring, line, Some(b'\n'));
    }
}
