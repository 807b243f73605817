//! The supervisor of a project's services: it starts their guards in the order of their needs, stops them in reverse,
//! and replaces guards that die.
//!
//! It is not a run: a service can be started and stopped any number of times, and services don't work towards a common
//! end. One thread decides everything, in the order in which requests come, so of a stop and a restart the later wins.
//! The state of each service is read from the board, where its guard writes it; a guard's exit is only a reason to
//! read.

mod begin;
mod builds;
mod external;
mod files;
mod needs;
mod redeclaration;
mod requests;
mod unit;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{Ended, OrphanAdoption};
use vx_run::await_change;
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{Board, Ending, Reader, SlotState, SlotView, Snapshot};

pub use redeclaration::RequestDeclarations;
pub use requests::{AcceptedService, SupervisorRequest};
pub use unit::ClientId;
use unit::{ServiceStage, Unit};

use super::devinfo::DevInfoFile;
use super::ports::Ports;
use crate::declared::reading::ServiceFileReading;

/// A supervisor without any service stays for this long, so that a client which starts a service finds it.
const LINGER: Duration = Duration::from_secs(2);
/// Longest sleep of the thread that waits for changes on the board.
const LOOK: Duration = Duration::from_secs(5);
/// Time that a guard has beyond its service's stop timeout before it is killed.
const GUARD_PATIENCE: Duration = Duration::from_secs(15);

/// A supervisor to start.
pub struct Supervision {
    /// The board, without slots.
    pub board: Arc<Board>,
    /// The `vx` program, for the guards.
    pub program: PathBuf,
    /// The directory for logs.
    pub logs: PathBuf,
    /// The directory for the results of builds.
    pub builds: PathBuf,
    /// The reservations of ports.
    pub ports: Ports,
}

/// A message to the supervisor's thread.
pub(super) enum SupervisorEvent {
    Asked(SupervisorRequest, Sender<Result<Vec<AcceptedService>, Trouble>>),
    /// The client with this number is gone.
    Gone(ClientId),
    /// The guard of this unit's life has ended.
    GuardEnded {
        unit: usize,
        life: u32,
        ended: Ended,
    },
    /// The guard of this unit's build has ended.
    BuildEnded {
        unit: usize,
        life: u32,
        ended: Ended,
    },
    /// Something on the board has changed.
    Changed,
    /// Files of this unit have changed.
    FilesChanged(usize),
    /// Another program now runs the service of this unit, or no longer does.
    PresenceChanged(usize, Option<DevInfoFile>),
}

/// Sends requests to a supervisor at work.
#[derive(Clone)]
pub struct SupervisorHandle(Sender<SupervisorEvent>);

impl SupervisorHandle {
    /// Make a request, and wait until it is accepted.
    ///
    /// # Errors
    /// The request cannot be carried out, or the supervisor is about to end.
    pub fn ask(&self, request: SupervisorRequest) -> Result<Vec<AcceptedService>, Trouble> {
        let over = || Trouble::new(TroubleKind::Busy, OVER).hinted("try again");
        let (answer, answered) = crossbeam_channel::bounded(1);
        self.0.send(SupervisorEvent::Asked(request, answer)).map_err(|_| over())?;
        answered.recv().unwrap_or_else(|_| Err(over()))
    }

    /// Report that a client is gone and no longer wants anything.
    pub fn gone(&self, client: ClientId) {
        let _ = self.0.send(SupervisorEvent::Gone(client));
    }
}

/// Answers a request that came too late.
pub const OVER: &str = "the supervisor of the services is about to end";

/// Start a supervisor on its own thread. The receiver is closed when the supervisor ends.
///
/// # Errors
/// Its thread cannot be started, or its board cannot be read.
pub fn start(supervision: Supervision) -> io::Result<(SupervisorHandle, Receiver<()>)> {
    let (sender, events) = unbounded();
    let (alive, finished) = crossbeam_channel::bounded::<()>(0);
    let reader = Reader::open(supervision.board.path()).map_err(io::Error::other)?;
    watch(supervision.board.path().to_owned(), sender.clone())?;
    let handle = SupervisorHandle(sender.clone());
    thread::Builder::new().name("supervisor".into()).spawn(move || {
        let _adoption = OrphanAdoption::begin();
        ServiceSupervisor::new(supervision, reader, sender).carry_out(&events);
        drop(events);
        drop(alive);
    })?;
    Ok((handle, finished))
}

/// Start a thread that reports changes on the board.
fn watch(board: PathBuf, events: Sender<SupervisorEvent>) -> io::Result<()> {
    let mut reader = Reader::open(&board).map_err(io::Error::other)?;
    let mut snapshot = Snapshot::default();
    thread::Builder::new().name("board watch".into()).spawn(move || {
        loop {
            let read = reader.refresh(&mut snapshot);
            if events.send(SupervisorEvent::Changed).is_err() {
                return;
            }
            await_change(&reader, &read, LOOK);
        }
    })?;
    Ok(())
}

struct ServiceSupervisor {
    supervision: Supervision,
    reader: Reader,
    snapshot: Snapshot,
    events: Sender<SupervisorEvent>,
    units: Vec<Unit>,
    /// The newest reading of the project's file.
    newest: ServiceFileReading,
    /// Clients for which the supervisor stays even without services.
    staying: BTreeSet<ClientId>,
    /// Everything was asked to stop; nothing is started from now on.
    closing: bool,
    /// Since when there has been nothing to do.
    idle_since: Option<Instant>,
}

impl ServiceSupervisor {
    fn new(supervision: Supervision, reader: Reader, events: Sender<SupervisorEvent>) -> Self {
        let (snapshot, units, newest, staying) = Default::default();
        let idle_since = Some(Instant::now());
        Self { supervision, reader, snapshot, events, units, newest, staying, closing: false, idle_since }
    }

    fn carry_out(mut self, events: &Receiver<SupervisorEvent>) {
        loop {
            self.step();
            if self.is_over() {
                break;
            }
            match self.next().map(|at| events.recv_timeout(at.saturating_duration_since(Instant::now()))) {
                None => events.recv().into_iter().for_each(|event| self.handle_event(event)),
                Some(event) => event.into_iter().for_each(|event| self.handle_event(event)),
            }
            // Handle all events that came in the meantime before the next step; a request makes its own step for its
            // answer.
            while let Ok(event) = events.try_recv() {
                self.handle_event(event);
            }
        }
        // A service usually ends by being stopped, so that counts as success.
        let bad = |state| matches!(state, SlotState::Failed | SlotState::Died);
        let failed = self.units.iter().any(|unit| matches!(unit.stage, ServiceStage::Over(state) if bad(state)));
        self.supervision.board.close(match failed {
            true => vx_shm::BoardState::Failed,
            false => vx_shm::BoardState::Done,
        });
    }

    fn handle_event(&mut self, event: SupervisorEvent) {
        match event {
            SupervisorEvent::Asked(request, answer) => {
                let accepted = self.accept(request);
                let _ = answer.send(accepted);
            }
            SupervisorEvent::Gone(client) => {
                self.staying.remove(&client);
                self.units.iter_mut().for_each(|unit| unit.leave(client));
            }
            SupervisorEvent::GuardEnded { unit, life, ended } => self.guard_ended(unit, life, &ended),
            SupervisorEvent::BuildEnded { unit, life, ended } => self.build_ended(unit, life, &ended),
            SupervisorEvent::Changed => {}
            SupervisorEvent::FilesChanged(unit) => self.files_changed(unit),
            SupervisorEvent::PresenceChanged(unit, info) => self.presence_changed(unit, info),
        }
    }

    /// Start what may start, and stop what has to stop.
    fn step(&mut self) {
        let _ = self.reader.refresh(&mut self.snapshot);
        self.stop_unwanted();
        self.stop_unwanted_builds();
        self.kill_late_guards();
        loop {
            let begun = self.begin_wanted();
            if !begun {
                break;
            }
        }
        // A client may show ended services, and start them again, so the supervisor stays for it.
        let clients = !self.closing && (!self.staying.is_empty() || self.units.iter().any(Unit::has_client));
        let quiet = !clients && self.units.iter().all(Unit::is_at_rest);
        self.idle_since = if quiet { self.idle_since.or_else(|| Some(Instant::now())) } else { None };
    }

    fn is_over(&self) -> bool {
        self.idle_since.is_some_and(|since| self.closing || since.elapsed() >= LINGER)
    }

    /// When there is next something to do without an event.
    fn next(&self) -> Option<Instant> {
        let idle = self.idle_since.map(|since| since + LINGER);
        let resting = self.units.iter().filter_map(|unit| match &unit.stage {
            ServiceStage::Resting(until) => Some(*until),
            ServiceStage::Guarded(guarded) => guarded.hurry_at.or(guarded.kill_at),
            _ => None,
        });
        let builds = self.units.iter().filter_map(|unit| unit.builds.running.as_ref()?.kill_at);
        resting.chain(builds).chain(idle).min()
    }

    /// Find the slot of a unit in its present life.
    fn slot(&self, unit: &Unit) -> Option<&SlotView> {
        let reservation = unit.reservation?;
        let found = self.snapshot.slots.iter().find(|slot| slot.index == reservation.slot)?;
        (found.generation == reservation.generation).then_some(found)
    }

    /// Stop services that nobody wants any more, and services to restart. A service stops before those it needs.
    fn stop_unwanted(&mut self) {
        for index in 0..self.units.len() {
            let unit = &self.units[index];
            if unit.is_wanted() && !unit.restart_pending || self.has_leaving_dependents(index) {
                continue;
            }
            let unit = &mut self.units[index];
            let wanted = unit.is_wanted();
            match &mut unit.stage {
                ServiceStage::Guarded(guarded) if guarded.kill_at.is_none() => {
                    guarded.running.ask_to_stop();
                    guarded.kill_at = Instant::now().checked_add(unit.spec.service.stop.timeout + GUARD_PATIENCE);
                }
                ServiceStage::Held(_) => self.let_go(index, SlotState::Cancelled),
                ServiceStage::Waiting | ServiceStage::Resting(_) if !wanted => {
                    self.end(index, &Ending::new(SlotState::Cancelled));
                }
                _ => {}
            }
            let unit = &mut self.units[index];
            if !unit.is_wanted() && unit.is_at_rest() {
                (unit.port, unit.watch, unit.presence) = (None, None, None);
                // Changes of its files are not seen from here on.
                unit.builds.good = false;
            }
        }
    }

    /// Returns whether a service that needs this one has to stop as well, but has not yet.
    fn has_leaving_dependents(&self, index: usize) -> bool {
        let unit = &self.units[index];
        if unit.is_wanted() || unit.stopped_alone {
            return false;
        }
        let name = &unit.spec.service.name;
        self.units
            .iter()
            .any(|other| !other.is_wanted() && other.is_guarded() && other.spec.service.needs.contains_key(name))
    }

    fn kill_late_guards(&mut self) {
        let now = Instant::now();
        for unit in &mut self.units {
            let service = match &mut unit.stage {
                ServiceStage::Guarded(guarded) => Some(guarded),
                _ => None,
            };
            for guarded in service.into_iter().chain(&mut unit.builds.running) {
                if guarded.hurry_at.take_if(|at| *at <= now).is_some() {
                    guarded.running.ask_to_stop();
                }
                if guarded.kill_at.is_some_and(|at| at <= now) {
                    guarded.running.kill();
                    guarded.kill_at = now.checked_add(GUARD_PATIENCE);
                }
            }
        }
    }

    /// End the slot of a unit that has no guard.
    fn end(&mut self, index: usize, ending: &Ending) {
        let unit = &mut self.units[index];
        if let Some(reservation) = unit.reservation {
            let _ = self.supervision.board.end(reservation, ending);
        }
        unit.stage = ServiceStage::Over(ending.state);
    }

    fn guard_ended(&mut self, index: usize, life: u32, ended: &Ended) {
        let _ = self.reader.refresh(&mut self.snapshot);
        let written = self.slot(&self.units[index]).map(|slot| slot.state).filter(|state| state.ended());
        let unit = &mut self.units[index];
        if unit.life != life {
            return;
        }
        unit.was_stopped = matches!(&unit.stage, ServiceStage::Guarded(guarded) if guarded.kill_at.is_some());
        match written {
            Some(state) => unit.stage = ServiceStage::Over(state),
            None => self.guard_died(index, ended),
        }
        let unit = &mut self.units[index];
        if std::mem::take(&mut unit.restart_pending) && unit.is_wanted() {
            unit.stage = ServiceStage::Idle;
        }
    }

    /// Handle a guard that wrote no end, so it was killed. The processes that it left were ended with it.
    fn guard_died(&mut self, index: usize, ended: &Ended) {
        if !ended.left.is_none() {
            let text = format!("its guard was killed, and {}", ended.left);
            return self.end(index, &Ending::failed(Trouble::new(TroubleKind::Killed, text).to_cell()));
        }
        let unit = &mut self.units[index];
        if !unit.is_wanted() || unit.was_stopped {
            return self.end(index, &Ending::new(SlotState::Cancelled));
        }
        match unit.restarts.next(Instant::now()) {
            Some(pause) => {
                let text = format!("its guard ended with {}; it starts again", ended.exit);
                self.end(index, &Ending { error: Some(text), ..Ending::new(SlotState::Died) });
                // The service itself is mostly fine, so the first restart is immediate.
                let first = self.units[index].restarts.count() == 1;
                let pause = if first { Duration::ZERO } else { pause };
                self.units[index].stage = ServiceStage::Resting(Instant::now() + pause);
            }
            None => {
                let text = format!("its guard ended with {} too often", ended.exit);
                let trouble = Trouble::new(TroubleKind::Killed, text).detailed(ended.tail.lines());
                self.end(index, &Ending::failed(trouble.to_cell()));
            }
        }
    }
}
