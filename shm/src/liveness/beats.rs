//! The thread that beats for every slot this process writes: 4 times a second, each in a word of its own.
//!
//! A clock has no place on the hot path, and a writer that is inside a long system call must not pass for dead: so the
//! beat comes from a thread beside it, which also notes when it last saw the numbers move.

use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::clock;

/// How often a writer beats.
pub(crate) const INTERVAL: Duration = Duration::from_millis(250);

/// Something that beats.
pub(crate) trait Beating: Send + Sync {
    /// Write one beat. Called from one thread at a time.
    fn beat(&self, now_ns: u64);
}

/// Those that beat in this process, and which process that is: a forked child has the list but not the thread.
struct Keeper {
    beating: Vec<Weak<dyn Beating>>,
    runs_in: u32,
}

static KEEPER: Mutex<Keeper> = Mutex::new(Keeper { beating: Vec::new(), runs_in: 0 });

/// Let this beat until the last other owner of it is gone. The first beat is made at once.
pub(crate) fn keep(beating: &Arc<impl Beating + 'static>) -> io::Result<()> {
    beating.beat(clock::now_ns());
    let mut keeper = KEEPER.lock();
    let weak = Arc::downgrade(beating);
    keeper.beating.push(weak);
    if keeper.runs_in != std::process::id() {
        thread::Builder::new().name("vx-board-beats".into()).stack_size(64 * 1024).spawn(run)?;
        keeper.runs_in = std::process::id();
    }
    Ok(())
}

fn run() {
    loop {
        thread::sleep(INTERVAL);
        let mut keeper = KEEPER.lock();
        let now_ns = clock::now_ns();
        keeper.beating.retain(|beating| match beating.upgrade() {
            Some(beating) => {
                beating.beat(now_ns);
                true
            }
            None => false,
        });
        if keeper.beating.is_empty() {
            keeper.runs_in = 0;
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
