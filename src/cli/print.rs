//! What commands print: data on standard output, everything else on standard error.
//!
//! A reader that went away (`vx list | head`) is no error: what is left to print is dropped.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use super::terminal;

/// Print data: to standard output, with a newline.
pub(super) fn data(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Print a note for people: to standard error, with a newline.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Print a warning.
pub(super) fn warning(text: impl Display) {
    note(format_args!("{} {text}", label("warning:", "33")));
}

/// Print what went wrong, and below it what to do next.
pub(super) fn error(text: impl Display, hint: Option<String>) {
    note(format_args!("{} {text}", label("error:", "31")));
    if let Some(hint) = hint {
        note(format_args!("{} {hint}", label("hint:", "36")));
    }
}

fn label(word: &str, colour: &str) -> String {
    if terminal::colours(std::io::stderr().is_terminal()) {
        format!("\u{1b}[1;{colour}m{word}\u{1b}[0m")
    } else {
        word.to_owned()
    }
}
