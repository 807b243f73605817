//! A bell: rung by any thread, heard by the one that waits for a descriptor.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// The end that hears.
#[derive(Debug)]
pub(in crate::doors::daemon) struct WakeReceiver(UnixStream);

/// The end that rings.
#[derive(Clone, Debug)]
pub(in crate::doors::daemon) struct WakeSender(Arc<UnixStream>);

impl WakeReceiver {
    /// A bell, and its other end.
    ///
    /// # Errors
    /// The process is out of descriptors.
    pub(in crate::doors::daemon) fn new() -> io::Result<(Self, WakeSender)> {
        let (heard, rung) = UnixStream::pair()?;
        heard.set_nonblocking(true)?;
        rung.set_nonblocking(true)?;
        Ok((Self(heard), WakeSender(Arc::new(rung))))
    }

    /// Forget that it was rung.
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
    /// Ring it. One that has no room for another ring was rung already.
    pub(in crate::doors::daemon) fn ring(&self) {
        let _ = (&*self.0).write(&[1]);
    }
}
