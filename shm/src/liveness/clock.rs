//! The two clocks of a board.

use std::time::{SystemTime, UNIX_EPOCH};

/// The present time on both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// On the clock that all processes of one boot share: nanoseconds.
    pub(crate) shared_ns: u64,
    /// On the wall clock: nanoseconds since 1970.
    pub(crate) unix_ns: i64,
}

impl Now {
    pub(crate) fn read() -> Self {
        Self { shared_ns: now_ns(), unix_ns: now_unix_ns() }
    }
}

/// Read the clock that all processes of one boot share and that never goes back, in nanoseconds; never 0.
#[cfg(unix)]
pub(crate) fn now_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    (now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64).max(1)
}

/// Read the wall clock in place of a shared monotonic one, which the standard library does not offer here.
#[cfg(not(unix))]
pub(crate) fn now_ns() -> u64 {
    (now_unix_ns() as u64).max(1)
}

/// Read the wall clock: nanoseconds since 1970.
pub(crate) fn now_unix_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
