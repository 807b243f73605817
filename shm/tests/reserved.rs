//! Slots that a process reserves for a program that it starts, on any process's board.
#![cfg(target_os = "linux")]

mod support;

use std::process::{Child, Command, Stdio};

use support::both_forms;
use vx_shm::{
    Board, BoardState, ClaimError, EndError, Ending, Kind, Liveness, Slot, SlotState, SlotView, SlotWork, Step,
};

const RUNNING: Step = Step::new(3);

/// An idle process, on whose behalf others report.
struct Program(Child);

impl Program {
    fn start() -> Self {
        Self(Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("a process"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn slot(board: &Board) -> SlotView {
    board.reader().expect("it opens").snapshot().expect("it reads").slots.remove(0)
}

fn work(key: &str) -> SlotWork<'_> {
    SlotWork::new(key, "", Kind::Task)
}

#[test]
fn a_reservation_is_in_its_step_and_the_first_to_claim_it_is_its_only_writer() {
    both_forms(|form| {
        let board = form.board("p", 4);
        let reserved = Slot::reserve(board.path(), &work("build"), RUNNING, Some(9)).unwrap();
        let seen = slot(&board);
        assert_eq!((seen.state, seen.step, seen.total, seen.pid), (SlotState::Reserved, RUNNING, Some(9), None));
        assert_eq!((seen.liveness, seen.transitions.len()), (Liveness::Unknown, 2));
        let again = Slot::join(board.path(), "build", "", Kind::Task).unwrap_err();
        assert!(matches!(again, ClaimError::Place(_)), "{again}");
        let mut writer = reserved.claim().unwrap();
        assert!(matches!(reserved.claim().unwrap_err(), ClaimError::AlreadyClaimed { .. }));
        writer.publish(4);
        let seen = slot(&board);
        assert_eq!((seen.state, seen.step, seen.total, seen.done), (SlotState::Live, RUNNING, Some(9), 4));
        reserved.end(&Ending::failed("no more")).unwrap();
        assert_eq!((slot(&board).state, slot(&board).error), (SlotState::Failed, Some("no more".into())));
    });
}

#[test]
fn the_reserver_shows_a_message_until_the_slot_is_claimed_or_has_ended() {
    both_forms(|form| {
        let board = form.board("p", 4);
        for reservation in [
            board.reserve("ruff", "1", Kind::Install).unwrap(),
            Slot::reserve(board.path(), &work("build"), RUNNING, None).unwrap().reservation(),
        ] {
            let show = |text| Slot::message_before_claim(board.path(), reservation, text).unwrap();
            let seen = || {
                let slots = board.reader().unwrap().snapshot().unwrap().slots;
                let slot = slots.into_iter().find(|slot| slot.index == reservation.slot).unwrap();
                (slot.state, slot.message)
            };
            show("waiting for a server");
            assert_eq!(seen(), (SlotState::Reserved, "waiting for a server".to_owned()));
            show("");
            assert_eq!(seen(), (SlotState::Reserved, String::new()));
            let mut writer = Slot::claim(board.path(), reservation.slot, reservation.generation).unwrap();
            writer.message("at work");
            show("waiting for a server");
            assert_eq!(seen(), (SlotState::Live, "at work".to_owned()));
            writer.end(Ending::new(SlotState::Done)).unwrap();
            show("waiting for a server");
            assert_eq!(seen(), (SlotState::Done, "at work".to_owned()));
        }
    });
}

#[test]
fn the_end_that_the_writer_recorded_stays() {
    both_forms(|form| {
        let board = form.board("p", 4);
        let reserved = Slot::reserve(board.path(), &work("build"), RUNNING, None).unwrap();
        reserved.claim().unwrap().end(Ending::failed("mine")).unwrap();
        reserved.end(&Ending { exit_code: Some(3), ..Ending::new(SlotState::Done) }).unwrap();
        let seen = slot(&board);
        assert_eq!((seen.state, seen.error.as_deref(), seen.exit_code), (SlotState::Failed, Some("mine"), Some(3)));
        assert!(matches!(reserved.claim().unwrap_err(), ClaimError::Ended { .. }));
        let not_an_end = reserved.end(&Ending::new(SlotState::Live)).unwrap_err();
        assert!(matches!(not_an_end, EndError::NotAnEnd { .. }));
    });
}

#[test]
fn reports_on_behalf_of_one_process_claim_a_reservation_and_continue_it() {
    both_forms(|form| {
        let (board, program, other) = (form.board("p", 4), Program::start(), Program::start());
        let reserved = Slot::reserve(board.path(), &work("build"), RUNNING, None).unwrap();
        let report = |by: &Program| Slot::on_behalf_in(board.path(), reserved.reservation(), by.0.id());
        report(&program).unwrap().publish_of(2, Some(8));
        assert_eq!(report(&program).unwrap().done(), 2);
        assert!(matches!(report(&other).unwrap_err(), ClaimError::AlreadyClaimed { .. }));
        assert!(matches!(reserved.claim().unwrap_err(), ClaimError::AlreadyClaimed { .. }));
        let seen = slot(&board);
        assert_eq!((seen.state, seen.pid, seen.liveness), (SlotState::Live, Some(program.0.id()), Liveness::Alive));
        reserved.end(&Ending::new(SlotState::Done)).unwrap();
        assert!(matches!(report(&program).unwrap_err(), ClaimError::Ended { .. }));
    });
}

#[test]
fn a_writer_that_leaves_its_creators_reservation_is_silent_until_the_end_is_recorded() {
    both_forms(|form| {
        let board = form.board("p", 4);
        let wrapped = SlotWork { runner: Some(std::process::id()), ..work("build") };
        let reserved = Slot::reserve(board.path(), &wrapped, RUNNING, None).unwrap();
        drop(reserved.claim().unwrap());
        let seen = slot(&board);
        assert!(matches!(seen.liveness, Liveness::Silent(_)), "{:?}", seen.liveness);
        let joined = Slot::join(board.path(), "build", "", Kind::Task).unwrap_err();
        assert!(matches!(joined, ClaimError::Place(_)), "the command may go on: {joined}");
        reserved.end(&Ending::new(SlotState::Done)).unwrap();
        assert_eq!(slot(&board).state, SlotState::Done);
    });
}

#[test]
fn a_reservation_lives_as_long_as_the_process_that_made_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.board");
    let mut script = Program::start();
    let board = Board::create_for(&path, "a", 4, script.0.id()).unwrap();
    let reserved = Slot::reserve(&path, &work("build"), RUNNING, None).unwrap();
    let _ = (script.0.kill(), script.0.wait());
    assert_eq!(slot(&board).liveness, Liveness::Unknown, "its process, this one, is there");
    let joined = Slot::join(&path, "build", "", Kind::Task).unwrap_err();
    assert!(matches!(joined, ClaimError::Place(_)), "no process takes it over: {joined}");
    assert!(reserved.claim().is_ok());
}

#[test]
fn a_board_with_an_unclaimed_reservation_of_a_running_process_is_not_cleared_away() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.board");
    let mut script = Program::start();
    drop(Board::create_for(&path, "a", 4, script.0.id()).unwrap());
    let reserved = Slot::reserve(&path, &work("build"), RUNNING, None).unwrap();
    let _ = (script.0.kill(), script.0.wait());
    assert!(!vx_shm::remove_over(&path).unwrap() && path.exists(), "this process records its end");
    reserved.end(&Ending::new(SlotState::Done)).unwrap();
    assert!(vx_shm::remove_over(&path).unwrap());
}

#[test]
fn what_the_creator_of_a_scripts_board_has_reserved_is_taken_over_only_once_its_process_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.board");
    let mut script = Program::start();
    let board = Board::create_for(&path, "a", 1, script.0.id()).unwrap();
    board.reserve("build", "", Kind::Task).unwrap();
    let joined = Slot::join(&path, "build", "", Kind::Task).unwrap_err();
    assert!(matches!(joined, ClaimError::Place(_)), "the script runs, though no byte is held for it: {joined}");
    assert!(vx_shm::Pool::claim(&path, 1).is_err(), "a pool cannot take it either");
    let _ = (script.0.kill(), script.0.wait());
    assert!(Slot::join(&path, "build", "", Kind::Task).is_ok());
}

#[test]
fn a_reservation_on_a_closed_board_is_claimed_by_no_process_and_for_none() {
    both_forms(|form| {
        let board = form.board("p", 4);
        let reserved = Slot::reserve(board.path(), &work("build"), RUNNING, None).unwrap();
        board.close(BoardState::Done);
        let program = Program::start();
        let for_it = Slot::on_behalf_in(board.path(), reserved.reservation(), program.0.id());
        assert!(matches!(for_it, Err(ClaimError::Closed)), "{for_it:?}");
        assert!(matches!(reserved.claim(), Err(ClaimError::Closed)));
    });
}
