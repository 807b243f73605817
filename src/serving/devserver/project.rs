//! The plugins of a project under its supervisor, for programs that connect to its socket: the manager's functions as
//! requests, and its events as notifications.
//!
//! The supervisor runs the services. This module finds those of a plugin, and reads the board once for all clients.
//! While no client asks or listens, it reads nothing.

mod commands;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::json;
use vx_base::trouble::Trouble;
use vx_rpc::{Notification, Params, RpcError};
use vx_services::declared::spec::Spec;
use vx_services::devinfo::Externals;
use vx_services::supervisor::{SupervisorHandle, SupervisorRequest};

use super::error::DevServerError;
use super::external::{ExternalConnection, ExternalWatcher};
use super::manager::{external_state, idle};
use super::methods::{AtPath, DevServerMethod, OfLogs, OfPlugin};
use super::plugin::Plugin;
use super::state::DevServerState;
use crate::boards::control::fault;
use crate::serving::devserver::events::event::DevServerEvent;
use crate::serving::devserver::events::log::LogEntry;
use crate::serving::devserver::events::notifications::NotificationQueue;
use crate::serving::up::Guest;

/// A reading younger than this is reused for the next client.
const FRESH: Duration = Duration::from_millis(50);
/// The most bytes of log entries in one answer.
const ANSWER_BYTES: usize = 512 * 1024;

/// The plugins of a project, as the clients of its supervisor see them.
pub struct ProjectServers(Arc<ProjectServersState>);

struct ProjectServersState {
    handle: SupervisorHandle,
    board: PathBuf,
    plugins: Mutex<Plugins>,
    news: Mutex<NotificationQueue>,
    watchers: Mutex<BTreeMap<PathBuf, ExternalWatcher>>,
    /// A lock for each plugin, so that its commands run one at a time.
    turns: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
}

#[derive(Default)]
struct Plugins {
    /// All services that clients have declared.
    specs: Vec<Spec>,
    known: BTreeMap<String, Plugin>,
    looked: Option<Instant>,
}

impl ProjectServers {
    /// The plugins under the supervisor with this handle and this board.
    pub fn new(handle: SupervisorHandle, board: &Path) -> Self {
        let (plugins, news, watchers, turns) = Default::default();
        Self(Arc::new(ProjectServersState { handle, board: board.to_owned(), plugins, news, watchers, turns }))
    }

    fn answer(&self, method: DevServerMethod, params: Params<'_>) -> Result<String, RpcError> {
        let shared = &self.0;
        let id = || params.read::<OfPlugin>().map(|of| of.id);
        match method {
            DevServerMethod::Start => answered(shared.start(&id()?)),
            DevServerMethod::StartForPath => {
                let AtPath { id, path } = params.read()?;
                answered(shared.start_for_path(&id, &path))
            }
            DevServerMethod::Stop => answered(shared.stop(&id()?).map(|()| json!({}))),
            DevServerMethod::Restart => answered(shared.restart(&id()?)),
            DevServerMethod::Rebuild => answered(shared.rebuild(&id()?).map(|()| json!({}))),
            DevServerMethod::State => answered(Ok(shared.state(&id()?))),
            DevServerMethod::States => answered(Ok(shared.states())),
            DevServerMethod::Logs => {
                let OfLogs { id, count } = params.read()?;
                answered(Ok(shared.logs(&id, count)))
            }
            DevServerMethod::IsManaged => answered(Ok(shared.is_managed(&id()?))),
            DevServerMethod::External => answered(Ok(shared.external(&id()?))),
        }
    }
}

fn answered(answer: Result<impl Serialize, DevServerError>) -> Result<String, RpcError> {
    let answer = answer.map_err(|error| fault(Trouble::from_error(&error)))?;
    Ok(json!(answer).to_string())
}

impl Guest for ProjectServers {
    fn methods(&self) -> Vec<&'static str> {
        DevServerMethod::ALL.map(|(name, _)| name).into()
    }

    fn declared(&self, spec: &Spec) {
        self.0.plugins.lock().declare(spec, &self.0.board);
        self.0.watch_folders();
    }

    fn parts(&self, name: &str) -> Vec<String> {
        let plugins = self.0.plugins.lock();
        plugins
            .known
            .get(name)
            .map(|plugin| plugin.keys.clone())
            .into_iter()
            .flat_map(|keys| [keys.vite, keys.go])
            .collect()
    }

    fn call(&self, client: u64, method: &str, params: Params<'_>) -> Option<Result<String, RpcError>> {
        let method = DevServerMethod::named(method)?;
        // The supervisor must not end while a program that starts and stops plugins is connected.
        Some(
            self.0.handle.ask(SupervisorRequest::Stay(client)).map_err(fault).and_then(|_| self.answer(method, params)),
        )
    }

    fn listens(&self, client: u64) {
        self.0.refresh(FRESH);
        self.0.news.lock().join(client);
        self.0.watch_folders();
    }

    fn notifies(&self) -> bool {
        !self.0.plugins.lock().known.is_empty()
    }

    fn news(&self, client: u64) -> Vec<Notification> {
        self.0.refresh(FRESH);
        let plugins = self.0.plugins.lock();
        self.0.news.lock().next_for_client(client, || plugins.present())
    }

    fn gone(&self, client: u64) {
        let mut news = self.0.news.lock();
        news.leave(client);
        let over = if news.is_deserted() { std::mem::take(&mut *self.0.watchers.lock()) } else { BTreeMap::new() };
        drop(news);
        // After `news` is unlocked: dropping a watcher waits until it has reported its servers as gone, which locks
        // `news`.
        drop(over);
    }
}

impl Plugins {
    fn declare(&mut self, spec: &Spec, board: &Path) {
        match self.specs.iter_mut().find(|known| known.service.name == spec.service.name) {
            Some(known) => known.clone_from(spec),
            None => self.specs.push(spec.clone()),
        }
        let Some(plugin) = &spec.service.plugin else { return };
        let path =
            spec.service.directory.as_ref().map_or_else(|| spec.project.clone(), |below| spec.project.join(below));
        self.know(plugin, plugin, &path, board);
    }

    /// Add the plugin with this id in this directory, whose services have this name, or update its directory. If the
    /// board cannot be read, a later call adds the plugin.
    fn know(&mut self, id: &str, name: &str, path: &Path, board: &Path) {
        match self.known.get_mut(id) {
            Some(known) => known.move_to(path),
            None => self.known.extend(Plugin::on(board, id, name, path).ok().map(|plugin| (id.to_owned(), plugin))),
        }
    }

    /// The folders that contain the plugins, where other programs may run some, too.
    fn folders(&self) -> BTreeSet<PathBuf> {
        self.known.values().filter_map(|plugin| plugin.path().parent()).map(Path::to_owned).collect()
    }

    /// The present states and errors, for a client that has missed notifications.
    fn present(&self) -> Vec<DevServerEvent> {
        let present = |(id, plugin): (&String, &Plugin)| {
            let errors = DevServerEvent::Errors(id.clone(), plugin.errors().to_vec());
            [DevServerEvent::Status(plugin.state().clone()), errors]
        };
        self.known.iter().flat_map(present).collect()
    }
}

impl ProjectServersState {
    /// Read the board and the logs, unless that was done less than `fresh` ago, and notify the clients of changes.
    fn refresh(&self, fresh: Duration) {
        let mut plugins = self.plugins.lock();
        if plugins.looked.is_some_and(|at| at.elapsed() < fresh) {
            return;
        }
        for plugin in plugins.known.values_mut() {
            let vite = plugin.keys.vite.clone();
            let events = plugin.poll(|| self.port(vite));
            let mut news = self.news.lock();
            events.into_iter().for_each(|event| news.add(event));
        }
        plugins.looked = Some(Instant::now());
    }

    /// The port of this service, as its supervisor knows it.
    fn port(&self, key: String) -> Option<u16> {
        self.handle.ask(SupervisorRequest::Look(vec![key])).ok()?.first()?.port
    }

    /// Look for servers of other programs in every folder of plugins, as long as a client listens.
    fn watch_folders(self: &Arc<Self>) {
        if self.news.lock().is_deserted() {
            return;
        }
        let folders = self.plugins.lock().folders();
        let mut watchers = self.watchers.lock();
        for folder in folders {
            watchers.entry(folder).or_insert_with_key(|folder| {
                let watcher = watcher(folder, &Arc::downgrade(self));
                // If its thread cannot be started, the clients get no notifications of such servers.
                let _ = watcher.start();
                watcher
            });
        }
    }

    /// The servers of other programs, checked now, with their ids.
    fn externals(&self) -> BTreeMap<String, ExternalConnection> {
        let folders = self.plugins.lock().folders();
        let mut found = BTreeMap::new();
        for folder in folders {
            let mut externals = Externals::below(&folder);
            externals.refresh(Instant::now());
            found.extend(externals.all().map(|(id, connection)| (id.to_owned(), connection.clone().into())));
        }
        found
    }

    fn external(&self, id: &str) -> Option<ExternalConnection> {
        self.externals().remove(id)
    }

    fn runs_elsewhere(&self, id: &str) -> bool {
        self.external(id).is_some_and(|external| external.connected)
    }

    /// Read the board, then this plugin; `None` if there is no plugin with this id.
    fn with_plugin<T>(&self, id: &str, read: impl FnOnce(&mut Plugin) -> T) -> Option<T> {
        self.refresh(Duration::ZERO);
        self.plugins.lock().known.get_mut(id).map(read)
    }

    fn state(&self, id: &str) -> DevServerState {
        let known = self.with_plugin(id, |plugin| plugin.state().clone());
        let is_managed = self.plugins.lock().known.get(id).is_some_and(Plugin::is_managed);
        match self.external(id).filter(|external| external.connected && !is_managed) {
            Some(external) => external_state(id, &external),
            None => known.unwrap_or_else(|| idle(id)),
        }
    }

    fn states(&self) -> Vec<DevServerState> {
        self.refresh(Duration::ZERO);
        let connected = self.externals().into_iter().filter(|(_, external)| external.connected);
        let mut states: BTreeMap<String, DevServerState> =
            connected.map(|(id, external)| (id.clone(), external_state(&id, &external))).collect();
        let plugins = self.plugins.lock();
        let managed = plugins.known.iter().filter(|(_, plugin)| plugin.is_managed());
        states.extend(managed.map(|(id, plugin)| (id.clone(), plugin.state().clone())));
        states.into_values().collect()
    }

    fn is_managed(&self, id: &str) -> bool {
        self.with_plugin(id, |plugin| plugin.is_managed()).unwrap_or(false) || self.runs_elsewhere(id)
    }

    /// The newest entries, as many as one answer holds.
    fn logs(&self, id: &str, count: usize) -> Vec<LogEntry> {
        let mut entries = self.with_plugin(id, |plugin| plugin.logs(count)).unwrap_or_default();
        let mut bytes = 0;
        let fits = |entry: &&LogEntry| {
            bytes += json!(entry).to_string().len();
            bytes <= ANSWER_BYTES
        };
        let surplus = entries.len() - entries.iter().rev().take_while(fits).count();
        entries.drain(..surplus);
        entries
    }
}

/// A watcher of this folder that notifies the clients.
fn watcher(folder: &Path, shared: &Weak<ProjectServersState>) -> ExternalWatcher {
    let (come, gone) = (shared.clone(), shared.clone());
    let on_connect = move |id: &str, info: &super::DevInfoFile| {
        let dev_info = info.clone();
        let external = ExternalConnection { dev_info, connected: true, last_checked: jiff::Timestamp::now() };
        tell(&come, id, external_state(id, &external));
    };
    ExternalWatcher::new(folder, on_connect, move |id| tell(&gone, id, idle(id)))
}

/// Notify the clients of a server that another program runs, unless the plugin runs here.
fn tell(shared: &Weak<ProjectServersState>, id: &str, state: DevServerState) {
    let Some(shared) = shared.upgrade() else { return };
    if !shared.plugins.lock().known.get(id).is_some_and(Plugin::is_managed) {
        shared.news.lock().add(DevServerEvent::Status(state));
    }
}
