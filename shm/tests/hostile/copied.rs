//! Boards that are copied because other users may write to the file: readings are never mixtures, however fast the
//! writers.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vx_shm::{Board, Kind, Reader, Slot, Snapshot};

use crate::support::Form;
use crate::support::children::rounds;

/// Read a copied board again and again while a thread writes to it flat out; check each reading, and that they differ.
fn read_against(write: impl Fn(&Board, &mut Slot, u64) + Sync, mut check: impl FnMut(&Reader, &Snapshot) -> u64) {
    let form = Form::file();
    let board = form.board("0", 4);
    set_permissions(board.path(), Permissions::from_mode(0o666)).unwrap();
    let mut slot = Slot::join(board.path(), "0", "", Kind::Task).unwrap();
    write(&board, &mut slot, 1);
    let stop = AtomicBool::new(false);
    let mut seen = std::collections::HashSet::new();
    std::thread::scope(|scope| {
        scope.spawn(|| (2..).take_while(|_| !stop.load(Ordering::Relaxed)).for_each(|n| write(&board, &mut slot, n)));
        let _stop = StopOnDrop(&stop); // Stops the writer even if a check fails.
        let mut reader = board.reader().unwrap();
        let mut snapshot = reader.snapshot().unwrap();
        for _ in 0..rounds(5_000) {
            reader.refresh(&mut snapshot).unwrap();
            seen.insert(check(&reader, &snapshot));
        }
    });
    assert!(seen.len() > 1, "nothing moved while it was read");
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The number that this text repeats; a last one that is cut is ignored.
fn repeated(text: &str) -> u64 {
    let mut words = text.trim_end_matches('…').split(' ').filter(|word| word.len() == 16);
    let first = words.next().unwrap_or("0");
    assert!(words.all(|word| word == first), "a mixture: {text}");
    u64::from_str_radix(first, 16).unwrap()
}

fn repeating(number: u64, times: usize) -> String {
    vec![format!("{number:016x}"); times].join(" ")
}

#[test]
fn numbers_and_texts_of_a_copied_slot_belong_together() {
    let write = |_: &Board, slot: &mut Slot, number: u64| {
        slot.set_total(Some(number));
        slot.message(&repeating(number, 4));
        slot.details(&repeating(number, 6));
    };
    read_against(write, |_, snapshot| {
        // If the slot was written to during every attempt at the first reading, it is not there yet.
        let Some(view) = snapshot.slots.first() else { return 0 };
        repeated(&view.message).max(repeated(&view.details)).max(view.total.unwrap())
    });
}

#[test]
fn the_title_of_a_copied_board_is_whole() {
    let write = |board: &Board, _: &mut Slot, number: u64| board.set_title(&repeating(number, 7));
    read_against(write, |_, snapshot| repeated(&snapshot.board.title));
}

#[test]
fn the_log_of_a_copied_slot_holds_whole_lines_in_their_order() {
    let write = |_: &Board, slot: &mut Slot, number: u64| slot.log_line(repeating(number, 5).as_bytes());
    read_against(write, |reader, _| {
        let lines = reader.log_tail(0, 100);
        let numbers: Vec<u64> = lines.iter().map(|line| repeated(line)).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
        numbers.last().copied().unwrap_or(0)
    });
}

#[test]
fn a_change_of_state_wakes_a_reader_of_a_copied_board() {
    let form = Form::file();
    let board = form.board("", 4);
    set_permissions(board.path(), Permissions::from_mode(0o666)).unwrap();
    let mut reader = board.reader().unwrap();
    let mut snapshot = reader.snapshot().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| reader.wait_change(Duration::from_secs(5)));
        std::thread::sleep(Duration::from_millis(20));
        let began = Instant::now();
        board.reserve("key", "", Kind::Task).unwrap();
        assert!(waiting.join().unwrap() && began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    });
    assert!(reader.refresh(&mut snapshot).unwrap() && snapshot.slots.len() == 1);
}
