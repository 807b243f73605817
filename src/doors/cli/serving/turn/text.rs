//! The answer of an agent as it comes: its text on standard output, a line for each tool on standard error.

use vx_agents::{Rendering, Shown, TurnEvent, TurnOutcome};

use super::TurnPrinter;
use crate::doors::cli::output::print;

/// Prints the answer.
#[derive(Default)]
pub(super) struct TurnTextPrinter(Rendering);

impl TurnPrinter for TurnTextPrinter {
    fn print(&mut self, event: &TurnEvent, outcome: Option<&TurnOutcome>) {
        for shown in self.0.render(event) {
            match shown {
                Shown::Answer(text) => print::piece(&text),
                Shown::Note(text) => print::message(text),
            }
        }
        match outcome {
            Some(TurnOutcome::Failed(reason)) => print::error(reason, None),
            Some(TurnOutcome::TimedOut) => {
                print::error("the turn took longer than allowed", Some("allow more with `--timeout`".into()));
            }
            Some(TurnOutcome::Good | TurnOutcome::Cancelled) | None => {}
        }
    }
}
