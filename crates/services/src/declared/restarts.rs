//! The pauses between restarts, and their bound: a service that keeps failing is left alone after a while.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The first pause, and the longest; each pause is twice the one before.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];
/// At most this many restarts are made within [`WITHIN`].
const MOST: usize = 5;
const WITHIN: Duration = Duration::from_secs(60);

/// The restarts of one service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Restarts {
    recent: VecDeque<Instant>,
}

impl Restarts {
    /// Count another restart and return the pause before it; `None` if there were too many recently.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Duration> {
        self.recent.retain(|at| now.saturating_duration_since(*at) < WITHIN);
        if self.recent.len() >= MOST {
            return None;
        }
        let doubled = PAUSES[0].saturating_mul(1 << self.recent.len());
        self.recent.push_back(now);
        Some(doubled.min(PAUSES[1]))
    }

    /// Count the recent restarts.
    pub(crate) fn count(&self) -> usize {
        self.recent.len()
    }

    /// Describe the bound in words.
    pub(crate) fn bound() -> String {
        format!("{MOST} restarts within {} s", WITHIN.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_there_were_too_many_and_begin_anew_later() {
        let (mut restarts, start) = (Restarts::default(), Instant::now());
        let pauses: Vec<Option<u64>> = (0..7)
            .map(|second| restarts.next(start + Duration::from_secs(second)))
            .map(|pause| pause.and_then(|pause| u64::try_from(pause.as_millis()).ok()))
            .collect();
        assert_eq!(pauses, [Some(500), Some(1000), Some(2000), Some(4000), Some(8000), None, None]);
        assert_eq!(restarts.next(start + Duration::from_secs(64)), Some(PAUSES[0]));
    }
}
