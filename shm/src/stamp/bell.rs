//! The bell and the end: how a change of state wakes those who sleep, without a system call
//! while nobody does, and how a board is closed.
//!
//! A sleeper first says that it waits, then looks for a change, then sleeps. A ringer first makes its change, then
//! looks for sleepers. With a sequentially consistent fence between the two steps on each side, one of them sees the
//! other: no change is slept through.

use crate::atomics::{AtomicU32, Mutant, Ordering, fence, fence_unless, unless};
use crate::layout::Doorbell;

/// Count a change of state and, if somebody sleeps, move the wake word. Returns whether the sleepers must be woken.
pub fn ring(epoch: &AtomicU32, bell: &Doorbell) -> bool {
    epoch.fetch_add(1, Ordering::Release);
    fence_unless(Mutant::NoBellFence, Ordering::SeqCst); // Pairs with the fence in `await_change`.
    if bell.waiters.load(Ordering::Relaxed) == 0 {
        return false;
    }
    bell.wake.fetch_add(1, Ordering::Release);
    true
}

/// Say that somebody is about to sleep. Undone by [`stop_waiting`]; a sleeper that is killed before that costs later
/// ringers one system call per change, and nothing else.
pub fn announce(bell: &Doorbell) {
    bell.waiters.fetch_add(1, Ordering::Relaxed);
}

/// Whether nothing has changed since `seen`: then sleep as long as the wake word holds the value returned.
pub fn await_change(epoch: &AtomicU32, bell: &Doorbell, seen: u32) -> Option<u32> {
    let wake = bell.wake.load(Ordering::Acquire);
    fence(Ordering::SeqCst); // Pairs with the fence in `ring`.
    (epoch.load(Ordering::Relaxed) == seen).then_some(wake)
}

/// Take back [`announce`].
pub fn stop_waiting(bell: &Doorbell) {
    bell.waiters.fetch_sub(1, Ordering::Relaxed);
}

/// Close a board: what became of it, then that it is closed.
pub fn close(state: &AtomicU32, closed: &AtomicU32, number: u32) {
    state.store(number, Ordering::Relaxed);
    closed.store(1, unless(Mutant::RelaxedClose, Ordering::Release)); // Pairs with the load in `is_closed`.
}

/// Whether a board is closed: then its state is the last one.
pub fn is_closed(closed: &AtomicU32) -> bool {
    closed.load(Ordering::Acquire) != 0
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn only_a_sleeper_makes_a_change_ring() {
        let (epoch, bell) = (AtomicU32::new(0), Doorbell::default());
        assert!(!ring(&epoch, &bell));
        announce(&bell);
        assert_eq!(await_change(&epoch, &bell, 1), Some(0));
        assert!(ring(&epoch, &bell));
        assert_eq!(await_change(&epoch, &bell, 1), None);
        stop_waiting(&bell);
        assert!(!ring(&epoch, &bell));
    }
}
