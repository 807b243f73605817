//! A plugin among the services of a project, as the board of their supervisor shows it.

use std::path::{Path, PathBuf};

use vx_project::services::{go_name, vite_name};
use vx_shm::SlotView;

use super::reading::{PluginBoardReader, PluginSlotKeys};
use super::state::{DevProcessStatus, DevServerMode, DevServerState};
use super::{BuildError, DEFAULT_LOG_BUFFER_SIZE};
use crate::boards::find::BoardError;
use crate::serving::devserver::events::event::DevServerEvent;
use crate::serving::devserver::events::log::{LogEntry, LogRingBuffer, MANAGER};

/// A plugin of a project.
pub(super) struct Plugin {
    pub keys: PluginSlotKeys,
    path: PathBuf,
    reading: PluginBoardReader,
    state: DevServerState,
    /// The errors of its last build.
    errors: Vec<BuildError>,
    logs: LogRingBuffer,
    /// The port of its front end while the plugin runs.
    port: Option<u16>,
    /// The lives of front end and back end that were stopped by request: even if they ended with a failure, the plugin
    /// counts as stopped.
    stopped: [Option<u32>; 2],
}

impl Plugin {
    /// The plugin with this id in this directory; the names of its services on the board are made from `name`.
    ///
    /// # Errors
    /// The board cannot be read.
    pub(super) fn on(board: &Path, id: &str, name: &str, path: &Path) -> Result<Self, BoardError> {
        let keys = PluginSlotKeys { vite: vite_name(name), go: go_name(name) };
        let state = DevServerState { plugin_id: id.to_owned(), ..DevServerState::default() };
        let reading = PluginBoardReader::open(board, keys.clone(), state.clone(), Box::new(|| None))?;
        let logs = LogRingBuffer::new(DEFAULT_LOG_BUFFER_SIZE);
        let mut plugin = Self {
            keys,
            path: PathBuf::new(),
            reading,
            state,
            errors: Vec::new(),
            logs,
            port: None,
            stopped: [None; 2],
        };
        plugin.move_to(path);
        Ok(plugin)
    }

    /// Set its directory.
    pub(super) fn move_to(&mut self, path: &Path) {
        path.clone_into(&mut self.path);
        self.state.dev_path = path.to_string_lossy().into_owned();
    }

    /// Its directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its state at the last reading.
    pub(super) fn state(&self) -> &DevServerState {
        &self.state
    }

    /// The errors of its last build at the last reading.
    pub(super) fn errors(&self) -> &[BuildError] {
        &self.errors
    }

    /// Whether it has been started and not stopped since.
    pub(super) fn is_managed(&self) -> bool {
        self.state.mode == DevServerMode::Managed
    }

    /// The newest entries of its log.
    pub(super) fn logs(&self, count: usize) -> Vec<LogEntry> {
        self.logs.last(count)
    }

    /// The lives of its front end and its back end at the last reading.
    pub(super) fn lives(&self) -> [Option<u32>; 2] {
        self.reading.slots().map(|slot| slot.map(|slot| slot.generation))
    }

    /// Note that its present lives were stopped by request.
    pub(super) fn rest(&mut self) {
        self.stopped = self.lives();
    }

    /// Add a message to its log.
    pub(super) fn log_message(&self, text: &str) -> DevServerEvent {
        let entry = LogEntry::own(&self.state.plugin_id, MANAGER, "info", text.to_owned());
        self.logs.push(entry.clone());
        DevServerEvent::Log(vec![entry])
    }

    /// Read the board, and return the events since the last reading. `port` is called for the port of the front end
    /// while
    /// that is unknown.
    pub(super) fn poll(&mut self, port: impl FnOnce() -> Option<u16>) -> Vec<DevServerEvent> {
        let mut events = self.reading.poll();
        let mut now = DevServerState { dev_path: self.state.dev_path.clone(), ..self.reading.state().clone() };
        if self.is_at_work() {
            self.port = self.port.or_else(port);
            now.mode = DevServerMode::Managed;
            now.vite_port = self.port.unwrap_or_default();
        } else {
            self.reading.rest();
            self.port = None;
            now = DevServerState { mode: DevServerMode::Idle, ..now };
            (now.vite_port, now.grpc_connected) = (0, false);
            now.vite_url.clear();
            if self.stopped != [None; 2] {
                (now.vite_status, now.go_status) = (DevProcessStatus::Stopped, DevProcessStatus::Stopped);
            }
        }
        events.retain(|event| !matches!(event, DevServerEvent::Status(_)));
        for event in &events {
            match event {
                DevServerEvent::Log(entries) => entries.iter().cloned().for_each(|entry| self.logs.push(entry)),
                DevServerEvent::Errors(_, errors) => self.errors.clone_from(errors),
                DevServerEvent::Status(_) => {}
            }
        }
        if now != self.state {
            self.state = now;
            events.push(DevServerEvent::Status(self.state.clone()));
        }
        events
    }

    /// Whether one of its services runs or is about to run, or has failed without being stopped by request.
    fn is_at_work(&self) -> bool {
        let lives = self.reading.slots().into_iter().zip(self.stopped);
        lives.into_iter().any(|(slot, stopped)| slot.is_some_and(|slot| is_there(slot, stopped)))
    }
}

fn is_there(slot: &SlotView, stopped: Option<u32>) -> bool {
    let over = slot.state.good() || slot.state == vx_shm::SlotState::Cancelled;
    !slot.state.ended() || !over && stopped != Some(slot.generation)
}
