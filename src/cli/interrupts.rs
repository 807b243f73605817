//! Ctrl-C and its like, on their way to the run they are to stop.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, never, select, unbounded};

use crate::process::{Interrupt, interrupts};
use crate::sync::{Request, RunHandle};

/// While somebody else has the terminal.
static LENT: AtomicBool = AtomicBool::new(false);
/// How long what was typed may be on its way here.
const ON_ITS_WAY: Duration = Duration::from_millis(50);

/// Do something that has the terminal to itself: Ctrl-C that is typed there is not for this process.
pub(super) fn lending<T>(act: impl FnOnce() -> T) -> T {
    LENT.store(true, Ordering::SeqCst);
    let came = act();
    std::thread::sleep(ON_ITS_WAY);
    LENT.store(false, Ordering::SeqCst);
    came
}

/// Whether it is for this process.
fn ours(interrupt: Interrupt) -> bool {
    !(interrupt.typed && LENT.load(Ordering::SeqCst))
}

/// Requests to stop from outside, from the moment on when a run is about to start.
pub(super) struct Interrupts(Receiver<Interrupt>);

/// Takes requests to stop to a run until that is over.
pub(super) struct Forwarding {
    /// For who notices that the process is to end; of the same end the signal tells, too.
    pub ends: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Interrupts {
    /// From now on they are kept, and no longer end this process.
    pub(super) fn take() -> io::Result<Self> {
        interrupts().map(Self)
    }

    /// From now on each one cancels everything; the second kills it.
    pub(super) fn forward(&self, handle: &RunHandle) -> io::Result<Forwarding> {
        let (ends, mut noticed) = unbounded();
        let (signals, requests, finished) = (self.0.clone(), handle.requests.clone(), handle.finished.clone());
        let forward = move || {
            let (mut by_signal, mut by_view, mut asked) = (0, 0, 0);
            loop {
                select! {
                    recv(signals) -> signal => by_signal += usize::from(signal.is_ok_and(ours)),
                    // A view that leaves because of a signal, or whose terminal hung up, notices once, before or after
                    // the signal arrives here, which may be never: both together are one request.
                    recv(noticed) -> _ => (by_view, noticed) = (1, never()),
                    recv(finished) -> _ => return asked > 0,
                }
                while asked < by_signal.max(by_view) {
                    asked += 1;
                    // A run that is over takes no requests.
                    let _ = requests.send(Request::CancelAll);
                }
            }
        };
        Ok(Forwarding { ends, thread: std::thread::Builder::new().name("interrupts".into()).spawn(forward)? })
    }

    /// Wait for what comes on `ended`; once somebody wants this process to stop, or wanted it before, no longer than
    /// `patience`.
    pub(super) fn unless_impatient<T>(
        &self,
        ended: &Receiver<T>,
        wanted_before: bool,
        patience: Duration,
    ) -> Result<T, RecvTimeoutError> {
        let mut wanted = wanted_before;
        while !wanted {
            select! {
                recv(ended) -> came => return came.map_err(|_| RecvTimeoutError::Disconnected),
                recv(self.0) -> interrupt => wanted = interrupt.map_or(true, ours),
            }
        }
        ended.recv_deadline(Instant::now() + patience)
    }
}

impl Forwarding {
    /// Once the run is over: whether anybody wanted it to stop.
    pub(super) fn finish(self) -> bool {
        self.thread.join().unwrap_or(false)
    }
}
