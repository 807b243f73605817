//! A semaphore: at most this many callers at once.

use parking_lot::{Condvar, Mutex};

pub(super) struct Gate {
    free: Mutex<usize>,
    left: Condvar,
}

impl Gate {
    pub(super) fn new(at_once: usize) -> Self {
        Self { free: Mutex::new(at_once), left: Condvar::new() }
    }

    /// Wait for a permit, then do `work`. Every holder of a permit is bounded in time, and so is this wait.
    pub(super) fn pass<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut free = self.free.lock();
        self.left.wait_while(&mut free, |free| *free == 0);
        *free -= 1;
        drop(free);
        let _place = Permit(self);
        work()
    }
}

/// A permit; returned even if the work panics.
struct Permit<'g>(&'g Gate);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock() += 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_than_so_many_are_inside_and_all_get_through() {
        let (gate, inside, most, through) =
            (Gate::new(3), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    gate.pass(|| {
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        through.fetch_add(1, Ordering::SeqCst);
                    });
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 3);
        assert_eq!(through.load(Ordering::SeqCst), 20);
    }
}
