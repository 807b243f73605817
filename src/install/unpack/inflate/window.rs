//! What was decoded last: what repetitions repeat, and what nobody has taken yet.

use super::super::pieced::PIECE_BYTES;
use super::Damage;

/// How far back a repetition may reach.
pub(super) const WINDOW_BYTES: usize = 32 * 1024;

/// How much is decoded before it has to be taken: as much as is wanted at once.
const ROOM_BYTES: usize = PIECE_BYTES as usize;

/// Where decoding stops at the latest. What is begun before is finished: two literals and the longest repetition.
pub(super) const FULL: usize = WINDOW_BYTES + ROOM_BYTES;

/// With what [`super::fast`] writes past the end of the longest repetition.
pub(super) const SIZE: usize = FULL + 2 + 258 + 32;

/// A buffer that is filled from the front, and begun anew with what is still needed of it.
pub(super) struct Window {
    pub(super) bytes: Box<[u8; SIZE]>,
    /// How many there are.
    pub(super) end: usize,
    /// How many of them were taken.
    taken: usize,
    /// Where decoding stops.
    stop: usize,
}

impl Window {
    pub(super) fn new() -> Self {
        // Not on the stack on its way, and zeros that the system gives.
        let bytes = vec![0; SIZE].into_boxed_slice().try_into().expect("as many bytes");
        Self { bytes, end: 0, taken: 0, stop: FULL }
    }

    pub(super) fn clear(&mut self) {
        self.end = 0;
        self.taken = 0;
    }

    /// What was not taken yet.
    pub(super) fn fresh(&self) -> &[u8] {
        &self.bytes[self.taken..self.end]
    }

    pub(super) fn take(&mut self, count: usize) {
        self.taken += count;
        debug_assert!(self.taken <= self.end, "more than there was");
    }

    /// Where decoding stops; what is begun before is finished.
    pub(super) fn stop(&self) -> usize {
        self.stop.min(FULL)
    }

    /// How much may still be decoded.
    pub(super) fn room(&self) -> usize {
        self.stop().saturating_sub(self.end)
    }

    /// Make room for so many bytes with those that were not taken yet, or for as many as fit.
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

    /// Repeat what was so far back; there must have been room.
    pub(super) fn repeat(&mut self, distance: usize, length: usize) -> Result<(), Damage> {
        let from = self.end.checked_sub(distance).ok_or(Damage::Distance)?;
        // Byte by byte: a repetition may repeat its own beginning.
        for at in 0..length {
            self.bytes[self.end + at] = self.bytes[from + at];
        }
        self.end += length;
        Ok(())
    }
}
