//! `vx board export`, and the same at the end of a run: a trace and a page of timings.

use std::process::ExitCode;

use super::args::ExportArguments;
use super::failure::Outcome;
use super::print;
use crate::work::boards;
use crate::work::exports::Exports;

/// Run `vx board export`.
pub(super) fn run(board: Option<&str>, into: ExportArguments) -> Outcome {
    for written in Exports::from(into).write(&boards::find(board)?)? {
        print::note(format_args!("wrote `{}`", written.display()));
    }
    Ok(ExitCode::SUCCESS)
}

impl From<ExportArguments> for Exports {
    fn from(arguments: ExportArguments) -> Self {
        Self { trace: arguments.trace, timings: arguments.timings }
    }
}
