//! A project's services: programs that run while people work on it, as `[services]` declares them.

mod preset;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

pub use preset::{VITE, VITE_ARGUMENTS, go_name, keys_meant, vite_go, vite_name};
use serde::{Deserialize, Serialize};
use vx_base::template;

/// Name in a command that stands for the service's own port.
pub const OWN_PORT: &str = "port";
/// Name for the folder that a build writes to, and for the folder of the newest good build.
pub const TARGET: &str = "target";
/// Longest name of a service: it is the key of a slot.
pub const NAME_BYTES: usize = 46;
/// Largest file of a log, in bytes, unless a service's table sets it.
pub const LOG_BYTES: u64 = 10 * 1024 * 1024;
/// Sizes that a table may set. Each piece of output goes to one file, and a file is read as a whole.
pub const LOG_BOUNDS: Range<u64> = 1024 * 1024..64 * 1024 * 1024 + 1;

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredService {
    /// Its name.
    pub name: String,
    /// Program and its arguments, with placeholders unexpanded.
    pub command: Vec<String>,
    /// Its directory, below the project's.
    pub directory: Option<String>,
    /// Its environment variables.
    pub env: BTreeMap<String, String>,
    /// Files of variables, below the project's directory.
    pub env_files: Vec<String>,
    /// Port that it listens on.
    pub port: Option<Port>,
    /// How vx finds out that it is ready.
    pub ready: Readiness,
    /// Checks that find out whether it still works.
    pub health: Option<Health>,
    /// Files below its directory whose changes build, reload or restart it.
    pub watch: Vec<String>,
    /// How it takes up changed files.
    pub renewal: Renewal,
    /// Services that it needs, and the state that each has to reach first.
    pub needs: BTreeMap<String, NeededState>,
    /// Whether it is started again after its end.
    pub restart: Restart,
    /// How it is stopped.
    pub stop: ServiceStop,
    /// Whether it is started only by name, or because another service needs it.
    pub optional: bool,
    /// File, below the project's directory, by which another program announces that it runs the service.
    pub external: Option<String>,
    /// Plugin that it belongs to: the name of the table that makes several services.
    pub plugin: Option<String>,
    /// Largest file of its log, in bytes. A full file is kept beside the one that is being written.
    pub log_bytes: u64,
}

/// How a service takes up changed files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// Program that builds it, with its arguments; empty for a service without a build.
    pub build: Vec<String>,
    /// How it takes up changes; `None` if it is restarted.
    pub reload: Option<Reload>,
    /// How its build reports mistakes: the name of a compiler, or a regular expression.
    pub errors: Option<String>,
}

impl Renewal {
    /// All its texts, in which placeholders may stand for ports.
    pub fn texts(&self) -> impl Iterator<Item = &String> {
        self.build.iter().chain(self.reload.iter().flat_map(Reload::texts))
    }

    /// Whether anything comes before a restart, or in place of it.
    pub fn is_declared(&self) -> bool {
        !self.build.is_empty() || self.reload.is_some()
    }
}

/// How a running service takes up changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reload {
    /// A request to this address, or to this path on its port.
    Post(String),
    /// A program and its arguments.
    Command(Vec<String>),
}

impl Reload {
    /// All its texts, in which placeholders may stand for ports.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Post(address) => std::slice::from_ref(address),
            Self::Command(words) => words,
        }
    }
}

/// A service's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Port {
    /// A fixed port.
    Fixed(u16),
    /// A port that vx chooses, always the same as long as it is free.
    Auto,
    /// A port from the first to the last of these.
    Range(u16, u16),
}

/// How vx finds out that a service is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// Its port accepts a connection. A service without a port isn't checked.
    #[default]
    ByPort,
    /// Nothing is checked, whether it has a port or not.
    Unchecked,
    /// These checks succeed.
    Checks(Ready),
}

/// Checks that must all succeed once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// A line of its output matches this regular expression.
    pub log: Option<String>,
    /// Its port accepts a connection.
    pub tcp: bool,
    /// This path on its port, or this address, is answered with `status`.
    pub http: Option<String>,
    /// Status of that answer; any of 200 to 299 if it isn't set.
    pub status: Option<u16>,
    /// This command exits with 0.
    pub command: Option<Vec<String>>,
    /// This file, below the project's directory, exists.
    pub file: Option<String>,
    /// Longest time for all of them together.
    pub timeout: Duration,
}

/// Checks that are repeated while the service runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The checks. Their timeout is for one round.
    pub checks: Ready,
    /// Time between two rounds.
    pub every: Duration,
    /// How many rounds in a row have to fail before it is restarted.
    pub failures: u32,
}

/// The state that a needed service has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NeededState {
    /// Its process was started.
    Started,
    /// It is ready.
    Ready,
    /// It has exited with success.
    Done,
}

/// What follows the end of a service that was not asked to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Nothing.
    Never,
    /// It is started again, however it ended.
    Always,
    /// It is started again unless it exited with success.
    #[default]
    OnFailure,
}

/// How a service is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStop {
    /// Name of the signal, without `SIG`.
    pub signal: String,
    /// How long its processes have before they are killed.
    pub timeout: Duration,
}

impl Ready {
    /// Longest time until a service is ready, unless its table sets it.
    pub const TIMEOUT: Duration = Duration::from_secs(60);
}

impl Default for ServiceStop {
    fn default() -> Self {
        Self { signal: "TERM".to_owned(), timeout: Duration::from_secs(10) }
    }
}

impl DeclaredService {
    /// A service with this name and nothing else.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            command: Vec::new(),
            directory: None,
            env: BTreeMap::new(),
            env_files: Vec::new(),
            port: None,
            ready: Readiness::default(),
            health: None,
            watch: Vec::new(),
            renewal: Renewal::default(),
            needs: BTreeMap::new(),
            restart: Restart::default(),
            stop: ServiceStop::default(),
            optional: false,
            external: None,
            plugin: None,
            log_bytes: LOG_BYTES,
        }
    }

    /// Checks that find out whether it is ready; `None` if it isn't checked.
    pub fn ready_checks(&self) -> Option<Ready> {
        match &self.ready {
            Readiness::Checks(ready) => Some(ready.clone()),
            Readiness::ByPort if self.port.is_some() => {
                Some(Ready { tcp: true, timeout: Ready::TIMEOUT, ..Ready::default() })
            }
            Readiness::ByPort | Readiness::Unchecked => None,
        }
    }

    /// Name of its table.
    pub fn table(&self) -> &str {
        self.plugin.as_deref().unwrap_or(&self.name)
    }
}

/// Replace each plugin's name by the names of its services.
pub fn with_parts(services: &[DeclaredService], names: &[String]) -> Vec<String> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let parts = services.iter().filter(|service| service.plugin.as_ref() == Some(name));
        let parts: Vec<String> = parts.map(|service| service.name.clone()).collect();
        match parts.is_empty() {
            true => found.push(name.clone()),
            false => found.extend(parts),
        }
    }
    found
}

/// Names of these services and of all that they need, directly or not. Names that aren't declared are left out.
pub fn with_needs(services: &[DeclaredService], names: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = names.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        let Some(service) = services.iter().find(|service| service.name == name) else { continue };
        if found.insert(service.name.clone()) {
            open.extend(service.needs.keys().map(String::as_str));
        }
    }
    found
}

/// Find services that need each other in a circle; the last is the first again.
pub fn circle(services: &[DeclaredService]) -> Option<Vec<String>> {
    let mut sound = BTreeSet::new();
    services.iter().find_map(|service| circle_from(services, &service.name, &mut Vec::new(), &mut sound))
}

fn circle_from<'a>(
    services: &'a [DeclaredService],
    name: &'a str,
    above: &mut Vec<&'a str>,
    sound: &mut BTreeSet<&'a str>,
) -> Option<Vec<String>> {
    if let Some(at) = above.iter().position(|known| *known == name) {
        return Some(above[at..].iter().copied().chain([name]).map(str::to_owned).collect());
    }
    let service = services.iter().find(|service| service.name == name).filter(|_| !sound.contains(name))?;
    above.push(name);
    let found = service.needs.keys().find_map(|need| circle_from(services, need, above, sound));
    above.pop();
    sound.insert(name);
    found
}

/// Find the services whose ports a text uses, as in `{services.api.port}`.
pub fn ports_named(text: &str) -> impl Iterator<Item = &str> {
    template::names(text).filter_map(service_of)
}

/// Whether a text has this name in braces.
pub fn uses_name(text: &str, name: &str) -> bool {
    template::names(text).any(|found| found == name)
}

/// What the names in a service's texts stand for.
pub struct ServiceNames<'a> {
    /// The service's own port.
    pub own_port: Option<u16>,
    /// Ports of services by their names.
    pub ports: &'a BTreeMap<String, u16>,
    /// Folder of a build.
    pub target: &'a str,
}

impl ServiceNames<'_> {
    /// Replace names by their values. Other braces stay as they are: commands are full of them.
    pub fn expand(&self, text: &str) -> String {
        template::fill(text, |name| match name {
            OWN_PORT => self.own_port.map(|port| port.to_string()),
            TARGET => Some(self.target.to_owned()),
            name => self.ports.get(service_of(name)?).map(u16::to_string),
        })
    }
}

/// Find the service whose port this name stands for.
fn service_of(name: &str) -> Option<&str> {
    name.strip_prefix("services.")?.strip_suffix(".port")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(of: &[(&str, &[&str])]) -> Vec<DeclaredService> {
        let service = |(name, needs): &(&str, &[&str])| DeclaredService {
            needs: needs.iter().map(|name| ((*name).to_owned(), NeededState::Ready)).collect(),
            ..DeclaredService::named(name)
        };
        of.iter().map(service).collect()
    }

    #[test]
    fn a_circle_is_named_from_its_first_service_to_itself() {
        assert_eq!(circle(&services(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])), None);
        let found = circle(&services(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]));
        assert_eq!(found.expect("a circle").join(" "), "b c b");
    }

    #[test]
    fn the_needs_of_needs_are_wanted_too() {
        let known = services(&[("web", &["api"]), ("api", &["db"]), ("db", &[]), ("mail", &[])]);
        let found = with_needs(&known, &["web".to_owned()]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["api", "db", "web"]);
    }

    #[test]
    fn ports_and_folders_take_the_place_of_their_names_and_nothing_else_changes() {
        let ports = BTreeMap::from([("api".to_owned(), 7)]);
        let names = ServiceNames { own_port: Some(5), ports: &ports, target: "/t/{port}" };
        let text = "--listen {port} --api {services.api.port} {services.x.port} ${port} {a} {{.ID}} {target}";
        assert_eq!(names.expand(text), "--listen 5 --api 7 {services.x.port} $5 {a} {{.ID}} /t/{port}");
        assert_eq!(ports_named(text).collect::<Vec<_>>(), ["api", "x"]);
        assert!(uses_name("{ A = \"{target}/a\" }", TARGET) && !uses_name("target {targets}", TARGET));
        let portless = ServiceNames { own_port: None, ..names };
        assert_eq!(portless.expand("{port}"), "{port}");
    }
}
