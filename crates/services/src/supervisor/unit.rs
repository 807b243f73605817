//! One service, as its supervisor sees it.

use std::path::PathBuf;
use std::time::Instant;

use vx_process::RunningChild;
use vx_shm::{Reservation, Slot, SlotState};

use crate::builds::watch::SourceWatcher;
use crate::declared::restarts::Restarts;
use crate::declared::spec::Spec;
use crate::devinfo::{DevInfoFile, ServerPresenceWatch};
use crate::ports;

/// A client of the supervisor, by number.
pub type ClientId = u64;

/// A service.
pub(super) struct Unit {
    /// The declaration by which it runs or will start.
    pub spec: Spec,
    pub stage: ServiceStage,
    /// The project's file declares it, or once did.
    pub in_file: bool,
    /// Its guard at work was started by an earlier declaration than `spec`.
    pub outdated: bool,
    /// It is wanted until it is stopped.
    pub pinned: bool,
    /// The clients that want it while they are connected.
    pub leases: Vec<ClientId>,
    /// The clients whose leases it had when it was stopped by name; if it starts again, they get them back.
    pub former: Vec<ClientId>,
    /// It is stopped, but the services that need it go on.
    pub stopped_alone: bool,
    /// It starts again once it has stopped.
    pub restart_pending: bool,
    /// The present life of its slot.
    pub reservation: Option<Reservation>,
    pub port: Option<ports::PortReservation>,
    /// The watch over its files, with the directory and patterns it was made for.
    pub watch: Option<FileWatch>,
    /// The watch for another program that runs it.
    pub presence: Option<ExternalLook>,
    /// Its builds.
    pub builds: Builds,
    /// Counts its guards.
    pub life: u32,
    /// Its last guard was asked to stop.
    pub was_stopped: bool,
    /// The restarts after deaths of its guards.
    pub restarts: Restarts,
}

/// The watch for another program that runs a service; dropping it ends it.
pub(super) struct ExternalLook {
    pub path: PathBuf,
    /// The result of the last look; `None` before the first.
    pub seen: Option<Option<DevInfoFile>>,
    /// The watch itself; `None` if its thread could not be started.
    pub _presence: Option<ServerPresenceWatch>,
}

/// A watch over the files of a service; dropping it ends it.
pub(super) struct FileWatch {
    pub directory: PathBuf,
    pub patterns: Vec<String>,
    pub _watch: SourceWatcher,
}

/// The builds of a unit.
#[derive(Default)]
pub(super) struct Builds {
    /// The build under way.
    pub running: Option<Box<RunningGuard>>,
    /// The slot of the last build.
    pub reservation: Option<Reservation>,
    /// Counts the builds.
    pub life: u32,
    /// Another build follows the one under way, because files have changed since that began.
    pub again: bool,
    /// There is a good build that a start can use.
    pub good: bool,
}

/// The stage of a service.
pub(super) enum ServiceStage {
    /// It has no slot for its next life yet.
    Idle,
    /// It has a slot, and waits for its needs to be met.
    Waiting,
    /// Its guard is at work.
    Guarded(Box<RunningGuard>),
    /// No process of it runs under this supervisor, which writes its slot itself.
    Held(Box<UnguardedService>),
    /// Its guard has died, and the next one is started at this time.
    Resting(Instant),
    /// It has ended.
    Over(SlotState),
}

/// A service without a guard, whose slot the supervisor writes.
pub(super) struct UnguardedService {
    pub slot: Slot,
    /// Another program was found to run it; false for a service without a command, which is only built here.
    pub external: bool,
}

/// A guard at work.
pub(super) struct RunningGuard {
    pub running: RunningChild,
    /// It was asked to stop, and is killed at this time.
    pub kill_at: Option<Instant>,
    /// Its service is to be killed: the guard gets a second request at this time, since two at once may become one
    /// signal.
    pub hurry_at: Option<Instant>,
}

impl Unit {
    pub(super) fn new(spec: Spec, in_file: bool) -> Self {
        Self {
            spec,
            stage: ServiceStage::Idle,
            in_file,
            outdated: false,
            pinned: false,
            leases: Vec::new(),
            former: Vec::new(),
            stopped_alone: false,
            restart_pending: false,
            reservation: None,
            port: None,
            watch: None,
            presence: None,
            builds: Builds::default(),
            life: 0,
            was_stopped: false,
            restarts: Restarts::default(),
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.pinned || !self.leases.is_empty()
    }

    /// Returns whether a client has a lease on this service, or had one until it was stopped by name.
    pub(super) fn has_client(&self) -> bool {
        !self.leases.is_empty() || !self.former.is_empty()
    }

    /// Drop the leases of a client that is gone.
    pub(super) fn leave(&mut self, client: ClientId) {
        self.leases.retain(|known| *known != client);
        self.former.retain(|known| *known != client);
    }

    /// Returns whether it will start again, or has not ended as far as the supervisor knows.
    pub(super) fn is_going(&self) -> bool {
        match self.stage {
            ServiceStage::Over(_) => false,
            ServiceStage::Guarded(_) | ServiceStage::Held(_) => true,
            ServiceStage::Idle | ServiceStage::Waiting | ServiceStage::Resting(_) => self.is_wanted(),
        }
    }

    /// Returns whether its present life goes on, or was its last. A service that was asked to end or restart doesn't
    /// stay.
    pub(super) fn is_staying(&self) -> bool {
        match &self.stage {
            ServiceStage::Guarded(guarded) => guarded.kill_at.is_none() && !self.restart_pending,
            ServiceStage::Held(_) => !self.restart_pending,
            ServiceStage::Over(_) => true,
            ServiceStage::Idle | ServiceStage::Waiting | ServiceStage::Resting(_) => false,
        }
    }

    pub(super) fn is_guarded(&self) -> bool {
        matches!(self.stage, ServiceStage::Guarded(_))
    }

    /// Returns whether another program runs it.
    pub(super) fn is_external(&self) -> bool {
        matches!(&self.stage, ServiceStage::Held(held) if held.external)
    }

    /// Returns whether it can't start before another build.
    pub(super) fn must_build(&self) -> bool {
        !self.spec.service.renewal.build.is_empty() && !self.builds.good
    }

    /// Returns whether no process of it runs or is about to.
    pub(super) fn is_at_rest(&self) -> bool {
        match self.stage {
            _ if self.builds.running.is_some() => false,
            ServiceStage::Over(_) => true,
            ServiceStage::Idle => !self.is_wanted(),
            _ => false,
        }
    }
}
