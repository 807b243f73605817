//! `vx top`: the dashboard for the board of another process, running or ended, or for a dump.

mod choice;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use vx_base::paths::Home;
use vx_run::history;
use vx_shm::BoardState;
use vx_status::source::{Expectations, WorkControl};
use vx_tui::DashboardExit;

use super::show::inputs;
use super::{replay, screen, style};
use crate::boards::control::RemoteControl;
use crate::boards::find;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED};
use choice::{Chosen, choose_one};

/// Run `vx top`.
pub(in crate::doors::cli) fn run(board: Option<&str>, choose: bool, speed_percent: u32, mouse: bool) -> CommandResult {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Err(CommandFailure::usage("`vx top` needs a terminal, and standard input or output is not a terminal")
            .hint("`vx board dump` prints a board anywhere"));
    }
    let mut options = screen::options(&style::checked_settings()?, true, mouse)?;
    options.list = true;
    let mut shown = match board {
        None => find::only_one()?.filter(|_| !choose),
        board => Some(find::find(board)?),
    };
    let mut left = None;
    loop {
        let path = match shown.take() {
            Some(path) => path,
            None => match choose_one(&options, left.as_deref())? {
                Chosen::Board(path) => path,
                Chosen::Nothing => return Ok(ExitCode::SUCCESS),
                Chosen::Signal(number) => return Ok(ended_by(number)),
            },
        };
        let mut inputs = match replay::inputs(&path, speed_percent)? {
            Some(recording) => recording,
            None => inputs(&path, hand_on(&path), expectations())?,
        };
        match vx_tui::dashboard(&mut inputs, &options, crossbeam_channel::never()) {
            Ok(DashboardExit::Boards) if find::readable_boards()?.is_empty() => {
                options.notice = Some("there is no board to choose from".to_owned());
                shown = Some(path);
            }
            Ok(DashboardExit::Boards) => left = Some(path),
            Ok(DashboardExit::Signal(number)) => return Ok(ended_by(number)),
            Ok(_) => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(CommandFailure::failed(&error).hint(error.hint())),
        }
    }
}

/// The control over the work on this board; `None` for an ended board or a dump.
fn hand_on(board: &Path) -> Option<Box<dyn WorkControl>> {
    let mut reader = find::open_file(board).ok()?;
    let snapshot = reader.snapshot().ok()?;
    let over = snapshot.board.state != BoardState::Running || snapshot.board.abandoned();
    if over || reader.is_dump() {
        return None;
    }
    RemoteControl::for_board(board).ok().map(|control| Box::new(control) as Box<dyn WorkControl>)
}

/// The exit code of a process that this signal ended.
fn ended_by(number: i32) -> ExitCode {
    ExitCode::from(u8::try_from(128 + number).unwrap_or(FAILED))
}

/// The expectations from the user's home; a board can be watched without a home.
fn expectations() -> Expectations {
    Home::from_environment().map(|home| history::expectations(&home)).unwrap_or_default()
}
