//! The glyphs for states and bars, and their ASCII replacements.

/// The glyphs of a look; each is one column wide.
#[derive(Debug)]
pub struct Glyphs {
    /// The end of a text that was cut.
    pub cut: &'static str,
    /// Waits for its turn.
    pub queued: &'static str,
    /// Waits for another process.
    pub waiting: &'static str,
    /// At work.
    pub working: &'static str,
    /// At work, with little or no progress.
    pub warning: &'static str,
    /// Its process shows no sign of life.
    pub silent: &'static str,
    /// Its process and its parent are gone.
    pub lost: &'static str,
    /// Done.
    pub done: &'static str,
    /// Failed or died.
    pub failed: &'static str,
    /// Stopping or cancelled.
    pub stopped: &'static str,
    /// Left as it was.
    pub skipped: &'static str,
    /// The part of a bar that is done.
    pub filled: &'static str,
    /// The rest of a bar.
    pub empty: &'static str,
    /// The moving piece of a bar without a known share.
    pub moving: &'static str,
    /// A rule.
    pub line: &'static str,
    /// Points at the selected row.
    pub pointer: &'static str,
    /// Between two parts of a line.
    pub dot: &'static str,
    /// In front of a line of a log.
    pub gutter: &'static str,
}

pub(super) static DRAWN: Glyphs = Glyphs {
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

pub(super) static ASCII: Glyphs = Glyphs {
    cut: "~",
    queued: ".",
    waiting: ":",
    working: "*",
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
