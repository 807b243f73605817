//! Services that belong to one client: they end with it, unless it lets them go on.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use parking_lot::Mutex;
use vx_shm::{BoardState, Reader, Snapshot};
use vx_status::source::Settled;
use vx_status::standing::Standing;

use super::connect::{Supervisor, want};
use super::error::UpError;
use super::prepare::Declared;
use super::state::{ServiceState, of_project};
use crate::paths::Home;
use crate::work::boards::{open_file, slot_of};
use crate::work::frontend::Frontend;

/// The longest sleep: a writer that was killed wakes no reader.
const LOOK: Duration = Duration::from_secs(1);

/// Services at work for a client, until it drops the last clone of this, or [lets them go on](Self::leave).
#[derive(Clone)]
pub struct Lease(Arc<Inner>);

struct Inner {
    supervisor: Mutex<Supervisor>,
    declared: Declared,
    names: Vec<String>,
    board: PathBuf,
    /// The requests to stop so far.
    asked: AtomicUsize,
    /// A view keeps the services of which none is at work any more, because it can start them again.
    held: bool,
    settled: Mutex<Option<Settled>>,
    /// Passes requests to stop on to a thread, since a supervisor may take a while to answer.
    stops: Sender<()>,
}

impl Lease {
    /// Have these services at work, as [`want`] does. The receiver is closed once they have ended, or, if the lease is
    /// `held`, once they have ended after a request to stop.
    ///
    /// # Errors
    /// No supervisor can be had, or it refuses.
    pub fn take(
        home: &Home,
        declared: &Declared,
        names: &[String],
        held: bool,
        frontend: &dyn Frontend,
    ) -> Result<(Self, Receiver<()>), UpError> {
        let (supervisor, names) = want(home, declared, names, true, frontend)?;
        let board = supervisor.board.clone();
        let (stops, asked_to_stop) = unbounded();
        let lease = Self(Arc::new(Inner {
            supervisor: Mutex::new(supervisor),
            declared: declared.clone(),
            names,
            board,
            asked: AtomicUsize::new(0),
            held,
            settled: Mutex::default(),
            stops,
        }));
        let (alive, finished) = bounded::<()>(0);
        let reader = open_file(&lease.0.board)?;
        let watched = Arc::downgrade(&lease.0);
        thread::Builder::new().name("services".into()).spawn(move || {
            await_end(&watched, reader);
            drop(alive);
        })?;
        let stopped = Arc::downgrade(&lease.0);
        thread::Builder::new().name("requests".into()).spawn(move || {
            for () in asked_to_stop {
                stopped.upgrade().iter().for_each(|inner| inner.stop());
            }
        })?;
        Ok((lease, finished))
    }

    /// The file of their board.
    pub fn board(&self) -> &PathBuf {
        &self.0.board
    }

    /// The services, as they are on the board.
    ///
    /// # Errors
    /// The board cannot be read.
    pub fn services(&self) -> Result<Vec<ServiceState>, UpError> {
        let mut services = of_project(&self.0.declared.directory)?;
        services.retain(|service| self.0.names.contains(&service.name));
        Ok(services)
    }

    /// The number of requests to stop.
    pub fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// The way they have ended, while a view keeps them after that.
    pub fn settled(&self) -> Option<Settled> {
        *self.0.settled.lock()
    }

    /// Ask them to stop, those that another client wants excepted; a second request kills. Returns at once.
    pub fn stop(&self) {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let _ = self.0.stops.send(());
    }

    /// Let them go on without this client, until they are stopped by name or all at once.
    ///
    /// # Errors
    /// The supervisor does not answer.
    pub fn leave(&self) -> Result<(), UpError> {
        let mut names = Vec::new();
        names.extend(self.services()?.into_iter().filter(|service| !service.ended).map(|service| service.name));
        // Without a name all would be meant.
        if names.is_empty() {
            return Ok(());
        }
        self.0.supervisor.lock().want(&self.0.declared, &names, false).map(drop)
    }
}

impl Inner {
    fn stop(&self) {
        let mut supervisor = self.supervisor.lock();
        // A supervisor that is gone has no services.
        if self.asked.load(Ordering::SeqCst) <= 1 {
            let _ = supervisor.release();
            return;
        }
        for name in &self.names {
            let _ = supervisor.kill(name);
        }
    }

    /// The way the services have ended; none while one of them has not, or begins again.
    fn end(&self, snapshot: &Snapshot) -> Option<Settled> {
        let board = &snapshot.board;
        let supervised = board.state == BoardState::Running && board.creator.alive == Some(true);
        let mut settled = Settled::Well;
        for name in &self.names {
            let standing = slot_of(snapshot, name).map(Standing::of).filter(|standing| standing.over())?;
            // A service whose guard was killed gets another one.
            if standing == Standing::Died && supervised {
                return None;
            }
            if standing.bad() {
                settled = Settled::Badly;
            }
        }
        Some(settled)
    }
}

/// Read the board until the services have ended for good, or nobody has the lease any more.
fn await_end(lease: &Weak<Inner>, mut reader: Reader) {
    let mut snapshot = Snapshot::default();
    while let Some(inner) = lease.upgrade() {
        // A board that cannot be read any more shows what it showed.
        let _ = reader.refresh(&mut snapshot);
        let settled = inner.end(&snapshot);
        if settled.is_some() && !(inner.held && inner.asked.load(Ordering::SeqCst) == 0) {
            return;
        }
        *inner.settled.lock() = settled;
        drop(inner);
        reader.wait_change(LOOK);
    }
}
