//! Retries of a download, and the waits before them.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use vx_http::LowestRate;

/// Bounds of all waits in an install.
#[derive(Clone, Debug)]
pub struct Patience {
    /// From the look-up of a name to a connection.
    pub connect: Duration,
    /// From a request to the head of its response.
    pub answer: Duration,
    /// Between two reads of a response.
    pub stall: Duration,
    /// Lowest rate at which a response has to arrive.
    pub lowest: LowestRate,
    /// Before the second attempt; doubled before each further attempt, and randomised by half.
    pub first_delay: Duration,
    /// Longest wait between attempts.
    pub longest_delay: Duration,
    /// Longest `Retry-After` that is obeyed.
    pub longest_retry_after: Duration,
    /// How many attempts in a row may make no significant progress.
    pub attempts: u32,
    /// After this time without progress, a process that installs the same release counts as stuck.
    pub holder_stall: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            answer: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            lowest: LowestRate::default(),
            first_delay: Duration::from_millis(250),
            longest_delay: Duration::from_secs(8),
            longest_retry_after: Duration::from_secs(60),
            attempts: 5,
            holder_stall: Duration::from_secs(120),
        }
    }
}

impl Patience {
    /// Bounds that give up after this long without a sign of life.
    pub fn stalling(stall: Duration) -> Self {
        let usual = Self::default();
        let connect = usual.connect.min(stall);
        Self { connect, answer: stall, stall, holder_stall: stall.saturating_mul(4), ..usual }
    }
}

/// An attempt that receives this many bytes resets the count of attempts in a row: the connection is bad, but the
/// download advances.
const SIGNIFICANT_BYTES: u64 = 256 * 1024;

/// How many attempts a too slow attempt counts for: two in a row are the last.
const SLOW_WEIGHT: u32 = 3;

/// A failure that another attempt may fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// The connection or the server failed, for this reason.
    Connection(String),
    /// The rate was below this.
    Slow(LowestRate),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(reason) => f.write_str(reason),
            Self::Slow(lowest) => write!(f, "less than {lowest}"),
        }
    }
}

/// Most attempts of one download, however much each of them receives.
const ATTEMPTS_IN_ALL: u32 = 100;

/// How many attempts a download has made.
#[derive(Debug)]
pub(super) struct Attempts {
    in_all: u32,
    in_a_row: u32,
    received_before: u64,
}

/// What to do after a failed attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RetryDecision {
    Wait(Duration),
    GiveUp,
    ComeBackLater(Duration),
}

impl Attempts {
    pub(super) fn first() -> Self {
        Self { in_all: 1, in_a_row: 1, received_before: 0 }
    }

    /// Number of the current attempt, from 1.
    pub(super) fn number(&self) -> u8 {
        u8::try_from(self.in_all).unwrap_or(u8::MAX)
    }

    pub(super) fn count(&self) -> u32 {
        self.in_all
    }

    /// Count a failed attempt, after which this many bytes are received in all. An attempt that was too slow has taken
    /// long, so it counts for several.
    pub(super) fn failed(
        &mut self,
        received: u64,
        failure: &Failed,
        retry_after: Option<Duration>,
        patience: &Patience,
    ) -> RetryDecision {
        let weight = if let Failed::Slow(_) = failure { SLOW_WEIGHT } else { 1 };
        if received >= self.received_before.saturating_add(SIGNIFICANT_BYTES) {
            self.in_a_row = 0;
        }
        self.received_before = received;
        if self.in_a_row + weight > patience.attempts || self.in_all >= ATTEMPTS_IN_ALL {
            return RetryDecision::GiveUp;
        }
        if let Some(asked) = retry_after.filter(|asked| *asked > patience.longest_retry_after) {
            return RetryDecision::ComeBackLater(asked);
        }
        self.in_all += 1;
        self.in_a_row += weight;
        let doublings = self.in_a_row.saturating_sub(2).min(16);
        let delay = patience.first_delay.saturating_mul(1 << doublings).min(patience.longest_delay);
        RetryDecision::Wait(retry_after.unwrap_or_else(|| delay.mul_f64(0.5 + fraction())))
    }
}

/// A random number from 0 to 1, so that many processes don't retry at the same moment.
fn fraction() -> f64 {
    let random = RandomState::new().hash_one(0u8);
    (random >> 11) as f64 / (1u64 << 53) as f64
}

/// Whether the server may soon answer differently.
pub(super) const fn may_change(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Failed {
        Failed::Connection("connection reset".into())
    }

    #[test]
    fn a_second_attempt_that_is_too_slow_is_the_last_unless_much_came_in_between() {
        let (patience, slow) = (Patience::default(), Failed::Slow(LowestRate::default()));
        let mut attempts = Attempts::first();
        assert!(matches!(attempts.failed(100, &slow, None, &patience), RetryDecision::Wait(_)));
        assert_eq!(attempts.failed(200, &slow, None, &patience), RetryDecision::GiveUp);
        let mut attempts = Attempts::first();
        assert!(matches!(attempts.failed(100, &slow, None, &patience), RetryDecision::Wait(_)));
        assert!(matches!(attempts.failed(2 * SIGNIFICANT_BYTES, &slow, None, &patience), RetryDecision::Wait(_)));
    }

    #[test]
    fn waits_grow_and_end() {
        let patience = Patience::default();
        let mut attempts = Attempts::first();
        let mut waits = Vec::new();
        let end = loop {
            match attempts.failed(0, &broken(), None, &patience) {
                RetryDecision::Wait(wait) => waits.push(wait.as_millis()),
                end => break end,
            }
        };
        assert_eq!((end, waits.len(), attempts.number()), (RetryDecision::GiveUp, 4, 5));
        for (wait, middle) in waits.into_iter().zip([250, 500, 1000, 2000]) {
            assert!((middle / 2..=middle * 3 / 2).contains(&wait), "{wait} is not around {middle}");
        }
    }

    #[test]
    fn progress_begins_a_new_row_but_not_for_ever() {
        let patience = Patience::default();
        let mut attempts = Attempts::first();
        let mut waits = 0;
        while let RetryDecision::Wait(wait) =
            attempts.failed((waits + 1) * SIGNIFICANT_BYTES, &broken(), None, &patience)
        {
            assert!(wait < patience.first_delay * 2);
            waits += 1;
        }
        assert_eq!(waits, 99);
    }

    #[test]
    fn a_server_may_ask_to_wait_but_not_for_long() {
        let patience = Patience::default();
        let mut attempts = Attempts::first();
        let asked = Duration::from_secs(2);
        assert_eq!(attempts.failed(0, &broken(), Some(asked), &patience), RetryDecision::Wait(asked));
        let hour = Duration::from_secs(3600);
        assert_eq!(attempts.failed(0, &broken(), Some(hour), &patience), RetryDecision::ComeBackLater(hour));
    }
}
