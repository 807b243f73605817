//! A program that makes a board and shows its progress on it:
//! `cargo run -p vx-shm --example writer -- /dev/shm/squares.board`

use std::path::Path;

use vx_shm::{Board, BoardState, Ending, Kind, Slot, SlotState, Step};

const NUMBERS: u64 = 5_000_000;

/// A step of the vocabulary of tasks.
const RUNNING: Step = Step::new(3);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: writer BOARD")?;
    let board = Board::create(Path::new(&path), "sums of squares", 8)?;
    let mut slot = Slot::join(board.path(), "squares", "1.0", Kind::Task)?;
    slot.enter(RUNNING, Some(NUMBERS));
    let mut sum = 0u64;
    for number in 1..=NUMBERS {
        sum = sum.wrapping_add(number * number);
        slot.publish(number); // A publication takes two nanoseconds, so every step can be published.
    }
    slot.message(&format!("the sum is {sum}"));
    slot.end(Ending::new(SlotState::Done))?;
    board.close(BoardState::Done);
    Ok(())
}
