//! Comparing the project's file with what runs: a service whose declaration has changed restarts, and a service no
//! longer declared stops.
//!
//! Only declarations are compared, never what a client makes of them: a chosen port, the variables of a shell and the
//! place of a tool differ from client to client.

use std::collections::{BTreeMap, BTreeSet};

use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::services::{Port, ports_named};

use super::ServiceSupervisor;
use super::unit::{ServiceStage, Unit};
use crate::declared::reading::{DeclarationChange, Differing, ServiceFileReading};
use crate::declared::spec::Spec;

/// The services that a request declares.
#[derive(Clone, Debug)]
pub enum RequestDeclarations {
    /// All services of the project's file, and what to do with those that differ.
    File(ServiceFileReading, Differing),
    /// Services that a program declares beside those of the file.
    Program(Vec<Spec>),
    /// None: the request is about services declared before.
    Before,
}

/// The fate of a service at work when its declaration is taken from the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// It restarts.
    Anew,
    /// It goes on for now.
    On,
}

impl ServiceSupervisor {
    /// Take the services of the newest reading of the file, which may be another client's. They get the variables of
    /// the client that made this reading, since it makes the request.
    fn newest(&mut self, reading: ServiceFileReading) -> Vec<Spec> {
        let caller = reading.specs.first().and_then(|spec| spec.inherited.clone());
        if reading.read_at >= self.newest.read_at {
            self.newest = reading;
        }
        self.newest.specs.iter().map(|spec| Spec { inherited: caller.clone(), ..spec.clone() }).collect()
    }

    /// Take up these declarations. Returns the names that `wanted` chooses among them, and the services that ran by
    /// another declaration; of these, the wanted are renewed.
    pub(super) fn declare(
        &mut self,
        declared: RequestDeclarations,
        wanted: impl FnOnce(&[Spec]) -> Result<BTreeSet<String>, Trouble>,
    ) -> Result<(BTreeSet<String>, BTreeMap<String, DeclarationChange>), Trouble> {
        let (specs, differing) = match declared {
            RequestDeclarations::File(reading, differing) => (self.newest(reading), Some(differing)),
            RequestDeclarations::Program(specs) => (specs, None),
            RequestDeclarations::Before => (self.units.iter().map(|unit| unit.spec.clone()).collect(), None),
        };
        let wanted = wanted(&specs)?;
        let mut changes = BTreeMap::new();
        let moved = self.moved_ports(&specs);
        if let Some(differing) = differing {
            changes.extend(self.leave_out(&specs, differing));
        }
        for spec in specs {
            let name = spec.service.name.clone();
            let Some(unit) = self.units.iter_mut().find(|unit| unit.spec.service.name == name) else {
                self.units.push(Unit::new(spec, differing.is_some()));
                continue;
            };
            unit.in_file |= differing.is_some();
            let moved = spec.texts().any(|text| ports_named(text).any(|name| moved.contains(name)));
            let found = Redeclaration {
                differs: unit.outdated || moved || spec.differs(&unit.spec),
                wanted: wanted.contains(&name),
                renewed: differing == Some(Differing::Renewed),
            };
            if let Some(change) = unit.take_up(spec, &found) {
                changes.extend(differing.map(|_| (name, change)));
            }
        }
        for index in 0..self.units.len() {
            if self.units[index].is_guarded() {
                self.watch_files(index);
            }
        }
        Ok((wanted, changes))
    }

    /// Find the services whose ports these declarations change.
    fn moved_ports(&self, specs: &[Spec]) -> BTreeSet<String> {
        let before: BTreeMap<&str, Option<Port>> =
            self.units.iter().map(|unit| (unit.spec.service.name.as_str(), unit.spec.service.port)).collect();
        let moved = specs
            .iter()
            .filter(|spec| before.get(spec.service.name.as_str()).is_some_and(|port| *port != spec.service.port));
        moved.map(|spec| spec.service.name.clone()).collect()
    }

    /// Stop or report the services that the file no longer declares.
    fn leave_out(&mut self, specs: &[Spec], differing: Differing) -> Vec<(String, DeclarationChange)> {
        let is_gone = |unit: &&mut Unit| {
            let declared = specs.iter().any(|spec| spec.service.name == unit.spec.service.name);
            unit.in_file && !declared && unit.is_wanted()
        };
        let gone = self.units.iter_mut().filter(is_gone).map(|unit| {
            let change = match differing {
                Differing::Renewed => {
                    unit.forget();
                    unit.stopped_alone = false;
                    DeclarationChange::Stopped
                }
                Differing::Named => DeclarationChange::Undeclared,
            };
            (unit.spec.service.name.clone(), change)
        });
        gone.collect()
    }

    /// Take the declaration of one service, which is requested to begin, from the file. Returns the change if the
    /// service goes on by an earlier declaration.
    ///
    /// # Errors
    /// The file no longer declares it, or another program runs it.
    pub(super) fn declare_one(
        &mut self,
        reading: ServiceFileReading,
        name: &str,
        runs: Runs,
    ) -> Result<Option<DeclarationChange>, Trouble> {
        let specs = self.newest(reading);
        let Some(spec) = specs.into_iter().find(|spec| spec.service.name == name) else {
            // A program has declared it, not the file.
            if self.units.iter().any(|unit| unit.spec.service.name == name && !unit.in_file) {
                return Ok(None);
            }
            let text = format!("the project does not declare the service `{name}` any more");
            let hint = format!("if it still runs, stop it with `vx stop {name}`; start the others with `vx up`");
            return Err(Trouble::new(TroubleKind::NotFound, text).hinted(hint));
        };
        let Some(index) = self.units.iter().position(|unit| unit.spec.service.name == name) else {
            self.units.push(Unit::new(spec, true));
            return Ok(None);
        };
        let unit = self.own_unit(name)?;
        unit.in_file = true;
        let differs = unit.outdated || spec.differs(&unit.spec);
        unit.replace(spec);
        unit.outdated = runs == Runs::On && differs && unit.is_at_work();
        let change = unit.outdated.then_some(DeclarationChange::Outdated);
        if unit.is_guarded() {
            self.watch_files(index);
        }
        Ok(change)
    }
}

/// The findings of a request about a service that is declared again.
struct Redeclaration {
    /// It has to restart to run by the new declaration.
    differs: bool,
    /// The request wants it.
    wanted: bool,
    /// The request restarts services that differ.
    renewed: bool,
}

impl Unit {
    /// Take up another declaration. A service at work, or one that has done its work, keeps its own declaration unless
    /// it is renewed. A service that other clients have asked to begin keeps their variables.
    fn take_up(&mut self, spec: Spec, found: &Redeclaration) -> Option<DeclarationChange> {
        let has_ended_well = matches!(self.stage, ServiceStage::Over(state) if state.good());
        if self.is_wanted() && (self.is_at_work() || has_ended_well) {
            match found {
                Redeclaration { differs: false, .. } => self.spec.take_details(&spec),
                Redeclaration { wanted: true, renewed: true, .. } => {
                    self.replace(spec);
                    match has_ended_well {
                        true => self.stage = ServiceStage::Idle,
                        false => self.restart_pending = true,
                    }
                    return Some(DeclarationChange::Restarted);
                }
                _ => return Some(DeclarationChange::Outdated),
            }
            return None;
        }
        let about_to_begin =
            matches!(self.stage, ServiceStage::Idle | ServiceStage::Waiting | ServiceStage::Resting(_));
        match self.is_wanted() && !found.differs && (about_to_begin || !found.wanted) {
            true => self.spec.take_details(&spec),
            false => self.replace(spec),
        }
        None
    }

    /// Use this declaration from the next start on.
    fn replace(&mut self, spec: Spec) {
        let same_build = self.spec.service.renewal.build == spec.service.renewal.build;
        self.builds.good &= same_build;
        self.builds.again |= self.builds.running.is_some() && !same_build;
        self.spec = spec;
    }

    /// Returns whether it is at work by its declaration: neither about to stop, nor run by another program.
    fn is_at_work(&self) -> bool {
        match &self.stage {
            ServiceStage::Guarded(guarded) => guarded.kill_at.is_none(),
            ServiceStage::Held(held) => !held.external,
            _ => false,
        }
    }
}
