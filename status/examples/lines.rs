//! Any board as lines until it is over, then as a table:
//! `cargo run -p vx-status --example lines -- /dev/shm/squares.board`

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use vx_shm::{BoardState, Reader, Snapshot};
use vx_status::appearance::OutputStyle;
use vx_status::estimator::Estimator;
use vx_status::final_table;
use vx_status::plain::Plain;
use vx_status::source::NoLogs;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: lines BOARD")?;
    follow(Path::new(&path), &mut std::io::stdout())
}

/// Write the lines of a board, a finished one or a dump as well.
pub(crate) fn follow(board: &Path, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let (mut reader, mut snapshot) = (Reader::open(board)?, Snapshot::default());
    let (mut lines, mut estimator, began) = (Plain::new(3_000, false), Estimator::default(), Instant::now());
    loop {
        reader.refresh(&mut snapshot)?;
        let (paces, estimate) = estimator.update(&snapshot);
        lines.step(&snapshot, &paces, estimate.whole, began.elapsed().as_millis() as u64, out)?;
        if reader.is_dump() || snapshot.board.state != BoardState::Running || snapshot.board.abandoned() {
            out.write_all(final_table::render(&snapshot, &mut NoLogs, OutputStyle::default(), None).as_bytes())?;
            return Ok(());
        }
        // A change of state wakes this at once. Numbers do not, hence the 200 ms.
        reader.wait_change(Duration::from_millis(200));
    }
}
