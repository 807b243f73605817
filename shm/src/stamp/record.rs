//! A slot's cold record: what is written to it, what announces that, and the copy that a reader makes.

use crate::atomics::{AtomicU64, Mutant, Ordering, broken, in_order};
use crate::layout::{
    CAUSE_WORDS, CauseLatch, ColdImage, ColdRecord, DETAILS_WORDS, ERROR_WORDS, HotLine, IdentityImage, LogCounters,
    MESSAGE_WORDS, NOTE_WORDS, RESULT_WORDS, TEXT_WORDS,
};

use super::life::read_under;
use super::transitions::{entry_word, read_transitions};
use super::{ControlWord, Fill, HotReading, Meta, begin_log, set_control};

/// Index of the identity's word that holds when it was written.
const CLAIMED_AT: usize = std::mem::offset_of!(IdentityImage, claimed_at) / 8;
/// Index of the identity's word that holds the hash of its key.
const KEY_HASH: usize = std::mem::offset_of!(IdentityImage, key_hash) / 8;

/// Write everything of a new life but its identity: no text, no error, no step but the first, numbers at zero, an empty
/// log, and the number of the attempt. For the second step of a claim.
pub fn begin_record(line: &HotLine, record: &ColdRecord, log: Option<&LogCounters>, now_ns: u64, attempt: u8) {
    record.identity[CLAIMED_AT].store(now_ns, Ordering::Relaxed);
    record.exit.store(0, Ordering::Relaxed);
    record.ended_at.store(0, Ordering::Relaxed);
    record.text.write(&[0; TEXT_WORDS]);
    record.notes.write(&[0; NOTE_WORDS]);
    for word in record.transitions.as_flattened().iter().chain(&record.error).chain(&record.result) {
        word.store(0, Ordering::Relaxed);
    }
    record.transitions[0][0].store(entry_word(0, now_ns), Ordering::Relaxed);
    if let Some(counters) = log {
        begin_log(counters);
    }
    let revision = Meta::from_word(line.numbers.own()[2]).revision;
    let meta = Meta { attempt, transitions: 1, revision, ..Meta::default() }.revised();
    line.numbers.write(&[0, 0, meta.word()]);
}

/// Compute the number of the next attempt at the work of the slot's last life. For the second step of a claim, before
/// [`begin_record`]: the last writer's numbers are still there, as step one has acquired them.
pub fn next_attempt(line: &HotLine) -> u8 {
    Meta::from_word(line.numbers.own()[2]).attempt.saturating_add(1)
}

/// Write the total of the first step of a new life, if it is known beforehand. For the second step of a claim, after
/// [`begin_record`].
pub fn begin_total(line: &HotLine, total: u64) {
    let [done, _, meta] = line.numbers.own();
    line.numbers.write(&[done, total, Meta { total_known: true, ..Meta::from_word(meta) }.word()]);
}

/// Continue a slot whose last writer may have been killed between a text and the numbers that announce it: announce
/// whatever is there. Returns the numbers.
pub fn take_up(line: &HotLine) -> [u64; 3] {
    let [done, total, meta] = line.numbers.own();
    if broken(Mutant::UnrevisedReport) {
        return [done, total, meta];
    }
    let numbers = [done, total, Meta::from_word(meta).revised().word()];
    line.numbers.write(&numbers);
    numbers
}

/// Message and details, as their one writer publishes them.
#[derive(Clone, Copy, Debug)]
pub struct PublishedText {
    words: [u64; TEXT_WORDS],
    /// How many publications of both cells are missing until both copies on the board hold these details.
    missing: u8,
}

impl PublishedText {
    /// Start with the text that the slot's writer finds, which is known to be in one of the two copies.
    pub fn from_record(record: &ColdRecord) -> Self {
        Self { words: record.text.own(), missing: 1 }
    }

    /// Borrow the message's cell, to change it.
    #[inline(always)]
    pub fn message(&mut self) -> &mut [u64; MESSAGE_WORDS] {
        self.words.first_chunk_mut().expect("a text has a message")
    }

    /// Borrow the details' cell, to change it.
    pub fn details(&mut self) -> &mut [u64; DETAILS_WORDS] {
        self.missing = 2;
        self.words.last_chunk_mut().expect("a text has details")
    }

    /// Whether a message may be published alone: both copies hold the details.
    #[inline(always)]
    pub fn settled(&self) -> bool {
        self.missing == 0 || broken(Mutant::UnsettledDetails)
    }
}

/// Publish message and details, and then the numbers, whose revision announces them.
pub fn publish_text(line: &HotLine, record: &ColdRecord, way: impl Fill, text: &mut PublishedText, numbers: &[u64; 3]) {
    text.missing = text.missing.saturating_sub(1);
    in_order(Mutant::AnnouncedFirst, || record.text.write_by(way, &text.words), || line.numbers.write(numbers));
}

/// Publish a message alone, as [`publish_text`] does, where the details are [settled](PublishedText::settled).
#[inline(always)]
pub fn publish_message(line: &HotLine, record: &ColdRecord, way: impl Fill, text: &PublishedText, numbers: &[u64; 3]) {
    let write = || {
        if let Some(message) = text.words.first_chunk::<MESSAGE_WORDS>() {
            record.text.write_front_by(way, message);
        }
    };
    in_order(Mutant::AnnouncedFirst, write, || line.numbers.write(numbers));
}

/// Publish the notes, and then the numbers, whose revision announces them.
pub fn publish_notes(
    line: &HotLine,
    record: &ColdRecord,
    way: impl Fill,
    notes: &[u64; NOTE_WORDS],
    numbers: &[u64; 3],
) {
    in_order(Mutant::AnnouncedFirst, || record.notes.write_by(way, notes), || line.numbers.write(numbers));
}

/// Publish the cause of a wait, and then the numbers, whose revision announces it.
pub fn publish_cause(
    line: &HotLine,
    cause: &CauseLatch,
    way: impl Fill,
    words: &[u64; CAUSE_WORDS],
    numbers: &[u64; 3],
) {
    in_order(Mutant::AnnouncedFirst, || cause.write_by(way, words), || line.numbers.write(numbers));
}

/// A slot's record of its end.
#[derive(Clone, Copy, Debug)]
pub struct SlotEndRecord<'a> {
    /// Exit status and signal; 0 if neither is known.
    pub exit: u64,
    /// In monotonic nanoseconds.
    pub ended_at: u64,
    /// A text cell.
    pub error: &'a [u64; ERROR_WORDS],
    /// A text cell.
    pub result: &'a [u64; RESULT_WORDS],
}

/// Write how a slot ended, and then the state that announces it. For the slot's writer, or the process that records its
/// end.
pub fn end(line: &HotLine, record: &ColdRecord, into: ControlWord, what: &SlotEndRecord<'_>) {
    let write = || {
        write_exit(record, what.exit);
        store_words(&record.error, what.error);
        store_words(&record.result, what.result);
        record.ended_at.store(what.ended_at, Ordering::Relaxed);
    };
    in_order(Mutant::EndFirst, write, || set_control(line, into));
}

/// Write the exit of the process, if it is known. It is one word, so that it may follow the state: the bell that is
/// rung after it makes readers look again.
pub fn write_exit(record: &ColdRecord, exit: u64) {
    if exit != 0 {
        record.exit.store(exit, Ordering::Relaxed);
    }
}

/// Load the hash of a slot's key, one word of its identity.
pub fn key_hash_of(record: &ColdRecord) -> u64 {
    record.identity[KEY_HASH].load(Ordering::Relaxed)
}

/// Load the identity of a slot. Each word is valid alone; under the table's lock all words are of the same life.
pub fn identity_of(record: &ColdRecord) -> IdentityImage {
    let mut identity = IdentityImage::default();
    load_words(&record.identity, bytemuck::cast_slice_mut(std::slice::from_mut(&mut identity)));
    identity
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

/// Copy a cold record out, as it is under the control word that the numbers were read under. Returns the count of
/// transitions after the copy: entries of the ring may have been overwritten up to that count. `None` if text or notes
/// could not be read whole in a few tries, or the slot's state has changed.
pub fn read_record(line: &HotLine, hot: &HotReading, record: &ColdRecord, into: &mut ColdImage) -> Option<u16> {
    let mut count = None;
    let whole = read_under(line, hot.control, || {
        let read = read_cold(record, into);
        count = read_transitions(line, record, &mut into.transitions);
        read
    });
    count.filter(|_| whole)
}

/// Copy a cold record out, except for its transitions. Returns `false` if its text or notes could not be read whole in
/// a few tries; `into` then keeps its text and notes.
///
/// All of it belongs to one life only if the control word is the same before and after: see [`read_record`].
fn read_cold(record: &ColdRecord, into: &mut ColdImage) -> bool {
    let latched = (record.text.read_soon(), record.notes.read_soon());
    let kept = (into.text_stamp, into.text, into.notes_stamp, into.notes);
    load_words(&record.identity, bytemuck::cast_slice_mut(std::slice::from_mut(&mut into.identity)));
    let exit = record.exit.load(Ordering::Relaxed);
    (into.exit_flags, into.exit_signal, into.exit_code) = (exit as u8, (exit >> 8) as u8, (exit >> 32) as i32);
    into.ended_at = record.ended_at.load(Ordering::Relaxed);
    load_words(&record.error, &mut into.error);
    load_words(&record.result, &mut into.result);
    match latched {
        (Some((text_stamp, text)), Some((notes_stamp, notes))) => {
            (into.text_stamp, into.text) = (text_stamp, [bytemuck::cast(text); 2]);
            (into.notes_stamp, into.notes) = (notes_stamp, [notes; 2]);
            true
        }
        _ => {
            (into.text_stamp, into.text, into.notes_stamp, into.notes) = kept;
            false
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::WordByWord;
    use super::super::transitions::{StepChange, enter_step};
    use super::*;
    use crate::layout::TransitionImage;

    #[test]
    fn a_cold_record_and_its_copy_agree_word_by_word() {
        let record = ColdRecord::default();
        for (at, word) in record.identity.iter().enumerate() {
            word.store(100 + at as u64, Ordering::Relaxed);
        }
        record.exit.store(1, Ordering::Relaxed);
        record.ended_at.store(2, Ordering::Relaxed);
        record.text.write(&std::array::from_fn(|at| 200 + at as u64));
        record.notes.write(&std::array::from_fn(|at| 300 + at as u64));
        record.transitions[7][1].store(77, Ordering::Relaxed);
        record.error[28].store(88, Ordering::Relaxed);
        record.result[15].store(99, Ordering::Relaxed);
        let mut image = ColdImage::default();
        assert!(read_cold(&record, &mut image));
        assert_eq!(read_transitions(&HotLine::default(), &record, &mut image.transitions), Some(0));
        let identity = image.identity;
        assert_eq!((identity.start_time, identity.version[3], image.exit_flags, image.ended_at), (101, 124, 1, 2));
        assert_eq!((image.good_text().message[0], image.good_text().details[13]), (200, 223));
        assert_eq!((image.good_notes()[15], image.transitions[7].done), (315, 77));
        assert_eq!((image.error[28], image.result[15]), (88, 99));
    }

    #[test]
    fn a_new_life_keeps_nothing_of_the_one_before_but_stamps_and_revision() {
        let (line, record, log) = (HotLine::default(), ColdRecord::default(), LogCounters::default());
        let meta = Meta { step: 3, attempt: 7, total_known: true, unit: 2, health: 1, transitions: 1, revision: 9 };
        publish_text(
            &line,
            &record,
            WordByWord,
            &mut PublishedText { words: [5; TEXT_WORDS], missing: 1 },
            &[1, 2, meta.word()],
        );
        publish_notes(&line, &record, WordByWord, &[5; NOTE_WORDS], &[1, 2, meta.word()]);
        let change = StepChange { count: 1, left_done: 4, entered: 3, now_ns: 600 };
        enter_step(&line, &record, &change, &[1, 2, meta.word()]);
        let what = SlotEndRecord { exit: 1, ended_at: 2, error: &[3; ERROR_WORDS], result: &[4; RESULT_WORDS] };
        end(&line, &record, ControlWord::from_word(0), &what);
        begin_record(&line, &record, Some(&log), 0x7700, 1);
        let mut image = ColdImage::default();
        assert!(read_cold(&record, &mut image));
        assert_eq!(read_transitions(&line, &record, &mut image.transitions), Some(1));
        let transitions = std::array::from_fn(|at| TransitionImage { entered: [0x7700, 0][at.min(1)], done: 0 });
        let identity = IdentityImage { claimed_at: 0x7700, ..IdentityImage::default() };
        let expected = ColdImage { identity, text_stamp: 2, notes_stamp: 2, transitions, ..ColdImage::default() };
        assert_eq!(image, expected);
        let begun = Meta { attempt: 1, transitions: 1, revision: 10, ..Meta::default() };
        assert_eq!(line.numbers.read(), Some((4, [0, 0, begun.word()])));
    }
}
