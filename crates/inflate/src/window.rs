//! The last decoded bytes: those that matches refer to, and those not yet consumed.

use super::Damage;
use super::pieced::PIECE_BYTES;

/// The largest distance of a match.
pub(super) const WINDOW_BYTES: usize = 32 * 1024;

/// The most bytes that are decoded before any is consumed: the largest piece requested at once.
const ROOM_BYTES: usize = PIECE_BYTES as usize;

/// The end of decoding. A step that begins before this end may go beyond it: by at most two literals and the longest
/// match.
pub(super) const FULL: usize = WINDOW_BYTES + ROOM_BYTES;

/// The size of the buffer, including bytes that [`super::fast`] may write after the longest match.
pub(super) const SIZE: usize = FULL + 2 + 258 + 32;

/// A buffer that is filled from the front; when it is full, the part still needed moves to the front.
pub(super) struct SlidingWindow {
    pub(super) bytes: Box<[u8; SIZE]>,
    /// Number of bytes in the buffer.
    pub(super) end: usize,
    /// Number of bytes consumed.
    taken: usize,
    /// The end of decoding for the current request.
    stop: usize,
}

impl SlidingWindow {
    pub(super) fn new() -> Self {
        // The vector is allocated as zero pages, and never copied over the stack.
        let bytes = vec![0; SIZE].into_boxed_slice().try_into().expect("as many bytes");
        Self { bytes, end: 0, taken: 0, stop: FULL }
    }

    pub(super) fn clear(&mut self) {
        self.end = 0;
        self.taken = 0;
    }

    /// The bytes not yet consumed.
    pub(super) fn fresh(&self) -> &[u8] {
        &self.bytes[self.taken..self.end]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.taken += count;
        debug_assert!(self.taken <= self.end, "more than there was");
    }

    /// The end of decoding. A step that begins before this end is completed.
    pub(super) fn stop(&self) -> usize {
        self.stop.min(FULL)
    }

    /// Number of bytes that may still be decoded.
    pub(super) fn room(&self) -> usize {
        self.stop().saturating_sub(self.end)
    }

    /// Make room for `count` bytes, including those not yet consumed, or for as many as fit.
    pub(super) fn make_room(&mut self, count: Option<usize>) {
        if let Some(passed @ 1..) = self.taken.checked_sub(WINDOW_BYTES) {
            self.bytes.copy_within(passed..self.end, 0);
            self.end -= passed;
            self.taken = WINDOW_BYTES;
        }
        self.stop = count.map_or(FULL, |count| self.taken + count);
    }

    /// Add a byte; there must be room.
    pub(super) fn push(&mut self, byte: u8) {
        self.bytes[self.end] = byte;
        self.end += 1;
    }

    /// Add bytes as they are; there must be room.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Copy a match from `distance` bytes back; the caller has checked the room.
    pub(super) fn repeat(&mut self, distance: usize, length: usize) -> Result<(), Damage> {
        let from = self.end.checked_sub(distance).ok_or(Damage::Distance)?;
        // Copied byte by byte, since a match may overlap its own beginning.
        for at in 0..length {
            self.bytes[self.end + at] = self.bytes[from + at];
        }
        self.end += length;
        Ok(())
    }
}
