//! The cold record: the word that announces a text, a step or an end is stored after it, and a new life keeps no old
//! word.

use loom::sync::Arc;
use loom::thread;
use vx_shm::SlotState;
use vx_shm::atomics::{AtomicU64, Mutant, Ordering};
use vx_shm::layout::{
    CAUSE_WORDS, CauseLatch, ColdImage, ColdRecord, ERROR_WORDS, HotLine, IDENTITY_WORDS, LogCounters, NOTE_WORDS,
    RESULT_WORDS, TEXT_WORDS, TRANSITIONS,
};
use vx_shm::stamp::{
    ControlWord, Meta, PublishedText, SlotEndRecord, StepChange, WordByWord, begin_record, claim, end, enter_step,
    next_count, publish_cause, publish_message, publish_notes, publish_text, read_hot, read_record, read_transitions,
    read_under, set_control, shown, store_words, take_up,
};

use crate::run::{Model, variant};

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "a text that is announced is there",
        mutants: &[Mutant::AnnouncedFirst],
        preemptions: 3,
        run: a_text_that_is_announced_is_there,
        variants: 1,
    },
    Model {
        name: "a message has the details it was published with",
        mutants: &[Mutant::UnsettledDetails, Mutant::AnnouncedFirst],
        preemptions: 3,
        run: a_message_has_the_details_it_was_published_with,
        variants: 1,
    },
    Model {
        name: "a text of a killed report is announced by the next",
        mutants: &[Mutant::UnrevisedReport],
        preemptions: 3,
        run: a_text_of_a_killed_report_is_announced_by_the_next,
        variants: 1,
    },
    Model {
        name: "notes that are announced are there",
        mutants: &[Mutant::AnnouncedFirst],
        preemptions: 3,
        run: notes_that_are_announced_are_there,
        variants: 1,
    },
    Model {
        name: "a cause that is announced is there",
        mutants: &[Mutant::AnnouncedFirst],
        preemptions: 3,
        run: a_cause_that_is_announced_is_there,
        variants: 1,
    },
    Model {
        name: "a transition is shown only while it cannot have been overwritten",
        mutants: &[Mutant::NoStepFence, Mutant::NoStepCount, Mutant::NoSpareStep],
        preemptions: 2,
        run: a_transition_is_shown_only_while_it_is_whole,
        variants: 1,
    },
    Model {
        name: "a step that is named has its entry, and the one before its result",
        mutants: &[Mutant::AnnouncedFirst],
        preemptions: 3,
        run: a_step_that_is_named_has_its_entry,
        variants: 1,
    },
    Model {
        name: "an end shows error, result, exit and time that were written before it",
        mutants: &[Mutant::EndFirst, Mutant::RelaxedState],
        preemptions: 3,
        run: an_end_shows_what_was_written_before_it,
        variants: 1,
    },
    Model {
        name: "no word of a record outlives its slot's life",
        // The state's release is not among the mutants: the claim's last publication has fenced after all these words.
        mutants: &[
            Mutant::TwoStepClaim,
            Mutant::NoClaimFence,
            Mutant::NamedClaim,
            Mutant::NoRecordFence,
            Mutant::NoRecordControl,
        ],
        preemptions: 3,
        run: no_word_of_a_record_outlives_its_life,
        variants: WORDS + 1,
    },
];

fn live(generation: u32) -> ControlWord {
    ControlWord::new(generation, SlotState::Live, true)
}

fn numbers(revision: u16, step: u8, transitions: u16) -> [u64; 3] {
    [0, 0, Meta { step, attempt: 1, transitions, revision, ..Meta::default() }.word()]
}

/// A slot in its first life.
fn slot() -> (Arc<HotLine>, Arc<ColdRecord>) {
    let (line, record) = (Arc::new(HotLine::default()), Arc::new(ColdRecord::default()));
    set_control(&line, live(1));
    (line, record)
}

fn a_text_that_is_announced_is_there() {
    let (line, record) = slot();
    let (announced, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        let mut text = PublishedText::from_record(&written);
        for revision in 1..=2 {
            (*text.message(), *text.details()) = ([u64::from(revision)], [u64::from(revision)]);
            publish_text(&announced, &written, WordByWord, &mut text, &numbers(revision, 0, 0));
        }
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let mut image = ColdImage::default();
        if read_record(&line, &hot, &record, &mut image).is_some() {
            let (text, announced) = (image.good_text(), Meta::from_word(hot.numbers[2]).revision);
            assert_eq!(text.message[0], text.details[0], "two texts in one");
            assert!(text.message[0] >= u64::from(announced), "announced, but not there");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_message_has_the_details_it_was_published_with() {
    let (line, record) = slot();
    let (announced, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        let mut text = PublishedText::from_record(&written);
        *text.details() = [7];
        for revision in 1..=3 {
            *text.message() = [u64::from(revision)];
            match revision > 1 && text.settled() {
                true => publish_message(&announced, &written, WordByWord, &text, &numbers(revision, 0, 0)),
                false => publish_text(&announced, &written, WordByWord, &mut text, &numbers(revision, 0, 0)),
            }
        }
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let mut image = ColdImage::default();
        if read_record(&line, &hot, &record, &mut image).is_some() {
            let (text, announced) = (image.good_text(), Meta::from_word(hot.numbers[2]).revision);
            let details = if text.message[0] == 0 { 0 } else { 7 };
            assert_eq!(text.details[0], details, "a message with the details of another publication");
            assert!(text.message[0] >= u64::from(announced), "announced, but not there");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_text_of_a_killed_report_is_announced_by_the_next() {
    let (line, record) = slot();
    line.numbers.write(&numbers(7, 0, 0));
    record.text.write(&[9; TEXT_WORDS]); // Killed before the numbers that announce it.
    let continued = line.clone();
    let writer = thread::spawn(move || {
        let [_, total, meta] = take_up(&continued);
        continued.numbers.write(&[1, total, meta]); // A report that only has numbers.
    });
    let reader = thread::spawn(move || {
        // The reader has shown the record of revision 7, as it was before the killed report.
        let Some(hot) = read_hot(&line) else { return };
        let looks_again = Meta::from_word(hot.numbers[2]).revision != 7;
        assert!(hot.numbers[0] == 0 || looks_again, "the numbers are newer than the text, which stays unseen");
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn notes_that_are_announced_are_there() {
    let (line, record) = slot();
    let (announced, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        for revision in 1..=2 {
            publish_notes(
                &announced,
                &written,
                WordByWord,
                &[u64::from(revision); NOTE_WORDS],
                &numbers(revision, 0, 0),
            );
        }
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let mut image = ColdImage::default();
        if read_record(&line, &hot, &record, &mut image).is_some() {
            let announced = Meta::from_word(hot.numbers[2]).revision;
            assert!(image.good_notes()[0] >= u64::from(announced), "announced, but not there");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_cause_that_is_announced_is_there() {
    let ((line, _), cause) = (slot(), Arc::new(CauseLatch::default()));
    let (announced, written) = (line.clone(), cause.clone());
    let writer = thread::spawn(move || {
        for revision in 1..=2 {
            let words = [u64::from(revision); CAUSE_WORDS];
            publish_cause(&announced, &written, WordByWord, &words, &numbers(revision, 0, 0));
        }
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let Some((_, words)) = cause.read() else { return };
        let announced = u64::from(Meta::from_word(hot.numbers[2]).revision);
        assert!(words[0] == words[1] && words[0] >= announced, "announced, but not there");
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_step_that_is_named_has_its_entry() {
    let (line, record) = slot();
    record.transitions[0][0].store(256, Ordering::Relaxed);
    line.numbers.write(&numbers(0, 0, 1));
    let (named, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        let change = StepChange { count: 1, left_done: 5, entered: 1, now_ns: 512 };
        enter_step(&named, &written, &change, &numbers(1, 1, 2));
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let (meta, mut ring) = (Meta::from_word(hot.numbers[2]), Default::default());
        let Some(after) = read_transitions(&line, &record, &mut ring) else { return };
        if meta.step == 1 {
            let seen: Vec<_> = shown(&ring, meta.transitions, after).collect();
            assert_eq!((seen.len(), seen[0].done, seen[1].entered), (2, 5, 513), "named before it was entered");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

/// The ring is full. The writer enters one more step, which retires the oldest entry, and begins the next.
fn a_transition_is_shown_only_while_it_is_whole() {
    let full = TRANSITIONS as u16;
    let entered = |count: u16| 256 * u64::from(count + 1);
    let (line, record) = slot();
    for count in 0..full {
        record.transitions[usize::from(count)][0].store(entered(count), Ordering::Relaxed);
    }
    line.numbers.write(&numbers(0, 0, full));
    let (named, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        for count in [full, next_count(full)] {
            let change = StepChange { count, left_done: 1, entered: 0, now_ns: entered(count) };
            enter_step(&named, &written, &change, &numbers(count, 0, next_count(count)));
        }
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let (before, mut ring) = (Meta::from_word(hot.numbers[2]).transitions, Default::default());
        let Some(after) = read_transitions(&line, &record, &mut ring) else { return };
        let seen: Vec<u64> = shown(&ring, before, after).map(|entry| entry.entered).collect();
        let expected: Vec<u64> = (0..before).map(entered).collect();
        assert!(expected.ends_with(&seen), "{seen:?} of {expected:?}");
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn an_end_shows_what_was_written_before_it() {
    const FAILED: ControlWord = ControlWord::new(1, SlotState::Failed, true);
    let (line, record) = slot();
    let (ended, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        let what = SlotEndRecord { exit: 1, ended_at: 2, error: &[3; ERROR_WORDS], result: &[4; RESULT_WORDS] };
        end(&ended, &written, FAILED, &what);
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let mut image = ColdImage::default();
        if read_record(&line, &hot, &record, &mut image).is_some() && hot.control == FAILED.word() {
            let found = (image.exit_flags, image.ended_at, image.error[0], image.result[0]);
            assert_eq!(found, (1, 2, 3, 4), "failed without the reason");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

/// The number of words of a record outside of latches, at its size in models.
const WORDS: usize = IDENTITY_WORDS + 2 + 2 * TRANSITIONS + ERROR_WORDS + RESULT_WORDS;

/// All words of a record outside of latches. In each variant the reader looks at one of them, in the last at the text:
/// all of them in one model would have too many outcomes.
fn words(record: &ColdRecord) -> Vec<&AtomicU64> {
    let mut words: Vec<&AtomicU64> = record.identity.iter().collect();
    words.extend([&record.exit, &record.ended_at]);
    words.extend(record.transitions.as_flattened().iter().chain(&record.error).chain(&record.result));
    words
}

fn no_word_of_a_record_outlives_its_life() {
    const OLD: u64 = 11;
    const NEW: u64 = 22;
    let over = ControlWord::new(1, SlotState::Failed, true);
    let (line, record) = slot();
    words(&record).into_iter().for_each(|word| word.store(OLD, Ordering::Relaxed));
    record.text.write(&[OLD; TEXT_WORDS]);
    set_control(&line, over);
    let (claimed, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        let log = LogCounters::default();
        let write = || {
            store_words(&written.identity, &[NEW; IDENTITY_WORDS]);
            begin_record(&claimed, &written, Some(&log), NEW, 1);
        };
        assert!(claim(&claimed, over, live(2), write));
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let (control, mut found) = (ControlWord::from_word(hot.control), 0);
        let whole = read_under(&line, hot.control, || match words(&record).get(variant()) {
            Some(word) => {
                found = word.load(Ordering::Relaxed);
                true
            }
            None => record.text.read().inspect(|(_, text)| found = text[0]).is_some(),
        });
        if whole && !control.unnamed() {
            assert_eq!(found == OLD, control == over, "{found} under {control:?}");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}
