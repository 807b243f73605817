//! Real processes on one board: how each end is recorded, which process wins a reservation, and what readers see.
//!
//! Behaviour that needs many tries, or a look between two instructions, is tested by `torture`.
#![cfg(unix)]

mod support;

use std::time::{Duration, Instant};

use support::Form;
use support::children::{self, Writer};
use vx_shm::{Ending, Kind, Liveness, Reader, Slot, SlotState, Step};

/// Play a child's role. Does nothing when run by hand.
#[test]
#[ignore = "started by the tests of this file"]
fn child() {
    let Some(role) = children::role() else { return };
    let board = role.board;
    match role.name.as_str() {
        "races-for-one" => {
            children::until_let_go_line();
            let claimed = Slot::claim(&board, 0, 1);
            match &claimed {
                Ok(slot) => children::report(format_args!("won {}", slot.index())),
                Err(error) => children::report(error),
            }
            children::until_let_go();
        }
        "sits" => {
            let _slot = Slot::join(&board, "sits", "", Kind::Task).unwrap();
            children::report("sits");
            children::until_let_go();
        }
        "claims-reserved" => {
            let mut slot = Slot::claim(&board, 0, 1).unwrap();
            slot.enter(Step::new(3), Some(100));
            slot.publish(50);
            children::report("half");
            children::until_let_go();
        }
        other => panic!("no such role: {other}"),
    }
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
    assert!(matches!(slot.liveness, Liveness::Silent(_)), "its parent lives, and will end it: {:?}", slot.liveness);

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
    // The creator is this process, which is alive. So the test uses a copy of the file whose creator has ended.
    let orphan = path.with_file_name("orphan.board");
    support::copy_with_dead_creator(&path, &orphan);
    drop(board);
    writer.kill();
    let snapshot = Reader::open(&orphan).unwrap().snapshot().unwrap();
    assert_eq!(snapshot.board.creator.alive, Some(false));
    assert!(snapshot.slots.iter().all(|slot| slot.liveness == Liveness::Lost), "{snapshot:?}");
    assert_eq!((snapshot.slots[0].state, snapshot.slots[1].state), (SlotState::Live, SlotState::Reserved));
}
