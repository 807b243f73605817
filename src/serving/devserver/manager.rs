//! All development servers that a program knows: those that it has started, and those that other programs run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread;

use parking_lot::Mutex;
use vx_base::system::threads::aside;

use super::error::DevServerError;
use super::external::{ExternalConnection, ExternalWatcher};
use super::instance::DevServerInstance;
use super::ports::PortAllocator;
use super::settings::{PluginRef, PluginReloader, Settings};
use super::state::{DevProcessStatus, DevServerMode, DevServerState};
use crate::serving::devserver::events::event::DevServerEvent;
use crate::serving::devserver::events::log::LogEntry;

/// The development servers of a program. Any number of threads can share it.
pub struct DevServerManager {
    shared: Arc<DevServerManagerState>,
}

struct DevServerManagerState {
    plugin_ref: Arc<dyn PluginRef>,
    reloader: Arc<dyn PluginReloader>,
    settings: Settings,
    /// `Some` from `initialize` to `shutdown`.
    at_work: Mutex<Option<Arc<DevServerManagerResources>>>,
    instances: Mutex<BTreeMap<String, Arc<DevServerInstance>>>,
    /// A lock for each plugin, so that its commands run one at a time.
    turns: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
}

struct DevServerManagerResources {
    ports: PortAllocator,
    watcher: Option<ExternalWatcher>,
}

impl DevServerManager {
    /// A manager that starts nothing yet.
    pub fn new(plugin_ref: Arc<dyn PluginRef>, reloader: Arc<dyn PluginReloader>, settings: Settings) -> Self {
        let (at_work, instances, turns) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { shared: Arc::new(DevServerManagerState { plugin_ref, reloader, settings, at_work, instances, turns }) }
    }

    /// End what an earlier program has left running, and start looking for servers of other programs. Does nothing if
    /// this
    /// was done before.
    ///
    /// # Errors
    /// No directory for records was found, or the thread cannot be started.
    pub fn initialize(&self) -> Result<(), DevServerError> {
        let mut at_work = self.shared.at_work.lock();
        if at_work.is_some() {
            return Ok(());
        }
        let ports = PortAllocator::new(&self.shared.settings.runtime()?);
        ports.cleanup_stale_processes();
        let watcher = self.shared.settings.plugins.as_deref().map(|folder| self.watcher(folder));
        if let Some(watcher) = &watcher {
            watcher.start()?;
        }
        *at_work = Some(Arc::new(DevServerManagerResources { ports, watcher }));
        Ok(())
    }

    /// Start the server of a plugin in development, and return its state. A server that is managed already is left
    /// alone.
    ///
    /// # Errors
    /// The plugin is not in development, another program runs its server, or it cannot be started.
    pub fn start_dev_server(&self, id: &str) -> Result<DevServerState, DevServerError> {
        self.shared.at_work()?;
        let (in_development, path) = self.shared.plugin_ref.get_dev_plugin_info(id);
        if !in_development {
            return Err(DevServerError::NotInDevelopment { id: id.to_owned() });
        }
        self.start_dev_server_for_path(id, Path::new(&path))
    }

    /// Start the server of the plugin in this directory, without asking the program about the plugin.
    ///
    /// # Errors
    /// The directory does not exist, another program runs the server, or it cannot be started.
    pub fn start_dev_server_for_path(&self, id: &str, dev_path: &Path) -> Result<DevServerState, DevServerError> {
        let at_work = self.shared.at_work()?;
        let turn = self.shared.turn(id);
        let _turn = turn.lock();
        let known = self.shared.instance(id);
        if let Some(managed) = known.filter(|instance| instance.is_managed()) {
            return Ok(managed.state());
        }
        if at_work.runs_elsewhere(id) {
            return Err(DevServerError::External { id: id.to_owned() });
        }
        if dev_path.as_os_str().is_empty() || !dev_path.is_dir() {
            return Err(DevServerError::NoPath { id: id.to_owned(), path: dev_path.to_owned() });
        }
        let instance = Arc::new(self.instance(id, dev_path, at_work.ports.allocate(id)?));
        if let Err(error) = instance.start() {
            at_work.ports.release_by_plugin(id);
            return Err(error);
        }
        self.shared.instances.lock().insert(id.to_owned(), Arc::clone(&instance));
        // A shutdown in the meantime may have missed this instance.
        if let Err(over) = self.shared.at_work() {
            let _ = instance.stop();
            at_work.release(id)?;
            return Err(over);
        }
        Ok(instance.state())
    }

    /// Stop the server of a plugin, and give its port back.
    ///
    /// # Errors
    /// No server of the plugin is managed, or it does not end.
    pub fn stop_dev_server(&self, id: &str) -> Result<(), DevServerError> {
        let at_work = self.shared.at_work()?;
        let turn = self.shared.turn(id);
        let _turn = turn.lock();
        let stopped = self.shared.managed(id)?.stop();
        at_work.release(id)?;
        stopped
    }

    /// Stop the server of a plugin, start it again on the same port, and return the new state.
    ///
    /// # Errors
    /// No server of the plugin is managed, it does not end, or it cannot be started again.
    pub fn restart_dev_server(&self, id: &str) -> Result<DevServerState, DevServerError> {
        let at_work = self.shared.at_work()?;
        let turn = self.shared.turn(id);
        let _turn = turn.lock();
        let instance = self.shared.managed(id)?;
        let started = instance.stop().and_then(|()| instance.start());
        if let Err(error) = started {
            at_work.release(id)?;
            return Err(error);
        }
        Ok(instance.state())
    }

    /// Build the back end of a plugin again.
    ///
    /// # Errors
    /// No server of the plugin is managed.
    pub fn rebuild_plugin(&self, id: &str) -> Result<(), DevServerError> {
        self.shared.at_work()?;
        self.shared.managed(id)?.trigger_rebuild()
    }

    /// The state of a plugin's server; idle if the plugin is unknown.
    pub fn get_dev_server_state(&self, id: &str) -> DevServerState {
        let instance = self.shared.instance(id);
        match instance.filter(|instance| instance.is_managed()) {
            Some(managed) => managed.state(),
            None => match self.get_external_plugin_info(id).filter(|external| external.connected) {
                Some(external) => external_state(id, &external),
                None => self.shared.instance(id).map_or_else(|| idle(id), |instance| instance.state()),
            },
        }
    }

    /// The states of all servers that are managed, here or by other programs.
    pub fn list_dev_server_states(&self) -> Vec<DevServerState> {
        let instances: Vec<Arc<DevServerInstance>> = self.shared.instances.lock().values().cloned().collect();
        let managed = instances.iter().filter(|instance| instance.is_managed()).map(|instance| instance.state());
        let mut states: BTreeMap<String, DevServerState> =
            managed.map(|state| (state.plugin_id.clone(), state)).collect();
        let at_work = self.shared.at_work.lock().clone();
        for (id, external) in
            at_work.iter().filter_map(|at_work| at_work.watcher.as_ref()).flat_map(ExternalWatcher::all)
        {
            if external.connected {
                states.entry(id.clone()).or_insert_with(|| external_state(&id, &external));
            }
        }
        states.into_values().collect()
    }

    /// The newest log entries of a plugin, at most `count`, the oldest of them first.
    pub fn get_dev_server_logs(&self, id: &str, count: usize) -> Vec<LogEntry> {
        self.shared.instance(id).map(|instance| instance.get_logs(count)).unwrap_or_default()
    }

    /// Whether a server of the plugin is managed, here or by another program.
    pub fn is_managed(&self, id: &str) -> bool {
        let here = self.shared.instance(id).is_some_and(|instance| instance.is_managed());
        here || self.shared.at_work.lock().clone().is_some_and(|at_work| at_work.runs_elsewhere(id))
    }

    /// The server that another program runs for this plugin, as described by its `.devinfo` file.
    pub fn get_external_plugin_info(&self, id: &str) -> Option<ExternalConnection> {
        let at_work = self.shared.at_work.lock().clone()?;
        at_work.watcher.as_ref()?.get_external_info(id)
    }

    /// Stop everything that this manager has started. Calling it again does nothing.
    ///
    /// # Errors
    /// A server has not ended in time, or the record of process groups cannot be written. All servers were told to
    /// stop.
    pub fn shutdown(&self) -> Result<(), DevServerError> {
        let Some(at_work) = self.shared.at_work.lock().take() else { return Ok(()) };
        at_work.watcher.iter().for_each(ExternalWatcher::stop);
        let instances: Vec<(String, Arc<DevServerInstance>)> =
            std::mem::take(&mut *self.shared.instances.lock()).into_iter().collect();
        // A command in progress holds this lock, so nothing is started after the stop.
        let stop = |id: &str, instance: &DevServerInstance| {
            let turn = self.shared.turn(id);
            let _turn = turn.lock();
            let stopped = instance.stop();
            at_work.release(id).and(stopped)
        };
        thread::scope(|scope| {
            let stopping: Vec<_> = instances.iter().map(|(id, instance)| aside(scope, || stop(id, instance))).collect();
            stopping.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
        })
    }

    fn instance(&self, id: &str, dev_path: &Path, port: u16) -> DevServerInstance {
        let (weak, named) = (Arc::downgrade(&self.shared), id.to_owned());
        let (status, logs, errors) = (weak.clone(), weak.clone(), weak);
        let (build, reloader) = (self.shared.settings.build.clone(), Arc::clone(&self.shared.reloader));
        let on_status = move |state: &DevServerState| status_changed(&status, &named, state);
        let on_logs = move |entries: &[LogEntry]| report(&logs, || DevServerEvent::Log(entries.to_vec()));
        let instance =
            DevServerInstance::new(id, dev_path, port, build, reloader, on_status, on_logs, move |id, found| {
                report(&errors, || DevServerEvent::Errors(id.to_owned(), found.to_vec()));
            });
        instance.with_settings(&self.shared.settings)
    }

    fn watcher(&self, folder: &Path) -> ExternalWatcher {
        let (come, gone) = (Arc::downgrade(&self.shared), Arc::downgrade(&self.shared));
        let on_connect = move |id: &str, info: &super::DevInfoFile| {
            let external =
                ExternalConnection { dev_info: info.clone(), connected: true, last_checked: jiff::Timestamp::now() };
            report(&come, || DevServerEvent::Status(external_state(id, &external)));
        };
        ExternalWatcher::new(folder, on_connect, move |id| report(&gone, || DevServerEvent::Status(idle(id))))
    }
}

impl Drop for DevServerManager {
    fn drop(&mut self) {
        // If a server does not end, its guards end it.
        let _ = self.shutdown();
    }
}

impl DevServerManagerState {
    fn at_work(&self) -> Result<Arc<DevServerManagerResources>, DevServerError> {
        self.at_work.lock().clone().ok_or(DevServerError::NotInitialized)
    }

    fn turn(&self, id: &str) -> Arc<Mutex<()>> {
        Arc::clone(self.turns.lock().entry(id.to_owned()).or_default())
    }

    fn instance(&self, id: &str) -> Option<Arc<DevServerInstance>> {
        self.instances.lock().get(id).cloned()
    }

    fn managed(&self, id: &str) -> Result<Arc<DevServerInstance>, DevServerError> {
        let found = self.instance(id).filter(|instance| instance.is_managed());
        found.ok_or_else(|| DevServerError::Unknown { id: id.to_owned() })
    }
}

impl DevServerManagerResources {
    fn runs_elsewhere(&self, id: &str) -> bool {
        self.watcher.as_ref().is_some_and(|watcher| watcher.is_externally_managed(id))
    }

    fn release(&self, id: &str) -> Result<(), DevServerError> {
        self.ports.release_by_plugin(id);
        Ok(self.ports.save_pids()?)
    }
}

/// Report a new state. While the front end runs, record its process group, so that the next manager can end it if this
/// program is killed.
fn status_changed(shared: &Weak<DevServerManagerState>, id: &str, state: &DevServerState) {
    if let Some(shared) = shared.upgrade()
        && let Some(at_work) = shared.at_work.lock().clone()
        && matches!(state.vite_status, DevProcessStatus::Running | DevProcessStatus::Ready)
        && let Some(instance) = shared.instance(id)
    {
        at_work.ports.record_pid(state.vite_port, instance.vite_pgid());
        // Even without the record the guards end the processes.
        let _ = at_work.ports.save_pids();
    }
    report(shared, || DevServerEvent::Status(state.clone()));
}

fn report(shared: &Weak<DevServerManagerState>, event: impl FnOnce() -> DevServerEvent) {
    if let Some(on_event) = shared.upgrade().and_then(|shared| shared.settings.on_event.clone()) {
        on_event(event());
    }
}

pub(super) fn idle(id: &str) -> DevServerState {
    DevServerState { plugin_id: id.to_owned(), ..DevServerState::default() }
}

pub(super) fn external_state(id: &str, external: &ExternalConnection) -> DevServerState {
    let info = &external.dev_info;
    let has_front_end = info.vite_port > 0;
    DevServerState {
        plugin_id: id.to_owned(),
        mode: DevServerMode::External,
        vite_port: info.vite_port,
        vite_url: if has_front_end { format!("http://localhost:{}", info.vite_port) } else { String::new() },
        vite_status: if has_front_end { DevProcessStatus::Running } else { DevProcessStatus::Idle },
        go_status: DevProcessStatus::Running,
        grpc_connected: external.connected,
        ..DevServerState::default()
    }
}
