//! Watch any board until it is over: `cargo run -p vx-shm --example watcher -- /dev/shm/squares.board`

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
                // Texts from other processes are shown with their control characters escaped: a terminal may obey them.
                println!(
                    "{:?} {} step {}: {} of {total} {:?}",
                    slot.key,
                    slot.state,
                    slot.step.number(),
                    slot.done,
                    slot.message
                );
            }
        }
        if snapshot.board.state != BoardState::Running || snapshot.board.abandoned() {
            println!("{:?} is over: {}", snapshot.board.title, snapshot.board.state);
            return Ok(());
        }
        // A change of state wakes the reader at once. Changed numbers don't, hence the 200 ms.
        reader.wait_change(Duration::from_millis(200));
    }
}
