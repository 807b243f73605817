//! The outputs as others call them: each a loop that reads the board, feeds a pure core, and writes what came of it.
//!
//! Every loop blocks its thread until the work is over or somebody leaves; give it a thread of its own where a slow
//! terminal must not delay anything else. Every loop takes one more reading after `finished`, so nothing is lost.

#[cfg(test)]
mod alike;
mod choose;
mod dashboard;
mod foreteller;
#[cfg(test)]
mod goldens;
mod lines;
mod log;
mod stillness;
mod stream;

use std::path::PathBuf;

use crate::bindings::KeyBindings;
use crate::source::{Control, Logs, Snapshots};
use crate::terminal::Signs;
use crate::theme::Look;

pub use choose::{BoardChoice, Choice, choose_board};
pub use dashboard::dashboard;
pub use foreteller::Foreteller;
pub use lines::{inline, json, plain};

/// What the end of a terminal says, as a signal; the signal itself may come late or never.
const SIGHUP: i32 = 1;

/// What every output is fed with.
pub struct Inputs {
    /// The board.
    pub snapshots: Box<dyn Snapshots>,
    /// The output of the slots' processes.
    pub logs: Box<dyn Logs>,
    /// A hand on the work; `None` for a viewer that only watches.
    pub control: Option<Box<dyn Control>>,
}

/// How the full-screen view is shown.
#[derive(Clone, Debug)]
pub struct DashboardOptions {
    /// Colours and glyphs.
    pub look: Look,
    /// What is shown outside the screen's cells.
    pub signs: Signs,
    /// Which keys mean what.
    pub keys: KeyBindings,
    /// Whether a mouse selects and scrolls; the terminal then selects text only with Shift held down.
    pub mouse: bool,
    /// How often a second new data is drawn at most; keys are answered sooner.
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

/// How the inline view is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputOptions {
    /// Colours and glyphs.
    pub look: Look,
    /// What is shown outside the screen's cells.
    pub signs: Signs,
}

/// How plain lines are written.
#[derive(Clone, Debug, Default)]
pub struct PlainOptions {
    /// Colours and glyphs of the final table; the lines before it have neither.
    pub look: Look,
    /// For whom.
    pub form: PlainForm,
    /// How many columns a row of the final table has, where the output is a terminal.
    pub columns: Option<u16>,
}

/// For whom plain lines are written.
#[derive(Clone, Debug, Default)]
pub enum PlainForm {
    /// For logs and pipes: the whole every 3 s.
    #[default]
    Lines,
    /// For screen readers: the whole every 30 s, words alone.
    Accessible,
    /// For GitHub Actions: lines in a group, an annotation for each failure.
    GithubActions {
        /// The file that the step's page is made from; the table is appended to it.
        step_summary: Option<PathBuf>,
    },
}

/// How the full-screen view was left. The terminal is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The work is over; the final table was printed.
    Finished,
    /// The work goes on without the view; nothing was printed.
    Detached,
    /// Whoever watched has seen enough; the table of that moment was printed.
    Closed,
    /// The process is to end by this signal. Where there is a control, everything was asked to stop; nothing was
    /// printed.
    Signal(i32),
}
