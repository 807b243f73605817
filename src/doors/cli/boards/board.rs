//! `vx board`: the boards of this machine's runs, without a dashboard.

mod dump;
mod list;
mod put;
mod wait;
mod wrap;

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use vx_run::{BOARDS_KEPT, BOARDS_KEPT_FOR, RECORDINGS_KEPT};

use super::export;
use crate::boards::find;
use crate::boards::follow::{self, BoardChangeScope};
use crate::doors::cli::args::{BoardCommand, WatchArguments};
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::print;

/// Run `vx board …`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, command: BoardCommand) -> CommandResult {
    match command {
        BoardCommand::Ls { recordings: true, .. } => list::recordings(),
        BoardCommand::Ls { json, .. } => list::boards(json),
        BoardCommand::Dump { board, at, raw, format } => dump::run(board.as_deref(), at, raw.as_deref(), format),
        BoardCommand::Export { board, into } => export::run(board.as_deref(), into),
        BoardCommand::Watch(arguments) => watch(&arguments),
        BoardCommand::Wait(arguments) => wait::run(&arguments),
        BoardCommand::Put(arguments) => put::run(arguments),
        BoardCommand::Run(arguments) => wrap::run(project, arguments),
        BoardCommand::Create(arguments) => put::create(arguments),
        BoardCommand::Close(arguments) => put::close(&arguments),
        BoardCommand::Gc => collect(),
    }
}

fn watch(arguments: &WatchArguments) -> CommandResult {
    let changes =
        if arguments.states { BoardChangeScope::States } else { BoardChangeScope::All { every: arguments.every } };
    let shown = follow::watch(&mut find::open(arguments.board.as_deref())?, changes, |snapshot| {
        print::data(vx_status::document::to_json(snapshot));
        if print::closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    shown.map_err(CommandFailure::failed)?;
    Ok(ExitCode::SUCCESS)
}

fn collect() -> CommandResult {
    let removed = find::collect()?;
    for path in &removed {
        print::message(format_args!("removed `{}`", path.display()));
    }
    if removed.is_empty() {
        let hours = BOARDS_KEPT_FOR.as_secs() / 3600;
        print::message(format_args!(
            "nothing to remove: ended boards are kept for {hours} h, at most {BOARDS_KEPT}, and at most {RECORDINGS_KEPT} recordings"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
