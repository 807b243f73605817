//! Which failures are worth a retry, and the pause before it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use vx_http::HttpError;

use crate::error::SourceErrorKind;
use crate::options::RequestLimits;

/// A failed attempt.
pub(super) struct AttemptFailure {
    pub(super) kind: SourceErrorKind,
    /// Whether another attempt may succeed.
    pub(super) transient: bool,
    /// How many attempts it counts for: a stall has already cost much time.
    pub(super) weight: u32,
    /// Pause that the server asks for.
    pub(super) retry_after: Option<Duration>,
}

impl AttemptFailure {
    pub(super) fn lasting(kind: SourceErrorKind) -> Self {
        Self { kind, transient: false, weight: 1, retry_after: None }
    }

    fn transient(kind: SourceErrorKind) -> Self {
        Self { transient: true, ..Self::lasting(kind) }
    }

    /// Make the failure for a status. A server that asks for a longer pause than vx waits isn't asked again.
    pub(super) fn status(status: u16, retry_after: Option<Duration>, limits: &RequestLimits) -> Self {
        let kind = match status {
            404 | 410 => SourceErrorKind::NoSuchPackage,
            401 | 403 | 407 => SourceErrorKind::NotAllowed(status),
            _ => SourceErrorKind::Status(status),
        };
        let transient = matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504);
        if let Some(asked) = retry_after.filter(|asked| transient && *asked > limits.retry_after_max) {
            return Self::lasting(SourceErrorKind::ComeBackLater(asked));
        }
        Self { transient, retry_after, ..Self::lasting(kind) }
    }

    /// Make the failure for a fault of an exchange.
    pub(super) fn from_http_error(fault: HttpError, limits: &RequestLimits) -> Self {
        match fault {
            HttpError::NoConnection(reason) => Self::transient(SourceErrorKind::Unreachable(reason)),
            HttpError::Lost(reason) => Self::transient(SourceErrorKind::Lost(reason)),
            HttpError::Silent => Self { weight: 2, ..Self::transient(SourceErrorKind::Stalled(limits.idle)) },
            HttpError::Slow(lowest) => Self { weight: 2, ..Self::transient(SourceErrorKind::Slow(lowest)) },
            HttpError::Overdue => Self::lasting(SourceErrorKind::Overdue(limits.whole.unwrap_or_default())),
            HttpError::Misdirected(where_to) => Self::lasting(SourceErrorKind::Redirected(where_to.to_string())),
            HttpError::Garbage(reason) => Self::lasting(SourceErrorKind::Garbage(reason)),
            HttpError::Proxy { proxy, reason } => Self::transient(SourceErrorKind::Proxy { proxy, reason }),
            HttpError::Setting { setting, reason } => Self::lasting(SourceErrorKind::BadSetting { setting, reason }),
            HttpError::Tls(reason) => Self::lasting(SourceErrorKind::Certificate(reason)),
            HttpError::Address(reason) => Self::lasting(SourceErrorKind::Unreachable(reason)),
        }
    }
}

/// How long to wait before attempt number `attempt`: as long as the server asks, or else twice the previous pause. A
/// random part keeps many clients from retrying at the same moment.
pub(super) fn pause(limits: &RequestLimits, attempt: u32, asked: Option<Duration>) -> Duration {
    let doubled = limits.pause.saturating_mul(1 << attempt.saturating_sub(2).min(16));
    let random = RandomState::new().hash_one(attempt) % 1000;
    let spread = doubled.mul_f64(0.75 + random as f64 / 2000.0);
    asked.unwrap_or(spread.min(limits.pause_max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_below_the_bound_and_a_server_may_ask_for_others() {
        let limits = RequestLimits {
            pause: Duration::from_millis(100),
            pause_max: Duration::from_secs(1),
            ..RequestLimits::default()
        };
        for (attempt, expected_ms) in [(2, 100), (3, 200), (4, 400)] {
            let pause = pause(&limits, attempt, None).as_millis();
            assert!((expected_ms * 3 / 4..=expected_ms * 5 / 4).contains(&pause), "{attempt}: {pause}");
        }
        assert_eq!(pause(&limits, 40, None), limits.pause_max);
        assert_eq!(pause(&limits, 2, Some(Duration::from_secs(60))), Duration::from_secs(60));
        assert_eq!(pause(&limits, 2, Some(Duration::from_millis(5))), Duration::from_millis(5));
    }

    #[test]
    fn a_pause_longer_than_any_that_is_waited_for_ends_the_request() {
        let (limits, year) = (RequestLimits::default(), Duration::from_secs(365 * 86_400));
        for status in [429, 503] {
            let failure = AttemptFailure::status(status, Some(year), &limits);
            assert_eq!((failure.kind, failure.transient), (SourceErrorKind::ComeBackLater(year), false));
            assert!(AttemptFailure::status(status, Some(limits.retry_after_max), &limits).transient);
        }
        assert_eq!(
            AttemptFailure::status(404, Some(year), &limits).kind,
            SourceErrorKind::NoSuchPackage,
            "it will not come"
        );
    }
}
