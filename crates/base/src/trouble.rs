//! An error as it travels from the place where it occurred to the edge that shows it.
//!
//! Each part has its own typed error, which carries facts. Above that part only the kind, the text, the details and the
//! hint matter: [`Trouble::from_error`] takes them from the error once, and they stay separate up to the screen, the board, and
//! the JSON.

mod document;
mod kind;

use std::fmt;

pub use kind::{TroubleKind, UnknownKind};

/// An error with a kind and a hint.
pub trait Explain {
    /// The kind, by which programs can decide.
    fn kind(&self) -> TroubleKind;

    /// The next step, one sentence in the imperative; `None` if there is no useful advice.
    fn hint(&self) -> Option<String>;

    /// More lines below the text, such as the last lines of a program's output.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }
}

/// An error without its type. No field holds a line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The kind, by which programs can decide.
    pub kind: TroubleKind,
    /// The error in one line.
    pub text: String,
    /// More about the error, one line each: the last lines of a program's output, places in a file.
    pub details: Vec<String>,
    /// The next step.
    pub hint: Option<String>,
}

impl Trouble {
    /// An error of this kind. If `text` has several lines, as programs and parsers write them, the first becomes the
    /// text and the others become details.
    pub fn new(kind: TroubleKind, text: impl fmt::Display) -> Self {
        let text = text.to_string();
        let mut lines = text.lines().map(str::to_owned);
        Self { kind, text: lines.next().unwrap_or_default(), details: lines.collect(), hint: None }
    }

    /// Takes the kind, text, details and hint from a typed error.
    pub fn from_error(error: &(impl fmt::Display + Explain)) -> Self {
        let trouble = Self::new(error.kind(), error).detailed(error.details());
        Self { hint: error.hint().map(joined), ..trouble }
    }

    /// The same error with this hint.
    #[must_use]
    pub fn hinted(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(joined(hint.into())), ..self }
    }

    /// The same error with more lines below its details.
    #[must_use]
    pub fn detailed(mut self, lines: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        for line in lines {
            self.details.extend(line.as_ref().lines().map(str::to_owned));
        }
        self
    }

    /// The same error with its subject in front: `node: no version matches`.
    #[must_use]
    pub fn about(self, subject: impl fmt::Display) -> Self {
        Self { text: joined(format!("{subject}: {}", self.text)), ..self }
    }
}

/// Joins the lines of a text into one.
fn joined(text: String) -> String {
    if text.contains(['\n', '\r']) { text.lines().collect::<Vec<_>>().join(" ") } else { text }
}

/// The text alone; details and hint are for the edge that shows them.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl fmt::Display for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("it broke\nat line 3")
        }
    }

    impl Explain for Broken {
        fn kind(&self) -> TroubleKind {
            TroubleKind::Exit
        }

        fn hint(&self) -> Option<String> {
            Some("mend it,\nthen try again".into())
        }

        fn details(&self) -> Vec<String> {
            vec!["last words".into()]
        }
    }

    #[test]
    fn no_field_of_a_trouble_holds_a_line_break() {
        let trouble = Trouble::from_error(&Broken).about("node").detailed(["one\ntwo"]);
        assert_eq!(trouble.text, "node: it broke");
        assert_eq!(trouble.details, ["at line 3", "last words", "one", "two"]);
        assert_eq!(trouble.hint.as_deref(), Some("mend it, then try again"));
        assert_eq!(trouble.kind, TroubleKind::Exit);
    }
}
