//! What commands print: data on standard output, everything else on standard error.
//!
//! A reader that went away (`vx list | head`) is no error: what is left to print is dropped. Data that could not be
//! written for another reason fails the command, whatever else came of it.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::terminal;
use crate::spelled::spelled;

/// Whether nothing but errors is printed for people.
static ERRORS_ONLY: AtomicBool = AtomicBool::new(false);
/// Whether nobody reads standard output any more.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// Why data could not be written.
static LOST: OnceLock<String> = OnceLock::new();

/// From now on print nothing but errors for people.
pub(super) fn errors_only() {
    ERRORS_ONLY.store(true, Ordering::Relaxed);
}

/// Print data: to standard output, with a newline. What a terminal would obey is spelled out, as it is in all that is printed:
/// what is on a board, or in a project, comes from whoever wrote to it.
pub(super) fn data(text: impl Display) {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{}", spelled(&text.to_string())).and_then(|()| stdout.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => CLOSED.store(true, Ordering::Relaxed),
        Err(error) => drop(LOST.set(error.to_string())),
    }
}

/// Whether nobody reads standard output any more, so that a command without end may end.
pub(super) fn closed() -> bool {
    CLOSED.load(Ordering::Relaxed) || LOST.get().is_some()
}

/// Why data could not be written, if it could not.
pub(super) fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// Print a note for people: to standard error, with a newline.
pub(super) fn note(text: impl Display) {
    if !ERRORS_ONLY.load(Ordering::Relaxed) {
        line("", text);
    }
}

/// Print a warning.
pub(super) fn warning(text: impl Display) {
    if !ERRORS_ONLY.load(Ordering::Relaxed) {
        line(&label("warning:", "33"), text);
    }
}

/// Print what went wrong, and below it what to do next.
pub(super) fn error(text: impl Display, hint: Option<String>) {
    line(&label("error:", "31"), text);
    if let Some(hint) = hint {
        line(&label("hint:", "36"), hint);
    }
}

/// Print errors that say their own places and what to do.
pub(super) fn problems(text: impl Display) {
    line("", text);
}

/// Where nobody reads standard error there is nobody to tell.
fn line(label: &str, text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{label}{}", spelled(&text.to_string()));
}

fn label(word: &str, colour: &str) -> String {
    if terminal::colours(std::io::stderr().is_terminal()) {
        format!("\u{1b}[1;{colour}m{word}\u{1b}[0m ")
    } else {
        format!("{word} ")
    }
}
