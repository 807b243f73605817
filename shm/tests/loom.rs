//! The protocol in every interleaving: this crate's own functions under loom, as they are and with one ordering taken
//! away at a time.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p vx-shm --release --test loom`
//!
//! Each model holds as the code is, and fails under each of its mutants: a model that a mutant passes shows nothing.
//! What loom cannot refute is said in `vx_shm::docs::protocol`.
#![cfg(loom)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use loom::sync::Arc;
use loom::thread;
use vx_shm::SlotState;
use vx_shm::atomics::{AtomicU32, AtomicU64, Mutant, Ordering, fence, set_mutant};
use vx_shm::layout::{Doorbell, HotLine, Latch, LogCounters};
use vx_shm::stamp::{
    Control, announce, append_log, await_change, begin_claim, begin_log, close, is_closed, read_hot, read_log, ring,
    set_control, store_words,
};

/// Mutants are switched on for the whole process: one model at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The model holds, and fails under each of these mutants.
fn holds_and_fails_under(mutants: &[Mutant], model: fn()) {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    explore(model);
    for mutant in mutants {
        set_mutant(*mutant);
        let failed = catch_unwind(AssertUnwindSafe(|| explore(model))).is_err();
        set_mutant(Mutant::None);
        assert!(failed, "nothing noticed {mutant:?}");
    }
}

/// Every interleaving of the threads that the model starts. The model's own thread only sets up and joins: loom does not
/// look for interleavings with what it did before.
fn explore(model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn readers_never_see_half_a_publication() {
    let mutants = [Mutant::NoWriterFence, Mutant::RelaxedPublish, Mutant::NoReaderFence, Mutant::NoFirstFence];
    holds_and_fails_under(&mutants, || {
        let latch = Arc::new(Latch::<2>::default());
        let written = latch.clone();
        let writer = thread::spawn(move || (1..=2).for_each(|value| written.write(&[value; 2])));
        let reader = thread::spawn(move || {
            let mut last = 0;
            for _ in 0..2 {
                if let Some((stamp, words)) = latch.read() {
                    assert_eq!(words, [stamp; 2], "words of another publication");
                    assert!(stamp >= last, "went back");
                    last = stamp;
                }
            }
        });
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn a_claim_never_shows_words_of_one_generation_under_another() {
    // The claim's own fence is not among them: the latch's covers it here, and the record's model below needs it.
    let mutants = [Mutant::TwoStepClaim, Mutant::NoSecondControl];
    holds_and_fails_under(&mutants, || {
        let line = Arc::new(HotLine::default());
        let ended = Control::of(1, SlotState::Done, true);
        line.numbers.write(&[1; 3]);
        line.control.store(ended.word(), Ordering::Relaxed);
        let claimed = line.clone();
        let writer = thread::spawn(move || {
            assert!(begin_claim(&claimed, ended.word(), 2, false));
            claimed.numbers.write(&[2; 3]);
            set_control(&claimed, Control::of(2, SlotState::Live, true));
            claimed.numbers.write(&[2; 3]);
        });
        let reader = thread::spawn(move || {
            for _ in 0..2 {
                if let Some(reading) = read_hot(&line) {
                    let control = Control::from_word(reading.control);
                    let shown = u64::from(control.generation);
                    assert!(control.unnamed() || reading.numbers == [shown; 3], "{reading:?} under {control:?}");
                }
            }
        });
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn a_record_that_is_not_latched_belongs_to_the_generation_shown() {
    // The reader's order is that of `Reader::try_slot`: hot line, record, fence, control again.
    let mutants = [Mutant::TwoStepClaim, Mutant::NoClaimFence, Mutant::RelaxedState];
    holds_and_fails_under(&mutants, || {
        let line = Arc::new(HotLine::default());
        let record = Arc::new([AtomicU64::new(1), AtomicU64::new(1)]);
        let ended = Control::of(1, SlotState::Failed, true);
        line.control.store(ended.word(), Ordering::Relaxed);
        let (claimed, written) = (line.clone(), record.clone());
        let writer = thread::spawn(move || {
            assert!(begin_claim(&claimed, ended.word(), 2, false));
            store_words(&*written, &[2, 2]);
            set_control(&claimed, Control::of(2, SlotState::Live, true));
        });
        let reader = thread::spawn(move || {
            let Some(hot) = read_hot(&line) else { return };
            let words = [0, 1].map(|at: usize| record[at].load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            let control = Control::from_word(hot.control);
            if line.control.load(Ordering::Relaxed) == hot.control && !control.unnamed() {
                assert_eq!(words, [u64::from(control.generation); 2], "under {control:?}");
            }
        });
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn of_two_claims_of_one_slot_one_wins() {
    holds_and_fails_under(&[Mutant::TwoStepClaim], || {
        let line = Arc::new(HotLine::default());
        let claims: Vec<_> = (0..2)
            .map(|_| {
                let line = line.clone();
                thread::spawn(move || begin_claim(&line, 0, 1, false))
            })
            .collect();
        let won = claims.into_iter().map(|claim| claim.join().unwrap()).filter(|won| *won).count();
        assert_eq!(won, 1);
    });
}

#[test]
fn an_end_shows_the_error_that_was_written_before_it() {
    holds_and_fails_under(&[Mutant::RelaxedState], || {
        let line = Arc::new(HotLine::default());
        let error = Arc::new(AtomicU64::new(0));
        line.control.store(Control::of(1, SlotState::Live, true).word(), Ordering::Relaxed);
        let (ended, written) = (line.clone(), error.clone());
        let writer = thread::spawn(move || {
            store_words(std::slice::from_ref(&*written), &[7]);
            set_control(&ended, Control::of(1, SlotState::Failed, true));
        });
        let reader = thread::spawn(move || {
            let Some(hot) = read_hot(&line) else { return };
            let failed = Control::from_word(hot.control).slot_state() == Some(SlotState::Failed);
            assert!(!failed || error.load(Ordering::Relaxed) == 7, "failed without a reason");
        });
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn a_log_never_shows_a_byte_that_was_overwritten_while_it_was_copied() {
    holds_and_fails_under(&[Mutant::NoLogReserve, Mutant::NoReaderFence], || {
        let counters = Arc::new(LogCounters::default());
        let ring = Arc::new([AtomicU64::new(0)]);
        append_log(&counters, &*ring, b"aaaabbbb");
        let (ahead, written) = (counters.clone(), ring.clone());
        let writer = thread::spawn(move || append_log(&ahead, &*written, b"c"));
        let reader = thread::spawn(move || {
            let seen = read_log(&counters, &*ring).bytes;
            let whole: [&[u8]; 3] = [b"aaaabbbb", b"aaabbbbc", b"aaabbbb"];
            assert!(whole.contains(&&seen[..]), "{}", String::from_utf8_lossy(&seen));
        });
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn a_new_log_never_shows_lines_of_the_one_before() {
    holds_and_fails_under(&[Mutant::RelaxedCommit], || {
        let counters = Arc::new(LogCounters::default());
        let ring = Arc::new([AtomicU64::new(0)]);
        append_log(&counters, &*ring, b"old");
        let (ahead, written) = (counters.clone(), ring.clone());
        let writer = thread::spawn(move || {
            begin_log(&ahead);
            append_log(&ahead, &*written, b"n");
        });
        let reader = thread::spawn(move || {
            let seen = read_log(&counters, &*ring).bytes;
            let whole: [&[u8]; 3] = [b"old", b"", b"n"];
            assert!(whole.contains(&&seen[..]), "{}", String::from_utf8_lossy(&seen));
        });
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn no_change_is_slept_through() {
    holds_and_fails_under(&[Mutant::NoBellFence], || {
        let epoch = Arc::new(AtomicU32::new(0));
        let bell = Arc::new(Doorbell::default());
        let (moved, rung) = (epoch.clone(), bell.clone());
        let ringer = thread::spawn(move || ring(&moved, &rung));
        let sleeper = thread::spawn(move || {
            announce(&bell);
            await_change(&epoch, &bell, 0)
        });
        let woken = ringer.join().unwrap();
        let sleeps = sleeper.join().unwrap().is_some();
        assert!(!sleeps || woken, "asleep, and nobody will wake it");
    });
}

#[test]
fn who_sees_a_board_closed_sees_what_became_of_it() {
    holds_and_fails_under(&[Mutant::RelaxedClose], || {
        let (state, closed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (said, shut) = (state.clone(), closed.clone());
        let creator = thread::spawn(move || close(&said, &shut, 2));
        let reader = thread::spawn(move || {
            let known = !is_closed(&closed) || state.load(Ordering::Relaxed) == 2;
            assert!(known, "closed, and nobody knows how");
        });
        creator.join().unwrap();
        reader.join().unwrap();
    });
}
