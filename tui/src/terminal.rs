//! The terminal in full-screen mode: taken over once, drawn to in whole frames, given back on every way out.

mod background;
mod input;
mod progress_signs;
mod screen;
mod signals;

pub(crate) use background::TerminalBackground;
pub(crate) use input::{Keyboard, TerminalInput};
pub use progress_signs::Signs;
pub(crate) use progress_signs::{SignsGuard, TerminalStream, clear_signs};
pub use screen::restore_modes;
pub(crate) use screen::{FullScreenTerminal, restore, restore_on_panic, restore_without_input};
pub(crate) use signals::{Arrived, Signals};

use std::io::{self, IsTerminal};

use ratatui::crossterm::terminal;

/// Why the full-screen view could not be shown, or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScreenError {
    /// Standard output is not a terminal.
    #[error("standard output is not a terminal")]
    NotATerminal,
    /// The terminal could not be switched, read, or written.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
    /// A thread panicked; the terminal was restored for its message, and nothing is drawn after that.
    #[error("the view was closed because a thread panicked")]
    Panicked,
}

impl ScreenError {
    /// Advice for the user.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotATerminal => "run it in a terminal, or leave out `--tui`",
            Self::Terminal(_) => "leave out `--tui`, or check that TERM names your terminal",
            Self::Panicked => "this is a bug: please report it with the message above",
        }
    }
}

/// Columns of the terminal behind standard error; `None` without a terminal, or if it reports no size.
pub fn stderr_columns() -> Option<u16> {
    let size = io::stderr().is_terminal().then(terminal::size)?;
    size.ok().map(|(columns, _)| columns).filter(|columns| *columns > 0)
}
