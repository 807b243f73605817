//! How things look: which glyphs may be used and whether there is colour. No meaning hangs on colour alone.

use ratatui::style::{Color, Modifier, Style};

/// What the terminal and its user allow. The caller decides from `NO_COLOR`, `CLICOLOR_FORCE`, the locale, and the like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Use colours; without them only bold, dim and reverse.
    pub colour: bool,
    /// Draw with ASCII alone. Names and messages are shown as they are.
    pub ascii: bool,
    /// Say everything in words: no bars and no glyphs, for screen readers. Lines and tables only.
    pub words_only: bool,
}

/// What a piece of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Quiet,
    Good,
    Bad,
    Warning,
    Busy,
}

/// The shapes a look is drawn with; each is one column wide.
#[derive(Debug)]
pub(crate) struct Glyphs {
    pub(crate) cut: &'static str,
    pub(crate) queued: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) working: &'static str,
    pub(crate) warning: &'static str,
    pub(crate) silent: &'static str,
    pub(crate) lost: &'static str,
    pub(crate) done: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) stopped: &'static str,
    pub(crate) skipped: &'static str,
    pub(crate) filled: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) moving: &'static str,
    pub(crate) line: &'static str,
    pub(crate) pointer: &'static str,
    pub(crate) dot: &'static str,
    pub(crate) gutter: &'static str,
}

static DRAWN: Glyphs = Glyphs {
    cut: "…",
    queued: "○",
    waiting: "◌",
    working: "●",
    warning: "▲",
    silent: "◍",
    lost: "?",
    done: "✓",
    failed: "✗",
    stopped: "■",
    skipped: "–",
    filled: "█",
    empty: "░",
    moving: "▓",
    line: "─",
    pointer: "▸",
    dot: "·",
    gutter: "│",
};

static ASCII: Glyphs = Glyphs {
    cut: "~",
    queued: ".",
    waiting: ":",
    working: ">",
    warning: "!",
    silent: "z",
    lost: "?",
    done: "+",
    failed: "x",
    stopped: "#",
    skipped: "-",
    filled: "#",
    empty: ".",
    moving: "=",
    line: "-",
    pointer: ">",
    dot: "|",
    gutter: "|",
};

/// A look, made ready to draw with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    pub(crate) glyphs: &'static Glyphs,
    pub(crate) words_only: bool,
    colour: bool,
}

impl Theme {
    pub(crate) fn new(look: Look) -> Self {
        let glyphs = if look.ascii || look.words_only { &ASCII } else { &DRAWN };
        Self { glyphs, words_only: look.words_only, colour: look.colour }
    }

    /// The style of a tone in the full-screen view.
    pub(crate) fn style(&self, tone: Tone) -> Style {
        let plain = Style::new();
        let coloured = |colour| if self.colour { plain.fg(colour) } else { plain };
        match tone {
            Tone::Plain => plain,
            Tone::Strong => plain.add_modifier(Modifier::BOLD),
            Tone::Quiet => plain.add_modifier(Modifier::DIM),
            Tone::Good => coloured(Color::Green),
            Tone::Bad => coloured(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Warning => coloured(Color::Yellow),
            Tone::Busy => coloured(Color::Cyan),
        }
    }

    /// A background that tells neighbouring phases of a timeline apart; its letter says which it is.
    pub(crate) fn phase_style(&self, number: u8) -> Style {
        const COLOURS: [Color; 8] = [
            Color::DarkGray,
            Color::Gray,
            Color::LightBlue,
            Color::Cyan,
            Color::Magenta,
            Color::Green,
            Color::Yellow,
            Color::LightRed,
        ];
        match COLOURS.get(usize::from(number)) {
            Some(colour) if self.colour => Style::new().fg(*colour),
            _ => Style::new(),
        }
    }

    /// `text`, which must be clean, with the tone's codes around it for the line-wise outputs.
    pub(crate) fn paint(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => "1",
            Tone::Quiet => "2",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Warning => "33",
            Tone::Busy => "36",
        };
        if self.colour && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_no_code_is_written() {
        let theme = Theme::new(Look { ascii: true, ..Look::default() });
        assert_eq!(theme.paint("failed", Tone::Bad), "failed");
        assert_eq!(theme.style(Tone::Good).fg, None);
    }
}
