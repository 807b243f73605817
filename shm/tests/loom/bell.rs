//! The bell: no change is slept through, and a reader that sees a new epoch sees the change.

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use vx_shm::SlotState;
use vx_shm::atomics::{AtomicU32, AtomicU64, Mutant, Ordering};
use vx_shm::layout::{ColdImage, ColdRecord, Doorbell, HotLine};
use vx_shm::stamp::{
    ControlWord, announce, await_change, claim, epoch, load_control, note_used, read_hot, read_record, ring,
    set_control, stop_waiting, used, write_exit,
};

use crate::run::Model;

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "no change is slept through",
        mutants: &[
            Mutant::NoBellFence,
            Mutant::EarlyRing,
            Mutant::NoSleeperFence,
            Mutant::LateAnnounce,
            Mutant::LateWake,
            Mutant::StillWake,
        ],
        preemptions: 3,
        run: no_change_is_slept_through,
        variants: 1,
    },
    Model {
        name: "of two changes by two writers none is slept through",
        mutants: &[Mutant::NoBellFence, Mutant::NoSleeperFence],
        preemptions: 2,
        run: of_two_changes_none_is_slept_through,
        variants: 1,
    },
    Model {
        name: "a reader that sees a slot taken sees the slot",
        mutants: &[Mutant::RelaxedEpoch, Mutant::RelaxedEpochLook],
        preemptions: 3,
        run: a_reader_that_sees_a_slot_taken_sees_the_slot,
        variants: 1,
    },
    Model {
        name: "a second look at the bell finds the exit of the process",
        // The look itself may be relaxed here: reading the numbers fences before the record is read.
        mutants: &[Mutant::RelaxedEpoch],
        preemptions: 3,
        run: a_second_look_at_the_bell_finds_the_exit_of_the_process,
        variants: 1,
    },
    Model {
        name: "a woken reader finds the change that woke it",
        mutants: &[Mutant::RelaxedEpoch, Mutant::RelaxedEpochLook],
        preemptions: 3,
        run: a_woken_reader_finds_the_change_that_woke_it,
        variants: 1,
    },
];

/// What the system does with the wake word: it compares and falls asleep in one step, under its own lock.
#[derive(Default)]
struct Kernel {
    state: Mutex<Sleeping>,
    moved: Condvar,
}

#[derive(Default)]
struct Sleeping {
    wakes: usize,
    /// Whether no ring will follow.
    over: bool,
}

impl Kernel {
    fn sleep_while(&self, word: &AtomicU32, value: u32) {
        let mut state = self.state.lock().unwrap();
        let before = state.wakes;
        if word.load(Ordering::Relaxed) != value {
            return;
        }
        while state.wakes == before {
            let over = state.over;
            if over {
                drop(state);
                panic!("asleep, and no ringer will wake it");
            }
            state = self.moved.wait(state).unwrap();
        }
    }

    fn wake_all(&self) {
        self.state.lock().unwrap().wakes += 1;
        self.moved.notify_all();
    }

    fn end_the_rings(&self) {
        self.state.lock().unwrap().over = true;
        self.moved.notify_all();
    }
}

/// A board's bell, and the system behind it.
#[derive(Default)]
struct Board {
    epoch: AtomicU32,
    bell: Doorbell,
    title: AtomicU64,
    kernel: Kernel,
}

impl Board {
    fn ring(&self) {
        if ring(&self.epoch, &self.bell) {
            self.kernel.wake_all();
        }
    }

    fn wait(&self, seen: u32) {
        announce(&self.bell);
        while let Some(wake) = await_change(&self.epoch, &self.bell, seen) {
            self.kernel.sleep_while(&self.bell.wake, wake);
        }
        stop_waiting(&self.bell);
    }
}

/// Ring from `count` threads, each after `before`; returns once all have rung.
fn with_ringers(count: usize, board: &Arc<Board>, before: fn(&Board), sleeper: impl FnOnce(&Board) + 'static) {
    let ringers: Vec<_> = (0..count)
        .map(|_| {
            let board = board.clone();
            thread::spawn(move || {
                before(&board);
                board.ring();
            })
        })
        .collect();
    let sleeping = board.clone();
    let sleeper = thread::spawn(move || sleeper(&sleeping));
    ringers.into_iter().for_each(|ringer| ringer.join().unwrap());
    board.kernel.end_the_rings();
    sleeper.join().unwrap();
}

fn no_change_is_slept_through() {
    with_ringers(1, &Arc::new(Board::default()), |_| (), |board| board.wait(0));
}

fn of_two_changes_none_is_slept_through() {
    with_ringers(
        2,
        &Arc::new(Board::default()),
        |_| (),
        |board| {
            board.wait(0);
            // The first wait may have seen either change, or both: a reader that has seen one waits for the other.
            if epoch(&board.epoch) == 1 {
                board.wait(1);
            }
            assert_eq!(epoch(&board.epoch), 2);
        },
    );
}

fn a_woken_reader_finds_the_change_that_woke_it() {
    with_ringers(
        1,
        &Arc::new(Board::default()),
        |board| board.title.store(7, Ordering::Relaxed),
        |board| {
            board.wait(0);
            assert_eq!((epoch(&board.epoch), board.title.load(Ordering::Relaxed)), (1, 7));
        },
    );
}

fn a_reader_that_sees_a_slot_taken_sees_the_slot() {
    let (board, line, count) = (Arc::new(Board::default()), Arc::new(HotLine::default()), Arc::new(AtomicU32::new(0)));
    let (rung, claimed, counted) = (board.clone(), line.clone(), count.clone());
    let writer = thread::spawn(move || {
        note_used(&counted, 0);
        let live = ControlWord::new(1, SlotState::Live, true);
        assert!(claim(&claimed, ControlWord::new(0, SlotState::Free, false), live, || ()));
        ring(&rung.epoch, &rung.bell);
    });
    let reader = thread::spawn(move || {
        if epoch(&board.epoch) == 1 {
            assert_eq!(used(&count), 1, "the claim is announced, but the slot not counted as used");
            assert!(!load_control(&line).unnamed(), "the slot is counted as used, but not claimed");
        }
    });
    writer.join().unwrap();
    reader.join().unwrap();
}

fn a_second_look_at_the_bell_finds_the_exit_of_the_process() {
    const EXIT: u64 = 1 << 32 | 1;
    let (board, line, record) =
        (Arc::new(Board::default()), Arc::new(HotLine::default()), Arc::new(ColdRecord::default()));
    // The slot ended itself; its parent adds the exit status.
    set_control(&line, ControlWord::new(1, SlotState::Failed, true));
    let (rung, written) = (board.clone(), record.clone());
    let parent = thread::spawn(move || {
        write_exit(&written, EXIT);
        ring(&rung.epoch, &rung.bell);
    });
    let reader = thread::spawn(move || {
        if epoch(&board.epoch) == 1 {
            let mut image = ColdImage::default();
            let hot = read_hot(&line).expect("no process publishes");
            assert!(read_record(&line, &hot, &record, &mut image).is_some());
            assert_eq!((image.exit_flags, image.exit_code), (1, 1), "announced, but not there");
        }
    });
    parent.join().unwrap();
    reader.join().unwrap();
}
