//! `vx board run`: a command with its progress on a board.

use std::path::Path;

use crate::doors::cli::args::WrapArguments;
use crate::doors::cli::boards::wrap::{self, On};
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::workspace::place_or_none;
use crate::running::wrapped::Wrapped;

/// Run `vx board run`.
pub(super) fn run(project: Option<&Path>, arguments: WrapArguments) -> CommandResult {
    if arguments.key.is_empty() {
        return Err(CommandFailure::usage("a slot needs a key"));
    }
    let mut words = arguments.command.into_iter();
    let program = words.next().ok_or_else(|| CommandFailure::usage("no command is named"))?;
    let wrapped = Wrapped {
        total: arguments.total,
        patterns: arguments.patterns,
        name: program.clone(),
        program: program.into(),
        arguments: words.collect(),
        variables: Vec::new(),
    };
    let board = match arguments.record {
        Some(file) => On::Recorded(file),
        None => On::Board(arguments.board),
    };
    wrap::run(&place_or_none(project)?, &arguments.key, board, wrapped)
}
