//! A writer that runs one instruction at a time: the view of a reader in between, and the state that a kill leaves.
//!
//! A random kill seldom hits a window of two instructions; here every instruction is examined.

use std::path::Path;

use vx_shm::{Board, Ending, Kind, Reader, Slot, SlotState, Snapshot, Step};

use super::expected::{ExpectedViews, new_life, seen};
use super::grouped;
use crate::support::Form;
use crate::support::children::{self, Role, rounds};
use crate::support::stepper::{At, OneProcessor, Stepped, be_stepped, mark};

/// The number of kills in the usual form, each at another instruction of a life.
const KILLS: u64 = 60;

/// Play a writer that takes the one slot of a board and lives one life in it. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    if role.name != "lives-once" {
        return false;
    }
    be_stepped();
    // The seed is the generation of a reservation; 0 takes the slot over from its last writer.
    let mut slot = match role.seed {
        0 => Slot::join(&role.board, "new", "2", Kind::Build).unwrap(),
        generation => Slot::claim(&role.board, 0, generation as u32).unwrap(),
    };
    mark();
    slot.enter(Step::new(3), Some(1000));
    slot.publish(500);
    slot.message("new message");
    slot.details("new details");
    slot.log_line(b"new line");
    slot.end(Ending { result: Some("/new".into()), ..Ending::failed("new error") }).unwrap();
    mark();
    children::until_let_go();
    true
}

/// The state in which the previous writer left the board's one slot.
#[derive(Clone, Copy, Debug)]
enum Before {
    /// The writer is gone without having ended its slot, as after a kill.
    Lost,
    /// The slot ended.
    Ended,
    /// The slot ended, with the key that the next writer uses again.
    EndedAlike,
    /// The slot ended, and was reserved again.
    Reserved,
}

const BEFORE: [Before; 4] = [Before::Lost, Before::Ended, Before::EndedAlike, Before::Reserved];

impl Before {
    /// The attempt of the next writer.
    fn next_attempt(self) -> u8 {
        if matches!(self, Self::EndedAlike) { 2 } else { 1 }
    }
}

/// A board of one slot that had a writer before, and the seed for the next writer.
fn scene(form: &Form, before: Before) -> (Board, u64) {
    let board = form.board("instants", 1);
    let key = if matches!(before, Before::EndedAlike) { "new" } else { "old" };
    let mut old = Slot::join(board.path(), key, "1", Kind::Task).unwrap();
    old.enter(Step::new(5), Some(222));
    old.publish(111);
    old.message("old message");
    old.details("old details");
    old.log_line(b"old line");
    match before {
        Before::Lost => drop(old),
        Before::Ended | Before::EndedAlike | Before::Reserved => {
            old.end(Ending { result: Some("/old".into()), ..Ending::failed("old error") }).unwrap();
        }
    }
    let seed = match before {
        Before::Lost | Before::Ended | Before::EndedAlike => 0,
        Before::Reserved => board.reserve("new", "2", Kind::Build).unwrap().generation.into(),
    };
    (board, seed)
}

/// Check that the log goes from the old life's line to no line to the new life's line, and never back.
fn log_views(reader: &Reader, instruction: u64, at: &mut usize) {
    const LINES: [&[&str]; 3] = [&["old line"], &[], &["new line"]];
    let lines = reader.log_tail(0, usize::MAX);
    let ahead = LINES[*at..].iter().position(|view| *view == lines);
    *at += ahead.unwrap_or_else(|| panic!("instruction {instruction}: {lines:?}"));
}

/// A writer that is stepped through the instructions that matter: from the lock on the slot until the slot is live, and
/// from its first publication to its end. In between it starts its thread, reads `/proc`, and so on, unwatched.
struct SteppedLife {
    writer: Stepped,
    reader: Reader,
    snapshot: Snapshot,
    instruction: u64,
    claimed: bool,
}

impl SteppedLife {
    fn start(board: &Board, seed: u64) -> Self {
        let mut writer = Stepped::start("lives-once", board.path(), seed);
        writer.reach_lock(); // The table's.
        writer.reach_lock(); // The slot's.
        let mut reader = board.reader().unwrap();
        let snapshot = reader.snapshot().unwrap();
        Self { writer, reader, snapshot, instruction: 0, claimed: false }
    }

    /// Run one instruction; returns `false` at the end.
    fn step(&mut self) -> bool {
        match self.writer.instruction() {
            At::Instruction => {}
            At::Mark => return false,
            other => panic!("after {} instructions: {other:?}", self.instruction),
        }
        self.instruction += 1;
        if !self.claimed {
            self.reader.refresh(&mut self.snapshot).unwrap();
            let slot = &self.snapshot.slots[0];
            self.claimed = slot.state == SlotState::Live && slot.pid == Some(self.writer.pid());
            if self.claimed {
                self.writer.reach_mark();
            }
        }
        true
    }
}

/// After each instruction of the takeover and of the life after it, look at the slot with a reader that stays and with
/// one that takes a new snapshot.
pub(super) fn reads() -> String {
    let _one = OneProcessor::stay();
    let (mut looks, mut lives) = (0, 0);
    for _ in 0..rounds(1) {
        for before in BEFORE {
            looks += read_a_life(before);
            lives += 1;
        }
    }
    let (looks, lives) = (grouped(looks), grouped(lives));
    format!(
        "{lives} slots taken over and lived in, looked at after each of {looks} instructions by two readers: 0 mixtures"
    )
}

fn read_a_life(before: Before) -> u64 {
    let form = Form::in_memory();
    let (board, seed) = scene(&form, before);
    let (mut staying, mut coming) = (board.reader().unwrap(), board.reader().unwrap());
    let mut snapshot = staying.snapshot().unwrap();
    let mut stepped = SteppedLife::start(&board, seed);

    let generation = snapshot.slots[0].generation;
    let first = seen(&snapshot);
    let reserved = matches!(before, Before::Reserved);
    let next = if reserved { generation } else { generation + 1 };
    let life = new_life(next, before.next_attempt(), stepped.writer.pid());
    let (mut shown, mut fresh) = (ExpectedViews::new(first.clone()), ExpectedViews::new(first));
    if !reserved {
        // While the slot is taken over and not yet named, a new reader sees no slot, having no earlier view to keep.
        fresh.views.push(None);
    }
    shown.views.extend(life.iter().cloned());
    fresh.views.extend(life);

    let mut log_at = if reserved { 1 } else { 0 };
    loop {
        staying.refresh(&mut snapshot).unwrap();
        shown.read(seen(&snapshot), stepped.instruction);
        fresh.read(seen(&coming.snapshot().unwrap()), stepped.instruction);
        log_views(&staying, stepped.instruction, &mut log_at);
        if !stepped.step() {
            break;
        }
    }
    shown.is_read();
    fresh.is_read();
    assert_eq!(log_at, 2);
    stepped.instruction
}

/// Kill the writer after numbers of instructions that are spread evenly over the takeover and the life after it.
pub(super) fn kills() -> String {
    let _one = OneProcessor::stay();
    let form = Form::in_memory();
    let (mut killed, mut all) = (0, 0);
    for before in BEFORE {
        let whole = instructions_of_a_life(&form, before);
        let kills = rounds(KILLS).div_ceil(BEFORE.len() as u64).min(whole);
        for kill in 0..kills {
            kill_after(&form, before, whole * kill / kills);
            killed += 1;
        }
        all += whole;
    }
    let (killed, all) = (grouped(killed), grouped(all));
    format!("{killed} kills, spread evenly over {all} instructions of 4 lives: each slot whole, and taken over")
}

fn instructions_of_a_life(form: &Form, before: Before) -> u64 {
    let (board, seed) = scene(form, before);
    let mut stepped = SteppedLife::start(&board, seed);
    while stepped.step() {}
    stepped.instruction
}

fn kill_after(form: &Form, before: Before, instructions: u64) {
    let (board, seed) = scene(form, before);
    let first = seen(&board.reader().unwrap().snapshot().unwrap());
    let mut stepped = SteppedLife::start(&board, seed);
    let life = new_life(if seed == 0 { 2 } else { seed as u32 }, before.next_attempt(), stepped.writer.pid());
    (0..instructions).for_each(|_| assert!(stepped.step()));
    stepped.writer.kill();

    let now = seen(&board.reader().unwrap().snapshot().unwrap());
    assert!(now.is_none() || now == first || life.contains(&now), "after {instructions}: {now:#?}");
    take_over(board, seed, instructions);
}

/// Check that the next writer gets the slot, by the same kind of claim if the dead writer had not finished its own.
fn take_over(board: Board, seed: u64, instructions: u64) {
    let path = board.path().to_path_buf();
    let state = board.reader().unwrap().snapshot().unwrap().slots.first().map(|view| view.state);
    if seed != 0 && state == Some(SlotState::Reserved) {
        let claimed = Slot::claim(&path, 0, seed as u32);
        assert!(claimed.is_ok(), "after {instructions}: {claimed:?}");
        return;
    }
    if seed != 0 && state == Some(SlotState::Live) {
        // The slot is free once its creator has recorded its end, as after `wait()`.
        let reservation = vx_shm::Reservation { slot: 0, generation: seed as u32 };
        board.end(reservation, &Ending::new(SlotState::Died)).unwrap();
    }
    let next = join_next(&path);
    let view = &board.reader().unwrap().snapshot().unwrap().slots[0];
    assert_eq!((view.generation, view.key.as_str(), view.done), (next.generation(), "next", 0), "{instructions}");
    assert_eq!((view.message.as_str(), view.error.as_ref(), view.transitions.len()), ("", None, 1), "{instructions}");
}

fn join_next(path: &Path) -> Slot {
    Slot::join(path, "next", "3", Kind::Task).unwrap()
}
