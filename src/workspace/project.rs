//! The workspace of a project, which work needs first: the project with its settings, its lock, the home, and the
//! sources as the user's environment and the project configure them.

mod lineage;
mod lock_file;
mod lock_origin;
mod open;
mod project_place;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use vx_base::age::ReleaseAge;
use vx_base::nearest::nearest;
use vx_base::paths::Home;
use vx_base::system::platform::Platform;
use vx_base::system::variables::ClientVariables;
use vx_fetch::{ProgramOutput, RequestLimits, SourceOptions, Sources};
use vx_plan::Resolver;
use vx_project::lock::{LockMismatch, ToolDifference};
use vx_project::{Lock, Project, ToolRequest};

use super::consent::{Consent, setting_variable};
use super::error::WorkError;
use super::frontend::Frontend;
use super::search_path::search_path;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::options::RunOptions;

pub use lock_origin::LockOrigin;
pub use project_place::{Lineage, ProjectPlace, above, read_projects};

/// The age up to which a cached version list is used, unless the project sets another age.
pub const FRESH_FOR: Duration = Duration::from_secs(300);

/// A project with all that its commands need.
pub struct Workspace {
    /// The project; an empty one if there is none and none is needed.
    pub project: Project,
    /// Whether there is a project.
    pub has_project: bool,
    /// The home.
    pub home: Home,
    /// The lock; empty unless its origin is a file of the current format.
    pub lock: Lock,
    /// The origin of the lock.
    pub lock_origin: LockOrigin,
    /// The platform to install for.
    pub platform: Platform,
    /// The smallest age of releases by the project's settings, as of now.
    pub age: ReleaseAge,
    /// The acting parts of the project, and its user's standing on them. Parts that may not act have been removed from
    /// `project`.
    pub consent: Consent,
    /// The error of the project's file or lock that was not reported, with [`Faults::Keep`].
    pub fault: Option<WorkError>,
    /// The projects that it inherits from, the nearest first. Where `project` has no setting, it has inherited theirs,
    /// as far as theirs may act.
    pub above: Vec<Workspace>,
    /// The tools that the project declares or inherits.
    declared: Vec<ToolRequest>,
    /// The versions of the inherited tools that are locked further up.
    locked_above: BTreeMap<String, String>,
    lock_path: PathBuf,
}

/// What to do about a project's file or lock that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faults {
    /// Fail to open the workspace.
    Refuse,
    /// Treat the file as missing, and keep the error in the workspace.
    Keep,
}

/// The data that a source may use.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Caches only.
    Offline,
    /// The network, if the caches have no fresh data.
    Network,
    /// The network, even if the caches have fresh data.
    NetworkAnew,
    /// The network, within these limits.
    NetworkWithin(RequestLimits),
}

impl Access {
    /// The access of a run with these options.
    pub fn of_run(options: &RunOptions) -> Self {
        match options.offline {
            true => Self::Offline,
            false => {
                Self::NetworkWithin(RequestLimits::within(options.stall_timeout, options.lowest_rate, options.timeout))
            }
        }
    }
}

/// A directory that belongs to the system.
fn top_directory() -> &'static Path {
    Path::new(if cfg!(windows) { "C:\\" } else { "/" })
}

/// The platform this program runs on.
///
/// # Errors
/// No tools are built for this platform.
pub fn platform() -> Result<Platform, WorkError> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    Platform::current().ok_or(WorkError::Platform { os, arch })
}

/// Check that the lock entries of these tools agree with vx.toml and the catalogue, before any request.
///
/// # Errors
/// Some entries don't agree.
pub fn check_entries(resolver: &Resolver<'_>, asked: &[ToolRequest]) -> Result<(), WorkError> {
    match resolver.forged(asked) {
        forged if forged.is_empty() => Ok(()),
        forged => Err(WorkError::Forged(forged)),
    }
}

impl Workspace {
    /// Send a notice of a lock file in an older format, before work that uses its pins.
    pub fn notice_old_lock(&self, frontend: &dyn Frontend) {
        if let LockOrigin::Old { version, .. } = self.lock_origin {
            frontend.notice(Notice::OldLock { path: self.lock_path.clone(), version });
        }
    }

    /// The sources, as this user's environment and the project's files and settings configure them.
    pub fn sources(&self, access: Access) -> Sources {
        let settings = &self.project.settings;
        let fresh_for = match access {
            Access::NetworkAnew => Duration::ZERO,
            _ => settings.cache_duration.unwrap_or(FRESH_FOR),
        };
        let limits = match access {
            Access::NetworkWithin(limits) => limits,
            _ => RequestLimits::default(),
        };
        let consents = self.lineage().map(|workspace| &workspace.consent);
        let on_path = search_path(&self.home, consents).and_then(|path| path.into_string().ok());
        let variables = ClientVariables::here();
        Sources::new(SourceOptions {
            home: self.home.clone(),
            project_directory: self.consent.directory().to_owned(),
            settings: self.consent.settings(),
            offline: matches!(access, Access::Offline),
            mirrors: settings.mirrors.clone(),
            require_signatures: settings.require_signatures == Some(true),
            require_provenance: settings.require_provenance.clone().unwrap_or_default(),
            fresh_for,
            environment: Arc::new(move |name| match name {
                "PATH" => on_path.clone(),
                name => setting_variable(&variables, name),
            }),
            // Not in the working directory: there a program would obey the files of a project without consent. `python
            // -m` runs its modules; uv and version managers read its settings.
            runner: Arc::new(|program, arguments| {
                let output = vx_process::output(program, arguments, top_directory())?;
                Ok(ProgramOutput { success: output.exit.success(), stdout: output.stdout, stderr: output.stderr })
            }),
            limits,
        })
    }

    /// A resolver with this project's lock and settings, for all platforms.
    pub fn resolver<'a>(&'a self, sources: &'a Sources) -> Resolver<'a> {
        Resolver {
            sources,
            platform: self.platform,
            order: self.project.settings.sources.as_deref().unwrap_or_default(),
            lock: &self.lock,
            pins: self.lock_origin.pins(),
            frozen: false,
            all_platforms: true,
            renewed: &[],
            declared: &self.declared,
            locked_above: &self.locked_above,
            lock_above: None,
            age: self.age,
            digest_of: None,
        }
    }

    /// The tools with these names, or all tools if no name is given.
    ///
    /// # Errors
    /// The project does not declare one of the tools.
    pub fn select(&self, names: &[String]) -> Result<Vec<ToolRequest>, WorkError> {
        let known = &self.project.tools;
        if let Some(tool) = names.iter().find(|name| !known.iter().any(|tool| tool.name == **name)) {
            let near = nearest(tool, known.iter().map(|tool| tool.name.as_str()));
            return Err(WorkError::NotInProject {
                tool: tool.clone(),
                path: self.project.path.clone(),
                near: near.first().map(|near| (*near).to_owned()),
                above: self.giver(tool).map(|giver| giver.project.path.clone()),
            });
        }
        Ok(known.iter().filter(|tool| names.is_empty() || names.contains(&tool.name)).cloned().collect())
    }

    /// The differences between the lock and these tools on this machine, one sentence each. Requests nothing from a
    /// source.
    pub fn lock_differences(&self, asked: &[ToolRequest]) -> Vec<String> {
        self.differences(asked, &self.project.tools, true)
    }

    /// The differences as in [`lock_differences`](Self::lock_differences) for tools that another project inherits; the
    /// other tools of this project do not count.
    pub fn given_differences(&self, given: &[ToolRequest]) -> Vec<String> {
        let lock = self.lock_path.display();
        self.differences(given, given, false).iter().map(|difference| format!("{difference} (`{lock}`)")).collect()
    }

    /// As [`lock_differences`](Self::lock_differences); entries of removed tools count only if the `whole` lock does.
    fn differences(&self, asked: &[ToolRequest], tools: &[ToolRequest], whole: bool) -> Vec<String> {
        let here = self.platform;
        // A tool for other systems may be impossible to lock on this system, and an optional tool on any system.
        let elsewhere = |difference: &ToolDifference| {
            let mut tools = self.project.tools.iter();
            let may_lack =
                |tool: &ToolRequest| tool.name == difference.tool && (tool.optional || !tool.wanted_on(here.os));
            difference.change == LockMismatch::Added && tools.any(may_lack)
        };
        let gone = |tool: &str| !self.project.tools.iter().any(|known| known.name == tool);
        let differences = self.lock.differences(tools);
        // A tool that the project still declares is not gone, even if it is not among `tools`.
        let counts = |difference: &&ToolDifference| {
            difference.change != LockMismatch::Removed || (whole && gone(&difference.tool))
        };
        let mut differences: Vec<String> = differences
            .iter()
            .filter(|difference| counts(difference) && !elsewhere(difference))
            .map(ToString::to_string)
            .collect();
        let lacking = asked
            .iter()
            .filter(|ask| ask.wanted_on(here.os))
            .filter(|ask| self.lock.tools.get(&ask.name).is_some_and(|locked| !locked.platforms.contains_key(&here)));
        differences.extend(lacking.map(|ask| format!("`{}` is not locked for {here}", ask.name)));
        differences.extend(self.lock.young(tools, self.age).iter().map(ToString::to_string));
        differences
    }

    /// The project's own name, else its directory's.
    pub fn title(&self) -> String {
        let named = self.project.entries.iter().find(|entry| entry.key == "project.name");
        if let Some(name) = named.map(|entry| entry.value.trim_matches('"')).filter(|name| !name.is_empty()) {
            return name.to_owned();
        }
        self.project.directory.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests;
