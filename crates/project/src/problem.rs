//! Problems in a `vx.toml`, each with its place and its line of the file.

mod lines;

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use unicode_width::UnicodeWidthStr;
use vx_base::shown_address::{starred, without_secrets};
use vx_base::trouble::{Explain, TroubleKind};
use vx_text::escaped;

pub(super) use lines::LineStarts;
use lines::{TextPlace, floor_boundary};

/// Most bytes of a line that are stored with a problem.
const LONGEST_BYTES: usize = 1024;
/// How many of these may precede the problem.
const BEFORE_BYTES: usize = 256;
/// How far around these bytes an address may begin or end.
const SURROUNDING_BYTES: usize = 4096;
/// Most bytes of a message.
const LONGEST_MESSAGE_BYTES: usize = 4096;

/// Something to change in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// How to correct it.
    pub advice: Option<String>,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// The line, with stars in place of secrets in addresses; of a long line, the part around the problem. Empty from
    /// the thousand-and-first problem on.
    pub source_line: String,
    /// How many characters of the line precede that part.
    pub left_out: usize,
    /// How many characters from the column on have the problem; at least 1.
    pub length: usize,
}

/// All errors in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// Path of the file.
    pub path: PathBuf,
    /// At least one, in the order of the file.
    pub problems: Vec<Problem>,
}

impl LineStarts<'_> {
    /// Make a problem at the bytes `span`.
    pub(super) fn problem(&self, span: Range<usize>, message: &str, advice: Option<String>) -> Problem {
        let text = self.text();
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end.max(start));
        let TextPlace { line, column } = self.place(start);
        let whole = self.line(line);
        let about = text[start..end.min(whole.end).max(start)].trim_end();
        let shown = self.shown(start, &whole);
        // The message may quote a value of several lines.
        let message = message.lines().map(str::trim_start).collect::<Vec<_>>().join(" ");
        Problem {
            message: without_secrets(bounded(&message)),
            advice,
            line,
            column,
            left_out: self.characters_in(whole.start..shown.start),
            source_line: if self.is_quoted_again() { self.quoted(shown, &whole) } else { String::new() },
            length: self.characters_in(start..start + about.len()).max(1),
        }
    }

    /// Choose the part of a line that is shown for a problem that begins at `start`: the whole line, or what is around
    /// the problem.
    fn shown(&self, start: usize, whole: &Range<usize>) -> Range<usize> {
        if whole.len() <= LONGEST_BYTES {
            return whole.clone();
        }
        let begin = floor_boundary(self.text(), start.saturating_sub(BEFORE_BYTES).max(whole.start));
        begin..floor_boundary(self.text(), whole.end.min(begin + LONGEST_BYTES))
    }

    /// Quote this part of a line without secrets. An address that begins before or ends after it is recognised by what
    /// is around it.
    fn quoted(&self, shown: Range<usize>, whole: &Range<usize>) -> String {
        let text = self.text();
        let begin = floor_boundary(text, shown.start.saturating_sub(SURROUNDING_BYTES).max(whole.start));
        let end = floor_boundary(text, whole.end.min(shown.end + SURROUNDING_BYTES));
        let line = starred(&text[begin..end]);
        let (before, length) = (self.characters_in(begin..shown.start), self.characters_in(shown));
        let line: String = line.chars().skip(before).take(length).collect();
        line.trim_end_matches('\r').to_owned()
    }
}

/// Cut a message to a readable length, but never inside an address.
fn bounded(message: &str) -> &str {
    if message.len() <= LONGEST_MESSAGE_BYTES {
        return message;
    }
    let kept = &message[..floor_boundary(message, LONGEST_MESSAGE_BYTES)];
    kept.rfind(|character: char| character.is_whitespace() || character == '`').map_or("", |end| &kept[..end])
}

impl Problem {
    /// Remove everything from the problem that quotes the file, except for the line number.
    pub(super) fn unquoted(self) -> Self {
        Self {
            message: "this is not understood, and not quoted, since the file is a link out of the project".into(),
            advice: Some("look at the file that it leads to, or put it here".into()),
            column: 1,
            source_line: String::new(),
            left_out: 0,
            length: 1,
            ..self
        }
    }

    /// Format the problem for a terminal: place and message, the source line, a caret below it, and advice. Control
    /// characters are escaped, because the file may be hostile.
    pub fn render(&self, path: &std::path::Path, severity: &str) -> String {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let ahead = (self.column - 1).saturating_sub(self.left_out);
        let before: String = self.source_line.chars().take(ahead).collect();
        let about: String = self.source_line.chars().skip(ahead).take(self.length).collect();
        let carets = "^".repeat(escaped(&about).width().max(1));
        let mut shown = format!("{}:{}:{}: {severity}: {}\n", path.display(), self.line, self.column, self.message);
        if !self.source_line.is_empty() {
            shown.push_str(&format!(" {number} | {}\n", self.source_line));
            shown.push_str(&format!(" {margin} | {}{carets}\n", blank(&escaped(&before))));
        }
        if let Some(advice) = &self.advice {
            shown.push_str(&format!(" {margin} = hint: {advice}\n"));
        }
        escaped(&shown).into_owned()
    }
}

/// Return blanks as wide as `text`, with its tabs kept, so that the caret lines up.
fn blank(text: &str) -> String {
    text.split('\t').map(|piece| " ".repeat(piece.width())).collect::<Vec<_>>().join("\t")
}

impl ConfigErrors {
    /// Format every problem for people, each with its place and its line of the file.
    pub fn render(&self) -> String {
        let shown: Vec<String> = self.problems.iter().map(|problem| problem.render(&self.path, "error")).collect();
        shown.join("\n").trim_end().to_owned()
    }
}

/// Writes the first problem with its place, and how many others there are.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Problem { line, column, message, .. }) = self.problems.first() {
            write!(f, "{}:{line}:{column}: error: {message}", self.path.display())?;
        }
        match self.problems.len() {
            0 | 1 => Ok(()),
            count => write!(f, " (and {} more)", count - 1),
        }
    }
}

impl std::error::Error for ConfigErrors {}

impl Explain for ConfigErrors {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Configuration
    }

    /// Returns `None`: each problem has its own advice.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Format the problems, without the first line, whose message is the error's text.
    fn details(&self) -> Vec<String> {
        self.render().lines().skip(1).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_problem() {
        let text = "[tools]\n\tnöde\u{4e16} = 20 # x\r\n";
        let at = text.find("20").unwrap();
        let problem = LineStarts::from_text(text).problem(at..at + 2, "a number", Some("quote it".into()));
        assert_eq!((problem.line, problem.column, problem.length), (2, 10, 2));
        let shown = problem.render(std::path::Path::new("vx.toml"), "error");
        let expected =
            "vx.toml:2:10: error: a number\n 2 | \tnöde\u{4e16} = 20 # x\n   | \t         ^^\n   = hint: quote it\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn control_characters_are_escaped_and_the_caret_lines_up() {
        let text = "x = \"\u{1b}]0;owned\u{7}\" y";
        let at = text.find('y').unwrap();
        let problem = LineStarts::from_text(text).problem(at..at + 1, "no \u{9b}", None);
        let shown = problem.render(std::path::Path::new("vx.toml"), "error");
        let expected = "vx.toml:1:18: error: no \\u009b\n 1 | x = \"\\u001b]0;owned\\u0007\" y\n   | ";
        assert_eq!(shown, format!("{expected}{}^\n", " ".repeat(27)));
    }

    #[test]
    fn the_error_is_one_line_that_counts_the_others_and_the_rest_is_below_it() {
        let at = |message: &str| LineStarts::from_text("a = [\n1]").problem(4..8, message, None);
        let errors = ConfigErrors { path: "vx.toml".into(), problems: vec![at("`a` is [\n  1]"), at("no")] };
        assert_eq!(errors.to_string(), "vx.toml:1:5: error: `a` is [ 1] (and 1 more)");
        assert_eq!(errors.details()[0], " 1 | a = [");
        assert_eq!(errors.render().matches("vx.toml:1:5: error: ").count(), 2);
    }

    #[test]
    fn a_span_beyond_the_text_is_shown_at_its_end() {
        for (text, span) in [("", 0..0), ("a", 5..9), ("é", 1..2), ("a\n", 2..2)] {
            assert!(LineStarts::from_text(text).problem(span, "", None).length >= 1);
        }
    }

    #[test]
    fn of_a_long_line_the_part_around_the_problem_is_kept() {
        let text = format!("{}wrong = 1{}", "a".repeat(5000), "b".repeat(5000));
        let problem = LineStarts::from_text(&text).problem(5000..5005, "no", None);
        assert!(problem.source_line.len() <= LONGEST_BYTES, "{}", problem.source_line.len());
        assert_eq!((problem.line, problem.column, problem.length), (1, 5001, 5));
        let shown = problem.render(std::path::Path::new("vx.toml"), "error");
        let mut lines = shown.lines().skip(1);
        let (source, carets) = (lines.next().expect("the line"), lines.next().expect("the carets"));
        let at = carets.find('^').expect("carets");
        assert_eq!(source.get(at..at + 5), Some("wrong"), "{shown}");
    }
}
