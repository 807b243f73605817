//! The answer of an agent as it comes: its text on standard output, a line for each tool on standard error.

use vx_agents::{Outcome, Rendering, Shown, TurnEvent};

use super::Form;
use crate::doors::cli::output::print;

/// Prints the answer.
#[derive(Default)]
pub(super) struct Answer(Rendering);

impl Form for Answer {
    fn print(&mut self, event: &TurnEvent, outcome: Option<&Outcome>) {
        for shown in self.0.of(event) {
            match shown {
                Shown::Answer(text) => print::piece(&text),
                Shown::Note(text) => print::note(text),
            }
        }
        match outcome {
            Some(Outcome::Failed(reason)) => print::error(reason, None),
            Some(Outcome::TimedOut) => {
                print::error("it took longer than allowed", Some("allow more with `--timeout`".into()));
            }
            Some(Outcome::Good | Outcome::Cancelled) | None => {}
        }
    }
}
