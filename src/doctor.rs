//! `vx doctor`: what is wrong with a home, a project and their surroundings, why it matters, and what mends it.
//!
//! A look changes nothing. Each check is a file of its own below `doctor/` and only adds findings; [`mend`] carries out
//! those remedies that need nobody but the file system. Installing again and locking are left to who can do that.
//!
//! | | |
//! |---|---|
//! | `finding` | what a check says, and what would mend it |
//! | `releases` | each release of the store against its receipt and its list of files |
//! | `leftovers` | what dead processes left in the home |
//! | `boards` | boards and logs that nobody needs any more |
//! | `project` | vx.toml, vx.lock and the store against each other |
//! | `settings` | the configuration of npm, pip and uv |
//! | `places` | the home and the runtime directory themselves |
//! | `search_path` | PATH |
//! | `shims` | the links of `vx shims`, and what stands before vx's folders on PATH |

mod boards;
mod finding;
mod leftovers;
mod places;
mod project;
mod releases;
mod search_path;
mod settings;
mod shims;

use std::ffi::OsString;
use std::thread;

use crate::candidate::SourceKind;
use crate::install::Depth;
use crate::paths::{Home, RuntimeError, find_runtime_directory};
use crate::platform::Platform;
use crate::project::Project;
use crate::project::lock::{Found, LockError};
use crate::project::{Lock, ProjectError};
use crate::source::Sources;

pub use finding::{Check, Finding, Remedy, Severity};
pub use leftovers::locked_digests;

/// What is looked at, and how closely.
pub struct Examination<'a> {
    /// The home.
    pub home: &'a Home,
    /// The project, where there is one, or why it cannot be read.
    pub project: Option<Result<&'a Project, &'a ProjectError>>,
    /// Its lock file.
    pub lock: Result<Option<&'a Found>, &'a LockError>,
    /// The platform to install for.
    pub platform: Platform,
    /// The sources, which may be asked without the network only.
    pub sources: &'a Sources,
    /// Sources that may be asked over the network whether they answer; none to leave that out.
    pub online: Option<&'a Sources>,
    /// How closely releases are looked at.
    pub depth: Depth,
    /// `PATH`.
    pub search_path: Option<OsString>,
    /// The bytes of this vx's launcher, where it has one.
    pub launcher: Option<&'a [u8]>,
}

/// What was found, and how much was looked at.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// What was found, what is wrong first.
    pub findings: Vec<Finding>,
    /// How many releases there are.
    pub releases: usize,
    /// How many files were compared.
    pub files: usize,
}

impl Diagnosis {
    /// Whether nothing is wrong; advice does not count.
    pub fn well(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Wrong)
    }
}

/// Look at everything. Nothing is changed.
pub fn examine(what: &Examination<'_>) -> Diagnosis {
    let runtime = find_runtime_directory();
    let mut diagnosis = Diagnosis::default();
    thread::scope(|scope| {
        // Waiting for an answer and reading files have nothing in common but the time they take.
        let settings = scope.spawn(|| settings::check(what.sources, what.online, &what.kinds()));
        let wants = project::Wants::of(what);
        let releases = releases::check(what.home, &wants, what.depth);
        (diagnosis.releases, diagnosis.files) = (releases.releases, releases.files);
        let findings = &mut diagnosis.findings;
        findings.extend(releases.findings);
        findings.extend(project::check(what, &wants));
        findings.extend(leftovers::check(what));
        findings.extend(places::check(what.home, &runtime));
        if let Ok(Some(directory)) = &runtime {
            findings.extend(boards::check(directory));
        }
        findings.extend(search_path::check(what.home, what.search_path.as_deref(), &wants));
        findings.extend(shims::check(what));
        // A check that panicked is a defect, and no reason to hide what the others found.
        findings.extend(settings.join().unwrap_or_default());
    });
    diagnosis.findings.sort_by_key(|finding| finding.severity);
    diagnosis
}

impl Examination<'_> {
    /// The lock, where it can be read and has the format of today.
    fn current_lock(&self) -> Option<&Lock> {
        match self.lock {
            Ok(Some(Found::Current(lock))) => Some(lock),
            _ => None,
        }
    }

    /// The kinds of sources that the project's lock names; both registries where it names none.
    fn kinds(&self) -> Vec<SourceKind> {
        let registries = [SourceKind::Npm, SourceKind::Pypi];
        let named = |kind: &SourceKind| {
            self.current_lock().is_some_and(|lock| lock.tools.values().any(|tool| tool.source == *kind))
        };
        let used: Vec<SourceKind> = registries.into_iter().filter(named).collect();
        if used.is_empty() { registries.to_vec() } else { used }
    }
}

/// Carry out a remedy that needs nothing but the file system; `None` for those that need more.
///
/// The error is a text for people.
pub fn mend(home: &Home, remedy: &Remedy) -> Option<Result<(), String>> {
    match remedy {
        Remedy::RemoveLeftover(leftover) => Some(leftovers::remove(home, leftover)),
        Remedy::RemoveRelease { tool, version } => Some(releases::remove(home, tool, version)),
        Remedy::CollectBoards { directory } => Some(boards::collect(directory)),
        Remedy::CloseDirectory { path } => Some(places::close(path)),
        Remedy::Install { .. } | Remedy::Lock | Remedy::Shims | Remedy::ByHand => None,
    }
}

/// What the runtime directory is, as far as that can be told.
type Runtime = Result<Option<std::path::PathBuf>, RuntimeError>;
