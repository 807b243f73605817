//! `vx top`: the dashboard for a board that somebody else fills, running or ended, or for a dump.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use vx_shm::{BoardState, Snapshot};
use vx_tui::source::Expectations;
use vx_tui::{BoardChoice, Choice, DashboardOptions, Left};

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
                Chosen::Board(path) => path,
                Chosen::Nothing => return Ok(ExitCode::SUCCESS),
                Chosen::Signal(number) => return Ok(ended_by(number)),
            },
        },
        board => boards::find(board)?,
    };
    let mut inputs = match replay::inputs(&path, speed_percent)? {
        Some(recording) => recording,
        None => inputs(&path, None, expectations())?,
    };
    match vx_tui::dashboard(&mut inputs, &options, crossbeam_channel::never()) {
        Ok(Left::Signal(number)) => Ok(ended_by(number)),
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Failure::failed(&error).hint(error.hint())),
    }
}

/// What a process says that a signal ended.
fn ended_by(number: i32) -> ExitCode {
    ExitCode::from(u8::try_from(128 + number).unwrap_or(FAILED))
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

/// What came of the question which board is meant.
enum Chosen {
    Board(PathBuf),
    Nothing,
    Signal(i32),
}

fn choose_one(options: &DashboardOptions) -> Result<Chosen, Failure> {
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    let readable = |listed: vx_shm::Listed| Some((listed.path, listed.reading.ok()?));
    let list = || -> io::Result<Vec<(PathBuf, Snapshot)>> {
        Ok(vx_shm::list(&directory)?.into_iter().filter_map(readable).collect())
    };
    let mut listed = list()?;
    if listed.is_empty() {
        return boards::find(None).map(Chosen::Board);
    }
    let mut choices = || {
        // What can no longer be listed stays as it was last seen.
        if let Ok(newer) = list() {
            listed = newer;
        }
        listed.iter().map(|(path, snapshot)| choice(path, snapshot)).collect()
    };
    let chosen = vx_tui::choose_board(&mut choices, options);
    Ok(match chosen.map_err(|error| Failure::failed(&error).hint(error.hint()))? {
        Choice::Board(name) => {
            // It is one of those that were listed last.
            Chosen::Board(listed.into_iter().map(|(path, _)| path).find(|path| named(path) == name).unwrap_or_default())
        }
        Choice::Nothing => Chosen::Nothing,
        Choice::Signal(number) => Chosen::Signal(number),
    })
}

/// How a board is named to `vx top`.
fn named(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn choice(path: &Path, snapshot: &Snapshot) -> BoardChoice {
    let board = &snapshot.board;
    let now = jiff::Timestamp::now().as_nanosecond();
    let age_ns = u64::try_from(now - i128::from(board.created_unix_ns)).unwrap_or(0);
    BoardChoice {
        name: named(path),
        title: board.title.clone(),
        state: board.state,
        pid: board.creator.pid,
        alive: board.creator.alive,
        age_ms: Duration::from_nanos(age_ns).as_millis() as u64,
        over: snapshot.slots.iter().filter(|slot| slot.state.ended()).count(),
        slots: snapshot.slots.len(),
    }
}
