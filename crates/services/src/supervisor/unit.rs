//! One service, as its supervisor has it.

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
    /// The declaration by which it runs, or is to start.
    pub spec: Spec,
    pub stage: ServiceStage,
    /// The project's file declares it, or did.
    pub in_file: bool,
    /// Its guard at work has an earlier declaration than `spec`.
    pub outdated: bool,
    /// It is wanted until it is stopped.
    pub pinned: bool,
    /// The clients that want it for as long as they are there.
    pub leases: Vec<ClientId>,
    /// The clients that wanted it so when it was stopped by name: a start belongs to them again.
    pub former: Vec<ClientId>,
    /// It is stopped, and those that need it go on.
    pub stopped_alone: bool,
    /// It starts again once it has stopped.
    pub restart_pending: bool,
    /// The present life of its slot.
    pub reservation: Option<Reservation>,
    pub port: Option<ports::PortReservation>,
    /// The watch over its files, with the declaration that it was made for.
    pub watch: Option<FileWatch>,
    /// The look for another program that runs it.
    pub presence: Option<ExternalLook>,
    /// Its builds.
    pub builds: Builds,
    /// Counts the guards.
    pub life: u32,
    /// Its last guard was asked to stop.
    pub was_stopped: bool,
    /// The deaths of its guards.
    pub restarts: Restarts,
}

/// The look for another program that runs a service, until it is dropped.
pub(super) struct ExternalLook {
    pub path: PathBuf,
    /// The last that is known of it; nothing before the first look.
    pub seen: Option<Option<DevInfoFile>>,
    /// Without it nothing is looked for.
    pub _presence: Option<ServerPresenceWatch>,
}

/// A watch over the files of a service, until it is dropped.
pub(super) struct FileWatch {
    pub directory: PathBuf,
    pub patterns: Vec<String>,
    pub _watch: SourceWatcher,
}

/// The builds of a unit.
#[derive(Default)]
pub(super) struct Builds {
    /// The one that is under way.
    pub running: Option<Box<RunningGuard>>,
    /// The slot of the last one.
    pub reservation: Option<Reservation>,
    /// Counts them.
    pub life: u32,
    /// Files have changed since the one under way began: it is followed by another.
    pub again: bool,
    /// There is a good one that a start can use.
    pub good: bool,
}

/// The stage of a service.
pub(super) enum ServiceStage {
    /// It has no slot of the present life.
    Idle,
    /// It has a slot, and waits for what it needs.
    Waiting,
    /// Its guard is at work.
    Guarded(Box<RunningGuard>),
    /// Nothing of it runs under this supervisor, which writes its slot.
    Held(Box<UnguardedService>),
    /// Its guard has died, and another one is started at this time.
    Resting(Instant),
    /// It has ended.
    Over(SlotState),
}

/// A service that other programs run.
pub(super) struct UnguardedService {
    pub slot: Slot,
    /// Whether it was found so, false for a service without a command, of which only the build is here.
    pub external: bool,
}

/// A guard at work.
pub(super) struct RunningGuard {
    pub running: RunningChild,
    /// It was asked to stop, and is killed at this time.
    pub kill_at: Option<Instant>,
    /// Its service is to be killed: it is asked once more at this time, for two requests at once may become one.
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

    /// Whether a client is there that this service belongs to, or did until it was stopped by name.
    pub(super) fn has_client(&self) -> bool {
        !self.leases.is_empty() || !self.former.is_empty()
    }

    /// The client with this number is gone.
    pub(super) fn leave(&mut self, client: ClientId) {
        self.leases.retain(|known| *known != client);
        self.former.retain(|known| *known != client);
    }

    /// Whether another life follows, or still may: the supervisor has not taken up the end of the last one yet.
    pub(super) fn is_going(&self) -> bool {
        match self.stage {
            ServiceStage::Over(_) => false,
            ServiceStage::Guarded(_) | ServiceStage::Held(_) => true,
            ServiceStage::Idle | ServiceStage::Waiting | ServiceStage::Resting(_) => self.is_wanted(),
        }
    }

    /// Whether its present life goes on, or was its last: it has not been asked to end.
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

    /// Whether a program that was found to run it does.
    pub(super) fn is_external(&self) -> bool {
        matches!(&self.stage, ServiceStage::Held(held) if held.external)
    }

    /// Whether it cannot start without another build.
    pub(super) fn must_build(&self) -> bool {
        !self.spec.service.renewal.build.is_empty() && !self.builds.good
    }

    /// Whether nothing of it is at work or about to be.
    pub(super) fn is_at_rest(&self) -> bool {
        match self.stage {
            _ if self.builds.running.is_some() => false,
            ServiceStage::Over(_) => true,
            ServiceStage::Idle => !self.is_wanted(),
            _ => false,
        }
    }
}
