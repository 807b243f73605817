//! Pools killed at random instants, while their threads begin one life after another in the same lanes.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vx_shm::{Board, ClaimError, EndError, Ending, Kind, Liveness, Pool, Reservation, SlotState, Step};

use super::grouped;
use super::kills::watch;
use super::ledger::check_whole;
use super::written::{self, error_for, message_for};
use crate::support::children::{Role, Writer, rounds};
use crate::support::{Form, Random};

/// The number of lanes of each pool, which has all slots of its board.
const LANES: u32 = 4;
/// One more than there are lanes, so that a task is always waiting when another ends.
const THREADS: u64 = 5;
/// Much longer than any wait that succeeds.
const LONGEST: Duration = Duration::from_secs(20);
/// The least number of changes of state that a pool makes before it is killed.
const CHANGES: u32 = 50;

/// Play a pool whose threads work until they are killed. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    if role.name != "pool" {
        return false;
    }
    let pool = claim(&role.board);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (pool, seed) = (&pool, role.seed);
            scope.spawn(move || work(pool, &mut Random((seed << 8 | thread) + 1)));
        }
    });
    true
}

fn work(pool: &Pool, random: &mut Random) {
    loop {
        let key = format!("life-{}", random.number());
        let work = vx_shm::SlotWork::new(&key, "", Kind::Task);
        let mut slot = pool.begin_as(&work, Some(LONGEST)).unwrap();
        for at in 1..=random.below(20) {
            written::publish(&mut slot, at);
            slot.message(&message_for(at));
        }
        if random.below(8) > 0 {
            let ending = Ending::failed(error_for(slot.generation()));
            slot.end(ending).unwrap();
        }
    }
}

/// Claim all slots of the board, as soon as the system has freed those of a killed pool.
fn claim(board: &Path) -> Pool {
    let began = Instant::now();
    loop {
        match Pool::claim(board, LANES) {
            Ok(pool) => return pool,
            Err(error) if began.elapsed() > LONGEST => panic!("{error}"),
            Err(_) => std::thread::sleep(Duration::from_micros(200)),
        }
    }
}

/// After each kill, check every slot, and that another pool can take all of them and readers see its tasks.
pub(super) fn killed() -> String {
    let form = Form::in_memory();
    let board = form.board("pools", LANES);
    let (stop, kills, mut random) = (AtomicBool::new(false), rounds(300), Random(0x5eed));
    let boards = [board.path().to_path_buf()];
    let (mut lives, mut live_at_kill) = (0, 0);
    let seen = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&boards, &stop));
        let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for kill in 1..=kills {
                live_at_kill += kill_one(&board, kill, &mut random);
                lives = take_over(&board);
            }
        }));
        stop.store(true, Ordering::Relaxed);
        let seen = watcher.join().unwrap_or_else(|failed| std::panic::resume_unwind(failed));
        killed.unwrap_or_else(|failed| std::panic::resume_unwind(failed));
        seen
    });
    assert!(live_at_kill > 0, "no pool was killed at work");
    let [kills, lives, live_at_kill, seen] = [kills, lives, live_at_kill, seen].map(grouped);
    format!(
        "{kills} kills of pools of {LANES} lanes, {live_at_kill} lanes at work: each slot whole and taken over; \
         {lives} lives, {seen} views meanwhile"
    )
}

/// Start a pool, and wait until it has made [`CHANGES`] changes.
fn at_work(board: &Board, seed: u64) -> Writer {
    let reader = &mut board.reader().unwrap();
    let before = reader.snapshot().unwrap().board.epoch;
    let writer = Writer::start("pool", board.path(), seed);
    let began = Instant::now();
    while reader.snapshot().unwrap().board.epoch.wrapping_sub(before) < CHANGES {
        assert!(began.elapsed() < LONGEST, "the pool does not work");
        std::thread::sleep(Duration::from_micros(100));
    }
    writer
}

/// Start a pool, kill it at a random instant of its work, and check the slots it left. Returns the number of lanes that
/// were at work.
fn kill_one(board: &Board, seed: u64, random: &mut Random) -> u64 {
    let writer = at_work(board, seed);
    let (at_work, delay) = (Instant::now(), Duration::from_nanos(random.below(200_000)));
    while at_work.elapsed() < delay {
        std::hint::spin_loop();
    }
    writer.kill();
    let left = board.reader().unwrap().snapshot().unwrap();
    left.slots.iter().for_each(check_whole);
    left.slots.iter().filter(|slot| !slot.state.ended()).count() as u64
}

/// Check that the next pool gets every lane. Returns the number of lives in all lanes so far.
fn take_over(board: &Board) -> u64 {
    let pool = claim(board.path());
    let slots: Vec<_> = (0..LANES).map(|at| pool.begin(&format!("life-next-{at}"), "", Kind::Task).unwrap()).collect();
    assert!(matches!(pool.begin("life-too-many", "", Kind::Task), Err(ClaimError::NoLane { .. })));
    let seen = board.reader().unwrap().snapshot().unwrap();
    for slot in &slots {
        let view = &seen.slots[slot.index() as usize];
        assert_eq!((view.generation, view.step, view.done), (slot.generation(), Step::FIRST, 0));
        assert_eq!((view.message.as_str(), view.error.as_ref()), ("", None));
        assert!(view.key.starts_with("life-next-"), "{view:?}");
    }
    seen.slots.iter().map(|view| u64::from(view.generation)).sum()
}

/// Record ends for lanes that a pool has left without one, while that pool begins its next lives in the same lanes:
/// either the end belongs to the old life, or the next life has begun and keeps its own words.
pub(super) fn ended() -> String {
    let form = Form::in_memory();
    let board = form.board("pools", LANES);
    let (stop, pools) = (AtomicBool::new(false), rounds(200));
    let boards = [board.path().to_path_buf()];
    let (mut ends, mut late) = (0, 0);
    let seen = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&boards, &stop));
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for pool in 1..=pools {
                let writer = at_work(&board, pool);
                let (ended, superseded) = end_lost(&board);
                writer.kill();
                board.reader().unwrap().snapshot().unwrap().slots.iter().for_each(check_whole);
                take_over(&board);
                (ends, late) = (ends + ended, late + superseded);
            }
        }));
        stop.store(true, Ordering::Relaxed);
        let seen = watcher.join().unwrap_or_else(|failed| std::panic::resume_unwind(failed));
        ended.unwrap_or_else(|failed| std::panic::resume_unwind(failed));
        seen
    });
    let [pools, ends, late, seen] = [pools, ends, late, seen].map(grouped);
    format!("{pools} pools, {ends} ends recorded from outside, {late} behind the next life; {seen} views meanwhile")
}

/// Record the ends of lost lanes until two were recorded: a lane that another process ended is no longer the pool's.
/// Returns the number of ends that were recorded, and of those that were refused because the next life was there
/// already.
fn end_lost(board: &Board) -> (u64, u64) {
    let (began, mut ended, mut late) = (Instant::now(), 0, 0);
    while ended < 2 {
        assert!(began.elapsed() < LONGEST, "no lane is left without an end");
        // A new reader examines every lock at once.
        for lost in board.reader().unwrap().snapshot().unwrap().slots {
            if lost.state != SlotState::Live || lost.liveness != Liveness::Lost {
                continue;
            }
            let reservation = Reservation { slot: lost.index, generation: lost.generation };
            match board.end(reservation, &Ending::failed(error_for(lost.generation))) {
                Ok(()) => ended += 1,
                Err(EndError::Superseded { .. }) => late += 1,
                Err(error) => panic!("{error}"),
            }
            // A slot whose next life is being claimed is not shown.
            for now in board.reader().unwrap().snapshot().unwrap().slots {
                check_whole(&now);
                let later = now.index != lost.index || now.generation > lost.generation;
                assert!(later || now.state.ended(), "{now:?}");
            }
        }
    }
    (ended, late)
}
