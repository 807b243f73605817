//! Claim, reuse and end: every word that is shown belongs to the life that is shown.

use loom::sync::{Arc, Mutex};
use loom::thread;
use vx_shm::SlotState;
use vx_shm::atomics::{AtomicU64, Mutant, Ordering};
use vx_shm::layout::HotLine;
use vx_shm::stamp::{
    ControlWord, Meta, begin_claim, claim, load_control, next_attempt, read_hot, read_under, set_control, store_words,
};

use crate::run::Model;

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "a claim never shows numbers of one life under another",
        // The claim's own fence is not among the mutants: the latch's covers it here, and a record's model needs it.
        mutants: &[Mutant::TwoStepClaim, Mutant::NoSecondControl, Mutant::NamedClaim],
        preemptions: 3,
        run: a_claim_never_shows_numbers_of_one_life_under_another,
        variants: 1,
    },
    Model {
        name: "words that are not latched belong to the life that is shown",
        mutants: &[
            Mutant::TwoStepClaim,
            Mutant::NoClaimFence,
            Mutant::NamedClaim,
            Mutant::RelaxedState,
            Mutant::NoRecordFence,
            Mutant::NoRecordControl,
        ],
        preemptions: 3,
        run: words_that_are_not_latched_belong_to_the_life_that_is_shown,
        variants: 1,
    },
    Model {
        name: "of two claims of one slot one wins",
        mutants: &[Mutant::TwoStepClaim],
        preemptions: 3,
        run: of_two_claims_of_one_slot_one_wins,
        variants: 1,
    },
    Model {
        name: "of two claims of one reservation one wins",
        mutants: &[Mutant::TwoStepClaim],
        preemptions: 3,
        run: of_two_claims_of_one_reservation_one_wins,
        variants: 1,
    },
    Model {
        name: "a reservation is claimed by another process, whose publications go on from the creator's",
        mutants: &[Mutant::RelaxedClaim, Mutant::RelaxedState],
        preemptions: 2,
        run: a_reservation_is_claimed_by_another_process,
        variants: 1,
    },
    Model {
        name: "a reservation shown as live has the process that claimed it",
        mutants: &[Mutant::RelaxedState],
        preemptions: 3,
        run: a_reservation_shown_as_live_has_its_process,
        variants: 1,
    },
    Model {
        name: "a slot that ended is taken over by another process, whose publications go on from the last",
        mutants: &[Mutant::RelaxedClaim, Mutant::RelaxedState],
        preemptions: 2,
        run: a_slot_that_ended_is_taken_over,
        variants: 1,
    },
    Model {
        name: "a key that comes again goes on from the attempt of its last life",
        mutants: &[Mutant::RelaxedClaim, Mutant::RelaxedState],
        preemptions: 3,
        run: a_key_that_comes_again_counts_its_attempts,
        variants: 1,
    },
    Model {
        name: "a claim that was cut off by a kill is never shown, and made good by the next one",
        mutants: &[Mutant::NamedClaim, Mutant::NoClaimFence, Mutant::NoRecordFence, Mutant::NoRecordControl],
        preemptions: 3,
        run: a_claim_that_was_cut_off_is_never_shown,
        variants: 1,
    },
    Model {
        name: "a judge of a state sees the words written before it",
        mutants: &[Mutant::RelaxedState, Mutant::RelaxedLook],
        preemptions: 3,
        run: a_judge_of_a_state_sees_the_words_written_before_it,
        variants: 1,
    },
];

const FREE: ControlWord = ControlWord::new(0, SlotState::Free, false);
const RESERVED: ControlWord = ControlWord::new(1, SlotState::Reserved, true);
const OVER: ControlWord = ControlWord::new(1, SlotState::Failed, true);

fn live(generation: u32) -> ControlWord {
    ControlWord::new(generation, SlotState::Live, true)
}

/// The words that a reader may show, by the control word that it read under.
fn shown(line: &HotLine, words: &[AtomicU64]) -> Option<(ControlWord, Vec<u64>)> {
    let hot = read_hot(line)?;
    let mut found = Vec::new();
    let whole = read_under(line, hot.control, || {
        found.extend(words.iter().map(|word| word.load(Ordering::Relaxed)));
        true
    });
    let control = ControlWord::from_word(hot.control);
    (whole && !control.unnamed()).then_some((control, found))
}

fn a_claim_never_shows_numbers_of_one_life_under_another() {
    let line = Arc::new(HotLine::default());
    line.numbers.write(&[1; 3]);
    set_control(&line, OVER);
    let claimed = line.clone();
    let writer = thread::spawn(move || {
        assert!(claim(&claimed, OVER, live(2), || claimed.numbers.write(&[2; 3])));
        claimed.numbers.write(&[2; 3]);
    });
    let reader = thread::spawn(move || {
        for _ in 0..2 {
            if let Some(reading) = read_hot(&line) {
                let control = ControlWord::from_word(reading.control);
                let life = u64::from(control.generation);
                assert!(control.unnamed() || reading.numbers == [life; 3], "{reading:?} under {control:?}");
            }
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn words_that_are_not_latched_belong_to_the_life_that_is_shown() {
    let line = Arc::new(HotLine::default());
    let record = Arc::new([AtomicU64::new(1), AtomicU64::new(1)]);
    set_control(&line, OVER);
    let (claimed, written) = (line.clone(), record.clone());
    let writer = thread::spawn(move || {
        assert!(claim(&claimed, OVER, live(2), || store_words(&*written, &[2, 2])));
    });
    let reader = thread::spawn(move || {
        if let Some((control, words)) = shown(&line, &*record) {
            assert_eq!(words, [u64::from(control.generation); 2], "under {control:?}");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn of_two_claims_of_one_slot_one_wins() {
    one_of_two_wins(FREE);
}

fn of_two_claims_of_one_reservation_one_wins() {
    one_of_two_wins(RESERVED);
}

/// Without the system's locks, the control word alone decides.
fn one_of_two_wins(from: ControlWord) {
    let line = Arc::new(HotLine::default());
    set_control(&line, from);
    let claims: Vec<_> = (0..2)
        .map(|_| {
            let line = line.clone();
            thread::spawn(move || claim(&line, from, live(1), || ()))
        })
        .collect();
    let won = claims.into_iter().map(|claim| claim.join().unwrap()).filter(|won| *won).count();
    assert_eq!(won, 1);
}

fn a_reservation_is_claimed_by_another_process() {
    let line = Arc::new(HotLine::default());
    let (named, claimed) = (line.clone(), line.clone());
    let creator = thread::spawn(move || {
        assert!(claim(&named, FREE, RESERVED, || named.numbers.write(&[1; 3])));
    });
    let child = thread::spawn(move || {
        if claim(&claimed, RESERVED, live(1), || ()) {
            let own = claimed.numbers.own();
            claimed.numbers.write(&own.map(|word| word + 1));
        }
    });
    let reader = thread::spawn(move || {
        if let Some(reading) = read_hot(&line) {
            let unnamed = ControlWord::from_word(reading.control).unnamed();
            assert!(unnamed || reading.numbers == [reading.stamp; 3], "{reading:?}");
            assert!(unnamed || reading.stamp > 0, "named before anything was published");
        }
    });
    creator.join().unwrap();
    child.join().unwrap();
    reader.join().unwrap();
}

fn a_reservation_shown_as_live_has_its_process() {
    const KEY: u64 = 5;
    let line = Arc::new(HotLine::default());
    let identity = Arc::new([AtomicU64::new(KEY), AtomicU64::new(0)]);
    set_control(&line, RESERVED);
    let (claimed, written) = (line.clone(), identity.clone());
    let child = thread::spawn(move || {
        // A first child is killed in the middle of its claim; a second claims the slot again, in the same generation.
        assert!(begin_claim(&claimed, RESERVED, 1, true));
        store_words(&written[1..], &[7]);
        let cut_off = load_control(&claimed);
        assert!(claim(&claimed, cut_off, live(1), || store_words(&written[1..], &[8])));
    });
    let reader = thread::spawn(move || {
        if let Some((control, words)) = shown(&line, &*identity) {
            assert_eq!(words[0], KEY);
            assert!(control != live(1) || words[1] == 8, "live by {}", words[1]);
        }
    });
    child.join().unwrap();
    reader.join().unwrap();
}

fn a_slot_that_ended_is_taken_over() {
    let line = Arc::new(HotLine::default());
    set_control(&line, live(1));
    let (ended, claimed) = (line.clone(), line.clone());
    let first = thread::spawn(move || {
        ended.numbers.write(&[1; 3]);
        set_control(&ended, OVER);
    });
    let second = thread::spawn(move || {
        claim(&claimed, OVER, live(2), || claimed.numbers.write(&[2; 3]));
    });
    let reader = thread::spawn(move || {
        if let Some(reading) = read_hot(&line) {
            let control = ControlWord::from_word(reading.control);
            let stale = control.generation == 1 && reading.stamp == 0;
            let life = u64::from(control.generation);
            assert!(stale || control.unnamed() || reading.numbers == [life; 3], "{reading:?} under {control:?}");
            assert!(reading.numbers == [reading.stamp; 3], "{reading:?}");
        }
    });
    first.join().unwrap();
    second.join().unwrap();
    reader.join().unwrap();
}

fn a_key_that_comes_again_counts_its_attempts() {
    let attempt = |number| [0, 0, Meta { attempt: number, ..Meta::default() }.word()];
    let line = Arc::new(HotLine::default());
    set_control(&line, live(1));
    let (ended, claimed) = (line.clone(), line.clone());
    let first = thread::spawn(move || {
        ended.numbers.write(&attempt(7));
        set_control(&ended, OVER);
    });
    let second = thread::spawn(move || {
        claim(&claimed, OVER, live(2), || claimed.numbers.write(&attempt(next_attempt(&claimed))));
    });
    let reader = thread::spawn(move || {
        let Some(reading) = read_hot(&line) else { return };
        let (control, found) = (ControlWord::from_word(reading.control), Meta::from_word(reading.numbers[2]).attempt);
        assert!(control != OVER || found == 7, "ended in attempt {found}");
        assert!(control != live(2) || found == 8, "begun again in attempt {found}");
    });
    first.join().unwrap();
    second.join().unwrap();
    reader.join().unwrap();
}

fn a_claim_that_was_cut_off_is_never_shown() {
    let line = Arc::new(HotLine::default());
    let word = Arc::new([AtomicU64::new(1)]);
    set_control(&line, OVER);
    // The lock on the slot's byte: the system frees it when its holder dies, and the next holder sees all of that
    // holder's stores.
    let byte = Arc::new(Mutex::new(()));
    let (cut, cut_word, cut_byte) = (line.clone(), word.clone(), byte.clone());
    let killed = thread::spawn(move || {
        let _byte = cut_byte.lock().unwrap();
        let before = load_control(&cut);
        if before == OVER {
            assert!(begin_claim(&cut, before, 2, false));
            store_words(&*cut_word, &[20]);
        }
    });
    let (next, next_word) = (line.clone(), word.clone());
    let second = thread::spawn(move || {
        let _byte = byte.lock().unwrap();
        let before = load_control(&next);
        let generation = before.generation + 1;
        let written = || store_words(&*next_word, &[u64::from(generation)]);
        assert!(claim(&next, before, live(generation), written));
    });
    let reader = thread::spawn(move || {
        if let Some((control, words)) = shown(&line, &*word) {
            assert_eq!(words, [u64::from(control.generation)], "under {control:?}");
        }
    });
    killed.join().unwrap();
    second.join().unwrap();
    reader.join().unwrap();
}

fn a_judge_of_a_state_sees_the_words_written_before_it() {
    let line = Arc::new(HotLine::default());
    let ended_at = Arc::new(AtomicU64::new(0));
    set_control(&line, live(1));
    let (ended, written) = (line.clone(), ended_at.clone());
    let writer = thread::spawn(move || {
        written.store(9, Ordering::Relaxed);
        set_control(&ended, OVER);
    });
    let judge = thread::spawn(move || {
        let over = load_control(&line) == OVER;
        assert!(!over || ended_at.load(Ordering::Relaxed) == 9, "ended without the time: it would be taken too early");
    });
    writer.join().unwrap();
    judge.join().unwrap();
}
