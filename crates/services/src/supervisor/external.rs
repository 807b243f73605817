//! Services that other programs run: the supervisor looks for them, shows them, and never ends them.

use std::time::Duration;

use vx_base::trouble::{Trouble, TroubleKind};
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{Ending, Health, Slot, SlotState};
use vx_status::vocabulary::service::{EXTERNAL, READY};

use super::unit::{ExternalLook, ServiceStage, UnguardedService, Unit};
use super::{ServiceSupervisor, SupervisorEvent};
use crate::devinfo::{DevInfoFile, ServerPresenceWatch};

/// Time between two beats of a slot that the supervisor itself holds.
const BEAT: Duration = Duration::from_secs(5);

impl ServiceSupervisor {
    /// Look for another program that runs a unit; the outer `None` means that it is not known yet.
    pub(super) fn look_elsewhere(&mut self, index: usize) -> Option<Option<DevInfoFile>> {
        let unit = &mut self.units[index];
        let Some(file) = &unit.spec.service.external else { return Some(None) };
        let path = unit.spec.project.join(file);
        if unit.presence.as_ref().is_none_or(|look| look.path != path) {
            let events = self.events.clone();
            let report = move |info| drop(events.send(SupervisorEvent::PresenceChanged(index, info)));
            // Without a thread to watch, assume that no other program runs it.
            let presence = ServerPresenceWatch::watch(path.clone(), report).ok();
            let seen = presence.is_none().then_some(None);
            unit.presence = Some(ExternalLook { path, seen, _presence: presence });
        }
        unit.presence.as_ref().and_then(|look| look.seen.clone())
    }

    pub(super) fn presence_changed(&mut self, index: usize, info: Option<DevInfoFile>) {
        let unit = &mut self.units[index];
        let Some(look) = &mut unit.presence else { return };
        look.seen = Some(info.clone());
        let ServiceStage::Held(held) = &mut unit.stage else { return };
        match info {
            Some(info) => describe(&mut held.slot, &info),
            // The other program is gone, so this supervisor starts the service.
            None => {
                self.let_go(index, SlotState::Done);
                self.units[index].stage = ServiceStage::Idle;
            }
        }
    }

    /// Show a service that another program runs.
    pub(super) fn hold_external(&mut self, index: usize, info: &DevInfoFile) {
        self.hold(index, true, |slot| {
            slot.enter(EXTERNAL, None);
            describe(slot, info);
        });
    }

    /// Show a service without a command whose build is good.
    pub(super) fn hold_built(&mut self, index: usize) {
        self.hold(index, false, |slot| slot.enter(READY, None));
        self.watch_files(index);
    }

    fn hold(&mut self, index: usize, external: bool, write: impl FnOnce(&mut Slot)) {
        let Some(reservation) = self.units[index].reservation else { return };
        match Slot::claim_beating(self.supervision.board.path(), reservation.slot, reservation.generation, BEAT) {
            Ok(mut slot) => {
                write(&mut slot);
                slot.set_health(Health::Ready);
                self.units[index].stage = ServiceStage::Held(Box::new(UnguardedService { slot, external }));
            }
            Err(error) => {
                let trouble = Trouble::new(TroubleKind::Internal, format!("it has no slot: {error}"));
                self.end(index, &Ending::failed(trouble.to_cell()));
                // Don't try again before the next change.
                self.units[index].presence.iter_mut().for_each(|look| look.seen = Some(None));
            }
        }
    }

    /// End the slot of a service that has no guard. If a restart is pending, it begins again.
    pub(super) fn let_go(&mut self, index: usize, state: SlotState) {
        let unit = &mut self.units[index];
        let again = std::mem::take(&mut unit.restart_pending) && unit.is_wanted();
        let next = if again { ServiceStage::Idle } else { ServiceStage::Over(state) };
        if let ServiceStage::Held(held) = std::mem::replace(&mut unit.stage, next) {
            // If the slot is gone, nothing shows the service any more.
            let _ = held.slot.end(Ending::new(state));
        }
    }
}

impl Unit {
    /// The other program that was found to run it.
    pub(super) fn found_elsewhere(&self) -> Option<&DevInfoFile> {
        self.presence.as_ref()?.seen.as_ref()?.as_ref()
    }
}

fn describe(slot: &mut Slot, info: &DevInfoFile) {
    let port = match info.vite_port {
        0 => info.addr.rsplit_once(':').and_then(|(_, port)| port.parse().ok()),
        port => Some(port),
    };
    let address = match (info.vite_port, info.protocol.as_str()) {
        (0, "http" | "https") => format!("{}://{}", info.protocol, info.addr),
        (0, _) => info.addr.clone(),
        (port, _) => format!("http://localhost:{port}"),
    };
    slot.set_address(&address, port);
    slot.message(&format!("process {} runs it, at {}", info.pid, info.addr));
}
