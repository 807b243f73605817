//! The cold record: the word that announces a text, a phase or an end comes after it, and a new life begins with no old
//! word.

use loom::sync::Arc;
use loom::thread;
use vx_shm::SlotState;
use vx_shm::atomics::{AtomicU64, Mutant, Ordering};
use vx_shm::layout::{
    ColdImage, ColdRecord, ERROR_WORDS, HotLine, KEY_WORDS, LogCounters, PATH_WORDS, PHASES, TEXT_WORDS, VERSION_WORDS,
};
use vx_shm::stamp::{
    Control, End, Meta, PhaseChange, begin_record, claim, end, enter_phase, publish_text, read_hot, read_record,
    read_under, set_control, store_words,
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
        name: "a phase that is named has its entry, and the one before its result",
        mutants: &[Mutant::AnnouncedFirst],
        preemptions: 3,
        run: a_phase_that_is_named_has_its_entry,
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
        // The state's release is not among them: the last publication of the claim has fenced behind all these words.
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

fn live(generation: u32) -> Control {
    Control::of(generation, SlotState::Live, true)
}

fn numbers(revision: u16, phase: u8) -> [u64; 3] {
    [0, 0, Meta { phase, attempt: 1, total_known: false, revision }.word()]
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
        for revision in 1..=2 {
            publish_text(&announced, &written, &[u64::from(revision); TEXT_WORDS], &numbers(revision, 0));
        }
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let mut image = ColdImage::default();
        if read_record(&line, &hot, &record, &mut image) {
            let (text, announced) = (image.good_text(), Meta::from_word(hot.numbers[2]).revision);
            assert_eq!(text.message[0], text.details[0], "two texts in one");
            assert!(text.message[0] >= u64::from(announced), "announced, and not there");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_phase_that_is_named_has_its_entry() {
    let (line, record) = slot();
    let (named, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        let change = PhaseChange { left: 0, left_done: 5, entered: 1, now_ns: 9 };
        enter_phase(&named, &written, &change, &numbers(1, 1));
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let mut image = ColdImage::default();
        let whole = read_record(&line, &hot, &record, &mut image);
        if whole && Meta::from_word(hot.numbers[2]).phase == 1 {
            assert_eq!((image.phases[1].entered_at, image.phases[0].done), (9, 5), "named, and not entered");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn an_end_shows_what_was_written_before_it() {
    const FAILED: Control = Control::of(1, SlotState::Failed, true);
    let (line, record) = slot();
    let (ended, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        let what = End { exit: 1, ended_at: 2, error: &[3; ERROR_WORDS], install_path: &[4; PATH_WORDS] };
        end(&ended, &written, FAILED, &what);
    });
    let reader = thread::spawn(move || {
        let Some(hot) = read_hot(&line) else { return };
        let mut image = ColdImage::default();
        if read_record(&line, &hot, &record, &mut image) && hot.control == FAILED.word() {
            let found = (image.exit_flags, image.ended_at, image.error[0], image.install_path[0]);
            assert_eq!(found, (1, 2, 3, 4), "failed, and nobody knows why");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

/// The number of words of a record that are not latched, at its size in models.
const WORDS: usize = IDENTITY_WORDS + 2 + 2 * PHASES + ERROR_WORDS + PATH_WORDS;
const IDENTITY_WORDS: usize = 6 + KEY_WORDS + VERSION_WORDS;

/// All words of a record. In each variant the reader looks at one of them, in the last at the text: with all in one
/// model there are too many outcomes.
fn words(record: &ColdRecord) -> Vec<&AtomicU64> {
    let mut words: Vec<&AtomicU64> = record.identity.iter().collect();
    words.extend([&record.exit, &record.ended_at]);
    words.extend(record.phases.as_flattened().iter().chain(&record.error).chain(&record.install_path));
    words
}

fn no_word_of_a_record_outlives_its_life() {
    const OLD: u64 = 11;
    const NEW: u64 = 22;
    let over = Control::of(1, SlotState::Failed, true);
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
        let (control, mut found) = (Control::from_word(hot.control), 0);
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
