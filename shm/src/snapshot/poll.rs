//! The hot poll: only the numbers of all slots, for a reader that looks many times a second.

use super::Reader;
use crate::atomics::Ordering;
use crate::layout::HotLine;
use crate::progress::Step;
use crate::stamp::{ControlWord, HotReading, Meta, read_hot};

/// A slot's numbers as the last poll found them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolledNumbers(HotReading);

impl PolledNumbers {
    /// Generation of the slot that the numbers belong to; 0 if the slot was never used.
    pub fn generation(&self) -> u32 {
        ControlWord::from_word(self.0.control).generation
    }

    /// Not 0 if the line has changed since the last poll.
    #[inline(always)]
    fn moved(&self, line: &HotLine) -> u64 {
        let (control, stamp) = (line.control.load(Ordering::Relaxed), line.numbers.stamp.load(Ordering::Relaxed));
        (control ^ self.0.control) | (stamp ^ self.0.stamp)
    }

    /// Read the line again. Returns `false` and keeps the last numbers until the next poll if the line is being written
    /// to, or its control word is unnamed. Unnamed means either that a claim has begun, and the numbers are still those
    /// of the life before; or that the board was cut short and reads as never used, which a used slot cannot become.
    /// The control word is loaded before and after the numbers, so that a cut in between shows as well.
    #[inline(always)]
    fn read(&mut self, line: &HotLine) -> bool {
        match read_hot(line) {
            Some(reading) if !ControlWord::from_word(reading.control).unnamed() => {
                self.0 = reading;
                true
            }
            _ => false,
        }
    }

    /// Work finished in the present step.
    pub fn done(&self) -> u64 {
        self.0.numbers[0]
    }

    /// Total work of the present step; `None` while unknown.
    pub fn total(&self) -> Option<u64> {
        Meta::from_word(self.0.numbers[2]).total_known.then_some(self.0.numbers[1])
    }

    /// Which step the writer is in.
    pub fn step(&self) -> Step {
        Step::new(Meta::from_word(self.0.numbers[2]).step)
    }
}

/// How many hot lines are examined together.
const TOGETHER: usize = 64;

impl Reader {
    /// Look at the hot lines of all slots ever used, and keep the numbers of those that changed. Returns their count.
    ///
    /// Reads 64 slots in a fraction of a microsecond. If the board was cut short, the numbers stay as they were, and
    /// [`refresh`](Self::refresh) reports the fault. A private copy of another user's board stays as the last refresh
    /// left it.
    pub fn poll(&mut self) -> usize {
        let used = self.used();
        if self.polled.is_empty() {
            self.polled.resize(self.segment.facts().slot_count as usize, PolledNumbers::default());
        }
        let lines = self.segment.hot_lines(used);
        let seen = &mut self.polled[..used as usize];
        let mut changed = 0;
        for (first, seen) in (0..).step_by(TOGETHER).zip(seen.chunks_mut(TOGETHER)) {
            let lines = || lines.between(first, first + TOGETHER);
            // First without a branch between the loads, so that lines that another core has written to are all fetched
            // at once, whatever the processor predicts. Mostly this is all there is to do.
            if lines().zip(&*seen).fold(0, |moved, (line, seen)| moved | seen.moved(line)) != 0 {
                let read =
                    |(line, seen): (_, &mut PolledNumbers)| usize::from(seen.moved(line) != 0 && seen.read(line));
                changed += lines().zip(seen).map(read).sum::<usize>();
            }
        }
        changed
    }

    /// Numbers of each slot as of the last [`poll`](Self::poll), in slot order; empty before the first poll.
    pub fn numbers(&self) -> &[PolledNumbers] {
        &self.polled
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::progress::SlotState;
    use crate::stamp::{self, ControlWord};
    use crate::{Board, Ending, Kind, Reader, Slot};

    #[test]
    fn numbers_of_a_life_are_not_taken_for_those_of_the_next_one_whose_claim_has_begun() {
        let directory = tempfile::tempdir().unwrap();
        let board = Board::create(&directory.path().join("test.board"), "test", 2).unwrap();
        let mut first = Slot::join(board.path(), "tool", "1", Kind::Task).unwrap();
        first.publish(7);
        first.end(Ending::new(SlotState::Done)).unwrap();
        let mut reader = Reader::open(board.path()).unwrap();
        reader.poll();
        let seen = reader.numbers()[0];
        assert_eq!((seen.generation(), seen.done()), (1, 7));
        let segment = crate::segment::open_write(board.path()).unwrap();
        let line = segment.hot(0).unwrap();
        let over = stamp::load_control(line);
        assert!(stamp::begin_claim(line, over, over.generation + 1, false));
        assert_eq!((reader.poll(), reader.numbers()[0]), (0, seen), "the numbers are those of the life before");
        stamp::set_control(line, ControlWord::new(over.generation + 1, SlotState::Live, true));
        assert_eq!((reader.poll(), reader.numbers()[0].generation()), (1, 2));
    }

    #[test]
    fn a_poll_finds_each_change_once_wherever_the_slot_lies() {
        let directory = tempfile::tempdir().unwrap();
        let board = Board::create(&directory.path().join("test.board"), "test", 200).unwrap();
        let join = |number: u64| Slot::join(board.path(), &format!("tool-{number}"), "1", Kind::Task).unwrap();
        let mut slots: Vec<Slot> = (0..130).map(join).collect();
        let mut reader = Reader::open(board.path()).unwrap();
        assert_eq!(reader.poll(), 130);
        assert_eq!(reader.poll(), 0);
        for at in [0, 63, 64, 127, 128, 129] {
            slots[at].publish(1_000 + at as u64);
        }
        assert_eq!(reader.poll(), 6);
        assert_eq!(reader.poll(), 0);
        let expected = |at: usize| if [0, 63, 64, 127, 128, 129].contains(&at) { 1_000 + at as u64 } else { 0 };
        assert!((0..130).all(|at| reader.numbers()[at].done() == expected(at)));
    }
}
