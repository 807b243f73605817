//! A pool of slots in one process: its lanes, their keys, their locks, and what other processes see of them.

mod support;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use support::{Form, both_forms};
use vx_shm::{Board, ClaimError, Ending, Kind, Liveness, Pool, ReserveError, Slot, SlotState, SlotView, SlotWork};

/// The longest that a test waits for anything.
const LONGEST: Duration = Duration::from_secs(60);

fn done() -> Ending {
    Ending::new(SlotState::Done)
}

fn views(board: &Board) -> Vec<SlotView> {
    board.reader().unwrap().snapshot().unwrap().slots
}

fn key_in_use<T>(begun: Result<T, ClaimError>) -> bool {
    matches!(begun, Err(ClaimError::Place(ReserveError::KeyInUse { .. })))
}

#[test]
fn many_tasks_run_on_few_lanes_without_rest() {
    both_forms(|form| {
        let board = form.board("tasks", 8);
        let pool = Pool::claim(board.path(), 4).unwrap();
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let pool = &pool;
                scope.spawn(move || {
                    for number in 0..100 {
                        let mut slot = pool.begin(&format!("{worker}-{number}"), "1", Kind::Task).unwrap();
                        slot.publish_of(number + 1, Some(100));
                        slot.message(&format!("task {number} of {worker}"));
                        slot.end(done()).unwrap();
                    }
                });
            }
        });
        let seen = views(&board);
        assert!(seen.len() <= 4, "{seen:?}");
        assert_eq!(seen.iter().map(|slot| slot.generation).sum::<u32>(), 400, "each task is a life");
        for slot in &seen {
            let (worker, number) = slot.key.split_once('-').unwrap();
            assert_eq!(slot.message, format!("task {number} of {worker}"));
            assert_eq!(
                (slot.done.to_string(), slot.total),
                (format!("{}", number.parse::<u64>().unwrap() + 1), Some(100))
            );
            assert_eq!((slot.state, slot.pid), (SlotState::Done, Some(std::process::id())));
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn all_lanes_share_one_descriptor_and_one_map() {
    let form = Form::file();
    let board = form.board("one", 64);
    let path = board.path().to_string_lossy().into_owned();
    let open = || {
        let links = std::fs::read_dir("/proc/self/fd").unwrap();
        let paths = links.filter_map(|link| std::fs::read_link(link.unwrap().path()).ok());
        let descriptors = paths.filter(|target| target.to_string_lossy() == path).count();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        (descriptors, maps.lines().filter(|line| line.ends_with(&path)).count())
    };
    let before = open();
    let pool = Pool::claim(board.path(), 64).unwrap();
    let slots: Vec<Slot> = (0..64).map(|at| pool.begin(&at.to_string(), "", Kind::Task).unwrap()).collect();
    let with = open();
    assert_eq!((with.0 - before.0, with.1 - before.1), (1, 1));
    drop((pool, slots));
}

#[test]
fn a_lane_between_two_tasks_is_no_other_process_s() {
    let form = Form::file();
    let board = form.board("held", 2);
    let pool = Pool::claim(board.path(), 2).unwrap();
    pool.begin("a", "", Kind::Task).unwrap().end(done()).unwrap();
    let full = |joined| matches!(joined, Err(ClaimError::Place(ReserveError::Full { capacity: 2 })));
    assert!(full(Slot::join(board.path(), "other", "", Kind::Task)), "one has ended, one was never used");
    let last = pool.begin("b", "", Kind::Task).unwrap();
    drop(pool);
    let joined = Slot::join(board.path(), "other", "", Kind::Task);
    assert!(full(joined), "a slot of the pool still runs, and holds its locks");
    last.end(done()).unwrap();
    assert!(Slot::join(board.path(), "other", "", Kind::Task).is_ok(), "the pool is gone with its last slot");
}

#[test]
fn a_key_is_in_use_once_until_its_task_ends() {
    let form = Form::file();
    let board = form.board("keys", 4);
    let pool = Pool::claim(board.path(), 3).unwrap();
    let long = "k".repeat(200);
    let first = pool.begin(&long, "", Kind::Task).unwrap();
    let longer = pool.begin(&format!("{long}k"), "", Kind::Task).unwrap();
    assert_ne!(first.index(), longer.index(), "the keys differ only behind the part that the board keeps");
    assert!(key_in_use(pool.begin(&long, "", Kind::Task)));
    assert!(key_in_use(Slot::join(board.path(), &long, "", Kind::Task)), "other processes see it, too");
    first.end(done()).unwrap();
    pool.begin(&long, "", Kind::Task).unwrap();
    assert!(matches!(pool.begin("", "", Kind::Task), Err(ClaimError::Place(ReserveError::NoKey))));
}

#[test]
fn a_task_too_many_is_refused_at_once_or_waits_for_the_end_of_another() {
    let form = Form::file();
    let board = form.board("full", 1);
    let pool = Pool::claim(board.path(), 1).unwrap();
    let first = pool.begin("first", "", Kind::Task).unwrap();
    assert!(matches!(pool.begin("second", "", Kind::Task), Err(ClaimError::NoLane { lanes: 1 })));
    let work = SlotWork::new("second", "", Kind::Task);
    let began = Instant::now();
    let short = Duration::from_millis(30);
    assert!(matches!(pool.begin_as(&work, Some(short)), Err(ClaimError::NoLane { lanes: 1 })));
    assert!(began.elapsed() >= short);
    let (started, has_started) = mpsc::channel();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            started.send(()).unwrap();
            pool.begin_as(&work, Some(LONGEST)).map(|slot| slot.index())
        });
        has_started.recv().unwrap();
        std::thread::sleep(short);
        first.end(done()).unwrap();
        assert_eq!(second.join().unwrap().unwrap(), 0);
        assert!(began.elapsed() < LONGEST, "it was woken by the timeout, not by the free lane");
    });
}

#[test]
fn a_slot_dropped_without_an_end_is_lost_until_its_lane_is_used_again() {
    let form = Form::file();
    let board = form.board("lost", 2);
    let pool = Pool::claim(board.path(), 2).unwrap();
    let [dropped, kept] = ["dropped", "kept"].map(|key| pool.begin(key, "", Kind::Task).unwrap());
    drop(dropped);
    let mut reader = board.reader().unwrap();
    let began = Instant::now();
    while reader.snapshot().unwrap().slots[0].liveness != Liveness::Lost {
        assert!(began.elapsed() < LONGEST, "{:?}", reader.snapshot());
        std::thread::sleep(Duration::from_millis(20));
    }
    let again = pool.begin("again", "", Kind::Task).unwrap();
    assert_eq!((again.index(), again.generation()), (0, 2));
    assert_eq!(views(&board)[0].liveness, Liveness::Alive);
    drop((again, kept));
}

#[test]
fn a_lane_lost_to_another_process_is_not_written_to() {
    let form = Form::file();
    let board = form.board("taken", 2);
    let pool = Pool::claim(board.path(), 2).unwrap();
    drop(pool.begin("dropped", "", Kind::Task).unwrap());
    let mut other = Slot::join(board.path(), "other", "", Kind::Task).unwrap();
    other.publish(7);
    let kept = pool.begin("kept", "", Kind::Task).unwrap();
    assert!(matches!(pool.begin("none", "", Kind::Task), Err(ClaimError::NoLane { .. })));
    assert_eq!(other.index(), 0);
    let seen = views(&board);
    assert_eq!((seen[0].key.as_str(), seen[0].done, seen[1].key.as_str()), ("other", 7, "kept"));
    drop((other, kept));
}

#[test]
fn lanes_of_a_writer_that_is_gone_show_as_lost_until_they_are_used() {
    let form = Form::file();
    let board = form.board("gone", 2);
    for key in ["a", "b"] {
        drop(Slot::join(board.path(), key, "", Kind::Task).unwrap());
    }
    let keys = || views(&board).into_iter().map(|slot| slot.key).collect::<Vec<_>>();
    let pool = Pool::claim(board.path(), 2).unwrap();
    let lost = |slot: &SlotView| slot.liveness == Liveness::Lost;
    let began = Instant::now();
    while !views(&board).iter().all(lost) {
        assert!(began.elapsed() < LONGEST, "{:?}", views(&board));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(keys(), ["a", "b"]);
    let both = ["c", "d"].map(|key| pool.begin(key, "", Kind::Task).unwrap());
    assert_eq!(keys(), ["c", "d"]);
    assert!(views(&board).iter().all(|slot| slot.liveness == Liveness::Alive));
    drop(both);
}

#[test]
fn a_pool_that_is_too_large_takes_nothing() {
    let form = Form::file();
    let board = form.board("small", 4);
    let _one = Slot::join(board.path(), "one", "", Kind::Task).unwrap();
    let error = Pool::claim(board.path(), 4).unwrap_err();
    assert_eq!(error.to_string(), "the pool needs 4 lanes, but only 3 of the board's 4 slots are free");
    assert!(error.hint().is_some());
    assert_eq!(Pool::claim(board.path(), 3).unwrap().lanes(), 3);
}

#[test]
fn nothing_begins_on_a_board_that_is_closed() {
    let form = Form::file();
    let board = form.board("closed", 2);
    let pool = Pool::claim(board.path(), 2).unwrap();
    let running = pool.begin("running", "", Kind::Task).unwrap();
    board.close(vx_shm::BoardState::Done);
    assert!(matches!(pool.begin("late", "", Kind::Task), Err(ClaimError::Closed)));
    assert!(matches!(Pool::claim(board.path(), 1), Err(ClaimError::Closed)));
    running.end(done()).unwrap();
    assert_eq!(views(&board)[0].state, SlotState::Done);
}

#[test]
fn lanes_beat_while_they_are_in_use() {
    let form = Form::file();
    let board = form.board("beats", 2);
    let pool = Pool::claim(board.path(), 2).unwrap();
    let slot = pool.begin("sits", "", Kind::Task).unwrap();
    let (mut reader, began) = (board.reader().unwrap(), Instant::now());
    let beyond = Duration::from_millis(vx_shm::SILENT_AFTER_MS + 300);
    // By then the beat written with the claim is too old.
    while began.elapsed() < beyond || reader.snapshot().unwrap().slots[0].liveness != Liveness::Alive {
        assert!(began.elapsed() < LONGEST, "{:?}", reader.snapshot());
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(slot);
}
