//! Signs of progress outside the terminal's cells: on its tab or in the task bar (OSC 9;4), and in its title. They are
//! shown only in terminals known to understand them, and removed on every way out, including a panic of another thread.
//!
//! In tmux and screen no progress is shown: both swallow OSC 9;4, and only a query could tell whether they pass it on.

use std::io::{self, Write};
use std::time::Duration;

use anstyle_progress::{TermProgress, TermProgressStatus, supports_term_progress};
use parking_lot::Mutex;
use vx_status::totals::Totals;
use vx_text::{clean, fitted};

/// Longest wait before a removal for a sign being written. After a panic inside that write, the lock is never free.
const SIGN_WAIT: Duration = Duration::from_millis(200);
const TITLE_COLUMNS: usize = 60;

const SAVE_TITLE: &str = "\u{1b}[22;0t";
const RESTORE_TITLE: &str = "\u{1b}[23;0t";

/// The signs that a terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// The terminal shows the progress of the work (OSC 9;4).
    pub progress: bool,
    /// The terminal has a title and can restore the earlier one.
    pub title: bool,
}

impl Signs {
    /// The signs supported according to the environment; none if the output is not a terminal.
    pub fn supported(terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let term = std::env::var("TERM").unwrap_or_default();
        let program = std::env::var("TERM_PROGRAM").unwrap_or_default();
        let (tmux, screen) = (set("TMUX"), set("STY"));
        Self {
            progress: terminal && term != "dumb" && !tmux && !screen && supports_term_progress(terminal),
            title: terminal && !screen && (tmux || saves_title(&term, &program)),
        }
    }
}

/// Returns whether a terminal of this name can save and restore its title; others would keep ours for good.
fn saves_title(term: &str, program: &str) -> bool {
    const KNOWN: [&str; 8] = ["xterm", "alacritty", "foot", "wezterm", "tmux", "contour", "konsole", "vte"];
    program != "Apple_Terminal" && KNOWN.iter().any(|known| term.starts_with(known))
}

/// The stream that leads to the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TerminalStream {
    Stdout,
    Stderr,
}

impl TerminalStream {
    fn write(self, text: &str) -> io::Result<()> {
        fn all(out: &mut dyn Write, text: &str) -> io::Result<()> {
            out.write_all(text.as_bytes())?;
            out.flush()
        }
        match self {
            Self::Stdout => all(&mut io::stdout().lock(), text),
            Self::Stderr => all(&mut io::stderr().lock(), text),
        }
    }
}

/// Signs to remove, and their stream.
static SHOWN: Mutex<Option<(Signs, TerminalStream)>> = Mutex::new(None);

/// Shows the signs while it lives.
pub(crate) struct SignsGuard {
    signs: Signs,
    stream: TerminalStream,
    /// Last progress and title; `None` before the first. Once `clear_signs` has removed them, nothing more is
    /// shown.
    shown: Option<(String, String)>,
}

impl SignsGuard {
    /// A guard that shows nothing yet.
    pub(crate) fn new(signs: Signs, stream: TerminalStream) -> Self {
        Self { signs, stream, shown: None }
    }

    /// Show the progress of the whole run.
    pub(crate) fn show(&mut self, title: &str, totals: &Totals) -> io::Result<()> {
        if self.signs == Signs::default() {
            return Ok(());
        }
        let next = (progress(totals).to_string(), title_of(title, totals));
        let mut shown = SHOWN.lock();
        if self.shown.as_ref() == Some(&next) || self.shown.is_some() && shown.is_none() {
            return Ok(());
        }
        let mut text = String::new();
        if self.signs.title {
            text += if shown.is_none() { SAVE_TITLE } else { "" };
            text += &format!("\u{1b}]2;{}\u{1b}\\", next.1);
        }
        text += if self.signs.progress { &next.0 } else { "" };
        *shown = Some((self.signs, self.stream));
        self.shown = Some(next);
        self.stream.write(&text)
    }

    /// Show the signs again, because the terminal was taken over again after they were removed.
    pub(crate) fn again(&mut self) {
        self.shown = None;
    }
}

impl Drop for SignsGuard {
    fn drop(&mut self) {
        clear_signs();
    }
}

/// Remove the signs, if any are shown. Any thread may call it.
pub(crate) fn clear_signs() {
    let Some(mut shown) = SHOWN.try_lock_for(SIGN_WAIT) else { return };
    let Some((signs, stream)) = shown.take() else { return };
    let mut text = String::new();
    if signs.progress {
        text += &TermProgress::remove().to_string();
    }
    if signs.title {
        text += RESTORE_TITLE;
    }
    // A terminal that is gone shows no signs.
    let _ = stream.write(&text);
}

fn progress(totals: &Totals) -> TermProgress {
    let percent = u8::try_from((totals.permille / 10).min(100)).unwrap_or(100);
    let bad = totals.failed + totals.lost > 0 || totals.orphaned;
    let status = if bad { TermProgressStatus::Error } else { TermProgressStatus::Normal };
    TermProgress::none().status(status).percent(percent)
}

/// `vx demo 45%, 1 failed`.
fn title_of(title: &str, totals: &Totals) -> String {
    let title = clean(title);
    let name = if title.is_empty() { "vx".to_owned() } else { format!("vx {}", fitted(&title, TITLE_COLUMNS, "")) };
    let failed = if totals.failed > 0 { format!(", {} failed", totals.failed) } else { String::new() };
    format!("{name} {}%{failed}", totals.permille / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_on_the_task_bar_and_in_the_title() {
        let well = Totals { permille: 456, ..Totals::default() };
        assert_eq!(progress(&well).to_string(), "\u{1b}]9;4;1;45\u{1b}\\");
        let bad = Totals { failed: 2, ..well };
        assert_eq!(progress(&bad).to_string(), "\u{1b}]9;4;2;45\u{1b}\\");
        assert_eq!(title_of("demo", &bad), "vx demo 45%, 2 failed");
        assert_eq!(title_of("", &Totals::default()), "vx 0%");
    }

    #[test]
    fn a_title_cannot_end_its_own_command() {
        let title = title_of("\u{1b}\\\u{7}\u{9c}\u{1b}]0;x", &Totals::default());
        assert!(!title.chars().any(vx_text::is_unprintable), "{title:?}");
    }

    #[test]
    fn a_title_is_changed_only_where_the_earlier_one_can_be_restored() {
        for (term, program, keeps) in [
            ("xterm-256color", "", true),
            ("xterm-kitty", "", true),
            ("xterm-256color", "Apple_Terminal", false),
            ("linux", "", false),
            ("dumb", "", false),
            ("", "", false),
        ] {
            assert_eq!(saves_title(term, program), keeps, "{term} {program}");
        }
    }
}
