//! What a terminal shows outside its cells: how far the work is, in its tab or on the task bar (OSC 9;4), and its
//! title. Shown only where it is known to be understood, and taken back on every way out, also by a panic elsewhere.
//!
//! Within tmux and screen nothing is shown outside: they swallow OSC 9;4, and whether they would pass it on cannot be
//! known without asking.

use std::io::{self, Write};
use std::time::Duration;

use anstyle_progress::{TermProgress, TermProgressStatus, supports_term_progress};
use parking_lot::Mutex;

use crate::model::Totals;
use crate::text::{clean, fitted};

/// How long taking back waits for a sign that is being written. A panic of its writer never gets it.
const SIGN_WAIT: Duration = Duration::from_millis(200);
const TITLE_COLUMNS: usize = 60;

const KEEP_TITLE: &str = "\u{1b}[22;0t";
const TITLE_OF_BEFORE: &str = "\u{1b}[23;0t";

/// Which signs a terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// It shows how far the work is (OSC 9;4).
    pub progress: bool,
    /// It has a title, and keeps the one of before.
    pub title: bool,
}

impl Signs {
    /// What the environment says of the terminal; nothing where the output is `terminal: false`.
    pub fn supported(terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let term = std::env::var("TERM").unwrap_or_default();
        let program = std::env::var("TERM_PROGRAM").unwrap_or_default();
        let (tmux, screen) = (set("TMUX"), set("STY"));
        Self {
            progress: terminal && term != "dumb" && !tmux && !screen && supports_term_progress(terminal),
            title: terminal && !screen && (tmux || keeps_title(&term, &program)),
        }
    }
}

/// Whether a terminal of this name puts the title of before away and back: others would keep ours for good.
fn keeps_title(term: &str, program: &str) -> bool {
    const KNOWN: [&str; 8] = ["xterm", "alacritty", "foot", "wezterm", "tmux", "contour", "konsole", "vte"];
    program != "Apple_Terminal" && KNOWN.iter().any(|known| term.starts_with(known))
}

/// Which stream the terminal is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
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

/// What is to be taken back, and where.
static LIT: Mutex<Option<(Signs, Stream)>> = Mutex::new(None);

/// Shows the signs while it lives.
pub(crate) struct Lamp {
    signs: Signs,
    stream: Stream,
    /// What is shown; `None` before the first sign. Whoever takes that back elsewhere ends the showing.
    shown: Option<(String, String)>,
}

impl Lamp {
    /// A lamp that shows nothing yet.
    pub(crate) fn new(signs: Signs, stream: Stream) -> Self {
        Self { signs, stream, shown: None }
    }

    /// Show how far the whole is.
    pub(crate) fn show(&mut self, title: &str, totals: &Totals) -> io::Result<()> {
        if self.signs == Signs::default() {
            return Ok(());
        }
        let next = (progress(totals).to_string(), title_of(title, totals));
        let mut lit = LIT.lock();
        if self.shown.as_ref() == Some(&next) || self.shown.is_some() && lit.is_none() {
            return Ok(());
        }
        let mut text = String::new();
        if self.signs.title {
            text += if lit.is_none() { KEEP_TITLE } else { "" };
            text += &format!("\u{1b}]2;{}\u{1b}\\", next.1);
        }
        text += if self.signs.progress { &next.0 } else { "" };
        *lit = Some((self.signs, self.stream));
        self.shown = Some(next);
        self.stream.write(&text)
    }

    /// The terminal is taken over again after the signs were taken back: show them again.
    pub(crate) fn again(&mut self) {
        self.shown = None;
    }
}

impl Drop for Lamp {
    fn drop(&mut self) {
        take_back();
    }
}

/// Take the signs back, if any are shown. May be called from any thread.
pub(crate) fn take_back() {
    let Some(mut lit) = LIT.try_lock_for(SIGN_WAIT) else { return };
    let Some((signs, stream)) = lit.take() else { return };
    let mut text = String::new();
    if signs.progress {
        text += &TermProgress::remove().to_string();
    }
    if signs.title {
        text += TITLE_OF_BEFORE;
    }
    // A terminal that is gone shows nothing any more.
    let _ = stream.write(&text);
}

fn progress(totals: &Totals) -> TermProgress {
    let percent = u8::try_from((totals.permille / 10).min(100)).unwrap_or(100);
    let bad = totals.failed > 0 || totals.orphaned;
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
        assert!(!title.chars().any(crate::text::hostile), "{title:?}");
    }

    #[test]
    fn a_title_is_changed_only_where_the_one_of_before_comes_back() {
        for (term, program, keeps) in [
            ("xterm-256color", "", true),
            ("xterm-kitty", "", true),
            ("xterm-256color", "Apple_Terminal", false),
            ("linux", "", false),
            ("dumb", "", false),
            ("", "", false),
        ] {
            assert_eq!(keeps_title(term, program), keeps, "{term} {program}");
        }
    }
}
