//! Real processes on one board: killed at any instant, stopped, racing for slots, writing flat out.
//!
//! `VX_TORTURE=2000 cargo test -p vx-shm --test processes` kills that many writers instead of a few hundred, and reads
//! that many thousand times as often.
#![cfg(unix)]

mod support;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use support::children::{self, Writer, rounds};
use support::{Dice, Form};
use vx_shm::{ClaimError, Ending, Kind, Liveness, Phase, Reader, ReserveError, Slot, SlotState, Snapshot};

/// A total that only the writer of this `done` in this generation would have published.
fn total_for(done: u64, generation: u32) -> u64 {
    (done ^ u64::from(generation) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn text_for(number: u64) -> String {
    // Fills the cell, so that a mixture of two would show.
    format!("{number:06}").repeat(12)
}

/// Plays a child's role; does nothing when run by hand.
#[test]
#[ignore = "started by the tests of this file"]
fn child() {
    let Some((role, board, seed)) = children::role() else { return };
    let mut dice = Dice(seed | 1);
    match role.as_str() {
        "writes" => loop {
            write_one_life(&board, &mut dice);
        },
        "claims" => {
            println!("child: begins");
            loop {
                let key = format!("claims-{}", std::process::id());
                // A full board is one on which slots that ended are still resting.
                match Slot::join(&board, &key, "", Kind::Task) {
                    Err(ClaimError::Place(ReserveError::Full { .. })) => std::thread::yield_now(),
                    claimed => drop(claimed.unwrap()),
                }
            }
        }
        "flat-out" => {
            let mut slot = Slot::join(&board, &format!("flat-{seed}"), "", Kind::Task).unwrap();
            println!("child: begins");
            let mut step = 0;
            loop {
                step += 1;
                publish_step(&mut slot, step);
            }
        }
        "races-for-one" | "races-for-any" => {
            children::until_let_go_line();
            let claimed = match role.as_str() {
                "races-for-one" => Slot::claim(&board, 0, 1),
                _ => Slot::join(&board, &format!("key-{}", std::process::id()), "", Kind::Task),
            };
            match &claimed {
                Ok(slot) => println!("child: won {}", slot.index()),
                Err(error) => println!("child: {error}"),
            }
            children::until_let_go();
        }
        "sits" => {
            let _slot = Slot::join(&board, "sits", "", Kind::Task).unwrap();
            println!("child: sits");
            children::until_let_go();
        }
        "claims-reserved" => {
            let mut slot = Slot::claim(&board, 0, 1).unwrap();
            slot.enter(Phase::Downloading, Some(100));
            slot.publish(50);
            println!("child: half");
            children::until_let_go();
        }
        other => panic!("no such role: {other}"),
    }
}

/// Two publications: the new total with the old `done`, then both new. `done` is even, so that the next one is known.
fn publish_step(slot: &mut Slot, step: u64) {
    slot.set_total(Some(total_for(2 * step, slot.generation())));
    slot.publish(2 * step);
}

/// Whether these numbers are those of one publication of [`publish_step`], or of a slot that has just begun.
fn is_one_publication(done: u64, total: Option<u64>, generation: u32) -> bool {
    let totals = [done, done + 2].map(|done| Some(total_for(done, generation)));
    totals.contains(&total) || (done == 0 && total.is_none())
}

fn write_one_life(board: &std::path::Path, dice: &mut Dice) {
    let key = format!("writes-{}-{}", std::process::id(), dice.roll());
    let Ok(mut slot) = Slot::join(board, &key, "", Kind::Task) else {
        std::thread::sleep(Duration::from_millis(1));
        return;
    };
    let generation = slot.generation();
    slot.enter(Phase::Downloading, Some(total_for(0, generation)));
    println!("child: begins");
    for step in 1..dice.below(30_000) {
        if step % 97 == 0 {
            slot.message(&text_for(step));
        }
        if step % 301 == 0 {
            slot.log_line(text_for(step).as_bytes());
        }
        publish_step(&mut slot, step);
    }
    match dice.below(3) {
        0 => slot.end(Ending::failed("on purpose")).unwrap(),
        1 => slot.end(Ending::new(SlotState::Done)).unwrap(),
        _ => drop(slot),
    }
}

/// What must hold of every slot at every instant of the crash test.
fn check(snapshot: &Snapshot) {
    for slot in &snapshot.slots {
        assert!(is_one_publication(slot.done, slot.total, slot.generation), "numbers of two publications: {slot:?}");
        let whole = slot.message.is_empty() || slot.message == text_for(slot.message[..6].parse().unwrap());
        assert!(whole, "text of two publications: {:?}", slot.message);
        assert!(slot.key.starts_with("writes-") || slot.key.starts_with("claims-"), "key {:?}", slot.key);
        assert!(slot.error.as_deref().is_none_or(|error| error == "on purpose"), "{:?}", slot.error);
        assert!(slot.state.ended() == slot.ended_at_ns.is_some());
    }
}

#[test]
fn killed_at_any_instant_a_writer_leaves_a_slot_that_reads_and_can_be_taken_over() {
    let form = Form::file();
    let board = form.board("kills", 32);
    let kills = rounds(200);
    let stop = AtomicBool::new(false);
    let readings = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut reader = board.reader().unwrap();
            let mut snapshot = Snapshot::default();
            while !stop.load(Ordering::Relaxed) {
                reader.refresh(&mut snapshot).unwrap();
                check(&snapshot);
                readings.fetch_add(1, Ordering::Relaxed);
                for slot in 0..32 {
                    for line in reader.log_tail(slot, usize::MAX) {
                        assert!(line == text_for(line[..6].parse().unwrap()), "a line of two: {line:?}");
                    }
                }
            }
        });
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut dice = Dice(0x5eed);
            for round in 0..kills / 2 {
                let mut pair =
                    [("writes", round), ("claims", !round)].map(|(role, seed)| Writer::start(role, board.path(), seed));
                pair.iter_mut().for_each(|writer| assert_eq!(writer.line(), "begins"));
                for writer in pair {
                    std::thread::sleep(Duration::from_micros(dice.below(2_500)));
                    writer.kill();
                }
            }
        }));
        stop.store(true, Ordering::Relaxed);
        ended.unwrap();
    });
    assert!(readings.load(Ordering::Relaxed) > kills, "the reader was running");
    let mut reader = board.reader().unwrap();
    let snapshot = reader.snapshot().unwrap();
    check(&snapshot);
    let lost = |slot: &&vx_shm::SlotView| !slot.state.ended();
    assert!(snapshot.slots.iter().filter(lost).all(|slot| slot.liveness == Liveness::Lost), "{snapshot:?}");
    std::thread::sleep(Duration::from_millis(1050)); // Those that ended in order rest for a second.
    let taken: Vec<Slot> =
        (0..32).map(|n| Slot::join(board.path(), &format!("writes-{n}"), "", Kind::Task).unwrap()).collect();
    let mut places: Vec<u32> = taken.iter().map(Slot::index).collect();
    places.sort_unstable();
    assert_eq!(places, (0..32).collect::<Vec<_>>());
}

#[test]
fn readers_never_see_half_a_publication_of_a_writer_in_another_process() {
    let form = Form::file();
    let board = form.board("torn", 2);
    let mut writers = [1, 2].map(|seed| Writer::start("flat-out", board.path(), seed));
    writers.iter_mut().for_each(|writer| assert_eq!(writer.line(), "begins"));
    let mut reader = board.reader().unwrap();
    let mut last = [0u64; 2];
    let (mut moved, mut read) = (0u64, 0u64);
    while read < rounds(1_500) * 1_000 {
        moved += reader.poll() as u64;
        read += 2;
        for (numbers, last) in reader.numbers().iter().zip(&mut last) {
            let (done, total) = (numbers.done(), numbers.total());
            assert!(is_one_publication(done, total, 1), "half of {done}, half of {total:?}");
            assert!(done >= *last, "went back from {last} to {done}");
            *last = done;
        }
    }
    assert!(moved > read / 1_000, "the writers were running: {moved} of {read}");
}

#[test]
fn of_32_processes_that_race_for_one_reservation_one_wins() {
    let form = Form::file();
    let board = form.board("race", 8);
    board.reserve("prize", "", Kind::Install).unwrap();
    let mut racers: Vec<Writer> = (0..32).map(|seed| Writer::start("races-for-one", board.path(), seed)).collect();
    racers.iter_mut().for_each(Writer::let_go_line);
    let said: Vec<String> = racers.iter_mut().map(Writer::line).collect();
    assert_eq!(said.iter().filter(|line| *line == "won 0").count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|line| *line == "slot 0 is claimed already").count(), 31, "{said:?}");
}

#[test]
fn of_32_processes_that_race_for_8_slots_each_slot_has_one() {
    let form = Form::file();
    let board = form.board("race", 8);
    let mut racers: Vec<Writer> = (0..32).map(|seed| Writer::start("races-for-any", board.path(), seed)).collect();
    racers.iter_mut().for_each(Writer::let_go_line);
    let said: Vec<String> = racers.iter_mut().map(Writer::line).collect();
    let mut won: Vec<&str> = said.iter().filter_map(|line| line.strip_prefix("won ")).collect();
    won.sort_unstable();
    assert_eq!(won, ["0", "1", "2", "3", "4", "5", "6", "7"], "{said:?}");
    assert!(said.iter().filter(|line| !line.starts_with("won")).all(|line| line.contains("full: all 8")), "{said:?}");
}

#[test]
fn a_stopped_writer_reads_as_silent_and_a_continued_one_as_alive() {
    let form = Form::file();
    let board = form.board("stop", 1);
    let mut writer = Writer::start("sits", board.path(), 0);
    assert_eq!(writer.line(), "sits");
    let mut reader = board.reader().unwrap();
    assert_eq!(reader.snapshot().unwrap().slots[0].liveness, Liveness::Alive);
    signal(&writer, rustix::process::Signal::STOP);
    await_liveness(&mut reader, |liveness| matches!(liveness, Liveness::Silent(_)));
    signal(&writer, rustix::process::Signal::CONT);
    await_liveness(&mut reader, |liveness| liveness == Liveness::Alive);
    writer.kill();
    await_liveness(&mut reader, |liveness| liveness == Liveness::Lost);
}

fn signal(writer: &Writer, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(writer.pid() as i32).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

fn await_liveness(reader: &mut Reader, wanted: impl Fn(Liveness) -> bool) {
    let began = Instant::now();
    loop {
        let liveness = reader.snapshot().unwrap().slots[0].liveness;
        if wanted(liveness) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "still {liveness:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_child_keeps_its_numbers_until_its_parent_judges_it() {
    let form = Form::file();
    let board = form.board("judged", 2);
    let reserved = board.reserve("node", "22", Kind::Install).unwrap();
    let mut writer = Writer::start("claims-reserved", board.path(), 0);
    assert_eq!(writer.line(), "half");
    let pid = writer.pid();
    writer.kill();
    let mut reader = board.reader().unwrap();
    let slot = &reader.snapshot().unwrap().slots[0];
    assert_eq!((slot.state, slot.done, slot.total, slot.pid), (SlotState::Live, 50, Some(100), Some(pid)));
    assert!(matches!(slot.liveness, Liveness::Silent(_)), "its parent lives and will judge it: {:?}", slot.liveness);

    board.end(reserved, &Ending { signal: Some(9), ..Ending::new(SlotState::Died) }).unwrap();
    let slot = &reader.snapshot().unwrap().slots[0];
    assert_eq!((slot.state, slot.done, slot.signal), (SlotState::Died, 50, Some(9)));
}

#[test]
fn when_parent_and_child_are_both_gone_the_slot_reads_as_lost() {
    let form = Form::file();
    let board = form.board("orphans", 2);
    board.reserve("node", "22", Kind::Install).unwrap();
    board.reserve("never-started", "", Kind::Install).unwrap();
    let mut writer = Writer::start("claims-reserved", board.path(), 0);
    assert_eq!(writer.line(), "half");
    let path = board.path().to_path_buf();
    // The creator's process is this one and lives: so the file is copied to where its mark names a process that is gone.
    let orphan = path.with_file_name("orphan.board");
    support::copy_with_dead_creator(&path, &orphan);
    drop(board);
    writer.kill();
    let snapshot = Reader::open(&orphan).unwrap().snapshot().unwrap();
    assert_eq!(snapshot.board.creator.alive, Some(false));
    assert!(snapshot.slots.iter().all(|slot| slot.liveness == Liveness::Lost), "{snapshot:?}");
    assert_eq!((snapshot.slots[0].state, snapshot.slots[1].state), (SlotState::Live, SlotState::Reserved));
}
