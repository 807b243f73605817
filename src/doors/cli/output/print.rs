//! Printing: data on standard output, everything else on standard error.
//!
//! A reader that is gone (`vx list | head`) is no error: the rest of the data is dropped. If data cannot be written for
//! another reason, the command fails, even if its work succeeded.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use vx_base::trouble::Trouble;
use vx_text::escaped;

use super::terminal;

/// Whether only errors are printed for people.
static ERRORS_ONLY: AtomicBool = AtomicBool::new(false);
/// Set once the reader of standard output is gone.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// The reason that data could not be written.
static LOST: OnceLock<String> = OnceLock::new();

/// Print nothing but errors for people from now on.
pub(in crate::doors::cli) fn errors_only() {
    ERRORS_ONLY.store(true, Ordering::Relaxed);
}

/// Print data: to standard output, with a newline. Unprintable characters are escaped, here and in everything else that
/// is printed: the text of a board or a project may hold anything.
pub(in crate::doors::cli) fn data(text: impl Display) {
    let mut stdout = std::io::stdout().lock();
    noted(writeln!(stdout, "{}", escaped(&text.to_string())).and_then(|()| stdout.flush()));
}

/// Print a document that ends its own lines: to standard output.
pub(in crate::doors::cli) fn document(text: &str) {
    let mut stdout = std::io::stdout().lock();
    noted(write!(stdout, "{}", escaped(text)).and_then(|()| stdout.flush()));
}

/// Print a piece of data as it comes: to standard output, without adding a newline.
#[cfg(all(unix, feature = "control"))]
pub(in crate::doors::cli) fn piece(text: &str) {
    let lines: Vec<_> = text.split('\n').map(escaped).collect();
    let mut stdout = std::io::stdout().lock();
    noted(write!(stdout, "{}", lines.join("\n")).and_then(|()| stdout.flush()));
}

/// Record why data could not be written.
fn noted(written: std::io::Result<()>) {
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => CLOSED.store(true, Ordering::Relaxed),
        Err(error) => drop(LOST.set(error.to_string())),
    }
}

/// Returns whether standard output accepts no more data, so that an endless command can end.
pub(in crate::doors::cli) fn closed() -> bool {
    CLOSED.load(Ordering::Relaxed) || LOST.get().is_some()
}

/// The reason that data could not be written, if it could not.
pub(in crate::doors::cli) fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// Print a note for people: to standard error, with a newline.
pub(in crate::doors::cli) fn message(text: impl Display) {
    if !ERRORS_ONLY.load(Ordering::Relaxed) {
        line("", text);
    }
}

/// Print a warning.
pub(in crate::doors::cli) fn warning(text: impl Display) {
    if !ERRORS_ONLY.load(Ordering::Relaxed) {
        line(&label("warning:", "33"), text);
    }
}

/// Print an error, and below it the next step.
pub(in crate::doors::cli) fn error(text: impl Display, hint: Option<String>) {
    explained(text, &[], hint);
}

/// Print an error, below it its details, and below them the next step.
pub(in crate::doors::cli) fn explained(text: impl Display, details: &[String], hint: Option<String>) {
    labelled(&label("error:", "31"), text, details, hint);
}

/// Print a trouble as an error.
pub(in crate::doors::cli) fn trouble(trouble: &Trouble) {
    explained(&trouble.text, &trouble.details, trouble.hint.clone());
}

/// Write a trouble for another process of vx: to standard error, as a document in one line.
pub(in crate::doors::cli) fn trouble_document(trouble: &Trouble) {
    line("", trouble.to_document());
}

/// Print a trouble as a warning.
pub(in crate::doors::cli) fn doubt(doubt: &Trouble) {
    if !ERRORS_ONLY.load(Ordering::Relaxed) {
        labelled(&label("warning:", "33"), &doubt.text, &doubt.details, doubt.hint.clone());
    }
}

/// Print errors whose text contains the places and the next steps.
pub(in crate::doors::cli) fn problems(text: impl Display) {
    line("", text);
}

/// Print a text with this label, below it its details, and below them the next step.
fn labelled(label_of_text: &str, text: impl Display, details: &[String], hint: Option<String>) {
    line(label_of_text, text);
    details.iter().for_each(|detail| line("", detail));
    if let Some(hint) = hint {
        line(&label("hint:", "36"), hint);
    }
}

/// Print a line to standard error. A failure to do so is ignored, since there is no other place to report it.
fn line(label: &str, text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{label}{}", escaped(&text.to_string()));
}

fn label(word: &str, colour: &str) -> String {
    if terminal::colours(std::io::stderr().is_terminal()) {
        format!("\u{1b}[1;{colour}m{word}\u{1b}[0m ")
    } else {
        format!("{word} ")
    }
}
