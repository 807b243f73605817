//! A form of progress that the user gives: a regular expression with named groups.

use super::GaugeUnit;
use regex_lite::Regex;

use super::GaugeReading;
use super::number::{thousandths, whole};

/// Names that groups may have.
const GROUPS: [&str; 4] = ["done", "total", "percent", "message"];

/// A regular expression with at least one of the groups `done`, `percent` and `message`, and perhaps with `total`.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Why a text can't be used as a pattern.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// It is not a regular expression.
    #[error("`{text}` is not a regular expression: {cause}")]
    Syntax {
        /// The text.
        text: String,
        /// The cause.
        cause: regex_lite::Error,
    },
    /// It has none of the groups.
    #[error("`{text}` has no group `(?<done>…)`, `(?<percent>…)` or `(?<message>…)`")]
    NoGroup {
        /// The text.
        text: String,
    },
    /// It has a group of another name.
    #[error("`{text}` has the group `{group}`; groups are done, total, percent and message")]
    OtherGroup {
        /// The text.
        text: String,
        /// The group.
        group: String,
    },
}

impl Pattern {
    /// Compile a pattern from this text.
    ///
    /// # Errors
    /// The text is not a regular expression, or has the wrong groups.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let regex = Regex::new(text).map_err(|cause| PatternError::Syntax { text: text.to_owned(), cause })?;
        if let Some(other) = regex.capture_names().flatten().find(|name| !GROUPS.contains(name)) {
            return Err(PatternError::OtherGroup { text: text.to_owned(), group: other.to_owned() });
        }
        let any = regex.capture_names().flatten().any(|name| name != "total");
        if any { Ok(Self(regex)) } else { Err(PatternError::NoGroup { text: text.to_owned() }) }
    }

    /// Reads a line that the pattern matches. `None` if the percentage is not a number up to 100, or `done` is not a
    /// number. `done` is capped at `total`.
    pub(super) fn read(&self, line: &str) -> Option<GaugeReading> {
        let found = self.0.captures(line)?;
        let group = |name| found.name(name).map(|part| part.as_str().trim());
        let message = group("message").filter(|text| !text.is_empty()).map(str::to_owned);
        if let Some(percent) = group("percent") {
            let done = thousandths(percent).filter(|(number, _)| *number <= 100_000)?.0 / 100;
            return Some(GaugeReading { done: Some((done, Some(1000))), unit: GaugeUnit::Permille, message });
        }
        let number = |name| group(name).and_then(whole).map(|(number, _)| number);
        let total = number("total").filter(|total| *total > 0);
        let done = match (number("done"), group("done")) {
            (Some(done), _) => Some((done.min(total.unwrap_or(u64::MAX)), total)),
            (None, Some(_)) => return None,
            (None, None) => None,
        };
        Some(GaugeReading { done, unit: GaugeUnit::Count, message })
    }
}
