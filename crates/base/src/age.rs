//! The age of releases: when each was published, and how old it must be before it may be chosen.
//!
//! Most harmful releases are found and withdrawn within hours, so a release that is a day old is seldom harmful.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The minimum age of a release, unless the project sets another.
pub const MINIMUM_RELEASE_AGE: Duration = Duration::from_secs(24 * 3_600);

/// When a release was published, as its source reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Published {
    /// At this time.
    At(Timestamp),
    /// At this time or earlier: the source reports nothing more precise.
    By(Timestamp),
}

/// A text that can't be read as a time of publication.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: expected one such as `2026-01-31T12:00:00Z`, or `by 2026-01-31T12:00:00Z`")]
pub struct NoTime(String);

/// The minimum age at which a range or `latest` may choose a release, judged at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseAge {
    /// The minimum age; zero allows every age.
    pub minimum: Duration,
    /// The moment at which ages are judged.
    pub now: Timestamp,
}

impl Published {
    /// The latest time at which the release can have been published.
    pub fn latest(self) -> Timestamp {
        match self {
            Self::At(time) | Self::By(time) => time,
        }
    }
}

impl ReleaseAge {
    /// The same moment with a tool's own minimum age, if it has one.
    #[must_use]
    pub fn for_tool(self, own: Option<Duration>) -> Self {
        Self { minimum: own.unwrap_or(self.minimum), ..self }
    }

    /// The latest time of publication that is allowed; `None` if every age is allowed.
    pub fn cutoff(self) -> Option<Timestamp> {
        let earlier = || self.now.checked_sub(signed(self.minimum)).unwrap_or(Timestamp::MIN);
        (!self.minimum.is_zero()).then(earlier)
    }

    /// Returns whether a release may be too young: it was published after the cutoff, or nothing proves otherwise.
    pub fn is_young(self, published: Published) -> bool {
        self.cutoff().is_some_and(|cutoff| published.latest() > cutoff)
    }

    /// The time at which a release becomes old enough.
    pub fn allowed_from(self, published: Published) -> Timestamp {
        published.latest().checked_add(signed(self.minimum)).unwrap_or(Timestamp::MAX)
    }

    /// The time until a release may be chosen; zero if it may be chosen already.
    pub fn wait_for(self, allowed_from: Timestamp) -> Duration {
        Duration::try_from(allowed_from.duration_since(self.now)).unwrap_or_default()
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// Formats a duration in its largest fitting unit, rounded up: `40 s`, `3 min`, `9 h`, `2 days`.
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5_400 => format!("{} min", seconds.div_ceil(60)),
        5_401..=172_799 => format!("{} h", seconds.div_ceil(3_600)),
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}

/// Formats a time to the second: `2026-01-31T12:00:00Z`.
pub fn to_the_second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => write!(f, "{time}"),
            Self::By(time) => write!(f, "by {time}"),
        }
    }
}

impl FromStr for Published {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, of): (&str, fn(Timestamp) -> Self) = match text.strip_prefix("by ") {
            Some(time) => (time, Self::By),
            None => (text, Self::At),
        };
        time.parse().map(of).map_err(|_| NoTime(text.to_owned()))
    }
}

impl TryFrom<String> for Published {
    type Error = NoTime;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Published> for String {
    fn from(published: Published) -> Self {
        published.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_time_of_publication_reads_back_from_its_text() {
        for text in ["2026-01-31T12:00:00Z", "by 2026-01-31T12:00:00.5Z"] {
            assert_eq!(text.parse::<Published>().map(|published| published.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "by", "yesterday", "2026-01-31", "by by 2026-01-31T12:00:00Z"] {
            assert_eq!(text.parse::<Published>(), Err(NoTime(text.into())));
        }
    }

    #[test]
    fn a_release_is_young_until_the_last_moment_of_the_smallest_age() {
        let age = ReleaseAge { minimum: MINIMUM_RELEASE_AGE, now: at("2026-02-01T12:00:00Z") };
        let table = [
            ("2026-01-31T12:00:00Z", false),
            ("by 2026-01-31T12:00:00Z", false),
            ("2026-01-31T12:00:01Z", true),
            ("by 2026-01-31T12:00:01Z", true),
            ("2027-01-01T00:00:00Z", true),
        ];
        for (published, young) in table {
            let published: Published = published.parse().expect("a time");
            assert_eq!(age.is_young(published), young, "{published}");
            assert!(!age.for_tool(Some(Duration::ZERO)).is_young(published), "{published}");
            let allowed = ReleaseAge { now: age.allowed_from(published), ..age };
            assert!(!allowed.is_young(published), "{published}");
        }
        assert_eq!(age.cutoff(), Some(at("2026-01-31T12:00:00Z")));
        assert_eq!(age.for_tool(Some(Duration::MAX)).cutoff(), Some(Timestamp::MIN));
    }

    #[test]
    fn a_wait_is_never_shown_shorter_than_it_is() {
        let table = [
            (0, "0 s"),
            (40, "40 s"),
            (91, "2 min"),
            (3_600, "60 min"),
            (5_401, "2 h"),
            (86_400, "24 h"),
            (172_800, "2 days"),
            (604_801, "8 days"),
        ];
        for (seconds, shown) in table {
            assert_eq!(in_words(Duration::from_secs(seconds)), shown);
        }
        assert_eq!(in_words(Duration::from_millis(8 * 3_600_000 + 1)), "9 h");
    }
}
