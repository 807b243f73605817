//! A service as a client declares it to the supervisor: what the project's file says of it, with the variables of its tools.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::order::{Order, signal_number};
use crate::project::services::{Service, with_ports};

/// A declared service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The service.
    pub service: Service,
    /// The directory of the project.
    pub project: PathBuf,
    /// Variables to set beside the supervisor's own.
    pub environment: Vec<(OsString, OsString)>,
}

impl Spec {
    /// The directory of the service.
    pub(super) fn directory(&self) -> PathBuf {
        let below = self.service.directory.as_ref();
        below.map_or_else(|| self.project.clone(), |below| self.project.join(below))
    }

    /// The order for a guard of it. `ports` are those of all services that have one.
    pub(super) fn order(&self, ports: &BTreeMap<String, u16>, log: PathBuf, attempt: u8) -> Order {
        let Self { service, project, environment } = self;
        let port = ports.get(&service.name).copied();
        let expanded = |text: &String| with_ports(text, port, |other| ports.get(other).copied());
        let mut environment = environment.clone();
        environment.extend(port.map(|port| ("PORT".into(), port.to_string().into())));
        environment.extend(service.env.iter().map(|(name, value)| (name.into(), expanded(value).into())));
        let (mut ready, mut health) = (service.ready.clone(), service.health.clone());
        let checks = ready.iter_mut().chain(health.iter_mut().map(|health| &mut health.checks));
        for word in checks.flat_map(|checks| checks.command.iter_mut().flatten()) {
            *word = expanded(word);
        }
        Order {
            name: service.name.clone(),
            command: service.command.iter().map(expanded).collect(),
            directory: self.directory(),
            project: project.clone(),
            environment,
            port,
            ready,
            health,
            restart: service.restart,
            stop_signal: signal_number(&service.stop.signal).unwrap_or(signal_hook::consts::SIGTERM),
            stop_timeout_ms: u64::try_from(service.stop.timeout.as_millis()).unwrap_or(u64::MAX),
            log,
            attempt,
        }
    }
}
