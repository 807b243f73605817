//! Waiting for a change of state: on the doorbell where there is one, else by looking now and then.

use std::time::{Duration, Instant};

use crate::segment::{Segment, sleep};
use crate::stamp;

/// How often a reader looks that cannot ring or be rung for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Sleep until the epoch is not `seen` any more; whether that happened in time.
pub(super) fn wait_change(segment: &Segment, seen: u32, timeout: Duration) -> bool {
    let until = Instant::now().checked_add(timeout);
    let epoch = &segment.header().epoch;
    let moved = || stamp::epoch(epoch) != seen;
    let left = || until.map_or(LOOK_EVERY, |until| until.saturating_duration_since(Instant::now()));
    if moved() {
        return true;
    }
    let doorbell = if segment.facts().is_dump() { None } else { segment.writable_doorbell() };
    let Some(doorbell) = doorbell.filter(|_| sleep::CAN_SLEEP) else {
        while !moved() && !left().is_zero() {
            std::thread::sleep(left().min(LOOK_EVERY));
            // A private copy changes only when it is read again; if that fails, the next refresh says why.
            let _ = segment.reload();
        }
        return moved();
    };
    let bell = doorbell.bell();
    stamp::announce(bell);
    while !left().is_zero() {
        match stamp::await_change(epoch, bell, seen) {
            None => break,
            Some(wake) => sleep::sleep_while(&bell.wake, wake, left()),
        }
    }
    stamp::stop_waiting(bell);
    moved()
}
