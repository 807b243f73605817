//! Problems in a `vx.toml`, each with its place and its line of the file.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use unicode_width::UnicodeWidthStr;
use vx_status::text::escaped;

use crate::shown_address::{starred, without_secrets};
use crate::trouble::{Explain, TroubleKind};

/// One thing to change in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The problem in words.
    pub message: String,
    /// The advice for a correction.
    pub advice: Option<String>,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// The whole line, with stars in the place of secrets in addresses.
    pub source_line: String,
    /// Number of characters from the column on that have the problem; at least 1.
    pub length: usize,
}

/// All errors in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file.
    pub path: PathBuf,
    /// At least one, in the order of the file.
    pub problems: Vec<Problem>,
}

impl Problem {
    /// A problem in the bytes `span` of `text`.
    pub(super) fn at(text: &str, span: Range<usize>, message: String, advice: Option<String>) -> Self {
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let length = text[start..end.min(line_end)].trim_end().chars().count().max(1);
        // A value of several lines may be quoted in it.
        let message = without_secrets(&message.lines().map(str::trim_start).collect::<Vec<_>>().join(" "));
        Self {
            message,
            advice,
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            source_line: starred(text[line_start..line_end].trim_end_matches('\r')),
            length,
        }
    }

    /// The problem without anything that the file says, but for its line.
    pub(super) fn unquoted(self) -> Self {
        Self {
            message: "this is not understood, and not quoted, since the file is a link out of the project".into(),
            advice: Some("look at the file that it leads to, or put it here".into()),
            column: 1,
            source_line: String::new(),
            length: 1,
            ..self
        }
    }

    /// The problem for a terminal: place and message, the source line, a caret below it, and advice. Control characters
    /// are escaped, because the file may be hostile.
    pub fn render(&self, path: &std::path::Path, severity: &str) -> String {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let before: String = self.source_line.chars().take(self.column - 1).collect();
        let about: String = self.source_line.chars().skip(self.column - 1).take(self.length).collect();
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

/// Blanks as wide as `text`, with its tabs kept, so that the caret lines up.
fn blank(text: &str) -> String {
    text.split('\t').map(|piece| " ".repeat(piece.width())).collect::<Vec<_>>().join("\t")
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

impl ConfigErrors {
    /// Every problem as people read it, each with its place and its line of the file.
    pub fn render(&self) -> String {
        let shown: Vec<String> = self.problems.iter().map(|problem| problem.render(&self.path, "error")).collect();
        shown.join("\n").trim_end().to_owned()
    }
}

/// The first problem with its place, and the number of the others.
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

    /// `None`: each problem contains its own advice.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The rendered problems, without the first line, whose message is the text.
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
        let problem = Problem::at(text, at..at + 2, "a number".into(), Some("quote it".into()));
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
        let problem = Problem::at(text, at..at + 1, "no \u{9b}".into(), None);
        let shown = problem.render(std::path::Path::new("vx.toml"), "error");
        let expected = "vx.toml:1:18: error: no \\u009b\n 1 | x = \"\\u001b]0;owned\\u0007\" y\n   | ";
        assert_eq!(shown, format!("{expected}{}^\n", " ".repeat(27)));
    }

    #[test]
    fn the_error_is_one_line_that_counts_the_others_and_the_rest_is_below_it() {
        let at = |message: &str| Problem::at("a = [\n1]", 4..8, message.into(), None);
        let errors = ConfigErrors { path: "vx.toml".into(), problems: vec![at("`a` is [\n  1]"), at("no")] };
        assert_eq!(errors.to_string(), "vx.toml:1:5: error: `a` is [ 1] (and 1 more)");
        assert_eq!(errors.details()[0], " 1 | a = [");
        assert_eq!(errors.render().matches("vx.toml:1:5: error: ").count(), 2);
    }

    #[test]
    fn a_span_beyond_the_text_is_shown_at_its_end() {
        for (text, span) in [("", 0..0), ("a", 5..9), ("é", 1..2), ("a\n", 2..2)] {
            assert!(Problem::at(text, span, String::new(), None).length >= 1);
        }
    }
}
