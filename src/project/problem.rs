//! What is wrong or doubtful in a `vx.toml`, each with its place and the line as it stands there.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use unicode_width::UnicodeWidthStr;

use crate::hint::Hint;
use crate::spelled::spelled;

/// One thing to change in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub advice: Option<String>,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// That line, as it is in the file.
    pub source_line: String,
    /// How many characters of the line it is about; at least 1.
    pub length: usize,
}

/// Everything that is wrong in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file.
    pub path: PathBuf,
    /// At least one, in the order of the file.
    pub problems: Vec<Problem>,
}

impl Problem {
    /// A problem with the bytes `span` of `text`.
    pub(super) fn at(text: &str, span: Range<usize>, message: String, advice: Option<String>) -> Self {
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let length = text[start..end.min(line_end)].trim_end().chars().count().max(1);
        Self {
            message,
            advice,
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            source_line: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            length,
        }
    }

    /// The problem as people read it: place and message, the source line, a caret below it, and what to do. What a terminal
    /// would obey is spelled out: the file may be somebody else's.
    pub fn render(&self, path: &std::path::Path, severity: &str) -> String {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let before: String = self.source_line.chars().take(self.column - 1).collect();
        let about: String = self.source_line.chars().skip(self.column - 1).take(self.length).collect();
        let carets = "^".repeat(spelled(&about).width().max(1));
        let mut shown = format!("{}:{}:{}: {severity}: {}\n", path.display(), self.line, self.column, self.message);
        shown.push_str(&format!(" {number} | {}\n", self.source_line));
        shown.push_str(&format!(" {margin} | {}{carets}\n", blank(&spelled(&before))));
        if let Some(advice) = &self.advice {
            shown.push_str(&format!(" {margin} = hint: {advice}\n"));
        }
        spelled(&shown).into_owned()
    }
}

/// Blanks as wide as `text`; its tabs stay tabs, so that what follows lines up.
fn blank(text: &str) -> String {
    text.split('\t').map(|piece| " ".repeat(piece.width())).collect::<Vec<_>>().join("\t")
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.problems.iter().map(|problem| problem.render(&self.path, "error")).collect();
        f.write_str(shown.join("\n").trim_end())
    }
}

impl std::error::Error for ConfigErrors {}

impl Hint for ConfigErrors {
    /// Nothing: each problem carries its own.
    fn hint(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_what_it_is_about() {
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
    fn what_a_terminal_obeys_is_spelled_out_and_the_caret_stands_below_it() {
        let text = "x = \"\u{1b}]0;owned\u{7}\" y";
        let at = text.find('y').unwrap();
        let problem = Problem::at(text, at..at + 1, "no \u{9b}".into(), None);
        let shown = problem.render(std::path::Path::new("vx.toml"), "error");
        let expected = "vx.toml:1:18: error: no \\u009b\n 1 | x = \"\\u001b]0;owned\\u0007\" y\n   | ";
        assert_eq!(shown, format!("{expected}{}^\n", " ".repeat(27)));
    }

    #[test]
    fn a_span_beyond_the_text_is_shown_at_its_end() {
        for (text, span) in [("", 0..0), ("a", 5..9), ("é", 1..2), ("a\n", 2..2)] {
            assert!(Problem::at(text, span, String::new(), None).length >= 1);
        }
    }
}
