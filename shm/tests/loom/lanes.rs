//! The lanes of a pool: one thread at a time has a lane, and it is used again at once.

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;
use vx_shm::SlotState;
use vx_shm::atomics::{AtomicU64, Mutant, Ordering};
use vx_shm::lanes::{self, Lanes, NoLane, PoolLane};
use vx_shm::layout::HotLine;
use vx_shm::stamp::{ControlWord, claim, load_control, read_under, set_control};

use crate::run::Model;

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "a lane that is used again at once shows no word of one task under another",
        mutants: &[Mutant::LaneFreeFirst, Mutant::LaneStaysFree, Mutant::NoRecordControl, Mutant::RelaxedState],
        preemptions: 2,
        run: a_lane_used_again_shows_one_task,
        variants: 1,
    },
    Model {
        name: "no caller sleeps while a lane is free",
        mutants: &[Mutant::LaneWakesNone, Mutant::LaneWakeKept],
        preemptions: 2,
        run: a_free_lane_is_taken,
        variants: 1,
    },
];

/// Longer than any model runs: a caller that is not woken is a deadlock, which loom reports.
const FOR_EVER: Duration = Duration::from_secs(1_000_000);

/// A pool of one lane.
#[derive(Default)]
struct Pool {
    lanes: Lanes,
    line: HotLine,
    /// A word outside of latches.
    word: AtomicU64,
}

impl Pool {
    fn new() -> Arc<Self> {
        let pool = Self::default();
        pool.lanes.add_unused(PoolLane { slot: 0, left: ControlWord::new(0, SlotState::Free, false), locked: true });
        Arc::new(pool)
    }

    /// One task, from its claim to its end; `false` if there was no lane for it.
    fn task(&self, key: &str) -> bool {
        let lane = match self.lanes.acquire(key, 0, None) {
            Ok(lane) => lane,
            Err(none) => {
                assert_eq!(none, NoLane::AllInUse);
                return false;
            }
        };
        let generation = lane.left.generation + 1;
        let live = ControlWord::new(generation, SlotState::Live, true);
        let write = || self.word.store(generation.into(), Ordering::Relaxed);
        assert!(claim(&self.line, lane.left, live, write), "two threads have one lane");
        let over = ControlWord::new(generation, SlotState::Done, true);
        lanes::end(|| set_control(&self.line, over), || self.lanes.give_back(PoolLane { left: over, ..lane }, Some(0)));
        true
    }
}

fn a_lane_used_again_shows_one_task() {
    let pool = Pool::new();
    let tasks = ["one", "two"].map(|key| {
        let pool = pool.clone();
        thread::spawn(move || pool.task(key))
    });
    let reader = thread::spawn(move || {
        let control = load_control(&pool.line);
        let mut word = 0;
        let whole = read_under(&pool.line, control.word(), || {
            word = pool.word.load(Ordering::Relaxed);
            true
        });
        assert!(!whole || control.unnamed() || word == control.generation.into(), "{word} under {control:?}");
    });
    let ran = tasks.map(|task| task.join().unwrap());
    assert!(ran.contains(&true));
    reader.join().unwrap();
}

/// Two lanes are given back, while two callers wait with the same key and one with another. The first of the two keeps
/// its lane, so the second must pass on a wake-up that it cannot use.
fn a_free_lane_is_taken() {
    let lanes = Arc::new(Lanes::default());
    let lane = |slot| PoolLane { slot, left: ControlWord::new(1, SlotState::Done, true), locked: true };
    (0..2).for_each(|slot| lanes.add_unused(lane(slot)));
    let held = ["first", "second"].map(|key| lanes.acquire(key, 0, None).unwrap());
    let callers = ["same", "same", "other"].map(|key| {
        let lanes = lanes.clone();
        thread::spawn(move || match lanes.acquire(key, 0, Some(FOR_EVER)) {
            Ok(_) if key == "same" => true,
            Ok(lane) => {
                lanes.give_back(lane, Some(0));
                false
            }
            Err(none) => {
                assert!(key == "same" && matches!(none, NoLane::KeyInUse(_)), "{none:?}");
                false
            }
        })
    });
    let giving = thread::spawn(move || held.into_iter().for_each(|lane| lanes.give_back(lane, Some(0))));
    let kept = callers.map(|caller| caller.join().unwrap());
    giving.join().unwrap();
    assert_eq!(kept.iter().filter(|kept| **kept).count(), 1, "one of the two with the same key has a lane");
}
