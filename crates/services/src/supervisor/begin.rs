//! Starting services: a slot, their needs, a port, a guard.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use vx_base::paths::find_runtime_directory;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::start;
use vx_process::{ChildGroup, Launch, OutputMode, Stdin};
use vx_project::services::{Port, ports_named};
use vx_run::channel::{Mark, ServiceChannel};
use vx_run::log_file;
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{Ending, Kind, Reservation, SlotState, SlotWork};

use super::needs::{ServiceNeedState, standing};
use super::unit::{RunningGuard, ServiceStage, Unit};
use super::{ServiceSupervisor, SupervisorEvent};
use crate::declared::order::GuardAssignment;
use crate::declared::spec::Spec;
use crate::ports::{PORT_RANGE_END, PORT_RANGE_START, PortError};

/// Last bytes of a guard's own output to keep for an error.
const GUARD_OUTPUT: usize = 2 * 1024;

/// Describe the fate of a service with this end, as a clause after "which".
fn missed(end: SlotState) -> &'static str {
    match end {
        SlotState::Cancelled => "was stopped",
        SlotState::Failed => "has failed",
        SlotState::Died => "has died",
        _ => "has ended",
    }
}

impl ServiceSupervisor {
    /// Begin all units that are wanted and may begin. Returns whether anything has changed.
    pub(super) fn begin_wanted(&mut self) -> bool {
        self.give_up_ports();
        let mut changed = false;
        for index in 0..self.units.len() {
            let unit = &self.units[index];
            match &unit.stage {
                _ if !unit.is_wanted() || self.closing => {}
                ServiceStage::Idle => {
                    self.reserve(index);
                    changed = true;
                }
                ServiceStage::Resting(until) if *until <= Instant::now() => {
                    self.reserve(index);
                    changed = true;
                }
                ServiceStage::Waiting if unit.builds.running.is_some() || self.awaits_port(index) => {}
                // Another program runs it by now.
                ServiceStage::Over(state) if !state.good() && unit.found_elsewhere().is_some() => {
                    self.reserve(index);
                    changed = true;
                }
                ServiceStage::Waiting => match self.needed(index) {
                    Ok(true) => changed |= self.begin(index),
                    Ok(false) => {}
                    Err(trouble) => {
                        self.end(index, &Ending::failed(trouble.to_cell()));
                        changed = true;
                    }
                },
                _ => {}
            }
        }
        changed
    }

    /// Start a unit whose needs are met, unless another program runs it. Returns false while that is not known.
    fn begin(&mut self, index: usize) -> bool {
        match self.look_elsewhere(index) {
            None => return false,
            Some(Some(info)) => self.hold_external(index, &info),
            Some(None) if self.units[index].must_build() => self.build(index),
            Some(None) if self.units[index].spec.service.command.is_empty() => self.hold_built(index),
            Some(None) => self.start(index),
        }
        true
    }

    /// Give a unit the slot of its next life.
    fn reserve(&mut self, index: usize) {
        let board = &self.supervision.board;
        let unit = &mut self.units[index];
        let again = unit.reservation.map(|ended| board.reserve_again(ended, 1, None));
        let work =
            SlotWork { runner: Some(std::process::id()), ..SlotWork::new(&unit.spec.service.name, "", Kind::Service) };
        let reserved = match again {
            Some(Ok(reservation)) => Ok(reservation),
            _ => board.reserve_as(&work),
        };
        match reserved {
            Ok(reservation) => {
                unit.reservation = Some(reservation);
                unit.stage = ServiceStage::Waiting;
            }
            // Without a slot the service could be neither shown nor stopped.
            Err(_) => unit.stage = ServiceStage::Over(vx_shm::SlotState::Failed),
        }
        let _ = self.reader.refresh(&mut self.snapshot);
    }

    /// Check that all needs of a unit are met; an error if one never will be.
    fn needed(&self, index: usize) -> Result<bool, Trouble> {
        let mut all = true;
        for (name, until) in &self.units[index].spec.service.needs {
            let Some(other) = self.units.iter().find(|unit| unit.spec.service.name == *name) else { continue };
            // A service that is about to begin again, or is between two guards, still has the slot of its last life.
            if matches!(other.stage, ServiceStage::Idle | ServiceStage::Resting(_)) || other.restart_pending {
                all = false;
                continue;
            }
            match standing(self.slot(other), *until) {
                ServiceNeedState::There => {}
                ServiceNeedState::NotYet => all = false,
                ServiceNeedState::Never(state) => {
                    let text = format!("it needs `{name}`, which {}", missed(state));
                    let hint = match state {
                        SlotState::Cancelled => format!("start it with `vx start {name}`"),
                        _ => format!("see the reason with `vx logs {name}`"),
                    };
                    return Err(Trouble::new(TroubleKind::Dependency, text).hinted(hint));
                }
            }
        }
        Ok(all)
    }

    /// Start the guard of a unit whose needs are met.
    fn start(&mut self, index: usize) {
        let named = self.ports_named_by(index);
        let launched = named.and_then(|()| self.port(index)).and_then(|()| self.launch(index));
        let life = self.units[index].life.wrapping_add(1);
        let started = launched.and_then(|launch| {
            let events = self.events.clone();
            let on_end = move |ended| drop(events.send(SupervisorEvent::GuardEnded { unit: index, life, ended }));
            start(launch, None, on_end)
                .map_err(|error| Trouble::new(TroubleKind::Program, format!("its guard cannot be started: {error}")))
        });
        match started {
            Ok(running) => {
                let unit = &mut self.units[index];
                (unit.life, unit.outdated) = (life, false);
                unit.stage = ServiceStage::Guarded(Box::new(RunningGuard { running, kill_at: None, hurry_at: None }));
                self.watch_files(index);
            }
            Err(trouble) => self.end(index, &Ending::failed(trouble.to_cell())),
        }
    }

    /// Reserve the port of a unit, unless it already has it, and check that no other program listens there.
    pub(super) fn port(&mut self, index: usize) -> Result<(), Trouble> {
        if let Some(kept) = self.port_kept(index) {
            return Err(kept);
        }
        let unit = &mut self.units[index];
        let Some(wanted) = unit.spec.service.port else {
            unit.port = None;
            return Ok(());
        };
        let failed = |error: PortError| Trouble::new(TroubleKind::Busy, &error).hinted(error.hint());
        match unit.port.take().filter(|held| fits(wanted, held.port())) {
            // If another program listens on the held port by now, only a unit that may use another port gives it up.
            Some(held) if matches!(wanted, Port::Fixed(_)) || held.check_free().is_ok() => {
                held.check_free().map_err(failed)?;
                unit.port = Some(held);
            }
            _ => {
                let (ports, name) = (&self.supervision.ports, &unit.spec.service.name);
                let range = |range| ports.reserve(&unit.spec.project, name, range);
                let reserved = match wanted {
                    Port::Fixed(port) => ports.reserve_exactly(port),
                    Port::Auto => range(PORT_RANGE_START..PORT_RANGE_END),
                    Port::Range(first, last) => range(first..last.saturating_add(1)),
                };
                unit.port = Some(reserved.map_err(failed)?);
            }
        }
        Ok(())
    }

    /// Release the ports that no longer fit their units' declarations and on which nothing listens, for other services.
    fn give_up_ports(&mut self) {
        for unit in &mut self.units {
            if !unit.is_guarded() && unit.builds.running.is_none() && !unit.has_its_port() {
                unit.port = None;
            }
        }
    }

    /// Returns whether a fixed port that a unit listens on or names is still held by a service that is about to give it
    /// up. This excludes a service that goes on by an earlier declaration, since it may keep the port for any time.
    fn awaits_port(&self, index: usize) -> bool {
        let spec = &self.units[index].spec;
        let named: Vec<&str> = spec.texts().flat_map(|text| ports_named(text)).chain([&*spec.service.name]).collect();
        let units = self.units.iter().filter(|unit| named.contains(&unit.spec.service.name.as_str()));
        units.filter(|unit| !unit.has_its_port()).any(|unit| {
            let Some(Port::Fixed(wanted)) = unit.spec.service.port else { return false };
            self.units.iter().any(|other| other.holds(wanted) && other.gives_up_port())
        })
    }

    /// Explain that another service of this project holds and keeps the unit's fixed port; `None` if none does.
    fn port_kept(&self, index: usize) -> Option<Trouble> {
        let Some(Port::Fixed(wanted)) = self.units[index].spec.service.port else { return None };
        let mut others = self.units.iter().enumerate().filter(|(other, _)| *other != index);
        let (_, holder) = others.find(|(_, other)| other.holds(wanted) && !other.gives_up_port())?;
        let name = &holder.spec.service.name;
        let text = format!("port {wanted} is still held by the service `{name}`");
        let hint =
            format!("run `vx restart {name}` if its port in vx.toml has changed; else give one of them another port");
        Some(Trouble::new(TroubleKind::Busy, text).hinted(hint))
    }

    /// Collect the ports of all services: ports that they hold, and fixed ports that they will get.
    pub(super) fn ports(&self) -> BTreeMap<String, u16> {
        let port = |unit: &Unit| match (&unit.port, unit.spec.service.port) {
            // A service that goes on still listens where it did, whatever its declaration says by now.
            (Some(held), _) if unit.has_its_port() || unit.is_guarded() && unit.is_staying() => Some(held.port()),
            (_, Some(Port::Fixed(port))) => Some(port),
            _ => None,
        };
        self.units.iter().filter_map(|unit| Some((unit.spec.service.name.clone(), port(unit)?))).collect()
    }

    /// Reserve the ports of the services that a unit's texts name, so that those services get the same ports later.
    pub(super) fn ports_named_by(&mut self, index: usize) -> Result<(), Trouble> {
        let named: Vec<String> =
            self.units[index].spec.texts().flat_map(|text| ports_named(text)).map(str::to_owned).collect();
        for name in named {
            let found = self.units.iter().position(|unit| unit.spec.service.name == name);
            // A service at work keeps its port until it has ended; a fixed port is known without a reservation.
            let is_fixed = |unit: &Unit| matches!(unit.spec.service.port, Some(Port::Fixed(_)));
            let keeps = |unit: &Unit| unit.is_guarded() && (unit.is_staying() || is_fixed(unit));
            let is_open = |unit: &Unit| !unit.has_its_port() && !keeps(unit);
            if let Some(other) = found.filter(|other| is_open(&self.units[*other])) {
                self.port(other)?;
            }
        }
        Ok(())
    }

    fn launch(&self, index: usize) -> Result<Launch, Trouble> {
        let unit = &self.units[index];
        let name = &unit.spec.service.name;
        let reservation: Reservation = unit.reservation.ok_or_else(|| unusable(&"it has no slot"))?;
        let log = log_file(&self.supervision.logs, name);
        let order = unit.spec.order(&self.ports(), &self.supervision.builds.join(name), log, 1);
        let order = order.map_err(|error| Trouble::from_error(&error))?;
        self.launch_of(name, reservation, &GuardAssignment::Serve(Box::new(order)), &unit.spec)
    }

    /// Make the launch of a guard with this assignment, for the slot with this key, with the variables of this
    /// declaration.
    pub(super) fn launch_of(
        &self,
        key: &str,
        reservation: Reservation,
        assignment: &GuardAssignment,
        spec: &Spec,
    ) -> Result<Launch, Trouble> {
        let board = &self.supervision.board;
        let channel = ServiceChannel::on(board.path(), key).map_err(|error| unusable(&error))?;
        let document = ServiceChannel::document(assignment).map_err(|error| unusable(&error))?;
        let mut environment = whereabouts(board.path());
        environment.extend(Mark::for_slot(board, reservation).variables());
        Ok(Launch {
            program: self.supervision.program.clone(),
            arguments: vec!["service-child".into(), "--ipc-channel".into(), channel.name().into()],
            inherited: spec.inherited.clone(),
            environment,
            directory: None,
            stdin: Stdin::Document(document),
            output: OutputMode::Merged,
            log: None,
            pass_on: false,
            keep_bytes: GUARD_OUTPUT,
            group: ChildGroup::Runner,
        })
    }
}

fn fits(wanted: Port, port: u16) -> bool {
    match wanted {
        Port::Fixed(fixed) => port == fixed,
        Port::Auto => (PORT_RANGE_START..PORT_RANGE_END).contains(&port),
        Port::Range(first, last) => (first..=last).contains(&port),
    }
}

impl Unit {
    /// Returns whether it has a port that its declaration allows.
    fn has_its_port(&self) -> bool {
        self.port.as_ref().zip(self.spec.service.port).is_some_and(|(held, wanted)| fits(wanted, held.port()))
    }

    /// Returns whether this port is reserved for it.
    fn holds(&self, port: u16) -> bool {
        self.port.as_ref().is_some_and(|held| held.port() == port)
    }

    /// Returns whether the port that it holds is about to be released.
    fn gives_up_port(&self) -> bool {
        let keeps_it = self.has_its_port() || self.is_guarded() && self.is_staying();
        !(self.is_wanted() && keeps_it)
    }
}

fn unusable(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(TroubleKind::Internal, format!("its guard cannot be started: {error}"))
}

/// Make the variables by which a guard finds a board that is not in the usual directory.
fn whereabouts(board: &Path) -> Vec<(OsString, OsString)> {
    let usual = find_runtime_directory().ok().flatten();
    let elsewhere = board.parent().filter(|directory| usual.as_deref() != Some(*directory));
    elsewhere.map(|directory| ("VX_RUNTIME_DIR".into(), directory.into())).into_iter().collect()
}
