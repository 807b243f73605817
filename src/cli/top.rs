//! `vx top`: the dashboard for a board that somebody else fills, running or ended, or for a dump.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use vx_shm::{BoardState, Snapshot};
use vx_tui::source::Expectations;
use vx_tui::{BoardChoice, DashboardOptions, Left};

use super::failure::{FAILED, Failure, Outcome};
use super::show::inputs;
use super::{boards, look, replay};
use crate::history;
use crate::paths::{Home, runtime_directory};

/// Run `vx top`.
pub(super) fn run(board: Option<&str>, choose: bool, speed_percent: u32, mouse: bool) -> Outcome {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Err(Failure::usage("`vx top` needs a terminal, and standard input or output is none")
            .hint("`vx board dump` prints a board anywhere"));
    }
    let options = look::dashboard(&look::checked_settings()?, true, mouse)?;
    let path = match board {
        None => match the_one_to_show()?.filter(|_| !choose) {
            Some(path) => path,
            None => match choose_one(&options)? {
                Some(path) => path,
                None => return Ok(ExitCode::SUCCESS),
            },
        },
        board => boards::find(board)?,
    };
    let mut inputs = match replay::inputs(&path, speed_percent)? {
        Some(recording) => recording,
        None => inputs(&path, None, expectations())?,
    };
    match vx_tui::dashboard(&mut inputs, &options, crossbeam_channel::never()) {
        Ok(Left::Signal(number)) => Ok(ExitCode::from(u8::try_from(128 + number).unwrap_or(FAILED))),
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Failure::failed(&error).hint(error.hint())),
    }
}

/// What the runs of the user's home say; a board can be watched without a home.
fn expectations() -> Expectations {
    Home::from_environment().map(|home| history::expectations(&home)).unwrap_or_default()
}

/// The board that is meant where none is named: the only one somebody is at work on, or the only one there is. `None`
/// where a person has to choose.
fn the_one_to_show() -> Result<Option<PathBuf>, Failure> {
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let at_work =
        |snapshot: &Snapshot| snapshot.board.state == BoardState::Running && snapshot.board.creator.alive == Some(true);
    let (mut readable, mut running) = (Vec::new(), Vec::new());
    for listed in vx_shm::list(&directory)? {
        let Ok(snapshot) = listed.reading else { continue };
        let into = if at_work(&snapshot) { &mut running } else { &mut readable };
        into.push(listed.path);
    }
    let mut only = if running.is_empty() { readable } else { running };
    Ok(only.pop().filter(|_| only.is_empty()))
}

fn choose_one(options: &DashboardOptions) -> Result<Option<PathBuf>, Failure> {
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let listed: Vec<(PathBuf, Snapshot)> =
        vx_shm::list(&directory)?.into_iter().filter_map(|listed| Some((listed.path, listed.reading.ok()?))).collect();
    if listed.is_empty() {
        return boards::find(None).map(Some);
    }
    let choices: Vec<BoardChoice> = listed.iter().map(|(path, snapshot)| choice(path, snapshot)).collect();
    let chosen = vx_tui::choose_board(&choices, options).map_err(|error| Failure::failed(&error).hint(error.hint()))?;
    Ok(chosen.and_then(|index| listed.into_iter().nth(index)).map(|(path, _)| path))
}

fn choice(path: &std::path::Path, snapshot: &Snapshot) -> BoardChoice {
    let board = &snapshot.board;
    let now = jiff::Timestamp::now().as_nanosecond();
    let age_ns = u64::try_from(now - i128::from(board.created_unix_ns)).unwrap_or(0);
    BoardChoice {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        title: board.title.clone(),
        state: board.state,
        pid: board.creator.pid,
        alive: board.creator.alive,
        age_ms: Duration::from_nanos(age_ns).as_millis() as u64,
        over: snapshot.slots.iter().filter(|slot| slot.state.ended()).count(),
        slots: snapshot.slots.len(),
    }
}
