//! Reads one plugin from its board and its logs, and turns what has changed there into events.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use vx_run::{await_change, log_file, logs_of};
use vx_services::build_key;
use vx_services::reported;
use vx_shm::{ReadError, Reader, SlotState, SlotView, Snapshot};
use vx_status::error_cell::ErrorCell;
use vx_status::vocabulary::{Phase, build, service};

use super::state::{BuildError, DevProcessStatus, DevServerState};
use crate::boards::find::{self, BoardError, slot_of};
use crate::serving::devserver::events::event::DevServerEvent;
use crate::serving::devserver::events::log::{LogEntry, MANAGER, WATCH};
use crate::serving::up::LogFollower;

/// Returns the program's reason for not loading the last build, if it did not.
pub(super) type Fault = Box<dyn Fn() -> Option<String> + Send>;

/// The keys of a plugin's slots.
#[derive(Clone, Debug)]
pub(super) struct PluginSlotKeys {
    pub vite: String,
    pub go: String,
}

/// Follows a plugin on a board.
pub(super) struct PluginBoardReader {
    keys: PluginSlotKeys,
    reader: Reader,
    /// The outcome of the last reading of the board.
    read: Result<bool, ReadError>,
    snapshot: Snapshot,
    logs: [LogFollower; 2],
    fault: Fault,
    state: DevServerState,
    /// The life of the front end at the last reading, and that of the last build whose begin was seen.
    vite_life: Option<u32>,
    begun: Option<u32>,
    /// The life of the last build whose end was seen, and whether errors of that build were sent.
    ended: Option<u32>,
    mistaken: bool,
}

impl PluginBoardReader {
    /// Follow the plugin with these keys on this board, from this first state.
    pub(super) fn open(
        board: &Path,
        keys: PluginSlotKeys,
        state: DevServerState,
        fault: Fault,
    ) -> Result<Self, BoardError> {
        let logs = logs_of(board);
        let follower = |source: &str, key: &str| LogFollower::new(&Arc::from(source), log_file(&logs, key), false);
        Ok(Self {
            reader: find::open_file(board)?,
            read: Ok(true),
            snapshot: Snapshot::default(),
            logs: [follower("vite", &keys.vite), follower("go-build", &build_key(&keys.go))],
            keys,
            fault,
            state,
            vite_life: None,
            begun: None,
            ended: None,
            mistaken: false,
        })
    }

    /// Wait for a change of the board, at most this long.
    pub(super) fn await_change(&self, longest: Duration) {
        await_change(&self.reader, &self.read, longest);
    }

    /// The state at the last reading.
    pub(super) fn state(&self) -> &DevServerState {
        &self.state
    }

    /// The slots of the front end and of the back end at the last reading.
    pub(super) fn slots(&self) -> [Option<&SlotView>; 2] {
        [slot_of(&self.snapshot, &self.keys.vite), slot_of(&self.snapshot, &self.keys.go)]
    }

    /// Clear the address and the connection of a plugin that no longer runs.
    pub(super) fn rest(&mut self) {
        self.state.vite_url.clear();
        self.state.grpc_connected = false;
    }

    /// The events since the last reading: first the log entries, then the errors of a build, and the state last.
    pub(super) fn poll(&mut self) -> Vec<DevServerEvent> {
        // If the board can no longer be read, the last snapshot stays.
        self.read = self.reader.refresh(&mut self.snapshot);
        let (vite, go) = (slot_of(&self.snapshot, &self.keys.vite), slot_of(&self.snapshot, &self.keys.go));
        let built = slot_of(&self.snapshot, &build_key(&self.keys.go)).cloned();
        let (vite, go) = (vite.cloned(), go.cloned());
        let before = self.state.clone();
        let mut entries = self.entries(vite.as_ref(), built.as_ref());
        self.state.vite_status = vite.as_ref().map_or(DevProcessStatus::Idle, |slot| status(slot, before.vite_status));
        self.state.go_status = go_status(go.as_ref(), built.as_ref(), before.go_status);
        let errors = built.as_ref().and_then(|slot| self.build_ended(slot, &mut entries));
        self.state.last_error = self.last_error(vite.as_ref(), built.as_ref());
        let mut events = Vec::new();
        events.extend((!entries.is_empty()).then_some(DevServerEvent::Log(entries)));
        events.extend(errors);
        events.extend((self.state != before).then(|| DevServerEvent::Status(self.state.clone())));
        events
    }

    /// The log entries since the last reading. A front end that starts again has no address until it prints one.
    fn entries(&mut self, vite: Option<&SlotView>, built: Option<&SlotView>) -> Vec<LogEntry> {
        let (id, mut found) = (self.state.plugin_id.clone(), Vec::new());
        let life = vite.map(|slot| slot.generation);
        if std::mem::replace(&mut self.vite_life, life) != life {
            self.state.vite_url.clear();
        }
        if let Some(slot) = built.filter(|slot| self.begun != Some(slot.generation)) {
            if self.begun.is_some() {
                found.push(LogEntry::own(&id, WATCH, "info", "builds again".into()));
            }
            self.begun = Some(slot.generation);
        }
        for log in &mut self.logs {
            // Not an error: the log may be readable at the next reading.
            let entries = log.read().unwrap_or_default();
            found.extend(entries.iter().map(|entry| LogEntry::from_entry(&id, entry)));
        }
        let printed = found.iter().filter(|entry| entry.source == "vite").find_map(|entry| address(&entry.message));
        if let Some(url) = printed {
            self.state.vite_url = url;
        }
        found
    }

    /// The event of a build that has ended since the last reading.
    fn build_ended(&mut self, slot: &SlotView, entries: &mut Vec<LogEntry>) -> Option<DevServerEvent> {
        if !slot.state.ended() || slot.state == SlotState::Cancelled || self.ended == Some(slot.generation) {
            return None;
        }
        self.ended = Some(slot.generation);
        let id = self.state.plugin_id.clone();
        let begun_ns = slot.transitions.first().map_or(0, |transition| transition.entered_at_ns);
        let ended_ns = slot.ended_at_ns.unwrap_or(begun_ns);
        self.state.last_build_duration = ended_ns.saturating_sub(begun_ns);
        self.state.last_build_time = Timestamp::from_nanosecond(self.snapshot.board.unix_ns_at(ended_ns)).ok();
        let (good, reloading) = (slot.state.good(), slot.step == build::RELOADING);
        // A build that failed before the reload leaves the loaded program as it is.
        self.state.grpc_connected = if good || reloading { good } else { self.state.grpc_connected };
        let outcome = if good { "built and reloaded" } else { "the build has failed" };
        entries.push(LogEntry::own(&id, MANAGER, if good { "info" } else { "error" }, outcome.into()));
        let mut errors: Vec<BuildError> = Vec::new();
        if !good {
            let log = log_file(&logs_of(self.reader.path()), &slot.key);
            errors = reported(&log).into_iter().map(BuildError::from).collect();
        }
        if errors.is_empty() && !good {
            errors.push(BuildError { message: self.build_error(slot), ..BuildError::default() });
        }
        let was_mistaken = std::mem::replace(&mut self.mistaken, !good);
        (was_mistaken || !good).then_some(DevServerEvent::Errors(id, errors))
    }

    fn build_error(&self, slot: &SlotView) -> String {
        match (self.fault)().filter(|_| slot.step == build::RELOADING) {
            Some(fault) => format!("the reload failed: {fault}"),
            None => error_of(slot),
        }
    }

    fn last_error(&self, vite: Option<&SlotView>, built: Option<&SlotView>) -> String {
        let bad = |slot: &&SlotView| slot.state.ended() && !slot.state.good() && slot.state != SlotState::Cancelled;
        let rests = |slot: &&SlotView| slot.state == SlotState::Live && slot.step == service::BACKING_OFF;
        if let Some(slot) = built.filter(bad) {
            return self.build_error(slot);
        }
        // During a build the error of the last one stays.
        if built.is_some_and(|slot| !slot.state.ended()) && self.mistaken {
            return self.state.last_error.clone();
        }
        let failed = vite.filter(bad).map(error_of);
        failed.or_else(|| vite.filter(rests).map(|slot| slot.message.clone())).unwrap_or_default()
    }
}

fn error_of(slot: &SlotView) -> String {
    let text = ErrorCell::of_slot(slot).map(|error| error.shown_text().to_string());
    text.unwrap_or_else(|| slot.state.name().to_owned())
}

fn status(slot: &SlotView, last: DevProcessStatus) -> DevProcessStatus {
    match slot.state {
        SlotState::Live => DevProcessStatus::at_phase(Phase::new(slot.kind, slot.step.number()), last),
        SlotState::Reserved => DevProcessStatus::Idle,
        SlotState::Cancelled => DevProcessStatus::Stopped,
        state if state.good() => DevProcessStatus::Stopped,
        _ => DevProcessStatus::Error,
    }
}

/// The state of a back end. While a build is in progress, and as long as the last build failed, the build decides it.
fn go_status(go: Option<&SlotView>, built: Option<&SlotView>, last: DevProcessStatus) -> DevProcessStatus {
    let Some(go) = go else { return DevProcessStatus::Idle };
    let stopped = go.state == SlotState::Cancelled || go.state.good();
    match built.filter(|_| !stopped) {
        Some(slot) if slot.state == SlotState::Live => status(slot, last),
        Some(slot) if slot.state == SlotState::Reserved => last,
        Some(slot) if !slot.state.good() && slot.state != SlotState::Cancelled => DevProcessStatus::Error,
        _ => status(go, last),
    }
}

/// The address in the line with which vite prints it.
fn address(line: &str) -> Option<String> {
    let behind = line.split_once("Local:")?.1;
    behind.split_whitespace().find(|word| word.starts_with("http")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use vx_shm::Kind;

    use super::*;

    fn slot(kind: Kind, state: SlotState, step: vx_shm::Step) -> SlotView {
        SlotView { kind, state, step, ..SlotView::default() }
    }

    #[test]
    fn the_back_end_is_what_its_build_is_until_that_is_good() {
        use DevProcessStatus::{Building, Error, Idle, Ready, Stopped};
        let ready = slot(Kind::Service, SlotState::Live, service::READY);
        let waits = slot(Kind::Service, SlotState::Reserved, service::WAITING);
        let stopped = slot(Kind::Service, SlotState::Cancelled, service::READY);
        let compiles = slot(Kind::Build, SlotState::Live, build::COMPILING);
        let failed = slot(Kind::Build, SlotState::Failed, build::COMPILING);
        let built = slot(Kind::Build, SlotState::Done, build::RELOADING);
        assert_eq!(go_status(None, None, Ready), Idle);
        assert_eq!(go_status(Some(&waits), Some(&compiles), Idle), Building);
        assert_eq!(go_status(Some(&ready), Some(&compiles), Ready), Building);
        assert_eq!(go_status(Some(&ready), Some(&failed), Building), Error);
        assert_eq!(go_status(Some(&ready), Some(&built), Building), Ready);
        assert_eq!(go_status(Some(&stopped), Some(&failed), Error), Stopped);
    }

    #[test]
    fn the_address_is_taken_as_vite_prints_it() {
        assert_eq!(address("  ➜  Local:   http://127.0.0.1:15173/"), Some("http://127.0.0.1:15173/".into()));
        assert_eq!(address("  ➜  Network: http://10.0.0.1:15173/"), None);
        assert_eq!(address("Local: "), None);
    }
}
