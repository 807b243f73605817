//! The commands for plugins: requests to the supervisor, and the waits for their effects.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::services::vite_go;
use vx_run::await_change;
use vx_services::build_key;
use vx_services::declared::spec::Spec;
use vx_services::supervisor::{RequestDeclarations, SupervisorRequest};
use vx_shm::{Reader, Snapshot};

use super::ProjectServersState;
use crate::boards::find::{self, slot_of};
use crate::serving::devserver::error::DevServerError;
use crate::serving::devserver::instance::name_of;
use crate::serving::devserver::reading::PluginSlotKeys;
use crate::serving::devserver::state::DevServerState;

/// The time on top of a service's own stop timeout, since its guard may have to be killed.
const BEYOND: Duration = Duration::from_secs(30);
/// The longest sleep, since a killed writer wakes no reader.
const LOOK: Duration = Duration::from_secs(1);

impl ProjectServersState {
    fn turn(&self, id: &str) -> Arc<Mutex<()>> {
        Arc::clone(self.turns.lock().entry(id.to_owned()).or_default())
    }

    /// Start a plugin that the project's file declares, or that was started by its directory before.
    pub(super) fn start(self: &Arc<Self>, id: &str) -> Result<DevServerState, DevServerError> {
        let turn = self.turn(id);
        let _turn = turn.lock();
        let path = self.with_plugin(id, |plugin| plugin.path().to_owned());
        let path = path.ok_or_else(|| DevServerError::NotInDevelopment { id: id.to_owned() })?;
        self.begin(id, id, &path)
    }

    /// Start the plugin in this directory. If the project's file declares the plugin, its other settings still apply.
    pub(super) fn start_for_path(self: &Arc<Self>, id: &str, path: &Path) -> Result<DevServerState, DevServerError> {
        let turn = self.turn(id);
        let _turn = turn.lock();
        if let Some(state) = self.managed_state(id) {
            return Ok(state);
        }
        if path.as_os_str().is_empty() || !path.is_absolute() || !path.is_dir() {
            return Err(DevServerError::NoPath { id: id.to_owned(), path: path.to_owned() });
        }
        let name = name_of(id);
        let mut plugins = self.plugins.lock();
        for spec in specs_in(&plugins.specs, &name, path)? {
            plugins.declare(&spec, &self.board);
        }
        plugins.know(id, &name, path, &self.board);
        drop(plugins);
        self.watch_folders();
        self.begin(id, &name, path)
    }

    fn begin(&self, id: &str, name: &str, path: &Path) -> Result<DevServerState, DevServerError> {
        if let Some(state) = self.managed_state(id) {
            return Ok(state);
        }
        if self.runs_elsewhere(id) {
            return Err(DevServerError::External { id: id.to_owned() });
        }
        if !path.is_dir() {
            return Err(DevServerError::NoPath { id: id.to_owned(), path: path.to_owned() });
        }
        let specs = self.plugins.lock().specs.clone();
        self.handle.ask(SupervisorRequest::Want {
            declared: RequestDeclarations::Program(specs),
            names: vec![name.to_owned()],
            lease: None,
        })?;
        Ok(self.noted(id, "starts"))
    }

    /// Stop a plugin, and return once its services and its build have ended.
    pub(super) fn stop(&self, id: &str) -> Result<(), DevServerError> {
        let turn = self.turn(id);
        let _turn = turn.lock();
        let (keys, _) = self.own(id)?;
        for key in [&keys.vite, &keys.go] {
            self.handle.ask(SupervisorRequest::Stop(key.clone()))?;
        }
        let build = build_key(&keys.go);
        self.await_board(id, |snapshot| {
            let over = |key: &str| slot_of(snapshot, key).is_none_or(|slot| slot.state.ended());
            [&keys.vite, &keys.go, &build].into_iter().all(|key| over(key))
        })?;
        self.with_plugin(id, |plugin| plugin.rest());
        self.noted(id, "stopped");
        Ok(())
    }

    /// Stop a plugin, start it again on the same port, and return once both services have begun their next lives.
    pub(super) fn restart(&self, id: &str) -> Result<DevServerState, DevServerError> {
        let turn = self.turn(id);
        let _turn = turn.lock();
        let (keys, lives) = self.own(id)?;
        for key in [&keys.vite, &keys.go] {
            self.handle.ask(SupervisorRequest::Restart(key.clone()))?;
        }
        let keyed = || [&keys.vite, &keys.go].into_iter().zip(lives);
        self.await_board(id, |snapshot| {
            let next = |(key, life): (&String, Option<u32>)| {
                slot_of(snapshot, key).is_some_and(|slot| Some(slot.generation) != life)
            };
            keyed().all(next)
        })?;
        Ok(self.noted(id, "starts again"))
    }

    /// Build the back end of a plugin again.
    pub(super) fn rebuild(&self, id: &str) -> Result<(), DevServerError> {
        let (keys, _) = self.own(id)?;
        self.handle.ask(SupervisorRequest::Rebuild(keys.go))?;
        Ok(())
    }

    fn managed_state(&self, id: &str) -> Option<DevServerState> {
        self.with_plugin(id, |plugin| plugin.is_managed().then(|| plugin.state().clone())).flatten()
    }

    /// The keys and the lives of a plugin that runs here.
    fn own(&self, id: &str) -> Result<(PluginSlotKeys, [Option<u32>; 2]), DevServerError> {
        let found = self.with_plugin(id, |plugin| plugin.is_managed().then(|| (plugin.keys.clone(), plugin.lives())));
        found.flatten().ok_or_else(|| match self.runs_elsewhere(id) {
            true => DevServerError::External { id: id.to_owned() },
            false => DevServerError::Unknown { id: id.to_owned() },
        })
    }

    /// Add this message to a plugin's log, and return the plugin's present state.
    fn noted(&self, id: &str, text: &str) -> DevServerState {
        let event = self.plugins.lock().known.get(id).map(|plugin| plugin.log_message(text));
        event.into_iter().for_each(|event| self.news.lock().add(event));
        self.state(id)
    }

    /// Wait until the board meets this condition.
    fn await_board(&self, id: &str, is_so: impl Fn(&Snapshot) -> bool) -> Result<(), DevServerError> {
        let of_services = self.plugins.lock().specs.iter().map(|spec| spec.service.stop.timeout).max();
        let deadline = Instant::now() + of_services.unwrap_or_default() + BEYOND;
        let mut reader: Reader = find::open_file(&self.board).map_err(std::io::Error::other)?;
        let mut snapshot = Snapshot::default();
        loop {
            let read = reader.refresh(&mut snapshot);
            if is_so(&snapshot) {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(DevServerError::NotEnded { id: id.to_owned() });
            }
            await_change(&reader, &read, left.min(LOOK));
        }
    }
}

/// The services of the plugin with this name in this directory. Services that are not declared get the variables that
/// all declared services share.
fn specs_in(declared: &[Spec], name: &str, path: &Path) -> Result<[Spec; 2], Trouble> {
    let mut services = vite_go(name, "");
    services.iter_mut().for_each(|service| service.directory = None);
    let mut environment = declared.first().map(|spec| spec.environment.clone()).unwrap_or_default();
    environment.retain(|variable| declared.iter().all(|spec| spec.environment.contains(variable)));
    let inherited = declared.first().and_then(|spec| spec.inherited.clone());
    let specs = services.map(|service| {
        let known = declared.iter().find(|spec| spec.service.name == service.name);
        match known {
            Some(known) if known.service.plugin.as_deref() != Some(name) => {
                let text = format!("the project has a service `{}` that does not belong to this plugin", service.name);
                Err(Trouble::new(TroubleKind::Usage, text).hinted("choose another id for the plugin"))
            }
            Some(known) => {
                let mut service = known.service.clone();
                service.directory = None;
                Ok(Spec { service, project: path.to_owned(), ..known.clone() })
            }
            None => {
                let (environment, inherited) = (environment.clone(), inherited.clone());
                Ok(Spec { project: path.to_owned(), environment, inherited, ..Spec::for_service(service) })
            }
        }
    });
    let [vite, go] = specs;
    Ok([vite?, go?])
}
