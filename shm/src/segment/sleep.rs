//! Sleeping on a word of the map, and waking the sleepers.

use std::time::Duration;

use crate::atomics::AtomicU32;

/// Whether this system can sleep on a word that another process changes.
pub(crate) const CAN_SLEEP: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Wake all threads that sleep on this word.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn wake_all(word: &AtomicU32) {
    // The call fails only for a word that no process can sleep on. The futex is not private, because the sleepers are
    // other processes.
    let _ = rustix::thread::futex::wake(word, rustix::thread::futex::Flags::empty(), i32::MAX as u32);
}

/// Sleep while the word holds this value, at most this long; `None` means no limit.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn sleep_while(word: &AtomicU32, value: u32, timeout: Option<Duration>) {
    use rustix::thread::futex::{Flags, Timespec, wait};
    // A timeout that the system cannot represent means no limit.
    let timeout = timeout.and_then(|timeout| {
        Some(Timespec { tv_sec: timeout.as_secs().try_into().ok()?, tv_nsec: timeout.subsec_nanos() as _ })
    });
    // Woken, interrupted, timed out or changed before: the caller looks at the board in any case.
    let _ = wait(word, Flags::empty(), value, timeout.as_ref());
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn wake_all(_: &AtomicU32) {}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn sleep_while(_: &AtomicU32, _: u32, timeout: Option<Duration>) {
    const LOOK_EVERY: Duration = Duration::from_millis(10);
    std::thread::sleep(timeout.map_or(LOOK_EVERY, |timeout| timeout.min(LOOK_EVERY)));
}
