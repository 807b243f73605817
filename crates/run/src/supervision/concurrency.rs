//! The number of installs at work at once, if the user gave none: as many as fill the processors.
//!
//! While installs digest and unpack, more of them only take the caches from each other, and the largest, which began
//! first, ends later. While they wait for the network, all of them together take no longer than the slowest. Only a
//! measurement shows which of the two holds. A run begins with one install for each processor, measures ten times a
//! second how much processor time they use, and starts as many more as there is room for.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Time between two measurements.
const LOOK: Duration = Duration::from_millis(100);

/// Processors count as filled from this share on: the rest goes to the kernel and the disk.
const FILLED: f64 = 0.6;

/// An install is assumed to use at least this much, in processors: a few idle installs must not let a hundred start.
const LEAST: f64 = 0.05;

/// The limit of children at work at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jobs {
    /// The user's number; at least one.
    AtMost(usize),
    /// As many as fill the processors, but never more than this.
    ToFill(usize),
}

/// The limit of installs at work, measured while they work unless the user set it.
pub(crate) struct InstallConcurrency {
    limit: usize,
    most: usize,
    processors: f64,
    /// Processor time and rate of each running install at the last measurement.
    known: HashMap<usize, InstallMeasurement>,
    /// `None` before the first install starts.
    looked_at: Option<Instant>,
}

struct InstallMeasurement {
    used: Duration,
    rate: f64,
}

impl InstallConcurrency {
    /// Begin with the user's number, or with one for each processor.
    pub(crate) fn from_jobs(jobs: Jobs) -> Self {
        match jobs {
            Jobs::AtMost(jobs) => Self::between(jobs, jobs),
            Jobs::ToFill(most) => Self::between(std::thread::available_parallelism().map_or(1, usize::from), most),
        }
    }

    fn between(processors: usize, most: usize) -> Self {
        let most = most.max(1);
        let limit = processors.clamp(1, most);
        Self { limit, most, processors: processors as f64, known: HashMap::new(), looked_at: None }
    }

    /// How many installs may be at work now.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Run at most this many from now on, but at least one: the system has no room for more.
    pub(crate) fn lower_to(&mut self, limit: usize) {
        (self.limit, self.most) = (limit.max(1), limit.max(1));
    }

    /// Note that an install started: from the first one on there is something to measure.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.looked_at.get_or_insert(now);
    }

    /// When to measure next; `None` before the first install, and once the limit cannot rise.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        self.looked_at.filter(|_| self.limit < self.most).map(|at| at + LOOK)
    }

    /// Take a measurement: the processor time that each running install has used so far. A single `None`, where the
    /// system does not report it, raises the limit to the most.
    pub(crate) fn measure(&mut self, now: Instant, running: impl Iterator<Item = (usize, Option<Duration>)>) {
        let (Some(before), Some(next)) = (self.looked_at, self.next_look()) else { return };
        if now < next {
            return;
        }
        let passed = now.saturating_duration_since(before).as_secs_f64();
        let mut before = std::mem::take(&mut self.known);
        let mut busy = 0.0;
        for (task, used) in running {
            let Some(used) = used else {
                self.limit = self.most;
                continue;
            };
            let first = before.remove(&task).map_or(Duration::ZERO, |known| known.used);
            let rate = used.saturating_sub(first).as_secs_f64() / passed;
            busy += rate;
            self.known.insert(task, InstallMeasurement { used, rate });
        }
        // Installs that ended since are taken to have worked at their last rate.
        busy += before.values().map(|known| known.rate).sum::<f64>();
        let count = self.known.len() + before.len();
        self.limit = next_limit(self.limit, count, busy, self.processors).min(self.most);
        self.looked_at = Some(now);
    }
}

/// Compute the limit after `count` installs used `busy` processors: unchanged while the processors are filled.
fn next_limit(limit: usize, count: usize, busy: f64, processors: f64) -> usize {
    if count < limit || busy >= FILLED * processors {
        return limit;
    }
    let each = (busy / count as f64).max(LEAST);
    limit.max((processors / each) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(figure: f64) -> Option<Duration> {
        Some(Duration::from_secs_f64(figure))
    }

    fn begun(start: Instant) -> InstallConcurrency {
        let mut pace = InstallConcurrency::between(2, 16);
        assert_eq!(pace.next_look(), None);
        pace.begin(start);
        pace
    }

    #[test]
    fn installs_that_fill_the_processors_stay_few_and_those_that_wait_become_many() {
        let table = [
            (2, 2, 2.0, 2.0, 2),
            (2, 2, 1.3, 2.0, 2),
            (2, 2, 1.0, 2.0, 4),
            (2, 2, 0.1, 2.0, 40),
            (2, 2, 0.0, 2.0, 40),
            (4, 4, 1.0, 2.0, 8),
            (4, 2, 0.1, 2.0, 4),
            (2, 0, 0.0, 2.0, 2),
        ];
        for (limit, count, busy, processors, expected) in table {
            assert_eq!(next_limit(limit, count, busy, processors), expected, "{count} using {busy}");
        }
    }

    #[test]
    fn a_limit_never_goes_down_nor_above_the_most() {
        let start = Instant::now();
        let mut pace = begun(start);
        assert_eq!(pace.limit(), 2);
        pace.measure(start + LOOK / 2, [(0, seconds(0.0)), (1, seconds(0.0))].into_iter());
        assert_eq!(pace.limit(), 2, "too early to say");
        pace.measure(start + LOOK, [(0, seconds(0.1)), (1, seconds(0.1))].into_iter());
        assert_eq!(pace.limit(), 2, "they work");
        pace.measure(start + LOOK * 2, [(0, seconds(0.1)), (1, seconds(0.1))].into_iter());
        assert_eq!(pace.limit(), 16, "they wait");
        pace.measure(start + LOOK * 3, [(0, seconds(0.2)), (1, seconds(0.2))].into_iter());
        assert_eq!(pace.limit(), 16);
    }

    #[test]
    fn one_that_ended_is_taken_to_have_worked_as_before() {
        let start = Instant::now();
        let mut pace = begun(start);
        pace.measure(start + LOOK, [(0, seconds(0.1)), (1, seconds(0.1))].into_iter());
        pace.measure(start + LOOK * 2, [(0, seconds(0.2))].into_iter());
        assert_eq!(pace.limit(), 2);
    }

    #[test]
    fn where_the_system_has_no_room_for_more_the_limit_stays_down() {
        let start = Instant::now();
        let mut pace = begun(start);
        pace.lower_to(1);
        pace.measure(start + LOOK, [(0, seconds(0.0))].into_iter());
        assert_eq!((pace.limit(), pace.next_look()), (1, None));
        pace.lower_to(0);
        assert_eq!(pace.limit(), 1);
    }

    #[test]
    fn what_somebody_said_is_not_found_out() {
        let mut pace = InstallConcurrency::from_jobs(Jobs::AtMost(3));
        pace.begin(Instant::now());
        assert_eq!((pace.limit(), pace.next_look()), (3, None));
        assert_eq!(InstallConcurrency::from_jobs(Jobs::AtMost(0)).limit(), 1);
    }

    #[test]
    fn where_nobody_can_tell_all_begin() {
        let start = Instant::now();
        let mut pace = begun(start);
        pace.measure(start + LOOK, [(0, None)].into_iter());
        assert_eq!(pace.limit(), 16);
    }
}
