//! Stopping an install early: somebody asks for it, or its time is up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a sleeping install looks whether it is to stop.
pub(super) const POLL: Duration = Duration::from_millis(20);

/// Asks an install to stop; every copy speaks for the same install.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

/// Why an install stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// The time it was given has passed.
    Deadline,
}

/// What an install looks at between two buffers: the token and the clock.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    token: CancelToken,
    deadline: Option<Instant>,
}

impl CancelToken {
    /// A token nobody has used yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ask the install to stop; it does at its next buffer, a few milliseconds later at most.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Watch {
    pub(super) fn new(token: CancelToken, deadline: Option<Instant>) -> Self {
        Self { token, deadline }
    }

    /// An error once the install must stop.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if self.token.cancelled() {
            return Err(Stop::Cancelled);
        }
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Stop::Deadline),
            _ => Ok(()),
        }
    }

    /// Sleep, unless the install must stop meanwhile.
    pub(super) fn sleep(&self, time: Duration) -> Result<(), Stop> {
        let start = Instant::now();
        loop {
            self.check()?;
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(POLL));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_ends_early_when_somebody_cancels_and_when_time_is_up() {
        let token = CancelToken::new();
        let watch = Watch::new(token.clone(), None);
        let start = Instant::now();
        let canceller = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            token.cancel();
        });
        assert_eq!(watch.sleep(Duration::from_secs(60)), Err(Stop::Cancelled));
        canceller.join().expect("the canceller ends");

        let watch = Watch::new(CancelToken::new(), Some(Instant::now() + Duration::from_millis(30)));
        assert_eq!(watch.sleep(Duration::from_secs(60)), Err(Stop::Deadline));
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
