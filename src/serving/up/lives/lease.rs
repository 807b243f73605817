//! Services that belong to one client: they end with it, unless it lets them go on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use parking_lot::Mutex;
use vx_base::paths::Home;
use vx_run::await_change;
use vx_shm::{Reader, Snapshot};
use vx_status::error_cell::ErrorCell;
use vx_status::source::Settled;
use vx_status::standing::Standing;

use crate::boards::find::{open_file, slot_of};
use crate::serving::up::error::UpError;
use crate::serving::up::start::connect::{ChangedService, SupervisorConnection, WantedServices, Wish, want};
use crate::serving::up::start::prepare::DeclaredServices;
use crate::serving::up::state::{ServiceState, is_supervised, of_project};
use crate::workspace::frontend::Frontend;

/// The longest sleep, because a writer that was killed wakes no reader.
const LOOK: Duration = Duration::from_secs(1);

/// Services that run for a client, until it drops the last clone of this, or [lets them go on](Self::leave).
#[derive(Clone)]
pub struct Lease(Arc<Inner>);

/// A service that has failed, and that is tried again once its files change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedService {
    /// Its name.
    pub name: String,
    /// Its error.
    pub error: String,
}

struct Inner {
    supervisor: Mutex<SupervisorConnection>,
    declared: DeclaredServices,
    names: Vec<String>,
    board: PathBuf,
    /// The number of requests to stop so far.
    asked: AtomicUsize,
    /// Whether a view keeps the lease even if no service runs any more, because the view can start them again.
    held: bool,
    settled: Mutex<Option<Settled>>,
    /// The names of the services that went on for other clients when this client released them.
    kept: Mutex<Vec<String>>,
    /// Services that have failed, and that wait for a change of their files.
    failures: Receiver<FailedService>,
    /// Passes requests to stop on to a thread, since a supervisor may take a while to answer.
    stops: Sender<()>,
}

impl Lease {
    /// Start these services, as [`want`] does with a lease. Also returns the services that differ from the project's
    /// file. The receiver is closed once all have ended. If the lease is `held`, or if a failed service is tried again
    /// when its files change, it is closed only once they have ended after a request to stop.
    ///
    /// # Errors
    /// No supervisor can be started, or it refuses.
    pub fn acquire(
        home: &Home,
        declared: &DeclaredServices,
        wish: &Wish<'_>,
        held: bool,
        frontend: &dyn Frontend,
    ) -> Result<(Self, Vec<ChangedService>, Receiver<()>), UpError> {
        let WantedServices { supervisor, names, changes } =
            want(home, declared, &Wish { lease: true, ..*wish }, frontend)?;
        let board = supervisor.board.clone();
        let (stops, asked_to_stop) = unbounded();
        let (failed, failures) = unbounded();
        let lease = Self(Arc::new(Inner {
            supervisor: Mutex::new(supervisor),
            declared: declared.clone(),
            names,
            board,
            asked: AtomicUsize::new(0),
            held,
            settled: Mutex::default(),
            kept: Mutex::default(),
            failures,
            stops,
        }));
        let (alive, finished) = bounded::<()>(0);
        let reader = open_file(&lease.0.board)?;
        let watched = Arc::downgrade(&lease.0);
        thread::Builder::new().name("services".into()).spawn(move || {
            await_end(&watched, reader, &failed);
            drop(alive);
        })?;
        let stopped = Arc::downgrade(&lease.0);
        thread::Builder::new().name("requests".into()).spawn(move || {
            for () in asked_to_stop {
                stopped.upgrade().iter().for_each(|inner| inner.stop());
            }
        })?;
        Ok((lease, changes, finished))
    }

    /// The file of their board.
    pub fn board(&self) -> &PathBuf {
        &self.0.board
    }

    /// The services, as the board shows them.
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

    /// How they have ended, while a view keeps the lease after that.
    pub fn settled(&self) -> Option<Settled> {
        *self.0.settled.lock()
    }

    /// The services that have failed since the last call, and that are tried again once their files change.
    pub fn failures(&self) -> Vec<FailedService> {
        self.0.failures.try_iter().collect()
    }

    /// The services that went on for other clients after a request to stop.
    pub fn kept(&self) -> Vec<String> {
        self.0.kept.lock().clone()
    }

    /// Ask them to stop; a second request kills them. Services that other clients want go on in any case. Returns at
    /// once.
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
        // An empty list would mean all services.
        if names.is_empty() {
            return Ok(());
        }
        self.0.supervisor.lock().keep(&names)
    }
}

impl Inner {
    fn stop(&self) {
        let mut supervisor = self.supervisor.lock();
        let kill = if self.asked.load(Ordering::SeqCst) > 1 { &self.names[..] } else { &[] };
        // If the supervisor is gone, so are all services.
        let others = supervisor.release(kill).unwrap_or_default();
        *self.kept.lock() = self.names.iter().filter(|name| others.contains(name)).cloned().collect();
    }

    /// How the services have ended; `None` while a service has not ended, or starts again.
    fn end(&self, snapshot: &Snapshot) -> Option<Settled> {
        let supervised = is_supervised(snapshot);
        let mut settled = Settled::Well;
        let kept = self.kept.lock().clone();
        for name in self.names.iter().filter(|name| !kept.contains(name)) {
            let standing = slot_of(snapshot, name).map(Standing::from_slot).filter(|standing| standing.over())?;
            // A service whose guard was killed gets another guard.
            if standing == Standing::Died && supervised {
                return None;
            }
            if standing.bad() {
                settled = Settled::Badly;
            }
        }
        Some(settled)
    }

    /// The services that have failed and that are tried again once their files change, each with its life.
    fn failed(&self, snapshot: &Snapshot) -> Vec<(FailedService, u32)> {
        let watched = |name: &&String| {
            let spec = self.declared.specs.iter().find(|spec| spec.service.name == **name);
            spec.is_some_and(|spec| !spec.service.watch.is_empty())
        };
        let failed = |name: &String| {
            let slot = slot_of(snapshot, name).filter(|slot| Standing::from_slot(slot) == Standing::Failed)?;
            let error = ErrorCell::of_slot(slot).map(|error| error.shown_text().to_string()).unwrap_or_default();
            let error = error.lines().next().unwrap_or_default().to_owned();
            Some((FailedService { name: name.clone(), error }, slot.generation))
        };
        self.names.iter().filter(watched).filter_map(failed).collect()
    }
}

/// Read the board until the services have ended for good, or the lease is dropped.
fn await_end(lease: &Weak<Inner>, mut reader: Reader, failures: &Sender<FailedService>) {
    let (mut snapshot, mut known) = (Snapshot::default(), HashMap::new());
    while let Some(inner) = lease.upgrade() {
        // If the board cannot be read any more, the last reading stays.
        let read = reader.refresh(&mut snapshot);
        let (settled, failed) = (inner.end(&snapshot), inner.failed(&snapshot));
        let goes_on = inner.held || !failed.is_empty() && is_supervised(&snapshot);
        if settled.is_some() && !(goes_on && inner.asked.load(Ordering::SeqCst) == 0) {
            return;
        }
        if inner.held {
            *inner.settled.lock() = settled;
        }
        for (failure, life) in failed {
            if known.insert(failure.name.clone(), life) != Some(life) {
                let _ = failures.send(failure);
            }
        }
        drop(inner);
        await_change(&reader, &read, LOOK);
    }
}
