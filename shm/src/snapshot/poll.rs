//! The hot poll: numbers of all slots and nothing else, for who looks many times a second.

use super::Reader;
use crate::atomics::Ordering;
use crate::progress::Phase;
use crate::stamp::{Control, HotReading, Meta, read_hot};

/// A slot's numbers as the last poll found them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers(HotReading);

impl Numbers {
    /// Which life of the slot they belong to; 0 where it was never used.
    pub fn generation(&self) -> u32 {
        Control::from_word(self.0.control).generation
    }

    /// Work finished in the present phase.
    pub fn done(&self) -> u64 {
        self.0.numbers[0]
    }

    /// Work there is in it; `None` while unknown.
    pub fn total(&self) -> Option<u64> {
        Meta::from_word(self.0.numbers[2]).total_known.then_some(self.0.numbers[1])
    }

    /// What the writer is doing; `None` for a phase that this version does not know.
    pub fn phase(&self) -> Option<Phase> {
        Phase::from_number(Meta::from_word(self.0.numbers[2]).phase)
    }
}

impl Reader {
    /// Look at the hot lines of all slots ever used, and keep the numbers of those that changed. Returns how many did.
    ///
    /// Reads 64 slots in a fraction of a microsecond. Of a board that was cut short it keeps the numbers as they were;
    /// [`refresh`](Self::refresh) then says what is wrong. A private copy of another user's board stays as the last
    /// refresh left it.
    pub fn poll(&mut self) -> usize {
        let mut changed = 0;
        for (line, seen) in self.segment.hot_lines(self.used()).zip(&mut self.polled) {
            let same = line.control.load(Ordering::Relaxed) == seen.0.control
                && line.numbers.stamp.load(Ordering::Relaxed) == seen.0.stamp;
            if same {
                continue;
            }
            // A slot that is being written to right now keeps its last numbers until the next poll; and so does one of a
            // board that was cut short, as no slot goes back to never having been used.
            if let Some(reading) = read_hot(line).filter(|reading| reading.control != 0 && !self.segment.vanished()) {
                seen.0 = reading;
                changed += 1;
            }
        }
        changed
    }

    /// The numbers of each slot as of the last [`poll`](Self::poll), in slot order.
    pub fn numbers(&self) -> &[Numbers] {
        &self.polled
    }
}
