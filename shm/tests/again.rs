//! A key that is used again gets its old slot, whichever call begins it, and a reader sees the next attempt in the same
//! row.

mod support;

use support::both_forms;
use vx_shm::{Board, Ending, Kind, Pool, Reader, Slot, SlotState, SlotView, SlotWork, Step};

fn done() -> Ending {
    Ending::new(SlotState::Done)
}

fn views(board: &Board) -> Vec<SlotView> {
    board.reader().unwrap().snapshot().unwrap().slots
}

fn join(board: &Board, key: &str) -> Slot {
    Slot::join(board.path(), key, "", Kind::Task).unwrap()
}

/// One life of a key, begun by one of the calls that can begin one, and ended.
type Life = fn(&Board, &Pool, &str);

const DOORS: [(&str, Life); 5] = [
    ("join", |board, _, key| join(board, key).end(done()).unwrap()),
    ("reserve", |board, _, key| {
        let reserved = board.reserve(key, "", Kind::Task).unwrap();
        Slot::claim(board.path(), reserved.slot, reserved.generation).unwrap().end(done()).unwrap();
        board.end(reserved, &Ending { exit_code: Some(0), ..done() }).unwrap();
    }),
    ("reserve for a program", |board, _, key| {
        let work = SlotWork::new(key, "", Kind::Task);
        let reserved = Slot::reserve(board.path(), &work, Step::new(3), None).unwrap();
        reserved.claim().unwrap().end(done()).unwrap();
    }),
    ("pool", |_, pool, key| pool.begin(key, "", Kind::Task).unwrap().end(done()).unwrap()),
    ("on behalf", |board, _, key| {
        let owners = [std::process::id()];
        let report = |anew| Slot::on_behalf(board.path(), key, "", Kind::Task, &owners, anew).unwrap();
        report(true).publish(1);
        report(false).end(done()).unwrap();
    }),
];

#[test]
fn a_key_that_ended_is_one_row_again_in_its_next_attempt_by_every_door() {
    both_forms(|form| {
        for (door, life) in DOORS {
            let board = form.board("again", 8);
            // Other slots are free and were never used, inside the pool and outside it.
            let pool = Pool::claim(board.path(), 4).unwrap();
            let mut reader = board.reader().unwrap();
            for attempt in 1..=20_u8 {
                life(&board, &pool, "same");
                let seen = reader.snapshot().unwrap().slots;
                let found: Vec<_> =
                    seen.iter().map(|slot| (slot.key.as_str(), slot.attempt, slot.generation)).collect();
                assert_eq!(found, [("same", attempt, u32::from(attempt))], "{door}");
            }
            life(&board, &pool, "other");
            let other = views(&board).into_iter().find(|slot| slot.key == "other").expect(door);
            assert_eq!(other.attempt, 1, "{door}: another key begins with its first");
        }
    });
}

#[test]
fn a_key_whose_writer_is_gone_is_in_its_next_attempt_too() {
    both_forms(|form| {
        let board = form.board("again", 4);
        drop(join(&board, "same"));
        join(&board, "other").end(done()).unwrap();
        let mut slot = join(&board, "same");
        assert_eq!((slot.index(), slot.generation(), views(&board)[0].attempt), (0, 2, 2));
        slot.attempt(255);
        slot.end(done()).unwrap();
        let _slot = join(&board, "same");
        assert_eq!(views(&board)[0].attempt, 255, "there is no higher one");
        let reserved = board.reserve("never begun", "", Kind::Task).unwrap();
        board.end(reserved, &Ending::new(SlotState::Cancelled)).unwrap();
        board.reserve("never begun", "", Kind::Task).unwrap();
        assert_eq!(views(&board)[2].attempt, 2, "a slot that ended has had its attempt");
    });
}

#[test]
fn a_pool_begins_a_key_in_the_lane_in_which_another_process_ended_it() {
    both_forms(|form| {
        let board = form.board("again", 4);
        for key in ["a", "b", "c"] {
            join(&board, key).end(done()).unwrap();
        }
        let pool = Pool::claim(board.path(), 4).unwrap();
        let slot = pool.begin("b", "", Kind::Task).unwrap();
        assert_eq!((slot.index(), views(&board)[1].attempt), (1, 2));
        drop(slot);
        let again = pool.begin("b", "", Kind::Task).unwrap();
        assert_eq!(
            (again.index(), views(&board)[1].attempt),
            (1, 3),
            "left without an end, the lane still belongs to its key"
        );
    });
}

#[test]
fn a_slot_that_another_process_keeps_for_its_own_tasks_is_not_taken_for_the_key() {
    both_forms(|form| {
        let board = form.board("again", 4);
        let pool = Pool::claim(board.path(), 1).unwrap();
        pool.begin("same", "", Kind::Task).unwrap().end(done()).unwrap();
        assert_eq!(join(&board, "same").index(), 1, "its byte is held");
    });
}

#[test]
fn tasks_one_after_the_other_are_never_refused_however_many_there_are() {
    both_forms(|form| {
        let board = form.board("again", 64);
        for number in 0..2_000 {
            join(&board, &number.to_string()).end(done()).unwrap();
        }
        let seen = views(&board);
        let mut last: Vec<u32> = seen.iter().map(|slot| slot.key.parse().unwrap()).collect();
        last.sort_unstable();
        assert!(last.into_iter().eq(1_936..2_000), "the slot that ended longest ago is always taken first");
        assert!(seen.iter().all(|slot| slot.attempt == 1));
    });
}

#[test]
fn a_slot_that_has_just_ended_is_taken_before_one_that_shows_a_crash() {
    both_forms(|form| {
        let board = form.board("again", 2);
        drop(join(&board, "crashed"));
        join(&board, "ended").end(done()).unwrap();
        let taken = join(&board, "third");
        assert_eq!(taken.index(), 1);
        assert_eq!(join(&board, "fourth").index(), 0, "no other slot is free");
    });
}

/// Each view of a key that is used again and again is of one life: its number, its attempt and its text belong
/// together.
#[test]
fn a_reader_never_mixes_two_attempts_at_a_key() {
    both_forms(|form| {
        let board = form.board("again", 4);
        let rounds = 2_000_u32;
        std::thread::scope(|scope| {
            let mut reader: Reader = board.reader().unwrap();
            let reading = scope.spawn(move || {
                let (mut snapshot, mut last) = (vx_shm::Snapshot::default(), 0);
                while last < rounds {
                    reader.refresh(&mut snapshot).unwrap();
                    let Some(slot) = snapshot.slots.first() else { continue };
                    assert_eq!(snapshot.slots.len(), 1);
                    assert!(slot.generation >= last, "back from {last} to {}", slot.generation);
                    last = slot.generation;
                    assert_eq!(u32::from(slot.attempt), last.min(255), "{slot:?}");
                    let told = slot.message.parse().unwrap_or(last);
                    assert!(told == last && (slot.done == 0 || slot.done == u64::from(last)), "{slot:?}");
                }
            });
            for round in 1..=rounds {
                let mut slot = join(&board, "same");
                slot.message(&round.to_string());
                slot.publish(round.into());
                slot.end(done()).unwrap();
            }
            reading.join().unwrap();
        });
    });
}
