//! Watching the files of services: a service whose files have changed is built, then reloaded or restarted.

use std::thread;
use std::time::Instant;

use super::unit::{FileWatch, ServiceStage};
use super::{ServiceSupervisor, SupervisorEvent};
use crate::builds::watch::{SourceWatcher, WatchedFiles};
use crate::declared::restarts::Restarts;

impl ServiceSupervisor {
    /// Watch the files of a unit from now on. If that fails, the service runs without it.
    pub(super) fn watch_files(&mut self, index: usize) {
        let unit = &self.units[index];
        let Ok(directory) = unit.spec.directory() else { return };
        let patterns = unit.spec.service.watch.clone();
        let same = |watch: &FileWatch| watch.directory == directory && watch.patterns == patterns;
        if unit.watch.as_ref().is_some_and(same) {
            return;
        }
        let start = || {
            let choice = WatchedFiles::new(&directory, &patterns, &[]).ok()?;
            let watch = SourceWatcher::start(choice).ok()?;
            let (changes, events) = (watch.changes().clone(), self.events.clone());
            let forward = move || {
                while changes.recv().is_ok() && events.send(SupervisorEvent::FilesChanged(index)).is_ok() {}
            };
            thread::Builder::new().name("file watch".into()).spawn(forward).ok()?;
            Some(watch)
        };
        let watch = if patterns.is_empty() { None } else { start() };
        self.units[index].watch = watch.map(|watch| FileWatch { directory, patterns, _watch: watch });
    }

    /// Renew a service whose files have changed. A stopped service stays stopped. A service that has failed, or rests
    /// between two guards, is tried again at once, and the earlier deaths of its guards no longer count.
    pub(super) fn files_changed(&mut self, index: usize) {
        let unit = &mut self.units[index];
        if unit.watch.is_none() || !unit.is_wanted() || self.closing {
            return;
        }
        match unit.stage {
            _ if unit.builds.running.is_some() => unit.builds.again = true,
            ServiceStage::Held(ref held) if held.external => {}
            ServiceStage::Guarded(_) | ServiceStage::Held(_) if unit.spec.service.renewal.is_declared() => {
                self.build(index)
            }
            ServiceStage::Guarded(_) | ServiceStage::Held(_) => unit.restart_pending = true,
            ServiceStage::Over(state) if state.good() => {}
            ServiceStage::Over(_) => {
                unit.builds.good = false;
                unit.restarts = Restarts::default();
                self.begin_anew(index);
            }
            ServiceStage::Resting(_) => {
                unit.builds.good = false;
                unit.restarts = Restarts::default();
                unit.stage = ServiceStage::Resting(Instant::now());
            }
            ServiceStage::Idle | ServiceStage::Waiting => unit.builds.good = false,
        }
    }

    /// Try a failed service once more, and with it the failed services that need it.
    fn begin_anew(&mut self, index: usize) {
        let unit = &mut self.units[index];
        unit.stage = ServiceStage::Idle;
        let name = unit.spec.service.name.clone();
        for other in 0..self.units.len() {
            let unit = &self.units[other];
            let failed = matches!(unit.stage, ServiceStage::Over(state) if !state.good()) && unit.is_wanted();
            if failed && unit.spec.service.needs.contains_key(&name) {
                self.begin_anew(other);
            }
        }
    }
}
