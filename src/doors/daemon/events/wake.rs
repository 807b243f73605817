//! Wakes a thread that waits for a descriptor; any thread can do so.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// The end to wait on.
#[derive(Debug)]
pub(in crate::doors::daemon) struct WakeReceiver(UnixStream);

/// The end that wakes.
#[derive(Clone, Debug)]
pub(in crate::doors::daemon) struct WakeSender(Arc<UnixStream>);

impl WakeReceiver {
    /// Both ends.
    ///
    /// # Errors
    /// The process is out of descriptors.
    pub(in crate::doors::daemon) fn new() -> io::Result<(Self, WakeSender)> {
        let (heard, rung) = UnixStream::pair()?;
        heard.set_nonblocking(true)?;
        rung.set_nonblocking(true)?;
        Ok((Self(heard), WakeSender(Arc::new(rung))))
    }

    /// Clear all wake-ups so far.
    pub(in crate::doors::daemon) fn quieten(&self) {
        let mut rings = [0; 64];
        while (&self.0).read(&mut rings).is_ok_and(|read| read == rings.len()) {}
    }
}

impl AsFd for WakeReceiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl WakeSender {
    /// Wake the other end. If the socket is full, a wake-up is pending already.
    pub(in crate::doors::daemon) fn ring(&self) {
        let _ = (&*self.0).write(&[1]);
    }
}
