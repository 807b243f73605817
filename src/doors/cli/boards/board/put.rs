//! `vx board put`, `create` and `close`: a script's own reports on a board.

use std::process::ExitCode;

use vx_text::clean;

use crate::doors::cli::args::{CloseArguments, CreateArguments, PutArguments};
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::print;
use crate::running::reports::{self, NewBoard, SlotReport, SlotReportEffect};

/// Run `vx board put`.
pub(super) fn run(arguments: PutArguments) -> CommandResult {
    let good = arguments.state.is_some_and(|state| state.0.good());
    if arguments.error.is_some() && good {
        return Err(CommandFailure::usage("`--error` goes with `--state failed` or `--state cancelled`")
            .hint("use `--message` for any other text"));
    }
    let (board, owner) = (arguments.board.clone(), arguments.owner);
    let report = SlotReport::from(arguments);
    match reports::put(&report, board.as_deref(), owner)? {
        SlotReportEffect::EndedBefore(state) if report.end.is_some_and(|asked| asked != state) => {
            let key = report.key.as_deref().unwrap_or("the slot of this command");
            print::message(format_args!("`{}` has ended before: {state}", clean(key)));
        }
        SlotReportEffect::EndedBefore(_) | SlotReportEffect::Written => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Run `vx board create`.
pub(super) fn create(arguments: CreateArguments) -> CommandResult {
    let new = NewBoard { name: arguments.name, title: arguments.title, slots: arguments.slots };
    print::data(reports::create(&new, arguments.owner)?.display());
    Ok(ExitCode::SUCCESS)
}

/// Run `vx board close`.
pub(super) fn close(arguments: &CloseArguments) -> CommandResult {
    let state = arguments.state.map(|state| state.0);
    for key in reports::close(arguments.board.as_deref(), state, arguments.owner)? {
        print::warning(format_args!("`{}` has not ended", clean(&key)));
    }
    Ok(ExitCode::SUCCESS)
}

impl From<PutArguments> for SlotReport {
    fn from(arguments: PutArguments) -> Self {
        Self {
            key: arguments.key,
            version: arguments.version,
            step: arguments.step,
            done: arguments.done,
            total: arguments.total,
            unit: arguments.unit.map(|unit| unit.0),
            message: arguments.message,
            details: arguments.details,
            end: arguments.state.map(|state| state.0),
            error: arguments.error,
        }
    }
}
