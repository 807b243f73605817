//! The report of an ended run: what its view has not shown, and the exit code.

use std::process::ExitCode;

use vx_base::trouble::{Trouble, TroubleKind};
use vx_shm::{Reader, SlotState};
use vx_status::error_cell::ErrorCell;
use vx_status::source::Logs;
use vx_text::clean;

use crate::doors::cli::output::failure::{CANCELLED, CommandFailure, FAILED};
use crate::doors::cli::output::print;
use crate::doors::cli::screens::view::RunViewKind;
use crate::doors::cli::screens::views::BoardLogs;
use crate::workspace::frontend::run::{Purpose, RunOutcome};

/// Print the parts of an ended run that the view has not shown.
pub(super) fn report(outcome: &RunOutcome, view: RunViewKind, not_shown: Option<&Trouble>) {
    let end = match &outcome.end {
        Ok(end) => end,
        Err(error) => {
            CommandFailure::failed(error).report();
            return;
        }
    };
    if let Err(error) = &outcome.shims {
        print::warning(error);
    }
    if view == RunViewKind::Headless {
        print_failures(outcome);
    }
    for trouble in outcome.troubles.iter().chain(not_shown) {
        print::trouble(trouble);
    }
    // The steps of a script have printed their own errors, and turns have their own results.
    if end.cancelled || matches!(outcome.purpose, Purpose::Steps | Purpose::Turns) {
        return;
    }
    let text = |failed: &[&str]| {
        format!("{} of {} tools did not install: {}", failed.len(), end.steps.len(), failed.join(", "))
    };
    let optional = end.missing(true);
    if !optional.is_empty() {
        print::warning(format_args!("{}; the project does not require them", text(&optional)));
    }
    let failed = end.missing(false);
    if failed.is_empty() {
        return;
    }
    let again = match &outcome.purpose {
        Purpose::Sync | Purpose::Script | Purpose::Steps | Purpose::Turns => "`vx sync`".to_owned(),
        Purpose::Install(tools) => format!("`vx install {}`", tools.join(" ")),
        Purpose::Use => "the same command".to_owned(),
        Purpose::Repair => "`vx doctor --fix`".to_owned(),
    };
    let hint = format!("`vx board dump` shows each error; {again} retries the failed installs");
    if outcome.purpose == Purpose::Script {
        print::doubt(&Trouble::new(TroubleKind::NotFound, text(&failed)).hinted(hint));
    } else {
        CommandFailure::hinted_text(FAILED, text(&failed), hint).report();
    }
}

/// Print each tool's error: no view has shown it, and the board may soon be removed.
fn print_failures(outcome: &RunOutcome) {
    let read = Reader::open(&outcome.board).ok().and_then(|mut reader| reader.snapshot().ok());
    let Some(snapshot) = read else { return };
    let logs = BoardLogs::beside(&outcome.board);
    let bad = |state| matches!(state, SlotState::Failed | SlotState::Died);
    for slot in snapshot.slots.iter().filter(|slot| bad(slot.state)) {
        // The error may hold output of a tool, colours included.
        let error = ErrorCell::parse(slot.error.as_deref().unwrap_or("it did not say why"));
        let error: Vec<_> = error.shown().map(|line| clean(&line).into_owned()).collect();
        let log = logs.location(&slot.key).map(|log| format!("\nwhole log: {log}")).unwrap_or_default();
        print::error(format_args!("{} {}: {}{log}", clean(&slot.key), clean(&slot.version), error.join("\n")), None);
    }
}

/// The exit code of a run. A good run that could not be shown, dumped or recorded as asked is a failure.
pub(in crate::doors::cli) fn exit_code(outcome: &RunOutcome) -> ExitCode {
    match &outcome.end {
        Ok(end) if end.cancelled => ExitCode::from(CANCELLED),
        _ if outcome.good() => ExitCode::SUCCESS,
        _ => ExitCode::from(FAILED),
    }
}
