//! Requests to stop from outside, Ctrl-C and signals, forwarded to a run.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, never, select, unbounded};
use vx_process::{Interrupt, interrupts};

use vx_run::{RunHandle, RunRequest};

/// Whether another program has the terminal.
static LENT: AtomicBool = AtomicBool::new(false);
/// The longest delay between a typed Ctrl-C and its signal.
const ON_ITS_WAY: Duration = Duration::from_millis(50);

/// Leave the terminal to another program while `act` runs it: a Ctrl-C typed there is not for this process.
pub(super) fn lending<T>(act: impl FnOnce() -> T) -> T {
    LENT.store(true, Ordering::SeqCst);
    let result = act();
    std::thread::sleep(ON_ITS_WAY);
    LENT.store(false, Ordering::SeqCst);
    result
}

/// Whether an interrupt is meant for this process.
fn ours(interrupt: Interrupt) -> bool {
    !(interrupt.typed && LENT.load(Ordering::SeqCst))
}

/// Requests to stop from outside, collected from just before a run starts.
pub(super) struct Interrupts(Receiver<Interrupt>);

/// Forwards requests to stop to a run until it is over.
pub(super) struct InterruptForwarder {
    /// The channel on which a view reports a request to end the process. A signal may arrive for the same request.
    pub ends: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Interrupts {
    /// Collect requests from now on; they no longer end this process.
    pub(super) fn intercept() -> io::Result<Self> {
        interrupts().map(Self)
    }

    /// From now on, ignore a typed Ctrl-C: the programs that share the terminal with this process receive it, too.
    pub(super) fn leave_typed() {
        LENT.store(true, Ordering::SeqCst);
    }

    /// From now on, each request cancels the run; a second one kills its installs.
    pub(super) fn forward(&self, handle: &RunHandle) -> io::Result<InterruptForwarder> {
        let requests = handle.requests.clone();
        self.forward_to(handle.finished.clone(), move || {
            // An ended run accepts no requests.
            let _ = requests.send(RunRequest::CancelAll);
        })
    }

    /// From now on, each request calls `stop`, until the work is `finished`.
    pub(super) fn forward_to(
        &self,
        finished: Receiver<()>,
        stop: impl Fn() + Send + 'static,
    ) -> io::Result<InterruptForwarder> {
        let (ends, mut noticed) = unbounded();
        let signals = self.0.clone();
        let forward = move || {
            let (mut by_signal, mut by_view, mut asked) = (0, 0, 0);
            loop {
                select! {
                    recv(signals) -> signal => by_signal += usize::from(signal.is_ok_and(ours)),
                    // A view that is ended by a signal, or whose terminal hung up, reports it once. The signal itself
                    // may arrive here earlier, later or never; both together count as one request.
                    recv(noticed) -> _ => (by_view, noticed) = (1, never()),
                    recv(finished) -> _ => return asked > 0,
                }
                while asked < by_signal.max(by_view) {
                    asked += 1;
                    stop();
                }
            }
        };
        Ok(InterruptForwarder { ends, thread: std::thread::Builder::new().name("interrupts".into()).spawn(forward)? })
    }

    /// Wait for a value on `ended`, but no longer than `patience` after a request to stop, even an earlier one.
    pub(super) fn unless_impatient<T>(
        &self,
        ended: &Receiver<T>,
        asked_before: bool,
        patience: Duration,
    ) -> Result<T, RecvTimeoutError> {
        let mut asked = asked_before;
        while !asked {
            select! {
                recv(ended) -> value => return value.map_err(|_| RecvTimeoutError::Disconnected),
                recv(self.0) -> interrupt => asked = interrupt.map_or(true, ours),
            }
        }
        ended.recv_deadline(Instant::now() + patience)
    }
}

impl InterruptForwarder {
    /// Wait for the end of the run. Returns whether it was requested to stop.
    pub(super) fn finish(self) -> bool {
        self.thread.join().unwrap_or(false)
    }
}
