//! Any board, watched until it is over: `cargo run -p vx-shm --example watcher -- /dev/shm/squares.board`

use std::path::Path;
use std::time::Duration;

use vx_shm::{BoardState, Reader, Snapshot};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: watcher BOARD")?;
    let mut reader = Reader::open(Path::new(&path))?;
    let mut snapshot = Snapshot::default();
    loop {
        if reader.refresh(&mut snapshot)? {
            for slot in &snapshot.slots {
                let total = slot.total.map_or("?".to_owned(), |total| total.to_string());
                // What others wrote is shown with its control characters escaped: a terminal may obey them.
                println!("{:?} {} {}: {} of {total} {:?}", slot.key, slot.state, slot.phase, slot.done, slot.message);
            }
        }
        if snapshot.board.state != BoardState::Running || snapshot.board.abandoned() {
            println!("{:?} is over: {}", snapshot.board.title, snapshot.board.state);
            return Ok(());
        }
        reader.wait_change(Duration::from_millis(200)); // Woken at once by a change of state; numbers ring no bell.
    }
}
