//! Requests to a supervisor, and how each changes which services are wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use vx_base::nearest::nearest;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::services::{DeclaredService, with_needs, with_parts};
use vx_shm::Reservation;

use super::redeclaration::{RequestDeclarations, Runs};
use super::unit::{ClientId, ServiceStage, Unit};
use super::{OVER, ServiceSupervisor};
use crate::declared::reading::{DeclarationChange, ServiceFileReading};
use crate::ports;

/// Pause between the two signals that make a guard kill its service.
const BETWEEN_REQUESTS: Duration = Duration::from_millis(50);

/// A request.
#[derive(Clone, Debug)]
pub enum SupervisorRequest {
    /// Run these services and those that they need; without names, all that are not optional.
    Want {
        /// The services to choose from.
        declared: RequestDeclarations,
        /// The names.
        names: Vec<String>,
        /// Run them only while this client is connected.
        lease: Option<ClientId>,
    },
    /// This client no longer wants anything. Services that others want go on, and the answer lists them. Of the rest,
    /// the services in `kill` and those that they need are killed.
    Release {
        /// The client.
        client: ClientId,
        /// The names of those to kill.
        kill: Vec<String>,
    },
    /// Start the ended service with this name again.
    Start(String),
    /// Stop the service with this name; those that need it go on.
    Stop(String),
    /// Kill it.
    Kill(String),
    /// Stop it and start it again.
    Restart(String),
    /// Build it again; after a good build it is reloaded or restarted.
    Rebuild(String),
    /// Start, restart or rebuild the service of this request as the project's file declares it now.
    Afresh(ServiceFileReading, Box<SupervisorRequest>),
    /// Change nothing; the answer lists these services with their ports.
    Look(Vec<String>),
    /// Change nothing; the answer lists which of these services will start again, or have not ended yet.
    Going(Vec<String>),
    /// Change nothing; the answer lists which of these services stay in their present life, with that life.
    Staying(Vec<String>),
    /// Keep the supervisor as long as this client is connected, even without any service.
    Stay(ClientId),
    /// Stop all services, and end the supervisor.
    StopAll,
}

/// A service in the answer to an accepted request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedService {
    /// Its name.
    pub name: String,
    /// The life of its slot.
    pub reservation: Reservation,
    /// Its port, if it already has one.
    pub port: Option<u16>,
    /// The request names it; false if only its declaration has changed.
    pub asked: bool,
    /// The difference from its declaration, if it ran by another one.
    pub change: Option<DeclarationChange>,
}

impl ServiceSupervisor {
    pub(super) fn accept(&mut self, request: SupervisorRequest) -> Result<Vec<AcceptedService>, Trouble> {
        let mut changes = BTreeMap::new();
        let names = match request {
            _ if self.closing && !matches!(request, SupervisorRequest::StopAll | SupervisorRequest::Staying(_)) => {
                return Err(Trouble::new(TroubleKind::Busy, OVER).hinted("try again"));
            }
            SupervisorRequest::Want { declared, names, lease } => {
                let (wanted, found) = self.want(declared, names, lease)?;
                changes = found;
                wanted
            }
            SupervisorRequest::Afresh(reading, request) => {
                let change = match &*request {
                    SupervisorRequest::Restart(name) => self.declare_one(reading, name, Runs::Anew)?,
                    SupervisorRequest::Start(name) | SupervisorRequest::Rebuild(name) => {
                        self.declare_one(reading, name, Runs::On)?
                    }
                    _ => None,
                };
                let mut accepted = self.accept(*request)?;
                accepted.iter_mut().for_each(|accepted| accepted.change = change);
                return Ok(accepted);
            }
            SupervisorRequest::Release { client, kill } => self.release(client, &kill),
            SupervisorRequest::Start(name) => {
                let unit = self.unit(&name)?;
                unit.want_again();
                unit.begin_anew();
                BTreeSet::from([name])
            }
            SupervisorRequest::Stop(name) => {
                let unit = self.own_unit(&name)?;
                unit.forget();
                unit.stopped_alone = true;
                BTreeSet::new()
            }
            SupervisorRequest::Kill(name) => {
                let unit = self.own_unit(&name)?;
                unit.forget();
                unit.stopped_alone = true;
                unit.hurry();
                BTreeSet::new()
            }
            SupervisorRequest::Restart(name) => {
                let unit = self.own_unit(&name)?;
                unit.want_again();
                unit.restart_pending = unit.is_guarded() || matches!(unit.stage, ServiceStage::Held(_));
                unit.begin_anew();
                BTreeSet::from([name])
            }
            SupervisorRequest::Rebuild(name) => {
                self.rebuild(&name)?;
                BTreeSet::from([name])
            }
            SupervisorRequest::Look(names) => names.into_iter().collect(),
            SupervisorRequest::Going(names) => {
                let going = self.units.iter().filter(|unit| unit.is_going()).map(|unit| &unit.spec.service.name);
                going.filter(|name| names.contains(name)).cloned().collect()
            }
            SupervisorRequest::Staying(names) => {
                let staying = self.units.iter().filter(|unit| unit.is_staying()).map(|unit| &unit.spec.service.name);
                staying.filter(|name| names.contains(name)).cloned().collect()
            }
            SupervisorRequest::Stay(client) => {
                self.staying.insert(client);
                BTreeSet::new()
            }
            SupervisorRequest::StopAll => {
                self.closing = true;
                self.units.iter_mut().for_each(|unit| {
                    unit.forget();
                    unit.stopped_alone = false;
                });
                BTreeSet::new()
            }
        };
        self.step();
        let accepted = self.units.iter().filter_map(|unit| {
            let name = unit.spec.service.name.clone();
            let (asked, change) = (names.contains(&name), changes.get(&name).copied());
            let port = unit.port.as_ref().map(ports::PortReservation::port);
            let accepted = AcceptedService { name, reservation: unit.reservation?, port, asked, change };
            (asked || change.is_some()).then_some(accepted)
        });
        Ok(accepted.collect())
    }

    /// Want these services. Returns the names that were asked for, and what was done with services that differ from
    /// their declarations.
    fn want(
        &mut self,
        declared: RequestDeclarations,
        mut names: Vec<String>,
        lease: Option<ClientId>,
    ) -> Result<(BTreeSet<String>, BTreeMap<String, DeclarationChange>), Trouble> {
        let (wanted, changes) = self.declare(declared, |specs| {
            let services: Vec<DeclaredService> = specs.iter().map(|spec| spec.service.clone()).collect();
            if names.is_empty() {
                let usual = services.iter().filter(|service| !service.optional);
                names = usual.map(|service| service.name.clone()).collect();
            }
            names = with_parts(&services, &names);
            let missing = names.iter().find(|name| !services.iter().any(|service| service.name == **name));
            match missing {
                Some(missing) => Err(unknown(missing, services.iter().map(|service| service.name.as_str()))),
                None => Ok(with_needs(&services, &names)),
            }
        })?;
        for unit in self.units.iter_mut().filter(|unit| wanted.contains(&unit.spec.service.name)) {
            match lease {
                Some(client) => unit.leases.push(client),
                None => unit.pinned = true,
            }
            // A unit that has done its work stays done.
            if !matches!(unit.stage, ServiceStage::Over(state) if state.good()) {
                unit.begin_anew();
            }
        }
        Ok((names.into_iter().collect(), changes))
    }

    /// Release what a client wants. Returns the services that others want.
    fn release(&mut self, client: ClientId, kill: &[String]) -> BTreeSet<String> {
        self.units.iter_mut().for_each(|unit| unit.leave(client));
        let services: Vec<DeclaredService> = self.units.iter().map(|unit| unit.spec.service.clone()).collect();
        let killed = with_needs(&services, kill);
        for unit in self.units.iter_mut().filter(|unit| !unit.is_wanted()) {
            if killed.contains(&unit.spec.service.name) {
                unit.hurry();
            }
        }
        let wanted = self.units.iter().filter(|unit| unit.is_wanted());
        wanted.map(|unit| unit.spec.service.name.clone()).collect()
    }

    /// Build the service with this name. An ended service begins again, starting with the build.
    fn rebuild(&mut self, name: &str) -> Result<(), Trouble> {
        let unit = self.own_unit(name)?;
        if unit.spec.service.renewal.build.is_empty() {
            let text = format!("the service `{name}` has no build");
            return Err(Trouble::new(TroubleKind::Usage, text).hinted(format!("restart it with `vx restart {name}`")));
        }
        unit.pinned |= unit.leases.is_empty();
        if matches!(unit.stage, ServiceStage::Guarded(_) | ServiceStage::Held(_)) || unit.builds.running.is_some() {
            let found = self.units.iter().position(|unit| unit.spec.service.name == name);
            found.into_iter().for_each(|index| self.build(index));
            return Ok(());
        }
        unit.builds.good = false;
        unit.begin_anew();
        Ok(())
    }

    /// Find the unit with this name; an error if another program runs it.
    pub(super) fn own_unit(&mut self, name: &str) -> Result<&mut Unit, Trouble> {
        let unit = self.unit(name)?;
        if unit.is_external() {
            let text = format!("another program runs the service `{name}`");
            return Err(Trouble::new(TroubleKind::Usage, text).hinted("end it there: vx ends only what it has started"));
        }
        Ok(unit)
    }

    fn unit(&mut self, name: &str) -> Result<&mut Unit, Trouble> {
        let names: Vec<String> = self.units.iter().map(|unit| unit.spec.service.name.clone()).collect();
        let found = self.units.iter_mut().find(|unit| unit.spec.service.name == name);
        found.ok_or_else(|| unknown(name, names.iter().map(String::as_str)))
    }
}

impl Unit {
    /// Begin again if it has ended. If it is being stopped, it starts again afterwards.
    fn begin_anew(&mut self) {
        self.stopped_alone = false;
        match &self.stage {
            ServiceStage::Over(_) => self.stage = ServiceStage::Idle,
            ServiceStage::Guarded(guarded) if guarded.kill_at.is_some() => self.restart_pending = true,
            _ => {}
        }
    }

    /// Want it for the clients that wanted it before it was stopped; if there are none, until it is stopped.
    fn want_again(&mut self) {
        self.leases.append(&mut self.former);
        self.pinned |= self.leases.is_empty();
    }

    /// Have it killed soon after it was asked to stop.
    fn hurry(&mut self) {
        if let ServiceStage::Guarded(guarded) = &mut self.stage {
            guarded.hurry_at = Instant::now().checked_add(BETWEEN_REQUESTS);
        }
    }

    pub(super) fn forget(&mut self) {
        self.pinned = false;
        self.former.append(&mut self.leases);
        self.restart_pending = false;
    }
}

/// Explain that a name is not declared.
fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Trouble {
    let known: Vec<&str> = known.collect();
    let near = nearest(name, known.iter().copied());
    let hint = match near.first() {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "declare it in [services] of vx.toml".to_owned(),
        None => format!("name one of {}", known.join(", ")),
    };
    Trouble::new(TroubleKind::NotFound, format!("there is no service `{name}`")).hinted(hint)
}
