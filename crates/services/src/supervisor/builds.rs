//! The builds of services: one before the first start, and one after each change of files. A service at work goes on
//! until its new build is good.

use std::time::Instant;

use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::Ended;
use vx_process::start;
use vx_project::services::Port;
use vx_run::log_file;
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{Ending, Kind, SlotState, SlotWork};

use super::unit::{RunningGuard, ServiceStage};
use super::{GUARD_PATIENCE, ServiceSupervisor, SupervisorEvent};
use crate::builds::build_paths::build_key;
use crate::declared::order::GuardAssignment;

impl ServiceSupervisor {
    /// Begin a build of a unit; if a build is under way, another follows it.
    pub(super) fn build(&mut self, index: usize) {
        if self.units[index].builds.running.is_some() {
            self.units[index].builds.again = true;
            return;
        }
        self.units[index].builds.again = false;
        self.watch_files(index);
        if let Err(trouble) = self.begin_build(index) {
            self.build_failed(index, &Ending::failed(trouble.to_cell()));
        }
    }

    fn begin_build(&mut self, index: usize) -> Result<(), Trouble> {
        self.ports_named_by(index)?;
        // A service at work already holds its port.
        if !self.units[index].is_guarded() {
            self.port(index)?;
        }
        let unit = &self.units[index];
        // A program that this supervisor doesn't start takes up even its first build by a reload.
        let reload = unit.is_guarded() && !unit.outdated || unit.spec.service.command.is_empty();
        let (name, board) = (&unit.spec.service.name, &self.supervision.board);
        let key = build_key(name);
        let not_started = |error: &dyn std::fmt::Display| {
            Trouble::new(TroubleKind::Internal, format!("the build of `{name}` cannot be started: {error}"))
        };
        let again = unit.builds.reservation.and_then(|ended| board.reserve_again(ended, 1, None).ok());
        let parent = unit.reservation.map(|reservation| reservation.slot);
        let work = SlotWork { runner: Some(std::process::id()), parent, ..SlotWork::new(&key, "", Kind::Build) };
        let reservation = again.map_or_else(|| board.reserve_as(&work), Ok).map_err(|error| not_started(&error))?;
        let life = unit.builds.life.wrapping_add(1);
        let folder = self.supervision.builds.join(name);
        let epoch = format!("{}-{}", std::process::id(), reservation.generation);
        let log = log_file(&self.supervision.logs, &key);
        let mut ports = self.ports();
        // A service that runs by an earlier declaration restarts after its build, at the port declared now.
        if let (true, Some(Port::Fixed(port))) = (unit.outdated, unit.spec.service.port) {
            ports.insert(name.clone(), port);
        }
        let order = unit.spec.build_order(&ports, folder, epoch, reload, log);
        let events = self.events.clone();
        let on_end = move |ended| drop(events.send(SupervisorEvent::BuildEnded { unit: index, life, ended }));
        let started = order
            .map_err(|error| Trouble::from_error(&error))
            .and_then(|order| self.launch_of(&key, reservation, &GuardAssignment::Build(Box::new(order)), &unit.spec))
            .and_then(|launch| start(launch, None, on_end).map_err(|error| not_started(&error)));
        let builds = &mut self.units[index].builds;
        (builds.reservation, builds.life) = (Some(reservation), life);
        match started {
            Ok(running) => {
                builds.running = Some(Box::new(RunningGuard { running, kill_at: None, hurry_at: None }));
                Ok(())
            }
            Err(trouble) => {
                let _ = self.supervision.board.end(reservation, &Ending::failed(trouble.to_cell()));
                Err(trouble)
            }
        }
    }

    pub(super) fn build_ended(&mut self, index: usize, life: u32, ended: &Ended) {
        let _ = self.reader.refresh(&mut self.snapshot);
        let builds = &mut self.units[index].builds;
        if builds.life != life {
            return;
        }
        let (guarded, reservation) = (builds.running.take(), builds.reservation);
        let again = std::mem::take(&mut builds.again);
        let slot = reservation.and_then(|reservation| {
            let mut slots = self.snapshot.slots.iter();
            slots.find(|slot| slot.index == reservation.slot && slot.generation == reservation.generation)
        });
        let ending = match slot.filter(|slot| slot.state.ended()) {
            Some(slot) => Ending { error: slot.error.clone(), ..Ending::new(slot.state) },
            None => {
                let text = format!("the guard of the build ended with {}", ended.exit);
                let ending = Ending::failed(Trouble::new(TroubleKind::Killed, text).to_cell());
                if let Some(reservation) = reservation {
                    let _ = self.supervision.board.end(reservation, &ending);
                }
                ending
            }
        };
        let unit = &mut self.units[index];
        let asked = guarded.is_some_and(|guarded| guarded.kill_at.is_some());
        let built = ending.state == SlotState::Done && !unit.spec.service.renewal.build.is_empty();
        unit.builds.good |= built;
        if asked || !unit.is_wanted() || self.closing {
            return;
        }
        if again {
            return self.build(index);
        }
        match unit.stage {
            _ if ending.state != SlotState::Done => self.build_failed(index, &ending),
            ServiceStage::Guarded(_) if unit.spec.service.renewal.reload.is_none() || unit.outdated => {
                unit.restart_pending = true;
            }
            _ => {}
        }
    }

    /// A service that waits for its build fails with it; a service at work goes on.
    fn build_failed(&mut self, index: usize, ending: &Ending) {
        let unit = &self.units[index];
        if matches!(unit.stage, ServiceStage::Waiting) && unit.must_build() {
            let ending = Ending { error: ending.error.clone(), ..Ending::new(SlotState::Failed) };
            self.end(index, &ending);
        }
    }

    /// Stop builds of services that are not wanted any more.
    pub(super) fn stop_unwanted_builds(&mut self) {
        for unit in self.units.iter_mut().filter(|unit| !unit.is_wanted()) {
            unit.builds.again = false;
            let patience = unit.spec.service.stop.timeout + GUARD_PATIENCE;
            if let Some(guarded) = unit.builds.running.as_mut().filter(|guarded| guarded.kill_at.is_none()) {
                guarded.running.ask_to_stop();
                guarded.kill_at = Instant::now().checked_add(patience);
            }
        }
    }
}
