//! `vx bridge NAME`: a tool of the project, or a program on PATH, with its progress on a board.

use std::path::Path;

use super::args::BridgeArguments;
use super::failure::Outcome;
use super::frontend::exit_code;
use super::workspace::place_or_none;
use super::{store, tool, wrap};
use crate::work::tool::{Naming, ToolOutcome};
use crate::work::wrapped::Wrapped;

/// Run `vx bridge`.
pub(super) fn run(project: Option<&Path>, asked: BridgeArguments) -> Outcome {
    let place = place_or_none(project)?;
    let invocation =
        match tool::find(&store::home()?, &place, (&asked.name, None), Naming::Program, tool::Missing::Install)? {
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
