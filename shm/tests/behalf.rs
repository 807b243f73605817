//! Slots and boards of processes that cannot hold them: everything that a shell script's reports depend on.
#![cfg(target_os = "linux")]

mod support;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{Form, both_forms};
use vx_shm::{
    Board, BoardState, BoardView, ClaimError, CreateError, Ending, Kind, Liveness, Reader, ReserveError, Slot,
    SlotState, Snapshot, Step, gc, remove_over,
};

/// An idle process, on whose behalf others report.
struct Script(Child);

impl Script {
    fn start() -> Self {
        Self(Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("a process"))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn end(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("its end");
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether `attempt` succeeds at once or soon. A process that another test has just forked shares this process's open
/// files and their locks until it executes its program.
fn soon(mut attempt: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    while !attempt() {
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

fn report(board: &Board, key: &str, owners: &[u32]) -> Result<Slot, ClaimError> {
    Slot::on_behalf(board.path(), key, "", Kind::Task, owners, true)
}

fn view(board: &Board) -> Snapshot {
    board.reader().expect("it opens").snapshot().expect("it reads")
}

#[test]
fn reports_of_one_process_continue_its_slot_and_keep_what_they_do_not_name() {
    both_forms(|form| {
        let (board, script) = (form.board("p", 4), Script::start());
        let mut slot = report(&board, "build", &[script.pid()]).unwrap();
        slot.enter(Step::new(5), Some(10));
        slot.message("first");
        drop(slot);
        let epoch = view(&board).board.epoch;
        report(&board, "build", &[script.pid()]).unwrap().publish(3);
        let seen = view(&board);
        let slot = &seen.slots[0];
        assert_eq!((seen.slots.len(), slot.generation, slot.done, slot.total), (1, 1, 3, Some(10)));
        assert_eq!((slot.step, slot.message.as_str(), slot.pid), (Step::new(5), "first", Some(script.pid())));
        assert_eq!(seen.board.epoch, epoch, "numbers ring no bell");
        report(&board, "build", &[script.pid()]).unwrap().end(Ending::new(SlotState::Done)).unwrap();
        assert_eq!(view(&board).slots[0].state, SlotState::Done);
    });
}

#[test]
fn between_reports_the_slot_is_alive_as_long_as_its_process_and_then_lost() {
    both_forms(|form| {
        let (board, mut script) = (form.board("p", 1), Script::start());
        drop(report(&board, "build", &[script.pid()]).unwrap());
        let mut reader = board.reader().unwrap();
        let mut snapshot = reader.snapshot().unwrap();
        std::thread::sleep(Duration::from_millis(2_100));
        reader.refresh(&mut snapshot).unwrap();
        assert_eq!(snapshot.slots[0].liveness, Liveness::Alive, "no beats for two seconds, and none expected");
        script.end();
        std::thread::sleep(Duration::from_millis(110));
        reader.refresh(&mut snapshot).unwrap();
        assert_eq!(snapshot.slots[0].liveness, Liveness::Lost);
        let next = Script::start();
        assert_eq!(report(&board, "build", &[next.pid()]).unwrap().generation(), 2, "its slot is taken over");
    });
}

#[test]
fn a_process_that_is_not_yet_waited_for_has_ended() {
    let form = Form::file();
    let (board, mut script) = (form.board("p", 1), Script::start());
    drop(report(&board, "build", &[script.pid()]).unwrap());
    script.0.kill().unwrap();
    while view(&board).slots[0].liveness == Liveness::Alive {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(view(&board).slots[0].liveness, Liveness::Lost);
}

#[test]
fn a_slot_of_another_living_process_keeps_its_key() {
    both_forms(|form| {
        let (board, one, other) = (form.board("p", 4), Script::start(), Script::start());
        let in_use = |claimed| matches!(claimed, Err(ClaimError::Place(ReserveError::KeyInUse { .. })));
        drop(report(&board, "script", &[one.pid()]).unwrap());
        assert!(in_use(report(&board, "script", &[other.pid()])));
        assert!(in_use(Slot::join(board.path(), "script", "", Kind::Task)));
        assert!(report(&board, "script", &[other.pid(), one.pid()]).is_ok(), "it may report to its own caller's slot");
        let _writer = Slot::join(board.path(), "writer", "", Kind::Task).unwrap();
        assert!(in_use(report(&board, "writer", &[std::process::id()])), "a writer's slot has one writer");
        board.reserve("reserved", "", Kind::Install).unwrap();
        assert!(in_use(report(&board, "reserved", &[one.pid()])));
    });
}

#[test]
fn a_process_that_does_not_run_cannot_have_a_slot() {
    let form = Form::file();
    let (board, mut script) = (form.board("p", 1), Script::start());
    script.end();
    let gone = script.pid();
    assert!(matches!(report(&board, "k", &[gone]), Err(ClaimError::NoOwner { pid }) if pid == gone));
    assert!(matches!(report(&board, "k", &[]), Err(ClaimError::NoOwner { pid: 0 })));
    let made = Board::create_for(&form.fresh(), "p", 1, gone);
    assert!(matches!(made, Err(CreateError::NoOwner { pid, .. }) if pid == gone), "{made:?}");
    assert!(view(&board).slots.is_empty());
}

#[test]
fn a_slot_that_ended_is_left_alone_or_followed_by_a_new_one() {
    both_forms(|form| {
        let (board, script) = (form.board("p", 4), Script::start());
        let owners = [script.pid()];
        report(&board, "k", &owners).unwrap().end(Ending::new(SlotState::Done)).unwrap();
        let again = Slot::on_behalf(board.path(), "k", "", Kind::Task, &owners, false);
        assert!(matches!(again, Err(ClaimError::Ended { slot: 0, state: SlotState::Done })), "{again:?}");
        drop(report(&board, "k", &owners).unwrap());
        let lives: Vec<_> = view(&board).slots.iter().map(|slot| (slot.state, slot.generation)).collect();
        assert_eq!(lives, [(SlotState::Live, 2)], "in the same slot");
        let live = Slot::on_behalf(board.path(), "k", "", Kind::Task, &owners, false).unwrap();
        assert_eq!(live.generation(), 2);
    });
}

#[test]
fn reports_to_a_slot_come_one_after_the_other_and_none_is_lost() {
    let form = Form::file();
    let (board, script) = (form.board("p", 2), Script::start());
    let owners = [script.pid()];
    drop(report(&board, "count", &owners).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let mut slot = report(&board, "count", &owners).unwrap();
                    let done = slot.done();
                    slot.publish(done + 1);
                }
            });
        }
    });
    assert_eq!(view(&board).slots[0].done, 400);
}

#[test]
fn a_closed_board_takes_reports_to_open_slots_and_no_new_ones() {
    let form = Form::file();
    let (board, script) = (form.board("p", 2), Script::start());
    drop(report(&board, "open", &[script.pid()]).unwrap());
    board.close(BoardState::Done);
    report(&board, "open", &[script.pid()]).unwrap().end(Ending::new(SlotState::Done)).unwrap();
    assert!(matches!(report(&board, "new", &[script.pid()]), Err(ClaimError::Closed)));
}

#[test]
fn a_board_made_for_a_process_is_that_processs() {
    let form = Form::file();
    let (mut script, stranger) = (Script::start(), Script::start());
    let path = form.fresh();
    drop(Board::create_for(&path, "script", 2, script.pid()).unwrap());
    let read = || Reader::open(&path).unwrap().snapshot().unwrap().board;
    assert_eq!((read().creator.pid, read().creator.alive), (script.pid(), Some(true)));
    let refused = Board::take_charge(&path, &[stranger.pid()]);
    assert!(matches!(refused, Err(ClaimError::OtherCreator { pid }) if pid == script.pid()), "{refused:?}");
    let own = form.board("own", 1);
    assert!(matches!(Board::take_charge(own.path(), &[std::process::id()]), Err(ClaimError::OtherCreator { .. })));
    assert!(gc(form.directory(), Duration::ZERO, 0).unwrap().is_empty(), "its process runs");
    assert!(!remove_over(&path).unwrap());
    script.end();
    assert!(read().abandoned());
    assert!(soon(|| gc(form.directory(), Duration::ZERO, 0).unwrap() == [&*path]));
}

#[test]
fn a_board_closed_on_behalf_of_its_process_is_over_though_that_runs() {
    let form = Form::file();
    let script = Script::start();
    let path = form.fresh();
    drop(Board::create_for(&path, "script", 2, script.pid()).unwrap());
    Board::take_charge(&path, &[1, script.pid()]).unwrap().close(BoardState::Failed);
    assert!(matches!(Board::take_charge(&path, &[script.pid()]), Err(ClaimError::Closed)));
    assert_eq!(Reader::open(&path).unwrap().snapshot().unwrap().board.state, BoardState::Failed);
    assert!(soon(|| remove_over(&path).unwrap()) && !path.exists());
    assert!(!remove_over(&path).unwrap());
}

#[test]
fn a_board_with_an_open_slot_of_a_running_process_is_not_cleared_away() {
    let form = Form::file();
    let mut script = Script::start();
    let board = form.board("p", 1);
    drop(report(&board, "open", &[script.pid()]).unwrap());
    let path = board.path().to_path_buf();
    board.close(BoardState::Done);
    drop(board);
    assert!(gc(form.directory(), Duration::ZERO, 0).unwrap().is_empty());
    script.end();
    assert!(soon(|| gc(form.directory(), Duration::ZERO, 0).unwrap() == [&*path]));
}

#[test]
fn a_board_that_is_closed_and_left_while_it_is_read_does_not_read_as_abandoned() {
    let form = Form::file();
    for _ in 0..20 {
        let mut script = Script::start();
        let board = Board::create_for(&form.fresh(), "left", 512, script.pid()).unwrap();
        // Enough slots that reading them all takes longer than the end of a process.
        for number in 0..512 {
            board.reserve(&number.to_string(), "", Kind::Task).unwrap();
        }
        let mut reader = board.reader().unwrap();
        let (begins, begun) = std::sync::mpsc::channel();
        let read = std::thread::spawn(move || {
            begins.send(()).unwrap();
            let mut readings = Vec::new();
            while readings.last().is_none_or(|board: &BoardView| board.state == BoardState::Running) {
                let mut snapshot = Snapshot::default(); // A new snapshot each time, so that every slot is read again.
                reader.refresh(&mut snapshot).unwrap();
                readings.push(snapshot.board);
            }
            readings
        });
        begun.recv().unwrap();
        std::thread::sleep(Duration::from_millis(10));
        board.close(BoardState::Done);
        script.end();
        let readings = read.join().unwrap();
        assert!(!readings.iter().any(BoardView::abandoned), "{:?}", readings.last());
    }
}
