//! The thread that beats for every slot this process writes: 4 times a second, each in a word of its own.
//!
//! The hot path must not read a clock, and a writer inside a long system call must not be taken for dead. So a second
//! thread beats, and also records when it last saw the numbers change.

use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use super::clock;
use crate::mutex::Mutex;

/// The time between two beats of a writer.
pub(crate) const INTERVAL: Duration = Duration::from_millis(250);

/// The part of a writer that beats.
pub(crate) trait Beating: Send + Sync {
    /// Write one beat. Called from one thread at a time.
    fn beat(&self, now_ns: u64);
}

/// The writers that beat in this process, and the id of that process: a forked child has the list but not the thread.
struct Registry {
    beating: Vec<Weak<dyn Beating>>,
    runs_in: u32,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { beating: Vec::new(), runs_in: 0 });

/// Keep this beating until its last other owner drops it. The first beat is made at once.
pub(crate) fn keep(beating: &Arc<impl Beating + 'static>) -> io::Result<()> {
    beating.beat(clock::now_ns());
    let mut registry = REGISTRY.lock();
    let weak = Arc::downgrade(beating);
    registry.beating.push(weak);
    if registry.runs_in != std::process::id() {
        thread::Builder::new().name("vx-board-beats".into()).stack_size(64 * 1024).spawn(run)?;
        registry.runs_in = std::process::id();
    }
    Ok(())
}

fn run() {
    loop {
        thread::sleep(INTERVAL);
        let mut registry = REGISTRY.lock();
        let now_ns = clock::now_ns();
        registry.beating.retain(|beating| match beating.upgrade() {
            Some(beating) => {
                beating.beat(now_ns);
                true
            }
            None => false,
        });
        if registry.beating.is_empty() {
            registry.runs_in = 0;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomics::{AtomicU64, Ordering};

    struct Counting(AtomicU64);

    impl Beating for Counting {
        fn beat(&self, _: u64) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn beats_come_at_once_then_regularly_and_stop_with_their_owner() {
        let counting = Arc::new(Counting(AtomicU64::new(0)));
        keep(&counting).unwrap();
        assert_eq!(counting.0.load(Ordering::Relaxed), 1);
        thread::sleep(INTERVAL * 4);
        assert!(counting.0.load(Ordering::Relaxed) >= 2);
        let weak = Arc::downgrade(&counting);
        drop(counting);
        assert!(
            weak.upgrade().is_none() || {
                thread::sleep(INTERVAL);
                weak.upgrade().is_none()
            }
        );
    }
}
