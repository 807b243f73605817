//! The bell: a change of state wakes the processes that sleep, and makes no system call while no process sleeps.
//!
//! A sleeper first announces itself, then looks for a change, then sleeps. A ringer first makes its change, then looks
//! for sleepers. With a sequentially consistent fence between the two steps on each side, one of them sees the other:
//! no change is slept through.

use crate::atomics::{AtomicU32, Mutant, Ordering, broken, fence_unless, unless};
use crate::layout::Doorbell;

/// Count a change of state and, if a reader sleeps, move the wake word. Returns whether the sleepers must be woken.
pub fn ring(epoch: &AtomicU32, bell: &Doorbell) -> bool {
    let early = broken(Mutant::EarlyRing).then(|| bell.waiters.load(Ordering::Relaxed));
    epoch.fetch_add(1, unless(Mutant::RelaxedEpoch, Ordering::Release)); // Pairs with the load in `epoch`.
    fence_unless(Mutant::NoBellFence, Ordering::SeqCst); // Pairs with the fence in `await_change`.
    if early.unwrap_or_else(|| bell.waiters.load(Ordering::Relaxed)) == 0 {
        return false;
    }
    if !broken(Mutant::StillWake) {
        bell.wake.fetch_add(1, Ordering::Relaxed);
    }
    true
}

/// Load the count of changes of state: everything written before the last of them is visible.
pub fn epoch(epoch: &AtomicU32) -> u32 {
    epoch.load(unless(Mutant::RelaxedEpochLook, Ordering::Acquire)) // Pairs with the release in `ring`.
}

/// Announce a sleeper. Undone by [`stop_waiting`]; a sleeper that is killed before that costs later ringers one system
/// call per change, and nothing else.
pub fn announce(bell: &Doorbell) {
    if !broken(Mutant::LateAnnounce) {
        bell.waiters.fetch_add(1, Ordering::Relaxed);
    }
}

/// `None` if something has changed since `seen`; else sleep as long as the wake word holds the value returned.
pub fn await_change(epoch: &AtomicU32, bell: &Doorbell, seen: u32) -> Option<u32> {
    let wake = bell.wake.load(Ordering::Relaxed);
    fence_unless(Mutant::NoSleeperFence, Ordering::SeqCst); // Pairs with the fence in `ring`.
    let same = epoch.load(Ordering::Relaxed) == seen;
    if broken(Mutant::LateAnnounce) {
        bell.waiters.fetch_add(1, Ordering::Relaxed);
    }
    let wake = if broken(Mutant::LateWake) { bell.wake.load(Ordering::Relaxed) } else { wake };
    same.then_some(wake)
}

/// Undo [`announce`].
pub fn stop_waiting(bell: &Doorbell) {
    bell.waiters.fetch_sub(1, Ordering::Relaxed);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn only_a_sleeper_makes_a_change_ring() {
        let (changes, bell) = (AtomicU32::new(0), Doorbell::default());
        assert!(!ring(&changes, &bell));
        announce(&bell);
        assert_eq!(await_change(&changes, &bell, 1), Some(0));
        assert!(ring(&changes, &bell), "a reader waits");
        assert_eq!((await_change(&changes, &bell, 1), epoch(&changes)), (None, 2));
        assert_eq!(await_change(&changes, &bell, 2), Some(1), "the wake word has moved");
        stop_waiting(&bell);
        assert!(!ring(&changes, &bell), "no reader waits any more");
    }
}
