//! One plugin in development: its front end and its back end, with their own supervisor and their own board.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};
use parking_lot::Mutex;
use vx_base::paths::Home;
use vx_process::members;
use vx_project::services::{DeclaredService, NAME_BYTES, Port, Reload, VITE, VITE_ARGUMENTS, vite_go};
use vx_run::{create_board, logs_of};
use vx_services::declared::spec::Spec;
use vx_services::ports::Ports;
use vx_services::supervisor::{RequestDeclarations, Supervision, SupervisorHandle, SupervisorRequest, start};
use vx_shm::{BoardSubject, Kind};

use super::DEFAULT_LOG_BUFFER_SIZE;
use super::error::DevServerError;
use super::reading::{PluginBoardReader, PluginSlotKeys};
use super::reloading::ReloadAddress;
use super::settings::{BuildOpts, PluginReloader, Settings};
use super::state::{BuildError, DevProcessStatus, DevServerMode, DevServerState};
use crate::boards::find;
use crate::serving::devserver::events::event::DevServerEvent;
use crate::serving::devserver::events::log::{LogEntry, LogRingBuffer, MANAGER};

/// The slots of a plugin's board: two services, a build, and some spare ones.
const SLOTS: u32 = 8;
/// How often the logs are read when the board does not change: new lines do not change it.
const LOOK: Duration = Duration::from_millis(100);
/// The longest that a plugin may take to stop, including the time for guards that have to be killed.
const STOPPING: Duration = Duration::from_secs(45);
/// The client whose lease keeps the services running until they are stopped, even if one of them has failed.
const CLIENT: u64 = 1;

type OnStatus = dyn Fn(&DevServerState) + Send + Sync;
type OnLogs = dyn Fn(&[LogEntry]) + Send + Sync;
type OnErrors = dyn Fn(&str, &[BuildError]) + Send + Sync;

/// The development server of one plugin.
pub struct DevServerInstance {
    shared: Arc<DevServerInstanceState>,
    settings: Settings,
    reloader: Arc<dyn PluginReloader>,
    vite_port: u16,
    running: Mutex<Option<RunningPlugin>>,
}

/// The part that is shared with the thread that reads the board.
struct DevServerInstanceState {
    dev_path: PathBuf,
    logs: LogRingBuffer,
    state: Mutex<DevServerState>,
    /// The board while the plugin is running.
    board: Mutex<Option<(PathBuf, PluginSlotKeys)>>,
    on_status: Box<OnStatus>,
    on_logs: Box<OnLogs>,
    on_errors: Box<OnErrors>,
}

/// What a started plugin consists of.
struct RunningPlugin {
    handle: SupervisorHandle,
    /// Disconnected once the supervisor has ended.
    finished: Receiver<()>,
    keys: PluginSlotKeys,
    builds: PathBuf,
    over: Sender<()>,
    reading: JoinHandle<()>,
    _reload: ReloadAddress,
}

impl DevServerInstance {
    /// The development server of the plugin in this directory, with this port for its front end. Nothing is started
    /// yet. The functions are called on the instance's own thread, and must not wait for `start` or `stop`.
    #[expect(clippy::too_many_arguments, reason = "programs that embed it know it in this form")]
    pub fn new(
        id: &str,
        dev_path: &Path,
        vite_port: u16,
        build_opts: BuildOpts,
        reloader: Arc<dyn PluginReloader>,
        on_status: impl Fn(&DevServerState) + Send + Sync + 'static,
        on_logs: impl Fn(&[LogEntry]) + Send + Sync + 'static,
        on_errors: impl Fn(&str, &[BuildError]) + Send + Sync + 'static,
    ) -> Self {
        let state = DevServerState {
            plugin_id: id.to_owned(),
            dev_path: dev_path.to_string_lossy().into_owned(),
            ..DevServerState::default()
        };
        let shared = DevServerInstanceState {
            dev_path: dev_path.to_owned(),
            logs: LogRingBuffer::new(DEFAULT_LOG_BUFFER_SIZE),
            state: Mutex::new(state),
            board: Mutex::default(),
            on_status: Box::new(on_status),
            on_logs: Box::new(on_logs),
            on_errors: Box::new(on_errors),
        };
        let settings = Settings { build: build_opts, ..Settings::default() };
        Self { shared: Arc::new(shared), settings, reloader, vite_port, running: Mutex::new(None) }
    }

    /// Use the program for guards and the directory for boards of these settings.
    #[must_use]
    pub fn with_settings(mut self, settings: &Settings) -> Self {
        let build = std::mem::take(&mut self.settings.build);
        self.settings = Settings { build, ..settings.clone() };
        self
    }

    /// Start both services, and return at once. Does nothing if they were started before.
    ///
    /// # Errors
    /// The program for guards was not found, or no board or no thread can be created.
    pub fn start(&self) -> Result<(), DevServerError> {
        let mut running = self.running.lock();
        if running.is_none() {
            *running = Some(self.begin().inspect_err(|_| self.at_rest())?);
        }
        Ok(())
    }

    /// Stop both services, and return once none of their processes is left. Does nothing if they were stopped before.
    ///
    /// # Errors
    /// They have not ended in time; their board still shows them.
    pub fn stop(&self) -> Result<(), DevServerError> {
        let mut running = self.running.lock();
        let Some(RunningPlugin { handle, finished, keys: _, builds, over, reading, _reload }) = running.take() else {
            return Ok(());
        };
        self.shared.log_message("stops");
        // A supervisor that has ended needs no request.
        let _ = handle.ask(SupervisorRequest::StopAll);
        let ended = finished.recv_timeout(STOPPING) == Err(RecvTimeoutError::Disconnected);
        drop(over);
        // A thread that panicked in a function of the program has ended already.
        let _ = reading.join();
        let _ = std::fs::remove_dir_all(&builds);
        self.at_rest();
        if ended { Ok(()) } else { Err(DevServerError::NotEnded { id: self.id() }) }
    }

    /// Set the state of a plugin that is not running.
    fn at_rest(&self) {
        *self.shared.board.lock() = None;
        self.shared.publish(|state| {
            (state.mode, state.vite_port) = (DevServerMode::Idle, 0);
            (state.vite_status, state.go_status) = (DevProcessStatus::Stopped, DevProcessStatus::Stopped);
            state.vite_url.clear();
            state.grpc_connected = false;
        });
    }

    /// The present state.
    pub fn state(&self) -> DevServerState {
        self.shared.state.lock().clone()
    }

    /// Whether it has been started and not stopped since.
    pub fn is_managed(&self) -> bool {
        self.shared.state.lock().mode == DevServerMode::Managed
    }

    /// Build the back end again. If a build is in progress, one more follows it. The front end is left alone.
    ///
    /// # Errors
    /// It is not running.
    pub fn trigger_rebuild(&self) -> Result<(), DevServerError> {
        let running = self.running.lock();
        let running = running.as_ref().ok_or_else(|| DevServerError::Unknown { id: self.id() })?;
        running.handle.ask(SupervisorRequest::Rebuild(running.keys.go.clone()))?;
        Ok(())
    }

    /// The newest log entries, at most `count`, the oldest of them first.
    pub fn get_logs(&self, count: usize) -> Vec<LogEntry> {
        self.shared.logs.last(count)
    }

    /// The process group of the front end; 0 if it does not run.
    pub fn vite_pgid(&self) -> u32 {
        self.shared.vite_pgid()
    }

    fn id(&self) -> String {
        self.shared.state.lock().plugin_id.clone()
    }

    fn begin(&self) -> Result<RunningPlugin, DevServerError> {
        let (program, runtime) = (self.settings.guard()?, self.settings.runtime()?);
        let id = self.id();
        let reload = ReloadAddress::open(&id, Arc::clone(&self.reloader))?;
        let title = self.shared.dev_path.to_string_lossy();
        let subject = BoardSubject { kind: Some(Kind::Service), ..BoardSubject::titled(&title) };
        let board = Arc::new(create_board(&runtime, subject, SLOTS)?);
        let path = board.path().to_owned();
        let (logs, builds) = (logs_of(&path), self.builds(&path));
        std::fs::create_dir_all(&logs)?;
        let [vite, go] = self.services(&id, &reload.url());
        let keys = PluginSlotKeys { vite: vite.name.clone(), go: go.name.clone() };
        // The port is already reserved for the plugin; before each start the supervisor checks that it is free.
        let ports = Ports::within(&builds);
        let (handle, finished) = start(Supervision { board, program, logs, builds: builds.clone(), ports })?;
        self.shared.publish(|state| {
            (state.mode, state.vite_port) = (DevServerMode::Managed, self.vite_port);
            (state.vite_status, state.go_status) = (DevProcessStatus::Starting, DevProcessStatus::Starting);
            state.last_error.clear();
        });
        self.shared.log_message("starts");
        *self.shared.board.lock() = Some((path.clone(), keys.clone()));
        let state = self.shared.state.lock().clone();
        let reading = PluginBoardReader::open(&path, keys.clone(), state, Box::new(reload.fault())).map_err(io)?;
        let (over, is_over) = bounded(0);
        let shared = Arc::clone(&self.shared);
        let reading =
            thread::Builder::new().name("devserver".into()).spawn(move || shared.read_on(reading, &is_over))?;
        let project = self.shared.dev_path.clone();
        let specs = [vite, go].map(|service| Spec { project: project.clone(), ..Spec::for_service(service) });
        handle.ask(SupervisorRequest::Want {
            declared: RequestDeclarations::Program(specs.into()),
            names: Vec::new(),
            lease: Some(CLIENT),
        })?;
        Ok(RunningPlugin { handle, finished, keys, builds, over, reading, _reload: reload })
    }

    /// The directory for the results of its builds: among those in the home of vx, or beside the board if the settings
    /// name
    /// the runtime directory.
    fn builds(&self, board: &Path) -> PathBuf {
        let home = Home::from_environment().ok().filter(|_| self.settings.runtime.is_none());
        let name = format!("devserver-{}", board.file_stem().unwrap_or_default().to_string_lossy());
        home.map_or_else(|| board.with_extension("builds"), |home| home.builds().join(name))
    }

    /// The two services, run by the programs of the settings.
    fn services(&self, id: &str, reload: &str) -> [DeclaredService; 2] {
        let BuildOpts { go_path, pnpm_path, node_path } = &self.settings.build;
        let [mut vite, mut go] = vite_go(&name_of(id), "");
        (vite.directory, go.directory) = (None, None);
        vite.port = Some(Port::Fixed(self.vite_port));
        if !node_path.is_empty() {
            vite.command[0].clone_from(node_path);
        }
        if !pnpm_path.is_empty() && !self.shared.dev_path.join(VITE).exists() {
            let words = [pnpm_path.as_str(), "exec", "vite"].into_iter().chain(VITE_ARGUMENTS);
            vite.command = words.map(str::to_owned).collect();
        }
        if !go_path.is_empty() {
            go.renewal.build[0].clone_from(go_path);
        }
        go.renewal.reload = Some(Reload::Post(reload.to_owned()));
        [vite, go]
    }
}

impl Drop for DevServerInstance {
    fn drop(&mut self) {
        // If this fails, the guards end what is left, as they do when this process ends.
        let _ = self.stop();
    }
}

impl DevServerInstanceState {
    /// Read the board and the logs until the plugin is stopped.
    fn read_on(&self, mut reading: PluginBoardReader, over: &Receiver<()>) {
        loop {
            // Everything is read once more after the end, so that no last line is lost.
            let last = over.try_recv() == Err(TryRecvError::Disconnected);
            for event in reading.poll() {
                self.handle_event(event);
            }
            if last {
                return;
            }
            reading.await_change(LOOK);
        }
    }

    fn handle_event(&self, event: DevServerEvent) {
        match event {
            DevServerEvent::Log(entries) => self.log(entries),
            DevServerEvent::Errors(id, errors) => (self.on_errors)(&id, &errors),
            DevServerEvent::Status(new) => self.publish(|state| *state = new),
        }
    }

    /// Change the state, and report it if it differs from before.
    fn publish(&self, change: impl FnOnce(&mut DevServerState)) {
        let mut state = self.state.lock();
        let before = state.clone();
        change(&mut state);
        let now = state.clone();
        drop(state);
        if now != before {
            (self.on_status)(&now);
        }
    }

    fn log_message(&self, text: &str) {
        let id = self.state.lock().plugin_id.clone();
        self.log(vec![LogEntry::own(&id, MANAGER, "info", text.to_owned())]);
    }

    fn log(&self, entries: Vec<LogEntry>) {
        entries.iter().cloned().for_each(|entry| self.logs.push(entry));
        (self.on_logs)(&entries);
    }

    fn vite_pgid(&self) -> u32 {
        let Some((board, keys)) = self.board.lock().clone() else { return 0 };
        let snapshot = find::open_file(&board).ok().and_then(|mut reader| reader.snapshot().ok());
        let slot = snapshot.as_ref().and_then(|snapshot| find::slot_of(snapshot, &keys.vite));
        let guard = slot.filter(|slot| !slot.state.ended()).and_then(|slot| slot.pid);
        // The first process below the guard leads the group of the service.
        let first = guard
            .and_then(|guard| members(guard).into_iter().map(|member| member.pid).filter(|pid| *pid != guard).min());
        first.unwrap_or_default()
    }
}

fn io(error: find::BoardError) -> DevServerError {
    DevServerError::System(std::io::Error::other(error))
}

/// The name for a plugin's services: its id, without what names of services must not contain.
pub(super) fn name_of(id: &str) -> String {
    let plain =
        |character: char| if character.is_ascii_alphanumeric() || "-_.".contains(character) { character } else { '-' };
    let name: String = id.chars().map(plain).take(NAME_BYTES - "-vite".len()).collect();
    name.trim_start_matches(['-', '.']).to_owned()
}
