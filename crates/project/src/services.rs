//! The services of a project: programs that run while people work on it, as `[services]` declares them.

mod preset;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

pub use preset::{VITE, VITE_ARGUMENTS, go_name, keys_meant, vite_go, vite_name};
use serde::{Deserialize, Serialize};
use vx_base::template;

/// The name in a command that stands for the service's own port.
pub const OWN_PORT: &str = "port";
/// The name of the folder that a build writes to, and of the one of the newest good build.
pub const TARGET: &str = "target";
/// The longest name of a service: it is the key of a slot.
pub const NAME_BYTES: usize = 46;
/// The longest file of a log, in bytes, unless a service's table says otherwise.
pub const LOG_BYTES: u64 = 10 * 1024 * 1024;
/// The sizes that a table may give it. Output comes in pieces, each of which goes to one file, and a file is read as a whole.
pub const LOG_BOUNDS: Range<u64> = 1024 * 1024..64 * 1024 * 1024 + 1;

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredService {
    /// Its name.
    pub name: String,
    /// The program and its arguments, with placeholders unexpanded.
    pub command: Vec<String>,
    /// Its directory, below the project's.
    pub directory: Option<String>,
    /// Its own variables.
    pub env: BTreeMap<String, String>,
    /// Files of variables, below the project's directory.
    pub env_files: Vec<String>,
    /// The port that it listens on.
    pub port: Option<Port>,
    /// The way in which it is found out that it can be used.
    pub ready: Readiness,
    /// The checks that find out if it still works.
    pub health: Option<Health>,
    /// The files, below its directory, whose changes build, reload or restart it.
    pub watch: Vec<String>,
    /// The way from changed files to a service that has them.
    pub renewal: Renewal,
    /// The services that it needs, and the state that each has to reach first.
    pub needs: BTreeMap<String, NeededState>,
    /// What follows its end.
    pub restart: Restart,
    /// The way in which it is stopped.
    pub stop: ServiceStop,
    /// Whether it is started by name only, or because another service needs it.
    pub optional: bool,
    /// The file, below the project's directory, by which another program says that it runs the service.
    pub external: Option<String>,
    /// The plugin that it is a part of: the name of the table that makes several services.
    pub plugin: Option<String>,
    /// The longest file of its log, in bytes. A full one is kept beside the one that is being written.
    pub log_bytes: u64,
}

/// The way from changed files to a service that has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// The program that builds it and its arguments; empty for a service without a build.
    pub build: Vec<String>,
    /// The way in which it takes up changes; it is restarted without one.
    pub reload: Option<Reload>,
    /// The form in which its build reports mistakes: a name, or a regular expression.
    pub errors: Option<String>,
}

impl Renewal {
    /// All texts of it, in which words may stand for ports.
    pub fn texts(&self) -> impl Iterator<Item = &String> {
        self.build.iter().chain(self.reload.iter().flat_map(Reload::texts))
    }

    /// Whether anything comes before a restart, or in place of it.
    pub fn is_declared(&self) -> bool {
        !self.build.is_empty() || self.reload.is_some()
    }
}

/// The way in which a service takes up changes while it is at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reload {
    /// A request to this address, or to this path on its port.
    Post(String),
    /// A program and its arguments.
    Command(Vec<String>),
}

impl Reload {
    /// All texts of it, in which words may stand for ports.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Post(address) => std::slice::from_ref(address),
            Self::Command(words) => words,
        }
    }
}

/// The port of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Port {
    /// This one.
    Fixed(u16),
    /// One that vx chooses, always the same as long as that is free.
    Auto,
    /// One from the first of these to the last.
    Range(u16, u16),
}

/// The way in which it is found out that a service can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// Its port takes a connection. A service without a port is not checked.
    #[default]
    ByPort,
    /// Nothing is checked, whether it has a port or not.
    Unchecked,
    /// By these checks.
    Checks(Ready),
}

/// Checks that all have to succeed once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// A line of its output matches this regular expression.
    pub log: Option<String>,
    /// Its port takes a connection.
    pub tcp: bool,
    /// This path on its port, or this address, is answered with `status`.
    pub http: Option<String>,
    /// The status of that answer; any of 200 to 299 without it.
    pub status: Option<u16>,
    /// This command ends with 0.
    pub command: Option<Vec<String>>,
    /// This file, below the project's directory, is there.
    pub file: Option<String>,
    /// The longest that all of them may take together.
    pub timeout: Duration,
}

/// Checks that are repeated while it is at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The checks. Their timeout is that of one round.
    pub checks: Ready,
    /// The time between two rounds.
    pub every: Duration,
    /// The rounds in a row that fail before it is restarted.
    pub failures: u32,
}

/// The state of a service that another one needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NeededState {
    /// Its process was started.
    Started,
    /// It can be used.
    Ready,
    /// It has ended well.
    Done,
}

/// What follows the end of a service that was not asked to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Nothing.
    Never,
    /// It is started again, whatever its end was.
    Always,
    /// It is started again unless it ended well.
    #[default]
    OnFailure,
}

/// The way in which a service is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStop {
    /// The name of the signal, without `SIG`.
    pub signal: String,
    /// The time that its processes have before they are killed.
    pub timeout: Duration,
}

impl Ready {
    /// The longest that a service may take to be ready, unless its table says otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(60);
}

impl Default for ServiceStop {
    fn default() -> Self {
        Self { signal: "TERM".to_owned(), timeout: Duration::from_secs(10) }
    }
}

impl DeclaredService {
    /// A service with this name, of which nothing else is known.
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

    /// The checks that find out that it can be used; `None` if nothing does.
    pub fn ready_checks(&self) -> Option<Ready> {
        match &self.ready {
            Readiness::Checks(ready) => Some(ready.clone()),
            Readiness::ByPort if self.port.is_some() => {
                Some(Ready { tcp: true, timeout: Ready::TIMEOUT, ..Ready::default() })
            }
            Readiness::ByPort | Readiness::Unchecked => None,
        }
    }

    /// The name of its table.
    pub fn table(&self) -> &str {
        self.plugin.as_deref().unwrap_or(&self.name)
    }
}

/// The names of services, with those of its services in place of a plugin's.
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

/// The names of the services that these need, directly or not, and their own. Names that are not declared are left out.
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

/// The services on a circle of needs, if there is one, the first one again at the end.
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

/// The names of services whose ports a text names, as in `{services.api.port}`.
pub fn ports_named(text: &str) -> impl Iterator<Item = &str> {
    template::names(text).filter_map(service_of)
}

/// Whether a text has this name in braces.
pub fn uses_name(text: &str, name: &str) -> bool {
    template::names(text).any(|found| found == name)
}

/// The values of the names in a service's texts.
pub struct ServiceNames<'a> {
    /// The service's own port.
    pub own_port: Option<u16>,
    /// The ports of services by their names.
    pub ports: &'a BTreeMap<String, u16>,
    /// The folder of a build.
    pub target: &'a str,
}

impl ServiceNames<'_> {
    /// The text with values in place of names. Other braces stand for themselves: commands are full of them.
    pub fn expand(&self, text: &str) -> String {
        template::fill(text, |name| match name {
            OWN_PORT => self.own_port.map(|port| port.to_string()),
            TARGET => Some(self.target.to_owned()),
            name => self.ports.get(service_of(name)?).map(u16::to_string),
        })
    }
}

/// The service whose port this name stands for.
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
