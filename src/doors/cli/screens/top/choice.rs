//! The choice of a board if several could be watched.

use std::path::{Path, PathBuf};
use std::time::Duration;

use vx_shm::Snapshot;
use vx_tui::{BoardChoice, ChooserOutcome, DashboardOptions};

use crate::boards::find;
use crate::doors::cli::output::failure::CommandFailure;

/// The user's choice of a board.
pub(super) enum Chosen {
    Board(PathBuf),
    Nothing,
    Signal(i32),
}

/// Let the user choose a board from the list, which is refreshed meanwhile. `left` is the board that was shown before.
pub(super) fn choose_one(options: &DashboardOptions, left: Option<&Path>) -> Result<Chosen, CommandFailure> {
    let mut listed = find::readable_boards()?;
    if listed.is_empty() {
        return Ok(Chosen::Board(find::find(None)?));
    }
    let mut choices = || {
        // If the boards cannot be listed any more, keep the last list.
        if let Ok(newer) = find::readable_boards() {
            listed = newer;
        }
        listed.iter().map(|(path, snapshot)| choice(path, snapshot)).collect()
    };
    let chosen = vx_tui::choose_board(&mut choices, options, left.map(find::name).as_deref());
    Ok(match chosen.map_err(|error| CommandFailure::failed(&error).hint(error.hint()))? {
        ChooserOutcome::Board(name) => {
            // The name always is in the last list.
            Chosen::Board(
                listed.into_iter().map(|(path, _)| path).find(|path| find::name(path) == name).unwrap_or_default(),
            )
        }
        ChooserOutcome::Nothing => Chosen::Nothing,
        ChooserOutcome::Signal(number) => Chosen::Signal(number),
    })
}

fn choice(path: &Path, snapshot: &Snapshot) -> BoardChoice {
    let board = &snapshot.board;
    let now = jiff::Timestamp::now().as_nanosecond();
    let age_ns = u64::try_from(now - i128::from(board.created_unix_ns)).unwrap_or(0);
    BoardChoice {
        name: find::name(path),
        title: board.title.clone(),
        state: board.state,
        pid: board.creator.pid,
        alive: board.creator.alive,
        age_ms: Duration::from_nanos(age_ns).as_millis() as u64,
        over: snapshot.slots.iter().filter(|slot| slot.state.ended()).count(),
        slots: snapshot.slots.len(),
    }
}
