//! `vx board export`, and the same at the end of a run: a trace and a page of timings.

use std::process::ExitCode;

use crate::boards::exports::Exports;
use crate::boards::find;
use crate::doors::cli::args::ExportArguments;
use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::output::print;

/// Run `vx board export`.
pub(in crate::doors::cli) fn run(board: Option<&str>, into: ExportArguments) -> CommandResult {
    for written in Exports::from(into).write(&find::find(board)?)? {
        print::message(format_args!("wrote `{}`", written.display()));
    }
    Ok(ExitCode::SUCCESS)
}

impl From<ExportArguments> for Exports {
    fn from(arguments: ExportArguments) -> Self {
        Self { trace: arguments.trace, timings: arguments.timings }
    }
}
