//! The log ring: bytes that are shown were not overwritten meanwhile, and are of one log.

use loom::sync::Arc;
use loom::thread;
use vx_shm::SlotState;
use vx_shm::atomics::{AtomicU64, Mutant};
use vx_shm::layout::{HotLine, LogCounters};
use vx_shm::stamp::{ControlWord, append_log, begin_log, claim, keep_log, read_hot, read_log};

use crate::run::Model;

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "a log never shows a byte that was overwritten while it was copied",
        mutants: &[Mutant::NoLogReserve, Mutant::NoLogFence, Mutant::NoLogCopyFence],
        preemptions: 3,
        run: a_log_never_shows_a_byte_that_was_overwritten,
        variants: 1,
    },
    Model {
        name: "a log never shows a byte before it is there",
        mutants: &[Mutant::RelaxedCommit, Mutant::NoLogFirstFence],
        preemptions: 3,
        run: a_log_never_shows_a_byte_before_it_is_there,
        variants: 1,
    },
    Model {
        name: "a new log never shows lines of the one before",
        mutants: &[Mutant::RelaxedCommit, Mutant::NoLogFirstFence],
        preemptions: 3,
        run: a_new_log_never_shows_lines_of_the_one_before,
        variants: 1,
    },
    Model {
        name: "a slot's new life is shown with its log",
        mutants: &[Mutant::RelaxedState],
        preemptions: 3,
        run: a_new_life_is_shown_with_its_log,
        variants: 1,
    },
    Model {
        name: "a log that is continued never shows a byte of a report that was killed",
        mutants: &[Mutant::ReservedBack],
        preemptions: 3,
        run: a_continued_log_never_shows_a_killed_report,
        variants: 1,
    },
    Model {
        name: "a log with a separate writer goes on while its slot is claimed",
        mutants: &[Mutant::ClaimBeginsLog],
        preemptions: 3,
        run: a_log_of_its_own_writer_goes_on_while_its_slot_is_claimed,
        variants: 1,
    },
    Model {
        name: "a log goes on behind a line that a killed writer left half written",
        mutants: &[
            Mutant::RelaxedCommit,
            Mutant::LateStart,
            Mutant::NoLogFirstFence,
            Mutant::NoLogReserve,
            Mutant::NoLogFence,
            Mutant::NoLogCopyFence,
        ],
        preemptions: 3,
        run: a_log_goes_on_behind_a_half_written_line,
        variants: 1,
    },
];

/// A ring of one word with these bytes in it.
fn ring(bytes: &[u8]) -> (Arc<LogCounters>, Arc<[AtomicU64; 1]>) {
    let (counters, ring) = (Arc::new(LogCounters::default()), Arc::new([AtomicU64::new(0)]));
    append_log(&counters, &*ring, bytes, None);
    (counters, ring)
}

fn assert_one_of(seen: &[u8], whole: &[&[u8]]) {
    assert!(whole.contains(&seen), "{}", String::from_utf8_lossy(seen));
}

fn a_log_never_shows_a_byte_that_was_overwritten() {
    let (counters, ring) = ring(b"aaaabbbb");
    let (ahead, written) = (counters.clone(), ring.clone());
    let writer = thread::spawn(move || append_log(&ahead, &*written, b"c", None));
    let reader = thread::spawn(move || {
        assert_one_of(&read_log(&counters, &*ring).bytes, &[b"aaaabbbb", b"aaabbbbc", b"aaabbbb"]);
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_log_never_shows_a_byte_before_it_is_there() {
    let (counters, ring) = ring(b"");
    let (ahead, written) = (counters.clone(), ring.clone());
    let writer = thread::spawn(move || {
        append_log(&ahead, &*written, b"ab", None);
        append_log(&ahead, &*written, b"c", None);
    });
    let reader = thread::spawn(move || {
        assert_one_of(&read_log(&counters, &*ring).bytes, &[b"", b"ab", b"abc"]);
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_new_log_never_shows_lines_of_the_one_before() {
    let (counters, ring) = ring(b"old");
    let (ahead, written) = (counters.clone(), ring.clone());
    let writer = thread::spawn(move || {
        begin_log(&ahead);
        append_log(&ahead, &*written, b"n", None);
    });
    let reader = thread::spawn(move || {
        assert_one_of(&read_log(&counters, &*ring).bytes, &[b"old", b"", b"n"]);
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_new_life_is_shown_with_its_log() {
    let (counters, ring) = ring(b"old");
    let line = Arc::new(HotLine::default());
    let (claimed, ahead) = (line.clone(), counters.clone());
    let live = ControlWord::new(1, SlotState::Live, true);
    let writer = thread::spawn(move || {
        let free = ControlWord::new(0, SlotState::Free, false);
        assert!(claim(&claimed, free, live, || begin_log(&ahead)));
    });
    let reader = thread::spawn(move || {
        let shows_it = read_hot(&line).is_some_and(|hot| hot.control == live.word());
        let seen = read_log(&counters, &*ring).bytes;
        assert!(!shows_it || seen.is_empty(), "lines of the life before");
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_continued_log_never_shows_a_killed_report() {
    use vx_shm::atomics::Ordering::Relaxed;
    let (counters, ring) = ring(b"aaaabbb\n");
    // A report was killed after it had stored two bytes, before it committed them. The next one goes on in the same
    // life.
    counters.reserved.store(10, Relaxed);
    ring[0].store(u64::from_le_bytes(*b"xyaabbb\n"), Relaxed);
    let (ahead, written) = (counters.clone(), ring.clone());
    let writer = thread::spawn(move || append_log(&ahead, &*written, b"n", None));
    let reader = thread::spawn(move || {
        assert_one_of(&read_log(&counters, &*ring).bytes, &[b"aabbb\n", b"aabbb\nn"]);
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_log_of_its_own_writer_goes_on_while_its_slot_is_claimed() {
    let (counters, ring) = ring(b"");
    let line = Arc::new(HotLine::default());
    let reserved = ControlWord::new(1, SlotState::Reserved, true);
    assert!(claim(&line, ControlWord::new(0, SlotState::Free, false), reserved, || begin_log(&counters)));
    let (ahead, written) = (counters.clone(), ring.clone());
    let writer = thread::spawn(move || append_log(&ahead, &*written, b"ab", None));
    let (claimed, kept) = (line.clone(), counters.clone());
    let claimer = thread::spawn(move || {
        assert!(claim(&claimed, reserved, ControlWord::new(1, SlotState::Live, true), || keep_log(Some(&*kept))));
    });
    writer.join().unwrap();
    claimer.join().unwrap();
    assert_one_of(&read_log(&counters, &*ring).bytes, &[b"ab"]);
}

fn a_log_goes_on_behind_a_half_written_line() {
    use vx_shm::atomics::Ordering::Relaxed;
    let (counters, ring) = ring(b"aaaabbb\n");
    // A writer was killed after it had announced two bytes and stored one.
    counters.reserved.store(10, Relaxed);
    ring[0].store(u64::from_le_bytes(*b"xaaabbb\n"), Relaxed);
    let (ahead, written) = (counters.clone(), ring.clone());
    let writer = thread::spawn(move || {
        begin_log(&ahead);
        append_log(&ahead, &*written, b"n", None);
    });
    let reader = thread::spawn(move || {
        assert_one_of(&read_log(&counters, &*ring).bytes, &[b"aabbb\n", b"abbb\n", b"", b"n"]);
    });
    writer.join().unwrap();
    reader.join().unwrap();
}
