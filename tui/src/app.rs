//! The entry points of the outputs: each is a loop that reads the board, feeds a pure core, and writes the result.
//!
//! Every loop blocks its thread until the work is over or the user leaves; give it a thread of its own if a slow
//! terminal must not delay anything else. Every loop takes one more reading after `finished`, so nothing is lost.

mod activity;
#[cfg(test)]
mod alike;
mod choose;
mod dashboard;
mod estimator;
#[cfg(test)]
mod goldens;
mod lines;
mod log;
mod stream;

use std::path::PathBuf;

use crate::bindings::KeyBindings;
use crate::source::{Control, Logs, Snapshots};
use crate::terminal::Signs;
use crate::theme::Look;

pub use choose::{BoardChoice, Choice, choose_board};
pub use dashboard::dashboard;
pub use estimator::Estimator;
pub use lines::{inline, json, plain};

/// The signal that counts as received when the terminal is lost; the signal itself may arrive late or never.
const SIGHUP: i32 = 1;

/// The sources of every output.
pub struct Inputs {
    /// The board.
    pub snapshots: Box<dyn Snapshots>,
    /// The output of the slots' processes.
    pub logs: Box<dyn Logs>,
    /// Control over the work; `None` for a viewer that only watches.
    pub control: Option<Box<dyn Control>>,
}

/// Options of the full-screen view.
#[derive(Clone, Debug)]
pub struct DashboardOptions {
    /// Colours and glyphs.
    pub look: Look,
    /// Progress and title outside the screen's cells.
    pub signs: Signs,
    /// The key bindings in force.
    pub keys: KeyBindings,
    /// A mouse selects and scrolls; the terminal then selects text only with Shift held down.
    pub mouse: bool,
    /// Most frames per second for new data; keys are answered sooner.
    pub refresh_hz: u8,
}

impl Default for DashboardOptions {
    fn default() -> Self {
        Self {
            look: Look::default(),
            signs: Signs::default(),
            keys: KeyBindings::default(),
            mouse: true,
            refresh_hz: 10,
        }
    }
}

/// Options of the inline view.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputOptions {
    /// Colours and glyphs.
    pub look: Look,
    /// Progress and title outside the screen's cells.
    pub signs: Signs,
}

/// Options of plain lines.
#[derive(Clone, Debug, Default)]
pub struct PlainOptions {
    /// Colours and glyphs of the final table; the lines before it have neither.
    pub look: Look,
    /// The kind of reader.
    pub form: PlainForm,
    /// Columns of a row of the final table, if the output is a terminal.
    pub columns: Option<u16>,
}

/// The kind of reader that plain lines are written for.
#[derive(Clone, Debug, Default)]
pub enum PlainForm {
    /// For logs and pipes: the sums every 3 s.
    #[default]
    Lines,
    /// For screen readers: the sums every 30 s, in words alone.
    Accessible,
    /// For GitHub Actions: lines in a group, an annotation for each failure.
    GithubActions {
        /// The file behind the step's summary page; the table is appended to it.
        step_summary: Option<PathBuf>,
    },
}

/// The way the full-screen view ended. The terminal is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The work is over; the final table was printed.
    Finished,
    /// The work continues without the view; nothing was printed.
    Detached,
    /// The user left a view that only watched; the table of that moment was printed.
    Closed,
    /// The process is to end by this signal. With a control, all work was requested to stop; nothing was printed.
    Signal(i32),
}
