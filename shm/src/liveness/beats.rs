//! The thread that beats for every slot this process writes, each in its own word: 4 times a second, or at the interval
//! in the slot's record.
//!
//! The hot path must not read a clock, and a writer inside a long system call must not be taken for dead. So a second
//! thread beats, and also records when it last saw the numbers change.

use std::io;
use std::sync::{Arc, MutexGuard, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use super::clock;
use crate::mutex::Mutex;

/// Time between two beats of a writer whose record has no interval.
pub(crate) const INTERVAL: Duration = Duration::from_millis(250);

/// Something that beats for its slots.
pub(crate) trait Beating: Send + Sync {
    /// Write one beat. Called from one thread at a time.
    fn beat(&self, now_ns: u64);
}

/// A writer that beats.
struct BeatRegistryEntry {
    beating: Weak<dyn Beating>,
    every: Duration,
    due_ns: u64,
}

/// All writers of this process, and the thread that beats for them with the id of the process it runs in: a forked
/// child has the list but not the thread.
struct BeatRegistry {
    entries: Vec<BeatRegistryEntry>,
    runs_in: u32,
    thread: Option<Thread>,
}

static REGISTRY: Mutex<BeatRegistry> = Mutex::new(BeatRegistry { entries: Vec::new(), runs_in: 0, thread: None });

/// Beat for this writer at this interval until its owners have dropped it. The first beat is made at once.
pub(crate) fn keep(beating: &Arc<impl Beating + 'static>, every: Duration) -> io::Result<()> {
    let now_ns = clock::now_ns();
    beating.beat(now_ns);
    let mut registry = REGISTRY.lock();
    let weak = Arc::downgrade(beating);
    registry.entries.push(BeatRegistryEntry { beating: weak, every, due_ns: next_beat_ns(now_ns, every) });
    if registry.runs_in == std::process::id() {
        // The thread may be asleep until after this writer's next beat.
        registry.thread.iter().for_each(Thread::unpark);
    } else {
        let started = thread::Builder::new().name("vx-board-beats".into()).stack_size(64 * 1024).spawn(run)?;
        registry.thread = Some(started.thread().clone());
        registry.runs_in = std::process::id();
    }
    Ok(())
}

/// Holds back the thread that beats while this process forks. Made before the fork, and dropped on both sides of it by
/// the thread that forked: a child forked in the middle of a beat would wait for ever for a thread that it does not
/// have.
#[must_use = "the beats go on as soon as it is dropped"]
pub struct ForkGuard {
    _registry: MutexGuard<'static, BeatRegistry>,
}

/// Hold the beats of this process back for a fork, after which the child goes on in the same program.
pub fn before_fork() -> ForkGuard {
    ForkGuard { _registry: REGISTRY.lock() }
}

fn run() {
    while let Some(pause) = beat_all(clock::now_ns()) {
        thread::park_timeout(pause);
    }
}

/// Write the beats that are due. Returns the time until the next one; `None` if there are no writers, which ends the
/// thread.
fn beat_all(now_ns: u64) -> Option<Duration> {
    let mut registry = REGISTRY.lock();
    registry.entries.retain_mut(|entry| {
        let Some(beating) = entry.beating.upgrade() else { return false };
        if entry.due_ns <= now_ns {
            beating.beat(now_ns);
            entry.due_ns = next_beat_ns(now_ns, entry.every);
        }
        true
    });
    let next_ns = registry.entries.iter().map(|entry| entry.due_ns).min();
    if next_ns.is_none() {
        (registry.runs_in, registry.thread) = (0, None);
    }
    next_ns.map(|next_ns| Duration::from_nanos(next_ns.saturating_sub(now_ns)))
}

/// When to beat next after this moment. Writers with equal intervals beat together, so that the thread wakes once for
/// all.
fn next_beat_ns(now_ns: u64, every: Duration) -> u64 {
    let every_ns = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX).max(1);
    (now_ns / every_ns).saturating_add(1).saturating_mul(every_ns)
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
    fn seldom_beats_do_not_hold_up_others_and_come_when_they_are_due() {
        let new = || Arc::new(Counting(AtomicU64::new(0)));
        let count = |counting: &Arc<Counting>| counting.0.load(Ordering::Relaxed);
        let (seldom, often) = (new(), new());
        keep(&seldom, Duration::from_secs(3_600)).unwrap();
        keep(&often, Duration::from_millis(20)).unwrap();
        let until = std::time::Instant::now() + Duration::from_secs(30);
        while count(&often) < 5 && std::time::Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(count(&often) >= 5 && count(&seldom) <= 2, "{} and {}", count(&often), count(&seldom));
        assert_eq!((next_beat_ns(0, INTERVAL), next_beat_ns(250_000_000, INTERVAL)), (250_000_000, 500_000_000));
        assert_eq!(next_beat_ns(u64::MAX, INTERVAL), u64::MAX);
    }

    #[test]
    fn while_a_process_forks_no_beat_is_made_and_no_writer_added() {
        let guard = before_fork();
        let (sender, added) = std::sync::mpsc::channel();
        let adding = thread::spawn(move || {
            let counting = Arc::new(Counting(AtomicU64::new(0)));
            keep(&counting, INTERVAL).unwrap();
            sender.send(()).unwrap();
        });
        assert!(added.recv_timeout(Duration::from_millis(100)).is_err(), "the beats are not held back");
        drop(guard);
        added.recv_timeout(Duration::from_secs(60)).unwrap();
        adding.join().unwrap();
    }

    #[test]
    fn beats_come_at_once_then_regularly_and_stop_with_their_owner() {
        let counting = Arc::new(Counting(AtomicU64::new(0)));
        keep(&counting, INTERVAL).unwrap();
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
