//! Sleeping on a word of the map, and waking those who do.

use std::time::Duration;

use crate::atomics::AtomicU32;

/// Whether this system can sleep on a word that another process changes.
pub(crate) const CAN_SLEEP: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Wake everybody who sleeps on this word.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn wake_all(word: &AtomicU32) {
    // It fails only for a word that cannot be slept on, and then nobody does. Not private: sleepers are other processes.
    let _ = rustix::thread::futex::wake(word, rustix::thread::futex::Flags::empty(), i32::MAX as u32);
}

/// Sleep while the word holds this value, at most this long.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn sleep_while(word: &AtomicU32, value: u32, timeout: Duration) {
    let timeout =
        rustix::thread::futex::Timespec { tv_sec: timeout.as_secs() as _, tv_nsec: timeout.subsec_nanos() as _ };
    // Woken, interrupted, timed out or changed before: the caller looks at the board in any case.
    let _ = rustix::thread::futex::wait(word, rustix::thread::futex::Flags::empty(), value, Some(&timeout));
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn wake_all(_: &AtomicU32) {}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn sleep_while(_: &AtomicU32, _: u32, timeout: Duration) {
    std::thread::sleep(timeout);
}
