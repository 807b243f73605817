//! A service as a client declares it to the supervisor: its declaration in the project's file, and the variables of the
//! project's tools.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vx_base::files::agreed_file::AgreedFile;
use vx_base::trouble::{Explain, TroubleKind};
use vx_process::Inherited;
use vx_project::services::{DeclaredService, Reload, ServiceNames};

use super::order::{BuildOrder, ServiceOrder, signal_number};
use crate::builds::build_paths::{current, of_epoch};

/// A declared service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The service.
    pub service: DeclaredService,
    /// The directory of the project.
    pub project: PathBuf,
    /// Variables to set beside the client's: from the project's tools, and from files.
    pub environment: Vec<(OsString, OsString)>,
    /// A digest of its files of variables, to detect changes. The values themselves may come from the client's own
    /// variables, which are not part of the declaration.
    pub env_files: String,
    /// The files that its commands name, with the contents that the project's user has agreed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agreed: Vec<AgreedFile>,
    /// All variables of the client that declares it; `None` for those of the supervisor.
    #[serde(skip)]
    pub inherited: Option<Inherited>,
}

/// A service whose directory lies outside of its project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`directory` of the service `{service}` is `{directory}`, a link out of the project")]
pub struct DirectoryOutside {
    /// The service.
    pub service: String,
    /// Its directory, as vx.toml has it.
    pub directory: String,
}

impl Explain for DirectoryOutside {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some("set `directory` to a directory inside the project".into())
    }
}

impl Spec {
    /// A declaration with nothing but the service.
    pub fn for_service(service: DeclaredService) -> Self {
        let (project, environment, env_files, agreed) = Default::default();
        Self { service, project, environment, env_files, agreed, inherited: None }
    }

    /// Returns whether a service that runs by the `other` declaration must restart to run by this one.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        let mut alike = other.clone();
        alike.take_details(self);
        (&self.service, &self.project, &self.env_files) != (&alike.service, &alike.project, &alike.env_files)
    }

    /// Take over the parts of a newer declaration that need no restart.
    pub(crate) fn take_details(&mut self, newer: &Self) {
        let DeclaredService { needs, optional, watch, .. } = &newer.service;
        self.service.needs.clone_from(needs);
        self.service.watch.clone_from(watch);
        self.service.optional = *optional;
        // A file that was edited and agreed to again counts from the next start on.
        self.agreed.clone_from(&newer.agreed);
    }

    /// All its texts that may contain placeholders for ports.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &String> {
        let DeclaredService { command, env, renewal, .. } = &self.service;
        command.iter().chain(env.values()).chain(renewal.texts())
    }

    /// Find the directory of the service.
    ///
    /// # Errors
    /// A link in it leads out of the project.
    pub fn directory(&self) -> Result<PathBuf, DirectoryOutside> {
        let Some(below) = &self.service.directory else { return Ok(self.project.clone()) };
        let named = self.project.join(below);
        // A directory that doesn't exist is reported when the service starts: it may exist by then.
        let (Ok(real), Ok(project)) = (named.canonicalize(), self.project.canonicalize()) else { return Ok(named) };
        match real.starts_with(project) {
            true => Ok(named),
            false => Err(DirectoryOutside { service: self.service.name.clone(), directory: below.clone() }),
        }
    }

    /// A text whose placeholders are replaced by ports and the folder of a build.
    fn expanded(&self, text: &str, ports: &BTreeMap<String, u16>, target: &Path) -> String {
        let own_port = ports.get(&self.service.name).copied();
        ServiceNames { own_port, ports, target: &target.to_string_lossy() }.expand(text)
    }

    fn environment(&self, ports: &BTreeMap<String, u16>, target: &Path) -> Vec<(OsString, OsString)> {
        let mut environment = self.environment.clone();
        let port = ports.get(&self.service.name);
        environment.extend(port.map(|port| ("PORT".into(), port.to_string().into())));
        let own = self.service.env.iter();
        environment.extend(own.map(|(name, value)| (name.into(), self.expanded(value, ports, target).into())));
        environment
    }

    /// Make the order for a build in `folder`, which holds all builds of the service. `reload` is true while the
    /// service runs.
    pub(crate) fn build_order(
        &self,
        ports: &BTreeMap<String, u16>,
        folder: PathBuf,
        epoch: String,
        reload: bool,
        log: PathBuf,
    ) -> Result<BuildOrder, DirectoryOutside> {
        let renewal = &self.service.renewal;
        let (target, taken) = (of_epoch(&folder, &epoch), current(&folder));
        let reloaded = |text: &String| self.expanded(text, ports, &taken);
        Ok(BuildOrder {
            command: renewal.build.iter().map(|text| self.expanded(text, ports, &target)).collect(),
            directory: self.directory()?,
            project: self.project.clone(),
            environment: self.environment(ports, &target),
            port: ports.get(&self.service.name).copied(),
            reload: renewal.reload.as_ref().filter(|_| reload).map(|reload| match reload {
                Reload::Post(address) => Reload::Post(reloaded(address)),
                Reload::Command(words) => Reload::Command(words.iter().map(reloaded).collect()),
            }),
            errors: renewal.errors.clone(),
            stop_timeout_ms: milliseconds(self.service.stop.timeout),
            agreed: self.agreed.clone(),
            folder,
            epoch,
            log,
            log_bytes: self.service.log_bytes,
        })
    }

    /// Make the order for its guard. `ports` holds the ports of all services that have one; `folder` holds its builds.
    pub(crate) fn order(
        &self,
        ports: &BTreeMap<String, u16>,
        folder: &Path,
        log: PathBuf,
        attempt: u8,
    ) -> Result<ServiceOrder, DirectoryOutside> {
        let Self { service, project, .. } = self;
        let (port, target) = (ports.get(&service.name).copied(), current(folder));
        let expanded = |text: &String| self.expanded(text, ports, &target);
        let environment = self.environment(ports, &target);
        let (mut ready, mut health) = (service.ready_checks(), service.health.clone());
        let checks = ready.iter_mut().chain(health.iter_mut().map(|health| &mut health.checks));
        for word in checks.flat_map(|checks| checks.command.iter_mut().flatten()) {
            *word = expanded(word);
        }
        Ok(ServiceOrder {
            name: service.name.clone(),
            command: service.command.iter().map(expanded).collect(),
            directory: self.directory()?,
            project: project.clone(),
            environment,
            port,
            ready,
            health,
            restart: service.restart,
            stop_signal: signal_number(&service.stop.signal).unwrap_or(signal_hook::consts::SIGTERM),
            stop_timeout_ms: milliseconds(service.stop.timeout),
            agreed: self.agreed.clone(),
            log,
            log_bytes: service.log_bytes,
            attempt,
        })
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
