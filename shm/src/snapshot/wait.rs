//! Waiting for a change of state, or the end of the board's creator: asleep where that is possible, else by looking.
//!
//! A change of state rings. The death of the creator rings nothing, as the dead do not write; the system tells a thread
//! beside the sleeper, which then rings for its own process. So a wait of any length costs nothing while nothing happens.

use std::thread;
use std::time::{Duration, Instant};

use crate::atomics::{AtomicU32, Ordering};
use crate::layout::Doorbell;
use crate::liveness::end::{Ending, Stop};
use crate::liveness::process::{self, ProcessMark};
use crate::segment::{Segment, sleep};
use crate::stamp;

/// How often a reader looks that cannot ring or be rung for.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How often a reader looks for the creator where the system does not tell of its end. A shorter wait does not look.
const CREATOR_EVERY: Duration = Duration::from_secs(1);

/// What a reader waits for.
pub(super) struct Awaited<'a> {
    pub(super) segment: &'a Segment,
    /// The epoch known so far.
    pub(super) epoch: u32,
    /// The creator, while it is known to run.
    pub(super) creator: Option<ProcessMark>,
    pub(super) until: Option<Instant>,
}

/// What ended a wait.
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
        let doorbell = if self.segment.facts().is_dump() { None } else { self.segment.writable_doorbell() };
        let Some(doorbell) = doorbell.filter(|_| sleep::CAN_SLEEP) else { return self.look() };
        let bell = doorbell.bell();
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
        match (Ending::of(creator, boot), Stop::new()) {
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
            // Looked at behind the wake word: who sets it moves that word afterwards, so that the sleep ends at once.
            if ended.load(Ordering::SeqCst) != 0 {
                return Woken::CreatorEnded;
            }
            sleep::sleep_while(&bell.wake, wake, self.left());
        }
        if self.moved() { Woken::Changed } else { Woken::TimeOut }
    }

    /// Sleep, while a thread waits for the creator's end and then wakes this one.
    fn sleep_beside(&self, bell: &Doorbell, ending: &Ending, stop: &Stop) -> Woken {
        let ended = AtomicU32::new(0);
        let watch = || {
            if ending.wait(stop) {
                ended.store(1, Ordering::SeqCst);
                bell.wake.fetch_add(1, Ordering::Release);
                sleep::wake_all(&bell.wake); // Others are woken in vain, look, and sleep on.
            }
        };
        thread::scope(|scope| {
            let watcher = thread::Builder::new().name("vx-board-creator".into()).stack_size(64 * 1024);
            if watcher.spawn_scoped(scope, watch).is_err() {
                return self.creator.map_or(Woken::TimeOut, |creator| self.sleep_in_turns(bell, creator));
            }
            let woken = self.sleep(bell, &ended);
            stop.say();
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

    /// Look now and then, where nobody can ring for this reader.
    fn look(&self) -> Woken {
        let mut creator_next = Instant::now() + CREATOR_EVERY;
        while !self.moved() && !self.over() {
            thread::sleep(self.left().map_or(LOOK_EVERY, |left| left.min(LOOK_EVERY)));
            // A private copy changes only when it is read again; if that fails, the next refresh says why.
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
