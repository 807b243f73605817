//! The entry points of the outputs: each is a loop that reads the board, feeds a pure core, and writes the result.
//!
//! Every loop blocks its thread until the work is over or the user leaves; give it its own thread if a slow terminal
//! must not delay anything else. Every loop takes one more reading after `finished`, so nothing is lost.

mod activity;
#[cfg(test)]
mod alike;
mod choose;
mod dashboard;
#[cfg(test)]
mod goldens;
mod inline;
mod log;
#[cfg(test)]
mod services;
mod stream;
#[cfg(test)]
mod turns;

use vx_status::appearance::{ColourDepth, OutputStyle, Palette, Theme};

use crate::bindings::KeyBindings;
use crate::terminal::{Signs, TerminalBackground};

pub use choose::{BoardChoice, ChooserOutcome, choose_board};
pub use dashboard::dashboard;
pub use inline::inline;

/// A lost terminal counts as this signal; the signal itself may arrive late or never.
const SIGHUP: i32 = 1;

/// Options of the full-screen view.
#[derive(Clone, Debug)]
pub struct DashboardOptions {
    /// Colours and glyphs.
    pub look: OutputStyle,
    /// Ask the terminal for its background, and use our own colours of this depth if it answers; `None` not to ask.
    pub asks_ground: Option<ColourDepth>,
    /// Progress and title outside the screen's cells.
    pub signs: Signs,
    /// Key bindings in force.
    pub keys: KeyBindings,
    /// A mouse selects and scrolls; the terminal then selects text only with Shift held down.
    pub mouse: bool,
    /// Most frames per second for new data; keys are answered sooner.
    pub refresh_hz: u8,
    /// The view was opened from a list of boards; one step back leads there.
    pub list: bool,
    /// A notice to show from the start until the first key.
    pub notice: Option<String>,
}

impl DashboardOptions {
    /// The theme for a terminal with this background, which was asked for.
    pub(crate) fn theme_on(&self, ground: TerminalBackground) -> Option<Theme> {
        let depth = self.asks_ground?;
        let palette = match ground {
            TerminalBackground::Dark => Palette::Dark(depth),
            TerminalBackground::Light => Palette::Light(depth),
        };
        Some(Theme::new(OutputStyle { palette, ..self.look }))
    }
}

impl Default for DashboardOptions {
    fn default() -> Self {
        Self {
            look: OutputStyle::default(),
            asks_ground: None,
            signs: Signs::default(),
            keys: KeyBindings::default(),
            mouse: true,
            refresh_hz: 10,
            list: false,
            notice: None,
        }
    }
}

/// Options of the inline view.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputOptions {
    /// Colours and glyphs.
    pub look: OutputStyle,
    /// Progress and title outside the screen's cells.
    pub signs: Signs,
}

/// The way the full-screen view ended. The terminal is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DashboardExit {
    /// The work is over; the final table was printed.
    Finished,
    /// The user went back to the list of boards; nothing was printed.
    Boards,
    /// The work continues without the view; nothing was printed.
    Detached,
    /// The user left a view that only watched; the table of that moment was printed.
    Closed,
    /// The process is to end by this signal. With a control, all work was asked to stop; nothing was printed.
    Signal(i32),
}
