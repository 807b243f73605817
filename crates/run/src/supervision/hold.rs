//! A run that stays open after its last job has ended, so that failed jobs can be tried again on the same board.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, never};
use parking_lot::Mutex;
use vx_status::source::Settled;

/// A run waits this long after its last job for a view to use its hold: a view whose terminal is blocked never does.
const PATIENCE: Duration = Duration::from_secs(1);

/// Keeps a run open: while it exists and is used, the run takes requests even after its last job has ended. A cancelled
/// run ends all the same.
#[derive(Clone, Debug)]
pub struct RunHold {
    shared: Arc<Mutex<RunHoldState>>,
    _alive: Sender<Infallible>,
}

/// The run's side of a [`RunHold`].
#[derive(Debug)]
pub struct RunHoldMonitor {
    shared: Arc<Mutex<RunHoldState>>,
    gone: Receiver<Infallible>,
}

#[derive(Debug, Default)]
struct RunHoldState {
    settled: Option<Settled>,
    /// The time of the last end; `None` while a job is at work.
    settled_at: Option<Instant>,
    /// The view has seen the end, or its user needs it.
    used: bool,
}

/// A hold on a run that has not started, and the side that the run gets.
pub fn hold() -> (RunHold, RunHoldMonitor) {
    let shared = Arc::default();
    let (alive, gone) = bounded(0);
    (RunHold { shared: Arc::clone(&shared), _alive: alive }, RunHoldMonitor { shared, gone })
}

impl RunHold {
    /// Tell how the jobs ended, once all have; `None` again during a retry. Once this has returned an end, the run
    /// stays open for as long as the hold exists.
    pub fn settled(&self) -> Option<Settled> {
        let mut shared = self.shared.lock();
        shared.used |= shared.settled.is_some();
        shared.settled
    }

    /// Keep the run open even if the view does something else when the last job ends.
    pub fn stay(&self) {
        self.shared.lock().used = true;
    }
}

impl RunHoldMonitor {
    /// Record whether all jobs have ended. Returns true if the run is kept open.
    pub(crate) fn keeps_open(&self, settled: Option<Settled>) -> bool {
        let mut shared = self.shared.lock();
        shared.settled = settled;
        shared.settled_at = settled.and_then(|_| shared.settled_at.or_else(|| Some(Instant::now())));
        let late = !shared.used && shared.settled_at.is_some_and(|at| at.elapsed() >= PATIENCE);
        !late && matches!(self.gone.try_recv(), Err(TryRecvError::Empty))
    }

    /// When to stop waiting for a view that does not use its hold.
    pub(crate) fn until(&self) -> Option<Instant> {
        let shared = self.shared.lock();
        shared.settled_at.filter(|_| !shared.used).map(|at| at + PATIENCE)
    }

    /// A channel that disconnects once nothing keeps the run open; never while jobs are at work, as the run waits for
    /// their ends anyway.
    pub(crate) fn gone(&self) -> Receiver<Infallible> {
        if self.shared.lock().settled.is_some() { self.gone.clone() } else { never() }
    }
}
