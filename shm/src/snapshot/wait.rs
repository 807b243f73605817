//! Waiting for a change of state, or the end of the board's creator: asleep if the system can wake the reader, else by
//! polling.
//!
//! A change of state rings the bell. A dead creator cannot ring it: instead, the system wakes a second thread of the
//! waiting process, which then rings the bell for that process. So a wait of any length costs nothing while nothing
//! happens.

use std::thread;
use std::time::{Duration, Instant};

use crate::atomics::{AtomicU32, Ordering};
use crate::layout::Doorbell;
use crate::liveness::end::{ProcessEnd, StopSignal};
use crate::liveness::process::{self, ProcessMark};
use crate::segment::{Segment, sleep};
use crate::stamp;

/// The interval at which a reader polls if it cannot sleep on the bell.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The interval at which a reader checks for the creator, if the system does not report the creator's end. A shorter
/// wait does not check.
const CREATOR_EVERY: Duration = Duration::from_secs(1);

/// The events a reader waits for.
pub(super) struct Awaited<'a> {
    pub(super) segment: &'a Segment,
    /// The epoch known so far.
    pub(super) epoch: u32,
    /// The creator, while it is known to run.
    pub(super) creator: Option<ProcessMark>,
    pub(super) until: Option<Instant>,
}

/// The event that ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    Changed,
    CreatorEnded,
    TimeOut,
}

impl Awaited<'_> {
    /// Sleep until one of these has happened.
    pub(super) fn wait(&self) -> Woken {
        if self.moved() {
            return Woken::Changed;
        }
        // A creator whose lock a forked child holds has no process whose end could be awaited.
        let runs = |creator: &ProcessMark| process::runs(*creator, self.segment.facts().boot_id) != Some(false);
        Self { creator: self.creator.filter(runs), ..*self }.wait_for_a_change()
    }

    fn wait_for_a_change(&self) -> Woken {
        let doorbell = if self.segment.facts().is_dump() { None } else { self.segment.writable_doorbell() };
        let Some(bell) = doorbell.filter(|_| sleep::CAN_SLEEP) else { return self.look() };
        stamp::announce(bell);
        let woken = self.wait_at(bell);
        stamp::stop_waiting(bell);
        woken
    }

    fn moved(&self) -> bool {
        stamp::epoch(&self.segment.header().epoch) != self.epoch
    }

    /// The time that is left; `None` without end.
    fn left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    fn over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    fn wait_at(&self, bell: &Doorbell) -> Woken {
        let creator = self.creator.filter(|_| self.left().is_none_or(|left| left > CREATOR_EVERY));
        let Some(creator) = creator else { return self.sleep(bell, &AtomicU32::new(0)) };
        let boot = self.segment.facts().boot_id;
        match (ProcessEnd::of(creator, boot), StopSignal::new()) {
            (Some(ending), Some(stop)) => self.sleep_beside(bell, &ending, &stop),
            _ => self.sleep_in_turns(bell, creator),
        }
    }

    /// Sleep until the bell rings, or `ended` is set before it does.
    fn sleep(&self, bell: &Doorbell, ended: &AtomicU32) -> Woken {
        while !self.over() {
            let Some(wake) = stamp::await_change(&self.segment.header().epoch, bell, self.epoch) else {
                return Woken::Changed;
            };
            // The flag is read behind the wake word. The thread that sets it changes that word afterwards, so the sleep
            // ends at once.
            if ended.load(Ordering::SeqCst) != 0 {
                return Woken::CreatorEnded;
            }
            sleep::sleep_while(&bell.wake, wake, self.left());
        }
        if self.moved() { Woken::Changed } else { Woken::TimeOut }
    }

    /// Sleep, while a thread waits for the creator's end and then wakes this one.
    fn sleep_beside(&self, bell: &Doorbell, ending: &ProcessEnd, stop: &StopSignal) -> Woken {
        let ended = AtomicU32::new(0);
        let watch = || {
            if ending.wait(stop) {
                ended.store(1, Ordering::SeqCst);
                bell.wake.fetch_add(1, Ordering::Release);
                sleep::wake_all(&bell.wake); // Other sleepers wake, find no change, and sleep again.
            }
        };
        thread::scope(|scope| {
            let watcher = thread::Builder::new().name("vx-board-creator".into()).stack_size(64 * 1024);
            if watcher.spawn_scoped(scope, watch).is_err() {
                return self.creator.map_or(Woken::TimeOut, |creator| self.sleep_in_turns(bell, creator));
            }
            let woken = self.sleep(bell, &ended);
            stop.send();
            woken
        })
    }

    /// Sleep a while at a time and look for the creator in between.
    fn sleep_in_turns(&self, bell: &Doorbell, creator: ProcessMark) -> Woken {
        loop {
            if process::runs(creator, self.segment.facts().boot_id) == Some(false) {
                return Woken::CreatorEnded;
            }
            let turn = Instant::now() + CREATOR_EVERY;
            let until = Some(self.until.map_or(turn, |until| until.min(turn)));
            let woken = Awaited { until, ..*self }.sleep(bell, &AtomicU32::new(0));
            if woken != Woken::TimeOut || self.over() {
                return woken;
            }
        }
    }

    /// Poll, because no writer can wake this reader.
    fn look(&self) -> Woken {
        let mut creator_next = Instant::now() + CREATOR_EVERY;
        while !self.moved() && !self.over() {
            thread::sleep(self.left().map_or(LOOK_EVERY, |left| left.min(LOOK_EVERY)));
            // A private copy changes only when it is read again; if that fails, the next refresh reports the reason.
            if self.segment.reload().is_err() {
                return Woken::Changed;
            }
            if Instant::now() >= creator_next {
                creator_next = Instant::now() + CREATOR_EVERY;
                let runs = self.creator.map(|creator| process::runs(creator, self.segment.facts().boot_id));
                if runs == Some(Some(false)) {
                    return Woken::CreatorEnded;
                }
            }
        }
        if self.moved() { Woken::Changed } else { Woken::TimeOut }
    }
}
