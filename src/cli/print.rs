//! What commands print: data on standard output, everything else on standard error.
//!
//! A reader that went away (`vx list | head`) is no error: what is left to print is dropped. Data that could not be
//! written for another reason fails the command, whatever else came of it.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::terminal;

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

/// Print data: to standard output, with a newline.
pub(super) fn data(text: impl Display) {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{}", harmless(text.to_string())).and_then(|()| stdout.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => CLOSED.store(true, Ordering::Relaxed),
        Err(error) => drop(LOST.set(error.to_string())),
    }
}

/// The control characters that JSON holds as they are, spelled as JSON may spell them too: some terminals obey them, and
/// what is on a board comes from whoever wrote to it.
fn harmless(text: String) -> String {
    let obeyed = |character: char| matches!(character, '\u{7f}'..='\u{9f}');
    if !text.contains(obeyed) {
        return text;
    }
    let mut spelled = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match obeyed(character) {
            true => spelled.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => spelled.push(character),
        }
    }
    spelled
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
        line(text);
    }
}

/// Print a warning.
pub(super) fn warning(text: impl Display) {
    note(format_args!("{} {text}", label("warning:", "33")));
}

/// Print what went wrong, and below it what to do next.
pub(super) fn error(text: impl Display, hint: Option<String>) {
    line(format_args!("{} {text}", label("error:", "31")));
    if let Some(hint) = hint {
        line(format_args!("{} {hint}", label("hint:", "36")));
    }
}

/// Print errors that say their own places and what to do.
pub(super) fn problems(text: impl Display) {
    line(text);
}

/// Where nobody reads standard error there is nobody to tell.
fn line(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn label(word: &str, colour: &str) -> String {
    if terminal::colours(std::io::stderr().is_terminal()) {
        format!("\u{1b}[1;{colour}m{word}\u{1b}[0m")
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn json_keeps_its_meaning_and_holds_nothing_that_a_terminal_obeys() {
        let value = serde_json::json!({ "key": "a\u{9b}2J\u{7f}\u{1b}b", "plain": "é…" });
        let text = harmless(value.to_string());
        assert!(text.contains("\\u009b2J\\u007f") && !text.contains(char::is_control), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(value));
    }
}
