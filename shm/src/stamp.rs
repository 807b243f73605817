//! How words are published and read whole: the stamp over two copies, and the control word over both.
//!
//! One process writes a slot; any number read it, at any time, and never write. A publication goes into the spare copy
//! and then moves the stamp, so that a writer killed at any instruction leaves the copy that the stamp names whole.
//! Readers load `Relaxed` and fence `Acquire`, the only thing promised on pages that are mapped read-only.
//! Which store pairs with which load, and why that is enough: [`crate::docs::protocol`].

mod bell;
mod log;

pub use bell::{announce, await_change, close, is_closed, ring, stop_waiting};
pub use log::{LogWindow, append_log, begin_log, read_log};

use crate::atomics::{AtomicU64, Mutant, Ordering, broken, fence, fence_unless, unless};
use crate::layout::{ColdImage, ColdRecord, HotLine, Latch, TEXT_WORDS};
use crate::progress::SlotState;

/// How often a reader tries again before it keeps what it had.
pub const READ_ATTEMPTS: usize = 4;
/// [`ColdImage::origin`]: the slot's writer took the slot itself and nobody waits for its process.
pub const ORIGIN_JOINED: u8 = 0;
/// [`ColdImage::origin`]: the board's creator named the slot and judges its end.
pub const ORIGIN_RESERVED: u8 = 1;

/// A slot's control word: whose life it is in, and where in that life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// Counts the lives of the slot.
    pub generation: u32,
    /// The number of a [`SlotState`]; any number, as nothing read from a board is trusted.
    pub state: u8,
    /// Whether key, version and kind of this generation are written.
    pub named: bool,
}

impl Control {
    /// The control word of a state that this version knows.
    pub const fn of(generation: u32, state: SlotState, named: bool) -> Self {
        Self { generation, state: state.number(), named }
    }

    /// As stored.
    pub const fn word(self) -> u64 {
        (self.generation as u64) << 32 | (self.named as u64) << 8 | self.state as u64
    }

    /// As loaded.
    pub const fn from_word(word: u64) -> Self {
        Self { generation: (word >> 32) as u32, state: word as u8, named: word >> 8 & 1 == 1 }
    }

    /// The state, if this version knows it.
    pub const fn slot_state(self) -> Option<SlotState> {
        SlotState::from_number(self.state)
    }

    /// Whether a reader has nothing to show: never used, or taken over and not yet named.
    pub const fn unnamed(self) -> bool {
        self.state == SlotState::Free.number() || (self.state == SlotState::Claiming.number() && !self.named)
    }
}

/// The third of a slot's numbers: what the other two are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The number of a phase.
    pub phase: u8,
    /// Which attempt this is, from 1.
    pub attempt: u8,
    /// Whether `total` is known.
    pub total_known: bool,
    /// Moves with every change of text or phases: time to look at the cold record again.
    pub revision: u16,
}

impl Meta {
    /// As stored.
    pub const fn word(self) -> u64 {
        (self.revision as u64) << 48 | (self.total_known as u64) << 16 | (self.attempt as u64) << 8 | self.phase as u64
    }

    /// As loaded.
    pub const fn from_word(word: u64) -> Self {
        Self {
            phase: word as u8,
            attempt: (word >> 8) as u8,
            total_known: word >> 16 & 1 == 1,
            revision: (word >> 48) as u16,
        }
    }
}

impl<const W: usize> Latch<W> {
    /// Publish these words whole. Only the one writer may call this.
    #[inline(always)]
    pub fn write(&self, words: &[u64; W]) {
        let stamp = self.stamp.load(Ordering::Relaxed).wrapping_add(1);
        // The stamp stored last time must be visible before the copy it retired is written: pairs with the fence
        // between the loads of a copy and the second look at the stamp in `read`.
        fence_unless(Mutant::NoWriterFence, Ordering::Release);
        for (cell, word) in self.copies[(stamp & 1) as usize].0.iter().zip(words) {
            cell.store(*word, Ordering::Relaxed);
        }
        // Pairs with the first fence in `read`.
        self.stamp.store(stamp, unless(Mutant::RelaxedPublish, Ordering::Release));
    }

    /// The newest words, with their stamp, if no publication came in between. Stores nothing.
    #[inline(always)]
    pub fn read(&self) -> Option<(u64, [u64; W])> {
        let stamp = self.stamp.load(Ordering::Relaxed);
        fence_unless(Mutant::NoFirstFence, Ordering::Acquire);
        let copy = &self.copies[(stamp & 1) as usize].0;
        let words = std::array::from_fn(|at| copy[at].load(Ordering::Relaxed));
        fence_unless(Mutant::NoReaderFence, Ordering::Acquire);
        (self.stamp.load(Ordering::Relaxed) == stamp).then_some((stamp, words))
    }

    /// The newest words after at most [`READ_ATTEMPTS`] tries.
    pub fn read_soon(&self) -> Option<(u64, [u64; W])> {
        (0..READ_ATTEMPTS).find_map(|_| self.read())
    }

    /// The words that the writer itself published last. For the writer only.
    pub fn own(&self) -> [u64; W] {
        let copy = &self.copies[(self.stamp.load(Ordering::Relaxed) & 1) as usize].0;
        std::array::from_fn(|at| copy[at].load(Ordering::Relaxed))
    }
}

/// One whole reading of a hot line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HotReading {
    /// The control word under which the numbers were published.
    pub control: u64,
    /// Their stamp.
    pub stamp: u64,
    /// `done`, `total`, meta: all from one publication.
    pub numbers: [u64; 3],
}

/// Read a hot line once: `None` when a publication or a change of state came in between. Stores nothing.
#[inline(always)]
pub fn read_hot(line: &HotLine) -> Option<HotReading> {
    let control = line.control.load(Ordering::Relaxed);
    fence(Ordering::Acquire); // Pairs with the release in `set_control`: the state's words are there.
    let (stamp, numbers) = line.numbers.read()?;
    // The latch has fenced behind its loads: a control word that is still the same covers all of them.
    (broken(Mutant::NoSecondControl) || line.control.load(Ordering::Relaxed) == control).then_some(HotReading {
        control,
        stamp,
        numbers,
    })
}

/// Take the slot over from the state that `from` names: step one of a claim. Nothing of the new generation may be
/// written before. `false` when somebody else was first.
pub fn begin_claim(line: &HotLine, from: u64, generation: u32, named: bool) -> bool {
    if broken(Mutant::TwoStepClaim) {
        return line.control.load(Ordering::Relaxed) == from;
    }
    let claiming = Control::of(generation, SlotState::Claiming, named).word();
    if line.control.compare_exchange(from, claiming, Ordering::Acquire, Ordering::Relaxed).is_err() {
        return false;
    }
    // Whoever sees a word of the new generation must see that the slot is being claimed: pairs with the fence before
    // the second look at the control word.
    fence_unless(Mutant::NoClaimFence, Ordering::Release);
    true
}

/// Move the slot to a state whose words are written: the last step of a claim, and of an end.
pub fn set_control(line: &HotLine, control: Control) {
    // Pairs with the first fence in `read_hot`.
    line.control.store(control.word(), unless(Mutant::RelaxedState, Ordering::Release));
}

/// Store words that only this process writes and that no reader believes before the state or the revision moves.
pub fn store_words(into: &[AtomicU64], words: &[u64]) {
    for (cell, word) in into.iter().zip(words) {
        cell.store(*word, Ordering::Relaxed);
    }
}

fn load_words(from: &[AtomicU64], into: &mut [u64]) {
    for (word, cell) in into.iter_mut().zip(from) {
        *word = cell.load(Ordering::Relaxed);
    }
}

/// Copy a cold record out. `false` when its text could not be read whole in a few tries; `into` then keeps its text.
///
/// The caller looks at the slot's control word before and, after an acquire fence, behind this call: the same word
/// twice says that all of it belongs to one generation.
pub fn read_cold(record: &ColdRecord, into: &mut ColdImage) -> bool {
    let text = record.text.read_soon();
    let kept = (into.text_stamp, into.text);
    // `ColdImage` is the record's plain twin: equal offsets are asserted where the layout is drawn.
    let words: &mut [u64] = bytemuck::cast_slice_mut(std::slice::from_mut(into));
    let (identity, rest) = words.split_at_mut(record.identity.len());
    load_words(&record.identity, identity);
    rest[0] = record.exit.load(Ordering::Relaxed);
    rest[1] = record.ended_at.load(Ordering::Relaxed);
    let (_, rest) = rest[2..].split_at_mut(1 + 2 * TEXT_WORDS);
    let (phases, rest) = rest.split_at_mut(2 * record.phases.len());
    load_words(record.phases.as_flattened(), phases);
    let (error, path) = rest.split_at_mut(record.error.len());
    load_words(&record.error, error);
    load_words(&record.install_path, path);
    match text {
        Some((stamp, words)) => {
            into.text_stamp = stamp;
            into.text = [bytemuck::cast(words); 2];
            true
        }
        None => {
            (into.text_stamp, into.text) = kept;
            false
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn control_and_meta_words_come_back_as_they_were() {
        let control = Control::of(u32::MAX, SlotState::Died, true);
        assert_eq!(Control::from_word(control.word()), control);
        let meta = Meta { phase: 7, attempt: 255, total_known: true, revision: 65_535 };
        assert_eq!(Meta::from_word(meta.word()), meta);
    }

    #[test]
    fn a_publication_goes_into_the_spare_copy_and_the_one_before_stays_whole() {
        let latch = Latch::<3>::default();
        latch.write(&[1, 2, 3]);
        latch.write(&[4, 5, 6]);
        assert_eq!(latch.read(), Some((2, [4, 5, 6])));
        let spare: Vec<u64> = latch.copies[1].0.iter().map(|word| word.load(Ordering::Relaxed)).collect();
        assert_eq!(spare, [1, 2, 3]);
    }

    #[test]
    fn the_stamp_may_pass_its_highest_value() {
        let latch = Latch::<1>::default();
        latch.stamp.store(u64::MAX, Ordering::Relaxed);
        latch.write(&[7]);
        assert_eq!(latch.read(), Some((0, [7])));
        latch.write(&[8]);
        assert_eq!(latch.read(), Some((1, [8])));
    }

    #[test]
    fn only_one_of_two_claims_from_the_same_state_wins() {
        let line = HotLine::default();
        assert!(begin_claim(&line, 0, 1, false));
        assert!(!begin_claim(&line, 0, 1, false));
    }

    #[test]
    fn a_cold_record_and_its_copy_agree_word_by_word() {
        let record = ColdRecord::default();
        for (at, word) in record.identity.iter().enumerate() {
            word.store(100 + at as u64, Ordering::Relaxed);
        }
        record.exit.store(1, Ordering::Relaxed);
        record.ended_at.store(2, Ordering::Relaxed);
        record.text.write(&std::array::from_fn(|at| 200 + at as u64));
        record.phases[7][1].store(77, Ordering::Relaxed);
        record.error[28].store(88, Ordering::Relaxed);
        record.install_path[15].store(99, Ordering::Relaxed);
        let mut image = ColdImage::default();
        assert!(read_cold(&record, &mut image));
        assert_eq!((image.start_time, image.version[3], image.exit_flags, image.ended_at), (101, 115, 1, 2));
        assert_eq!((image.good_text().message[0], image.good_text().details[13]), (200, 223));
        assert_eq!((image.phases[7].done, image.error[28], image.install_path[15]), (77, 88, 99));
    }
}
