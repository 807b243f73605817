//! A run that stays open after its last job has ended, so that failed jobs can be tried again on the same board.

use std::convert::Infallible;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, never};
use parking_lot::Mutex;
use vx_status::source::Settled;

/// Keeps a run open: while one of these lives, the run takes requests after the end of its last job. A run that is
/// cancelled ends all the same.
#[derive(Clone, Debug)]
pub struct Hold {
    settled: Arc<Mutex<Option<Settled>>>,
    _alive: Sender<Infallible>,
}

/// The run's side of a [`Hold`].
#[derive(Debug)]
pub struct Held {
    settled: Arc<Mutex<Option<Settled>>>,
    gone: Receiver<Infallible>,
}

/// A hold on a run that has not started, and the side that the run gets.
pub fn hold() -> (Hold, Held) {
    let settled = Arc::default();
    let (alive, gone) = bounded(0);
    (Hold { settled: Arc::clone(&settled), _alive: alive }, Held { settled, gone })
}

impl Hold {
    /// How the jobs ended, once none is at work or waits; `None` again while one is tried again.
    pub fn settled(&self) -> Option<Settled> {
        *self.settled.lock()
    }
}

impl Held {
    /// Record whether all jobs have ended. Returns true if the run is kept open.
    pub(super) fn keeps_open(&self, settled: Option<Settled>) -> bool {
        *self.settled.lock() = settled;
        matches!(self.gone.try_recv(), Err(TryRecvError::Empty))
    }

    /// Disconnected once nothing keeps the run open; never while jobs are at work, whose ends are waited for anyway.
    pub(super) fn gone(&self) -> Receiver<Infallible> {
        if self.settled.lock().is_some() { self.gone.clone() } else { never() }
    }
}
