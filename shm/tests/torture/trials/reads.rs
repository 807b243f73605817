//! Readers in this process, and writers that never pause in other processes.

use std::time::{Duration, Instant};

use vx_shm::{Kind, Reader, Slot, Snapshot};

use super::grouped;
use super::written::{self, details_for, line_for, message_for, newest_line, number_in, publication};
use crate::support::Form;
use crate::support::children::{self, Role, Writer, rounds};

/// The number of writers. On a machine with two processors, one of them shares the reader's.
const WRITERS: u64 = 2;
/// The most seconds that each of these trials takes in its usual form.
const LONGEST_SECONDS: u64 = 5;
/// The last number of texts and lines; the next has more digits than there is room for, so the count begins again.
const LAST: u64 = 900_000;

/// Play a child that only writes. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    let write: fn(&mut Slot, u64) = match role.name.as_str() {
        "writes-numbers" => written::publish,
        // This writer pauses between texts. A reader that cannot copy a text before it changes keeps its last whole
        // view, so without pauses it would see hardly any.
        "writes-texts" => |slot, at| {
            slot.message(&message_for(at));
            slot.details(&details_for(at));
            pause(at % 1_000);
        },
        "writes-lines" => |slot, at| {
            slot.log_line(line_for(at).as_bytes());
            pause(at % 3_000);
        },
        _ => return false,
    };
    let last = if role.name == "writes-numbers" { u64::MAX } else { LAST };
    for life in 0.. {
        let mut slot = Slot::join(&role.board, &format!("{}-{}-{life}", role.name, role.seed), "", Kind::Task).unwrap();
        if life == 0 {
            children::report("begins");
        }
        (1..=last).for_each(|at| write(&mut slot, at));
    }
    true
}

fn pause(spins: u64) {
    (0..spins).for_each(|_| std::hint::spin_loop());
}

/// A board, a reader of it, and writers in a role that have begun.
struct Setup {
    _form: Form,
    _writers: Vec<Writer>,
    reader: Reader,
    until: Instant,
    idle: u64,
}

impl Setup {
    fn of(role: &str) -> Self {
        let form = Form::in_memory();
        let board = form.board("reads", WRITERS as u32);
        let mut writers: Vec<Writer> = (0..WRITERS).map(|seed| Writer::start(role, board.path(), seed)).collect();
        writers.iter_mut().for_each(|writer| assert_eq!(writer.line(), "begins"));
        let reader = board.reader().unwrap();
        let until = Instant::now() + Duration::from_secs(rounds(LONGEST_SECONDS));
        Self { _form: form, _writers: writers, reader, until, idle: 0 }
    }

    /// Whether to go on: until enough new publications were read, or the time is over. On a busy machine, writers and
    /// reader do not always run at the same time, and then few publications are new.
    fn goes_on(&mut self, newest: &Newest, wanted: u64) -> bool {
        let over = Instant::now() >= self.until;
        assert!(!over || newest.taken >= wanted / 1_000, "the writers do not write: {} readings", newest.taken);
        !over && newest.taken < wanted
    }

    /// Note whether the last look found something new. After some that did not, pause to let the writers run.
    fn found(&mut self, new: bool) {
        self.idle = if new { 0 } else { self.idle + 1 };
        if self.idle > 64 {
            std::thread::sleep(Duration::from_micros(20));
            self.idle = 0;
        }
    }
}

/// The newest publication that a reader has seen in each slot, and how often it was a new one.
#[derive(Default)]
struct Newest {
    seen: [(u32, u64); WRITERS as usize],
    taken: u64,
}

impl Newest {
    /// Take a whole reading of slot `at`, and check that it is of the same life and not older, or of a later life.
    fn take(&mut self, at: usize, generation: u32, number: u64) -> bool {
        let last = std::mem::replace(&mut self.seen[at], (generation, number));
        assert!((generation, number) >= last, "went back from {last:?} to {:?}", (generation, number));
        let new = (generation, number) != last;
        self.taken += u64::from(new);
        new
    }
}

/// Numbers, by the hot poll. A reading counts if it found a publication that the reader had not seen.
pub(super) fn numbers() -> String {
    let mut setup = Setup::of("writes-numbers");
    let (mut newest, mut looks, wanted) = (Newest::default(), 0_u64, rounds(10_000_000));
    while !looks.is_multiple_of(1 << 10) || looks < wanted || setup.goes_on(&newest, wanted) {
        looks += WRITERS;
        let changed = setup.reader.poll();
        setup.found(changed > 0);
        for (at, numbers) in setup.reader.numbers().iter().enumerate() {
            let (done, total) = (numbers.done(), numbers.total());
            let number = publication(done, total, numbers.generation())
                .unwrap_or_else(|| panic!("half of {done}, half of {total:?}"));
            newest.take(at, numbers.generation(), number);
        }
    }
    let (taken, looks) = (grouped(newest.taken), grouped(looks));
    format!("{looks} readings of {WRITERS} writers, {taken} of them of new publications: 0 torn, 0 going back")
}

/// Message and details, which share a latch, by whole snapshots.
pub(super) fn texts() -> String {
    let mut setup = Setup::of("writes-texts");
    let (mut newest, mut looks, wanted) = (Newest::default(), 0_u64, rounds(100_000));
    let mut snapshot = Snapshot::default();
    while setup.goes_on(&newest, wanted) {
        looks += WRITERS;
        setup.reader.refresh(&mut snapshot).unwrap();
        let mut new = false;
        for (at, slot) in snapshot.slots.iter().enumerate() {
            let details = number_in(&slot.details, details_for).unwrap_or_else(|| panic!("mixed details: {slot:?}"));
            let message = written::whole_message(slot);
            assert!(message == details || message == details + 1, "texts of two publications: {slot:?}");
            new |= newest.take(at, slot.generation, message + details);
        }
        setup.found(new);
    }
    let (taken, looks) = (grouped(newest.taken), grouped(looks));
    format!("{looks} readings of {WRITERS} writers, {taken} of them of new texts: 0 torn, 0 going back")
}

/// Whole log rings, line by line.
pub(super) fn lines() -> String {
    let mut setup = Setup::of("writes-lines");
    let (mut newest, mut lines, wanted) = (Newest::default(), 0_u64, rounds(30_000));
    while setup.goes_on(&newest, wanted) {
        for slot in 0..WRITERS as u32 {
            // The log does not show which life it belongs to, so the read is repeated if the slot is taken over
            // meanwhile.
            let before = generation(&mut setup.reader, slot);
            let log = setup.reader.log_tail(slot, usize::MAX);
            if generation(&mut setup.reader, slot) != before {
                continue;
            }
            let number = newest_line(&log).unwrap_or_else(|| panic!("a line is a mixture, or out of order: {log:#?}"));
            lines += log.len() as u64;
            let new = number != 0 && newest.take(slot as usize, before, number);
            setup.found(new);
        }
    }
    let (taken, lines) = (grouped(newest.taken), grouped(lines));
    format!("{taken} new rings of {WRITERS} writers read, {lines} lines: 0 torn, 0 out of order, 0 going back")
}

/// The life that a slot is in.
fn generation(reader: &mut Reader, slot: u32) -> u32 {
    reader.poll();
    reader.numbers()[slot as usize].generation()
}
