//! The user's own form of mistakes: a regular expression with named groups, for one line.

use regex_lite::Regex;

use super::collector::{MistakeCollector, MistakeLocation};

/// Groups that a pattern may have; the first two are required.
const GROUPS: [&str; 4] = ["file", "line", "column", "message"];

/// A regular expression with the groups `file` and `line`, and perhaps `column` and `message`.
#[derive(Clone, Debug)]
pub struct OwnPattern(Regex);

/// Why a text is not a pattern of mistakes.
#[derive(Debug, thiserror::Error)]
pub enum OwnPatternError {
    /// It is not a regular expression.
    #[error("`{text}` is neither go, rustc, tsc, esbuild nor a regular expression: {cause}")]
    Syntax {
        /// The text.
        text: String,
        /// The cause.
        cause: regex_lite::Error,
    },
    /// It lacks a group.
    #[error("`{text}` is neither go, rustc, tsc nor esbuild, and as a pattern it has no group `(?<{group}>…)`")]
    NoGroup {
        /// The text.
        text: String,
        /// The group.
        group: &'static str,
    },
    /// It has a group of another name.
    #[error("`{text}` has the group `{group}`; groups are file, line, column and message")]
    OtherGroup {
        /// The text.
        text: String,
        /// The group.
        group: String,
    },
}

impl OwnPattern {
    /// Compile this text as a pattern.
    ///
    /// # Errors
    /// The text is not a regular expression, or lacks a required group, or has an unknown one.
    pub fn new(text: &str) -> Result<Self, OwnPatternError> {
        let regex = Regex::new(text).map_err(|cause| OwnPatternError::Syntax { text: text.to_owned(), cause })?;
        let names: Vec<&str> = regex.capture_names().flatten().collect();
        if let Some(other) = names.iter().find(|name| !GROUPS.contains(name)) {
            return Err(OwnPatternError::OtherGroup { text: text.to_owned(), group: (*other).to_owned() });
        }
        if let Some(group) = GROUPS[..2].iter().find(|group| !names.contains(group)) {
            return Err(OwnPatternError::NoGroup { text: text.to_owned(), group });
        }
        Ok(Self(regex))
    }

    pub(super) fn parse_line(&self, found: &mut MistakeCollector, line: &str) {
        let Some(groups) = self.0.captures(line) else { return };
        let group = |name| groups.name(name).map(|part| part.as_str().trim()).filter(|text| !text.is_empty());
        let number = |name| group(name).and_then(|text| text.parse().ok());
        if let (Some(file), Some(number_of_line)) = (group("file"), number("line")) {
            let place = MistakeLocation::new(file, number_of_line, number("column"));
            found.push(Some(place), group("message").unwrap_or(line.trim()));
        }
    }
}
