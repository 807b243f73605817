//! Choosing entries by time, level and pattern.

use jiff::{SignedDuration, Timestamp};
use regex_lite::Regex;

use super::entry::OutputEntry;
use super::level::Level;

/// A choice of entries; the default is all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// No entry older than this.
    pub since: Option<Timestamp>,
    /// No entry of a lower level.
    pub level: Option<Level>,
    /// Only entries whose message matches this.
    pub pattern: Option<Regex>,
}

impl Filter {
    /// Returns whether the filter takes this entry.
    pub fn takes(&self, entry: &OutputEntry) -> bool {
        self.since.is_none_or(|since| entry.time >= since)
            && self.level.is_none_or(|level| entry.level >= level)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(&entry.message))
    }
}

/// Why a text is not a point in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is neither a duration such as `5m` nor a time such as `2026-11-23T10:00:00Z`")]
pub struct SinceError {
    /// The text.
    pub text: String,
}

/// Parse a point in time: a duration before now, such as `5m`, or a timestamp.
///
/// # Errors
/// The text is neither.
pub fn since(text: &str, now: Timestamp) -> Result<Timestamp, SinceError> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let ago = text.parse::<SignedDuration>().ok().filter(|ago| !ago.is_negative());
    ago.and_then(|ago| now.checked_sub(ago).ok()).ok_or_else(|| SinceError { text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::Levels;

    #[test]
    fn a_filter_takes_what_is_new_grave_and_found() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().expect("a time");
        let entry = OutputEntry::from_line(&"api".into(), now, b"ERROR: no route to db", &mut Levels::default());
        let filter = |since, level, pattern: Option<&str>| {
            let pattern = pattern.map(|pattern| Regex::new(pattern).expect("a pattern"));
            Filter { since, level, pattern }.takes(&entry)
        };
        assert!(filter(None, None, None));
        assert!(filter(Some(now), Some(Level::Error), Some("route .* db$")));
        assert!(!filter(Some(now + SignedDuration::from_nanos(1)), None, None));
        assert!(!filter(None, None, Some("^route")));
        let entry = OutputEntry::from_line(&"api".into(), now, b"all is well", &mut Levels::default());
        assert!(!Filter { level: Some(Level::Warn), ..Filter::default() }.takes(&entry));
        assert!(Filter { level: Some(Level::Info), ..Filter::default() }.takes(&entry));
    }

    #[test]
    fn a_duration_counts_back_from_now_and_a_time_is_taken_as_it_is() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().expect("a time");
        for (text, expected) in [
            ("5m", "2026-11-23T09:55:00Z"),
            ("1h30m", "2026-11-23T08:30:00Z"),
            ("90s", "2026-11-23T09:58:30Z"),
            ("2026-11-01T00:00:00+01:00", "2026-10-31T23:00:00Z"),
        ] {
            assert_eq!(since(text, now).map(|time| time.to_string()), Ok(expected.to_owned()));
        }
        for text in ["", "5", "yesterday", "-5m", "999999999h"] {
            assert!(since(text, now).is_err(), "{text}");
        }
    }
}
