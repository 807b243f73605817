//! Stops an install early: on request, or when its time is up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use vx_base::trouble::TroubleKind;

/// How often a wait checks for a stop.
pub(super) const POLL: Duration = Duration::from_millis(20);

/// Requests an install to stop; all clones belong to the same install.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

/// Why an install stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallStop {
    /// It was asked to.
    Cancelled,
    /// Its time is up.
    Deadline,
}

/// A token and a deadline, checked between two buffers.
#[derive(Clone, Debug)]
pub(super) struct CancelWatch {
    token: CancelToken,
    deadline: Option<Instant>,
}

impl InstallStop {
    pub(super) fn kind(self) -> TroubleKind {
        match self {
            Self::Cancelled => TroubleKind::Cancelled,
            Self::Deadline => TroubleKind::Timeout,
        }
    }
}

impl CancelToken {
    /// A new token, not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ask the install to stop; it does so before its next buffer, within a few milliseconds.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was requested.
    pub fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl CancelWatch {
    pub(super) fn new(token: CancelToken, deadline: Option<Instant>) -> Self {
        Self { token, deadline }
    }

    /// Fail once the install has to stop.
    pub(super) fn check(&self) -> Result<(), InstallStop> {
        if self.token.cancelled() {
            return Err(InstallStop::Cancelled);
        }
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(InstallStop::Deadline),
            _ => Ok(()),
        }
    }

    /// Sleep, unless the install has to stop.
    pub(super) fn sleep(&self, time: Duration) -> Result<(), InstallStop> {
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
        let watch = CancelWatch::new(token.clone(), None);
        let start = Instant::now();
        let canceller = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            token.cancel();
        });
        assert_eq!(watch.sleep(Duration::from_secs(60)), Err(InstallStop::Cancelled));
        canceller.join().expect("the canceller ends");

        let watch = CancelWatch::new(CancelToken::new(), Some(Instant::now() + Duration::from_millis(30)));
        assert_eq!(watch.sleep(Duration::from_secs(60)), Err(InstallStop::Deadline));
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
