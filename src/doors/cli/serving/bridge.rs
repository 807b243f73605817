//! `vx bridge NAME`: a tool of the project, or a program on PATH, with its progress on a board.

use std::path::Path;

use crate::doors::cli::args::BridgeArguments;
use crate::doors::cli::boards::wrap;
use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::programs::tool;
use crate::doors::cli::screens::frontend::exit_code;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place_or_none;
use crate::running::wrapped::Wrapped;
use crate::tools::tool::{Naming, ToolOutcome};

/// Run `vx bridge`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, asked: BridgeArguments) -> CommandResult {
    let place = place_or_none(project)?;
    let invocation = match tool::find(
        &workspace::home()?,
        &place,
        (&asked.name, None),
        Naming::Program,
        tool::MissingToolPolicy::Install,
    )? {
        ToolOutcome::Ready(invocation) => invocation,
        ToolOutcome::NotInstalled(outcome) => return Ok(exit_code(&outcome)),
    };
    let wrapped = Wrapped {
        name: asked.name.clone().into(),
        program: invocation.file,
        arguments: asked.arguments,
        variables: invocation.variables,
        ..Wrapped::default()
    };
    wrap::run(&place, &asked.name, wrap::On::Board(asked.board), wrapped)
}
