//! Waiting for a change of state, or the end of the board's creator: asleep if the system can wake the reader, else by
//! polling.
//!
//! A change of state rings the bell. A dead creator cannot ring it: instead, the system wakes a second thread of the
//! waiting process, which then wakes the sleepers at the bell ([`super::creator`]). So a wait of any length costs
//! nothing while nothing happens.

use std::thread;
use std::time::{Duration, Instant};

use crate::atomics::{AtomicU32, Ordering};
use crate::layout::Doorbell;
use crate::liveness::process::{self, ProcessMark};
use crate::segment::{Segment, lock, sleep};
use crate::stamp;

/// A reader polls at this interval if it cannot sleep on the bell.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A reader checks for the creator at this interval, if the system does not report the creator's end. A shorter
/// wait does not check.
const CREATOR_EVERY: Duration = Duration::from_secs(1);

/// What a reader waits for.
pub(super) struct BoardWait<'a> {
    pub(super) segment: &'a Segment,
    /// The epoch known so far.
    pub(super) epoch: u32,
    /// Set while the creator is known to run.
    pub(super) creator: Option<ProcessMark>,
    pub(super) until: Option<Instant>,
    /// A word that is not 0 once this creator has ended, and wakes the sleepers then; `None` where the system does not
    /// report such ends.
    pub(super) watch: &'a dyn Fn(ProcessMark) -> Option<&'a AtomicU32>,
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    Changed,
    CreatorEnded,
    TimeOut,
}

impl BoardWait<'_> {
    /// Sleep until one of these has happened.
    pub(super) fn wait(&self) -> Woken {
        if self.moved() {
            return Woken::Changed;
        }
        let runs = |creator: ProcessMark| process::runs(creator, self.segment.facts().boot_id) != Some(false);
        match self.creator {
            // A forked child still holds the creator's lock: there is no process whose end could be awaited.
            Some(creator) if !runs(creator) && self.creators_lock_is_held() => {
                Self { creator: None, ..*self }.wait_for_a_change()
            }
            // The creator has ended since the reader last looked.
            Some(creator) if !runs(creator) => Woken::CreatorEnded,
            _ => self.wait_for_a_change(),
        }
    }

    fn wait_for_a_change(&self) -> Woken {
        let doorbell = if self.segment.facts().is_dump() { None } else { self.segment.writable_doorbell() };
        let Some(bell) = doorbell.filter(|_| sleep::CAN_SLEEP) else { return self.poll() };
        stamp::announce(bell);
        let woken = self.wait_at(bell);
        stamp::stop_waiting(bell);
        woken
    }

    fn creators_lock_is_held(&self) -> bool {
        self.segment.lock_file().and_then(|file| lock::held(file, lock::CREATOR)) == Some(true)
    }

    fn moved(&self) -> bool {
        stamp::epoch(&self.segment.header().epoch) != self.epoch
    }

    /// How much time is left; `None` without end.
    fn left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    fn over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    fn wait_at(&self, bell: &Doorbell) -> Woken {
        let creator = self.creator.filter(|_| self.left().is_none_or(|left| left > CREATOR_EVERY));
        let Some(creator) = creator else { return self.sleep(bell, &AtomicU32::new(0)) };
        match (self.watch)(creator) {
            Some(ended) => self.sleep(bell, ended),
            None => self.sleep_in_turns(bell, creator),
        }
    }

    /// Sleep until the bell rings, or `ended` is set before it does.
    fn sleep(&self, bell: &Doorbell, ended: &AtomicU32) -> Woken {
        while !self.over() {
            let Some(wake) = stamp::await_change(&self.segment.header().epoch, bell, self.epoch) else {
                return Woken::Changed;
            };
            // The flag is read after the wake word, which the thread that sets the flag changes afterwards: if the flag
            // is set after this load, the sleep ends at once.
            if ended.load(Ordering::SeqCst) != 0 {
                return Woken::CreatorEnded;
            }
            sleep::sleep_while(&bell.wake, wake, self.left());
        }
        if self.moved() { Woken::Changed } else { Woken::TimeOut }
    }

    /// Sleep in turns of [`CREATOR_EVERY`], and check for the creator in between.
    fn sleep_in_turns(&self, bell: &Doorbell, creator: ProcessMark) -> Woken {
        loop {
            if process::runs(creator, self.segment.facts().boot_id) == Some(false) {
                return Woken::CreatorEnded;
            }
            let turn = Instant::now() + CREATOR_EVERY;
            let until = Some(self.until.map_or(turn, |until| until.min(turn)));
            let woken = BoardWait { until, ..*self }.sleep(bell, &AtomicU32::new(0));
            if woken != Woken::TimeOut || self.over() {
                return woken;
            }
        }
    }

    /// Poll, because no writer can wake this reader.
    fn poll(&self) -> Woken {
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
