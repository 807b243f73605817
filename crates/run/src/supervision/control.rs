//! A run at work, as everything outside of it sees it: requests go in, failures of requests and the end come out.

use std::{io, thread};

use crossbeam_channel::{Receiver, Sender};
use vx_status::source::RequestFailure;

use super::end::RunEnd;
use crate::boards::written_slots::WrittenSlots;

/// A request to a run, from a view, a signal handler or another process.
#[derive(Clone, Debug)]
pub enum RunRequest {
    /// Stop the job on the slot with this key; the second request kills it.
    Cancel(String),
    /// Kill the job on the slot with this key.
    Kill(String),
    /// Stop everything; the second request kills it.
    CancelAll,
    /// Try the failed job of the slot with this key again while the run is at work.
    Retry(String),
    /// Stop the job on the slot with this key, no matter how often this is requested.
    Stop(String),
    /// Stop everything, no matter how often this is requested.
    StopAll,
    /// A request whose outcome is sent back to the requester.
    Answered(Box<Self>, Sender<Result<(), RequestFailure>>),
}

/// A run at work.
pub struct RunHandle {
    /// Takes requests.
    pub requests: Sender<RunRequest>,
    /// Requests that failed. A reader that falls behind loses the newest.
    pub failures: Receiver<RequestFailure>,
    /// Closes when the run is over.
    pub finished: Receiver<()>,
    /// The slots that the run writes.
    pub written: WrittenSlots,
    pub(crate) thread: thread::JoinHandle<io::Result<RunEnd>>,
}

impl RunHandle {
    /// Wait for the end of the run.
    pub fn join(self) -> io::Result<RunEnd> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread of the run panicked")))
    }
}
