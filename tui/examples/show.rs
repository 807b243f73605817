//! Any board in a terminal, full screen: `cargo run -p vx-tui --example show -- /dev/shm/squares.board`

use std::error::Error;
use std::path::Path;

use vx_shm::Reader;
use vx_status::source::Inputs;
use vx_tui::{DashboardOptions, dashboard};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: show BOARD")?;
    show(Path::new(&path))
}

/// Show a board, a finished one or a dump as well, until the user presses `q`.
pub(crate) fn show(board: &Path) -> Result<(), Box<dyn Error>> {
    let mut inputs = Inputs::watching(Reader::open(board)?);
    // A view of a program's own work would end by this channel, once the work is over.
    let finished = crossbeam_channel::never();
    dashboard(&mut inputs, &DashboardOptions::default(), finished)?;
    Ok(())
}
