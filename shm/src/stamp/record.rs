//! A slot's cold record: the words written into it, the word that announces each, and the copy that a reader makes.

use crate::atomics::{AtomicU64, Mutant, Ordering, in_order};
use crate::layout::{ColdImage, ColdRecord, ERROR_WORDS, HotLine, LogCounters, PATH_WORDS, TEXT_WORDS};
use crate::progress::Phase;

use super::life::read_under;
use super::{Control, HotReading, Meta, begin_log, set_control};

/// Everything of a new life but its identity: no text, no error, no phases but the first, numbers at zero, an empty
/// log, and the number of the attempt. For the second step of a claim.
pub fn begin_record(line: &HotLine, record: &ColdRecord, log: Option<&LogCounters>, now_ns: u64, attempt: u8) {
    record.identity[4].store(now_ns, Ordering::Relaxed);
    record.exit.store(0, Ordering::Relaxed);
    record.ended_at.store(0, Ordering::Relaxed);
    record.text.write(&[0; TEXT_WORDS]);
    for word in record.phases.as_flattened().iter().chain(&record.error).chain(&record.install_path) {
        word.store(0, Ordering::Relaxed);
    }
    record.phases[usize::from(Phase::Queued.number())][0].store(now_ns, Ordering::Relaxed);
    if let Some(counters) = log {
        begin_log(counters);
    }
    let revision = Meta::from_word(line.numbers.own()[2]).revision.wrapping_add(1);
    let meta = Meta { phase: Phase::Queued.number(), attempt, total_known: false, revision };
    line.numbers.write(&[0, 0, meta.word()]);
}

/// Publish message and details, and then the numbers, whose revision announces them.
pub fn publish_text(line: &HotLine, record: &ColdRecord, text: &[u64; TEXT_WORDS], numbers: &[u64; 3]) {
    in_order(Mutant::AnnouncedFirst, || record.text.write(text), || line.numbers.write(numbers));
}

/// A step from one phase to another.
#[derive(Clone, Copy, Debug)]
pub struct PhaseChange {
    /// The number of the phase that is left.
    pub left: u8,
    /// The work done in the phase that is left.
    pub left_done: u64,
    /// The number of the phase that is entered.
    pub entered: u8,
    /// When, in monotonic nanoseconds.
    pub now_ns: u64,
}

/// Note a change of phase, and then publish the numbers that name the phase.
pub fn enter_phase(line: &HotLine, record: &ColdRecord, change: &PhaseChange, numbers: &[u64; 3]) {
    let entry = |phase: u8| &record.phases[usize::from(phase) % record.phases.len()];
    let note = || {
        entry(change.left)[1].store(change.left_done, Ordering::Relaxed);
        // A reader ignores an entry later than that of the phase that the numbers name: it is one step ahead.
        entry(change.entered)[1].store(0, Ordering::Relaxed);
        entry(change.entered)[0].store(change.now_ns, Ordering::Relaxed);
    };
    in_order(Mutant::AnnouncedFirst, note, || line.numbers.write(numbers));
}

/// A slot's record of its end.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// Exit status and signal; 0 if neither is known.
    pub exit: u64,
    /// In monotonic nanoseconds.
    pub ended_at: u64,
    /// A text cell.
    pub error: &'a [u64; ERROR_WORDS],
    /// A text cell.
    pub install_path: &'a [u64; PATH_WORDS],
}

/// Write how a slot ended, and then the state that announces it. For the slot's writer, or the process that records its
/// end.
pub fn end(line: &HotLine, record: &ColdRecord, into: Control, what: &End<'_>) {
    let write = || {
        write_exit(record, what.exit);
        store_words(&record.error, what.error);
        store_words(&record.install_path, what.install_path);
        record.ended_at.store(what.ended_at, Ordering::Relaxed);
    };
    in_order(Mutant::EndFirst, write, || set_control(line, into));
}

/// Write the exit of the process, if it is known. One word, so that it may follow the state: the bell that is rung
/// behind it makes readers look again.
pub fn write_exit(record: &ColdRecord, exit: u64) {
    if exit != 0 {
        record.exit.store(exit, Ordering::Relaxed);
    }
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

/// Copy a cold record out, as it is under the control word that the numbers were read under. `false` when its text
/// could not be read whole in a few tries, or the slot's state has changed.
pub fn read_record(line: &HotLine, hot: &HotReading, record: &ColdRecord, into: &mut ColdImage) -> bool {
    read_under(line, hot.control, || read_cold(record, into))
}

/// Copy a cold record out. `false` when its text could not be read whole in a few tries; `into` then keeps its text.
///
/// Only under the same control word before and behind does all of it belong to one life: see [`read_record`].
fn read_cold(record: &ColdRecord, into: &mut ColdImage) -> bool {
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

    #[test]
    fn a_new_life_keeps_nothing_of_the_one_before_but_stamps_and_revision() {
        let (line, record, log) = (HotLine::default(), ColdRecord::default(), LogCounters::default());
        let meta = Meta { phase: 3, attempt: 7, total_known: true, revision: 9 };
        publish_text(&line, &record, &[5; TEXT_WORDS], &[1, 2, meta.word()]);
        let change = PhaseChange { left: 0, left_done: 4, entered: 3, now_ns: 6 };
        enter_phase(&line, &record, &change, &[1, 2, meta.word()]);
        let what = End { exit: 1, ended_at: 2, error: &[3; ERROR_WORDS], install_path: &[4; PATH_WORDS] };
        end(&line, &record, Control::from_word(0), &what);
        begin_record(&line, &record, Some(&log), 77, 1);
        let mut image = ColdImage::default();
        assert!(read_cold(&record, &mut image));
        let phases = std::array::from_fn(|at| crate::layout::PhaseImage { entered_at: [77, 0][at.min(1)], done: 0 });
        assert_eq!(image, ColdImage { claimed_at: 77, text_stamp: 2, phases, ..ColdImage::default() });
        let begun = Meta { phase: 0, attempt: 1, total_known: false, revision: 10 };
        assert_eq!(line.numbers.read(), Some((3, [0, 0, begun.word()])));
    }
}
