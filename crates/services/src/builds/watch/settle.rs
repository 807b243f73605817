//! Deciding when a burst of changes is over.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A burst of changes is over when nothing has changed for this long.
pub const QUIET: Duration = Duration::from_millis(500);
/// A burst that does not end is cut after this time.
pub const STEADY: Duration = Duration::from_secs(5);

/// At most this many files are listed for a burst.
const MOST_FILES: usize = 1000;

/// The burst of changes under way, if any.
#[derive(Debug, Default)]
pub(super) struct Settle {
    files: BTreeSet<PathBuf>,
    /// The first and the last change.
    span: Option<(Instant, Instant)>,
}

impl Settle {
    /// Record a changed file.
    pub(super) fn record(&mut self, now: Instant, path: PathBuf) {
        if self.files.len() < MOST_FILES {
            self.files.insert(path);
        }
        self.span = Some((self.span.map_or(now, |(first, _)| first), now));
    }

    /// When the burst is over, if nothing else changes.
    pub(super) fn due(&self) -> Option<Instant> {
        self.span.map(|(first, last)| (last + QUIET).min(first + STEADY))
    }

    /// Take the files of the burst, if it is over.
    pub(super) fn take_burst(&mut self, now: Instant) -> Option<Vec<PathBuf>> {
        if self.due().is_none_or(|due| now < due) {
            return None;
        }
        self.span = None;
        Some(std::mem::take(&mut self.files).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_over_when_it_was_quiet_and_one_without_an_end_is_cut() {
        let start = Instant::now();
        let at = |milliseconds: u64| start + Duration::from_millis(milliseconds);
        let mut settle = Settle::default();
        assert_eq!((settle.due(), settle.take_burst(at(0))), (None, None));
        for number in 0..50 {
            settle.record(at(number * 6), format!("file {}", number % 3).into());
        }
        assert_eq!(settle.due(), Some(at(294 + 500)));
        assert_eq!(settle.take_burst(at(793)), None);
        assert_eq!(settle.take_burst(at(794)).map(|files| files.len()), Some(3));
        assert_eq!(settle.take_burst(at(9000)), None, "each burst once");
        for number in 0..100 {
            settle.record(at(10_000 + number * 100), "steady".into());
        }
        assert_eq!(settle.due(), Some(at(15_000)));
        (0..2000).for_each(|number| settle.record(at(15_000), number.to_string().into()));
        assert_eq!(settle.take_burst(at(15_000)).map(|files| files.len()), Some(MOST_FILES));
    }
}
