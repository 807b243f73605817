//! The failures worth a retry, and the pause before it.

use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::source::error::SourceErrorKind;
use crate::source::options::Limits;

/// A failed attempt.
pub(super) struct Failure {
    pub(super) kind: SourceErrorKind,
    /// True if another attempt may succeed.
    pub(super) transient: bool,
    /// The number of attempts it counts for: a stall has already cost much time.
    pub(super) weight: u32,
    /// The pause that the server asks for.
    pub(super) retry_after: Option<Duration>,
}

impl Failure {
    pub(super) fn lasting(kind: SourceErrorKind) -> Self {
        Self { kind, transient: false, weight: 1, retry_after: None }
    }

    fn transient(kind: SourceErrorKind) -> Self {
        Self { transient: true, ..Self::lasting(kind) }
    }

    /// The failure for a status.
    pub(super) fn status(status: u16, retry_after: Option<String>) -> Self {
        let kind = match status {
            404 | 410 => SourceErrorKind::NoSuchPackage,
            401 | 403 | 407 => SourceErrorKind::NotAllowed(status),
            _ => SourceErrorKind::Status(status),
        };
        let transient = matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504);
        Self { transient, retry_after: retry_after.and_then(|text| parse_retry_after(&text)), ..Self::lasting(kind) }
    }
}

/// Parse seconds, or a date.
fn parse_retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Duration::try_from(then.duration_since(Timestamp::now())).unwrap_or_default())
}

/// Classify a failed exchange.
pub(super) fn classify(error: &ureq::Error, limits: &Limits) -> Failure {
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            Failure::transient(SourceErrorKind::Unreachable(format!("no connection in {} s", limits.connect.as_secs())))
        }
        ureq::Error::Timeout(_) | ureq::Error::BodyStalled => {
            Failure { weight: 2, ..Failure::transient(SourceErrorKind::Stalled(limits.idle.as_secs())) }
        }
        ureq::Error::HostNotFound => Failure::transient(SourceErrorKind::Unreachable("the name is not known".into())),
        ureq::Error::ConnectionFailed => Failure::transient(SourceErrorKind::Unreachable("no connection".into())),
        ureq::Error::Io(cause) if is_lost_connection(cause.kind()) => {
            Failure::transient(SourceErrorKind::Unreachable(lower_first(&cause.to_string())))
        }
        ureq::Error::Io(cause) if cause.kind() == ErrorKind::TimedOut => {
            Failure { weight: 2, ..Failure::transient(SourceErrorKind::Stalled(limits.idle.as_secs())) }
        }
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            Failure::lasting(SourceErrorKind::Garbage(lower_first(&error.to_string())))
        }
        other => Failure::lasting(SourceErrorKind::Unreachable(lower_first(&other.to_string()))),
    }
}

fn is_lost_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::NotConnected
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
            | ErrorKind::NetworkUnreachable
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::Interrupted
    )
}

/// The error text of a library, to continue a sentence of ours.
fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

/// The pause before attempt number `attempt`: the server's, or else twice the previous one. It has a random part, so
/// that many clients do not retry at the same moment.
pub(super) fn pause(limits: &Limits, attempt: u32, asked: Option<Duration>) -> Duration {
    let doubled = limits.pause.saturating_mul(1 << attempt.saturating_sub(2).min(16));
    let random = RandomState::new().hash_one(attempt) % 1000;
    let spread = doubled.mul_f64(0.75 + random as f64 / 2000.0);
    asked.unwrap_or(spread).min(limits.pause_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_below_the_bound_whatever_is_asked() {
        let limits =
            Limits { pause: Duration::from_millis(100), pause_max: Duration::from_secs(1), ..Limits::default() };
        for (attempt, expected_ms) in [(2, 100), (3, 200), (4, 400)] {
            let pause = pause(&limits, attempt, None).as_millis();
            assert!((expected_ms * 3 / 4..=expected_ms * 5 / 4).contains(&pause), "{attempt}: {pause}");
        }
        assert_eq!(pause(&limits, 40, None), limits.pause_max);
        assert_eq!(pause(&limits, 2, Some(Duration::from_secs(3600))), limits.pause_max);
        assert_eq!(pause(&limits, 2, Some(Duration::from_millis(5))), Duration::from_millis(5));
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        assert_eq!(parse_retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(parse_retry_after("soon"), None);
    }
}
