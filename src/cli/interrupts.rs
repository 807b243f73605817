//! Ctrl-C and its like, on their way to the run they are to stop.

use std::io;

use crossbeam_channel::Receiver;

use crate::process::{Interrupt, interrupts};
use crate::sync::{Request, RunHandle};

/// Requests to stop from outside, from the moment on when a run is about to start.
pub(super) struct Interrupts(Receiver<Interrupt>);

impl Interrupts {
    /// From now on they are kept, and no longer end this process.
    pub(super) fn take() -> io::Result<Self> {
        interrupts().map(Self)
    }

    /// From now on each one cancels everything; the second kills it. Those that somebody else has taken meanwhile are
    /// not counted again.
    pub(super) fn forward(&self, handle: &RunHandle) -> io::Result<()> {
        while self.0.try_recv().is_ok() {}
        let (interrupts, requests) = (self.0.clone(), handle.requests.clone());
        std::thread::Builder::new()
            .name("interrupts".into())
            .spawn(move || while interrupts.recv().is_ok() && requests.send(Request::CancelAll).is_ok() {})?;
        Ok(())
    }
}
