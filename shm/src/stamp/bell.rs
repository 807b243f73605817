//! The bell: how a change of state wakes those who sleep, without a system call while nobody does.
//!
//! A sleeper first says that it waits, then looks for a change, then sleeps. A ringer first makes its change, then
//! looks for sleepers. With a sequentially consistent fence between the two steps on each side, one of them sees the
//! other: no change is slept through.

use crate::atomics::{AtomicU32, Mutant, Ordering, broken, fence_unless, unless};
use crate::layout::Doorbell;

/// Count a change of state and, if somebody sleeps, move the wake word. Returns whether the sleepers must be woken.
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

/// How many changes of state were counted: whatever was written before the last of them is there.
pub fn epoch(epoch: &AtomicU32) -> u32 {
    epoch.load(unless(Mutant::RelaxedEpochLook, Ordering::Acquire)) // Pairs with the release in `ring`.
}

/// Wait until the count of changes is not `seen` any more. `sleep` sleeps as long as the wake word holds the value that
/// it is given, or until somebody wakes it, and says whether to go on waiting.
pub fn wait(epoch: &AtomicU32, bell: &Doorbell, seen: u32, mut sleep: impl FnMut(u32) -> bool) {
    announce(bell);
    while let Some(wake) = await_change(epoch, bell, seen) {
        if !sleep(wake) {
            break;
        }
    }
    // A sleeper that is killed before this costs later ringers one system call per change, and nothing else.
    bell.waiters.fetch_sub(1, Ordering::Relaxed);
}

/// Say that somebody is about to sleep.
fn announce(bell: &Doorbell) {
    if !broken(Mutant::LateAnnounce) {
        bell.waiters.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether nothing has changed since `seen`: then sleep as long as the wake word holds the value returned.
fn await_change(epoch: &AtomicU32, bell: &Doorbell, seen: u32) -> Option<u32> {
    let wake = bell.wake.load(Ordering::Relaxed);
    fence_unless(Mutant::NoSleeperFence, Ordering::SeqCst); // Pairs with the fence in `ring`.
    let same = epoch.load(Ordering::Relaxed) == seen;
    if broken(Mutant::LateAnnounce) {
        bell.waiters.fetch_add(1, Ordering::Relaxed);
    }
    let wake = if broken(Mutant::LateWake) { bell.wake.load(Ordering::Relaxed) } else { wake };
    same.then_some(wake)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn only_a_sleeper_makes_a_change_ring() {
        let (changes, bell) = (AtomicU32::new(0), Doorbell::default());
        assert!(!ring(&changes, &bell));
        let mut slept = Vec::new();
        wait(&changes, &bell, 1, |wake| {
            slept.push(wake);
            assert!(ring(&changes, &bell), "somebody waits");
            true
        });
        assert_eq!((slept, epoch(&changes)), (vec![0], 2), "slept once, and saw the change");
        assert!(!ring(&changes, &bell), "nobody waits any more");
        wait(&changes, &bell, 3, |_| false);
        assert!(!ring(&changes, &bell), "gave up, and said so");
    }
}
