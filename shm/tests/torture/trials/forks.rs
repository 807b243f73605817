//! Writers that fork: the child shares the slot, and must not give it back.

use std::path::Path;

use vx_shm::{ClaimError, Kind, Liveness, Pool, ReserveError, Slot, SlotState};

use super::strangers::await_silence;
use crate::support::Form;
use crate::support::children::{self, Role, Writer};
use crate::support::system::fork_and;

/// The seed of a writer whose slot is not in a pool.
const ALONE: u64 = 0;
/// The seed of a writer whose slot is the lane of a pool.
const IN_A_POOL: u64 = 1;

/// Play a writer that forks. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    match role.name.as_str() {
        // The child stays in the same program until the trial closes its standard input; the parent is killed.
        "forks" => {
            let mut slot = Slot::join(&role.board, "forks", "", Kind::Task).unwrap();
            slot.publish(77);
            fork_and(children::until_let_go);
            children::report("forked");
            std::thread::park();
        }
        // The child drops its share of the slot, as one that unwinds or returns would.
        "forks-and-the-child-lets-go" => {
            let pool = (role.seed == IN_A_POOL).then(|| Pool::claim(&role.board, 1).unwrap());
            let slot = match &pool {
                Some(pool) => pool.begin("forks", "", Kind::Task),
                None => Slot::join(&role.board, "forks", "", Kind::Task),
            };
            let mut both = Some((slot.unwrap(), pool));
            let child = fork_and(|| drop(both.take()));
            nix::sys::wait::waitpid(child, None).unwrap();
            both.as_mut().unwrap().0.publish(77);
            children::report("forked");
            children::until_let_go();
        }
        "runs-another-program" => {
            let mut slot = Slot::join(&role.board, "runs", "", Kind::Task).unwrap();
            slot.publish(77);
            let mut other = std::process::Command::new("cat").stdout(std::process::Stdio::null()).spawn().unwrap();
            children::report(other.id());
            other.wait().unwrap();
        }
        "waits" => children::until_let_go(),
        _ => return false,
    }
    true
}

/// The parent is dead and its child holds the lock, which counts as life: the slot is silent, and free after the
/// child's end.
pub(super) fn outlived() -> String {
    let form = Form::in_memory();
    let board = form.board("forks", 1);
    let mut writer = Writer::start("forks", board.path(), 0);
    assert_eq!(writer.line(), "forked");
    let mut reader = board.reader().unwrap();
    assert_eq!(reader.snapshot().unwrap().slots[0].liveness, Liveness::Alive);
    let forked = writer.kill();
    await_silence(&mut reader);
    let slot = &reader.snapshot().unwrap().slots[0];
    assert_eq!((slot.state, slot.done), (SlotState::Live, 77), "it shows what was published last");
    assert!(is_full(board.path()), "the child may still write to it");
    drop(forked); // The child ends when its standard input does.
    let next = join_within_seconds(board.path());
    assert_eq!((next.index(), next.generation()), (0, 2));
    "1 writer killed with its lock in a forked child: silent, not taken; taken over when the child had ended".into()
}

/// A lock belongs to both sides of a fork: if the child released it, another process could take the parent's slot.
pub(super) fn dropped_in_the_child() -> String {
    for alone_or_not in [ALONE, IN_A_POOL] {
        let form = Form::in_memory();
        let board = form.board("forks", 1);
        let mut writer = Writer::start("forks-and-the-child-lets-go", board.path(), alone_or_not);
        assert_eq!(writer.line(), "forked");
        let slot = &board.reader().unwrap().snapshot().unwrap().slots[0];
        assert_eq!((slot.liveness, slot.done, slot.pid), (Liveness::Alive, 77, Some(writer.pid())));
        assert!(is_full(board.path()), "the parent still holds the slot");
        writer.let_go();
        assert_eq!(join_within_seconds(board.path()).generation(), 2);
    }
    "2 forked children dropped a slot, one with its pool: it stayed its parent's".into()
}

/// A child that was forked and runs another program has no access to the board.
pub(super) fn another_program() -> String {
    let form = Form::in_memory();
    let board = form.board("forks", 1);
    let mut writer = Writer::start("runs-another-program", board.path(), 0);
    let child: u32 = writer.line().parse().unwrap();
    let proc = Path::new("/proc").join(child.to_string());
    let name = board.path().to_str().unwrap();
    assert!(!std::fs::read_to_string(proc.join("maps")).unwrap().contains(name), "it has no map of the board");
    let open = std::fs::read_dir(proc.join("fd")).unwrap();
    let open: Vec<_> = open.map(|entry| std::fs::read_link(entry.unwrap().path()).unwrap()).collect();
    assert!(!open.iter().any(|target| target == board.path()), "it has no descriptor of the board: {open:?}");
    let its_child = writer.kill();
    let next = Slot::join(board.path(), "next", "", Kind::Task).expect("it has no lock on the slot");
    assert_eq!((next.index(), next.generation()), (0, 2));
    assert!(proc.exists(), "it still runs");
    drop(its_child); // The child ends when its standard input does.
    "1 child with another program: no map, no descriptor, no lock; the slot taken over while it ran".into()
}

fn is_full(board: &Path) -> bool {
    let another = Slot::join(board, "another", "", Kind::Task);
    matches!(another, Err(ClaimError::Place(ReserveError::Full { capacity: 1 })))
}

/// Take the slot as soon as it is free: a process that was let go ends a moment later.
fn join_within_seconds(board: &Path) -> Slot {
    for _ in 0..500 {
        if let Ok(slot) = Slot::join(board, "next", "", Kind::Task) {
            return slot;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the slot is still taken")
}
