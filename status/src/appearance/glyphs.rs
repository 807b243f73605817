//! The glyphs for states and bars, and their ASCII replacements.

/// The glyphs of a style; each is one column wide.
#[derive(Debug)]
pub struct Glyphs {
    /// End of a text that was cut.
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
    /// Its process is gone and left no result.
    pub lost: &'static str,
    /// Done.
    pub done: &'static str,
    /// Failed or died.
    pub failed: &'static str,
    /// Stopping or cancelled.
    pub stopped: &'static str,
    /// Left as it was.
    pub skipped: &'static str,
    /// Part of a bar that is done, and a lane of running work.
    pub filled: &'static str,
    /// Half a cell at the end of the part of a bar that is done.
    pub half: &'static str,
    /// Rest of a bar.
    pub empty: &'static str,
    /// Moving piece of a bar without a known share.
    pub moving: &'static str,
    /// A lane of work that is over.
    pub past: &'static str,
    /// A lane of work that is expected.
    pub expected: &'static str,
    /// A lane of work that does not move.
    pub hatched: &'static str,
    /// A lane of waiting.
    pub dotted: &'static str,
    /// A lane that lies before the time shown.
    pub before: &'static str,
    /// The present moment.
    pub now: &'static str,
    /// A column of a graph, by the eighths of a row that it fills.
    pub eighths: [&'static str; 9],
    /// A rule.
    pub line: &'static str,
    /// A rule from top to bottom.
    pub side: &'static str,
    /// Points at the selected row.
    pub pointer: &'static str,
    /// In front of the name of a part of other work.
    pub child: &'static str,
    /// Column by which a table is sorted.
    pub sorted: &'static str,
    /// Between two parts of a line.
    pub dot: &'static str,
    /// In front of a line of a log.
    pub gutter: &'static str,
}

pub(super) static DRAWN: Glyphs = Glyphs {
    cut: "…",
    queued: "○",
    waiting: "◆",
    working: "●",
    warning: "▲",
    silent: "◍",
    lost: "◌",
    done: "✓",
    failed: "✗",
    stopped: "■",
    skipped: "–",
    filled: "━",
    half: "╸",
    empty: "─",
    moving: "━",
    past: "─",
    expected: "┄",
    hatched: "╱",
    dotted: "·",
    before: "‹",
    now: "│",
    eighths: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    line: "─",
    side: "│",
    pointer: "▌",
    child: "└",
    sorted: "↓",
    dot: "·",
    gutter: "│",
};

pub(super) static ASCII: Glyphs = Glyphs {
    cut: "~",
    queued: "o",
    waiting: "?",
    working: "*",
    warning: "!",
    silent: "z",
    lost: "0",
    done: "+",
    failed: "x",
    stopped: "#",
    skipped: "-",
    filled: "=",
    half: ">",
    empty: "-",
    moving: "=",
    past: "-",
    expected: ".",
    hatched: "/",
    dotted: " ",
    before: "<",
    now: "|",
    eighths: [" ", "_", "_", ".", "-", "-", "=", "=", "#"],
    line: "-",
    side: "|",
    pointer: ">",
    child: "`",
    sorted: "v",
    dot: "|",
    gutter: "|",
};
