//! How many installs work at once when nobody said: as many as fill the processors.
//!
//! While they are busy digesting and unpacking, more of them only take the caches from each other, and the largest,
//! which began first, ends later. While they wait for the network, as many as there are take no longer than the slowest.
//! Nobody knows beforehand which it will be: so a run begins with one for each processor, looks ten times a second at
//! what those have used, and starts as many more as there is room for.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often to look.
const LOOK: Duration = Duration::from_millis(100);

/// The processors count as filled when this much of them is used: the rest goes to what serves the installs.
const FILLED: f64 = 0.6;

/// The least that one install is taken to use, in processors: nobody starts a hundred because one does nothing.
const LEAST: f64 = 0.05;

/// How many children may be at work at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jobs {
    /// So many, as somebody said; at least one.
    AtMost(usize),
    /// As many as fill the processors, and never more than this.
    ToFill(usize),
}

/// How many installs may work at once, found out while they work where nobody said.
pub(super) struct Pace {
    limit: usize,
    most: usize,
    processors: f64,
    /// What each running install had used when we looked last, and at which rate it did.
    known: HashMap<usize, Known>,
    /// None before the first install was started.
    looked_at: Option<Instant>,
}

struct Known {
    used: Duration,
    rate: f64,
}

impl Pace {
    /// So many as were asked for, or one for each processor to begin with.
    pub(super) fn of(jobs: Jobs) -> Self {
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

    /// How many may work at once, as far as is known.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// An install was started: from the first one on there is something to look at.
    pub(super) fn begin(&mut self, now: Instant) {
        self.looked_at.get_or_insert(now);
    }

    /// When to look again; never before there is something to look at, nor when no more may begin anyway.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.looked_at.filter(|_| self.limit < self.most).map(|at| at + LOOK)
    }

    /// Look: what each running install has used so far. None for one that cannot be told lets all begin.
    pub(super) fn look(&mut self, now: Instant, running: impl Iterator<Item = (usize, Option<Duration>)>) {
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
            self.known.insert(task, Known { used, rate });
        }
        // Those that ended meanwhile worked on as they had before, for all anybody knows.
        busy += before.values().map(|known| known.rate).sum::<f64>();
        let count = self.known.len() + before.len();
        self.limit = next_limit(self.limit, count, busy, self.processors).min(self.most);
        self.looked_at = Some(now);
    }
}

/// How many may work when so many used so many processors: the same as before while those are filled.
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

    fn begun(start: Instant) -> Pace {
        let mut pace = Pace::between(2, 16);
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
        pace.look(start + LOOK / 2, [(0, seconds(0.0)), (1, seconds(0.0))].into_iter());
        assert_eq!(pace.limit(), 2, "too early to say");
        pace.look(start + LOOK, [(0, seconds(0.1)), (1, seconds(0.1))].into_iter());
        assert_eq!(pace.limit(), 2, "they work");
        pace.look(start + LOOK * 2, [(0, seconds(0.1)), (1, seconds(0.1))].into_iter());
        assert_eq!(pace.limit(), 16, "they wait");
        pace.look(start + LOOK * 3, [(0, seconds(0.2)), (1, seconds(0.2))].into_iter());
        assert_eq!(pace.limit(), 16);
    }

    #[test]
    fn one_that_ended_is_taken_to_have_worked_as_before() {
        let start = Instant::now();
        let mut pace = begun(start);
        pace.look(start + LOOK, [(0, seconds(0.1)), (1, seconds(0.1))].into_iter());
        pace.look(start + LOOK * 2, [(0, seconds(0.2))].into_iter());
        assert_eq!(pace.limit(), 2);
    }

    #[test]
    fn what_somebody_said_is_not_found_out() {
        let mut pace = Pace::of(Jobs::AtMost(3));
        pace.begin(Instant::now());
        assert_eq!((pace.limit(), pace.next_look()), (3, None));
        assert_eq!(Pace::of(Jobs::AtMost(0)).limit(), 1);
    }

    #[test]
    fn where_nobody_can_tell_all_begin() {
        let start = Instant::now();
        let mut pace = begun(start);
        pace.look(start + LOOK, [(0, None)].into_iter());
        assert_eq!(pace.limit(), 16);
    }
}
