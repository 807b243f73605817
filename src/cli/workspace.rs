//! What commands work on: the project, its lock, the home, and the sources as the user's environment configures them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::failure::{FAILED, Failure, USAGE};
use super::{print, store};
use crate::digest::Algorithm;
use crate::hint::{Hint, nearest};
use crate::paths::Home;
use crate::platform::Platform;
use crate::process;
use crate::project::lock::{self, Change, Difference, Found, Guard};
use crate::project::{Lock, LockedTool, Project, ProjectError, Settings, ToolRequest, discover};
use crate::source::{Limits, ProgramOutput, SourceOptions, Sources, catalogue};
use crate::sync::Resolver;

/// How long a version list is used before it is asked for again, unless the project says.
pub(super) const FRESH_FOR: Duration = Duration::from_secs(300);
/// How long to wait for another vx that writes the lock file.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// A project with all that its commands need.
pub(super) struct Workspace {
    /// What `vx.toml` says.
    pub project: Project,
    /// The home.
    pub home: Home,
    /// The lock; empty where there is none.
    pub lock: Lock,
    /// Versions that a lock of an older format pins.
    pub pins: BTreeMap<String, String>,
    /// The platform to install for.
    pub platform: Platform,
    lock_path: PathBuf,
}

/// The platform this program runs on.
pub(super) fn platform() -> Result<Platform, Failure> {
    Platform::current().ok_or_else(|| {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        Failure::usage(format!("no tools are known for {os} on {arch}"))
    })
}

/// The project in this directory, else the nearest one from the working directory upwards; with what is to be said about
/// it.
pub(super) fn project(directory: Option<&Path>) -> Result<Project, Failure> {
    let project = read_project(directory)?;
    for notice in &project.notices {
        print::note(notice);
    }
    for warning in &project.warnings {
        print::note(warning.render(&project.path, "warning"));
    }
    if let Some(entry) = project.entries.iter().find(|entry| entry.key.starts_with("ui.")) {
        let own = Home::from_environment().is_ok_and(|home| home.root() == project.directory);
        if !own {
            let path = project.path.display();
            print::warning(format_args!(
                "{path}:{}: [ui] counts only in the vx.toml of the home, where each user says how the views look",
                entry.line
            ));
        }
    }
    for name in project.settings.mirrors.keys().filter(|name| !catalogue::sites().any(|site| site == *name)) {
        let known: Vec<&str> = catalogue::sites().collect();
        print::warning(format_args!("`mirrors.{name}` of [settings] is no site that vx knows: {}", known.join(", ")));
    }
    Ok(project)
}

fn read_project(directory: Option<&Path>) -> Result<Project, Failure> {
    let found = match directory {
        Some(directory) => discover::load_from(directory),
        None => discover::load(&std::env::current_dir()?),
    };
    found.map_err(|error| match error {
        // Each problem begins with its place, where editors look for it.
        ProjectError::Wrong(errors) => {
            print::problems(errors);
            Failure::silent(USAGE)
        }
        error => Failure::hinted(USAGE, &error),
    })
}

impl Workspace {
    /// Open the project in this directory, else the nearest one.
    pub(super) fn open(directory: Option<&Path>) -> Result<Self, Failure> {
        let project = project(directory)?;
        let (workspace, old) = Self::of(project)?;
        if let Some(version) = old {
            let path = workspace.lock_path.display();
            print::note(format_args!(
                "`{path}` has the old format {version}: of what it pins, that holds which vx.toml accepts"
            ));
        }
        Ok(workspace)
    }

    /// Open the project in this directory without a word about what is doubtful there: `vx sync` says it.
    pub(super) fn open_silently(directory: &Path) -> Result<Self, Failure> {
        Ok(Self::of(read_project(Some(directory))?)?.0)
    }

    /// The workspace of a project, and the format of its lock where that is an old one.
    fn of(project: Project) -> Result<(Self, Option<u64>), Failure> {
        let lock_path = project.directory.join(lock::FILE_NAME);
        let (lock, pins, old) = match Lock::read(&lock_path).map_err(|error| Failure::hinted(USAGE, &error))? {
            Some(Found::Current(lock)) => (lock, BTreeMap::new(), None),
            Some(Found::Old { version, versions }) => (Lock::default(), versions, Some(version)),
            None => (Lock::default(), BTreeMap::new(), None),
        };
        Ok((Self { home: store::home()?, platform: platform()?, project, lock, pins, lock_path }, old))
    }

    /// The sources, as this user's environment and the project's files configure them.
    pub(super) fn sources(&self, offline: bool) -> Sources {
        sources(&self.home, &self.project.directory, &self.project.settings, offline)
    }

    /// The same, asking again for what was asked for before.
    pub(super) fn fresh_sources(&self) -> Sources {
        let settings = Settings { cache_duration: Some(Duration::ZERO), ..self.project.settings.clone() };
        sources(&self.home, &self.project.directory, &settings, false)
    }

    /// Where the lock does not answer these tools on this machine, one sentence each. Nobody is asked.
    pub(super) fn lock_differences(&self, asked: &[ToolRequest]) -> Vec<String> {
        let here = self.platform;
        // What is for other systems may be nothing that this one could lock.
        let elsewhere = |difference: &Difference| {
            let mut tools = self.project.tools.iter();
            let for_others = |tool: &ToolRequest| tool.name == difference.tool && !tool.wanted_on(here.os);
            difference.change == Change::Added && tools.any(for_others)
        };
        let differences = self.lock.differences(&self.project.tools);
        let mut differences: Vec<String> =
            differences.iter().filter(|difference| !elsewhere(difference)).map(ToString::to_string).collect();
        let lacking = asked
            .iter()
            .filter(|ask| ask.wanted_on(here.os))
            .filter(|ask| self.lock.tools.get(&ask.name).is_some_and(|locked| !locked.platforms.contains_key(&here)));
        differences.extend(lacking.map(|ask| format!("`{}` is not locked for {here}", ask.name)));
        differences
    }

    /// Resolves by this project's lock and settings, for all platforms.
    pub(super) fn resolver<'a>(&'a self, sources: &'a Sources) -> Resolver<'a> {
        Resolver {
            sources,
            platform: self.platform,
            order: self.project.settings.sources.as_deref().unwrap_or_default(),
            lock: &self.lock,
            pins: &self.pins,
            frozen: false,
            all_platforms: true,
            declared: &self.project.tools,
            digest_of: None,
        }
    }

    /// The tools of these names, or all when none is named.
    pub(super) fn select(&self, names: &[String]) -> Result<Vec<ToolRequest>, Failure> {
        let known = &self.project.tools;
        for name in names {
            if !known.iter().any(|tool| tool.name == *name) {
                let near = nearest(name, known.iter().map(|tool| tool.name.as_str()));
                let path = self.project.path.display();
                return Err(Failure::usage(format!("`{name}` is not in `{path}`")).hint(match near.first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("add it to [tools], or install it alone with `vx install {name}`"),
                }));
            }
        }
        Ok(known.iter().filter(|tool| names.is_empty() || names.contains(&tool.name)).cloned().collect())
    }

    /// Write these new entries to the lock file, and drop the entries of tools that are gone from the project.
    ///
    /// What another vx has written meanwhile for other tools is kept. A lock of an older format is replaced only once
    /// every tool that it pins has an entry, so that no pin is lost. Returns whether anything changed.
    pub(super) fn write_lock(&mut self, entries: BTreeMap<String, LockedTool>) -> Result<bool, Failure> {
        let gone = self.lock.tools.keys().any(|name| !self.project.tools.iter().any(|tool| tool.name == *name));
        if entries.is_empty() && !gone {
            return Ok(false);
        }
        let hinted = |error: lock::LockError| Failure::hinted(FAILED, &error);
        let guard = Guard::acquire(&self.lock_path, &self.turnstile(), LOCK_PATIENCE).map_err(hinted)?;
        let mut lock = match guard.read().map_err(hinted)? {
            Some(Found::Current(lock)) => lock,
            Some(Found::Old { version, versions }) => {
                let lost = self.pins_lost(&versions, &entries);
                if !lost.is_empty() {
                    let (path, lost) = (self.lock_path.display(), lost.join(", "));
                    print::warning(format_args!(
                        "`{path}` stays in the old format {version}: its pins of {lost} would be lost\n\
                         hint: run `vx lock`, which locks every tool"
                    ));
                    return Ok(false);
                }
                Lock::default()
            }
            None => Lock::default(),
        };
        lock.tools.extend(entries);
        lock.tools.retain(|name, _| self.project.tools.iter().any(|tool| tool.name == *name));
        let changed = guard.write(&lock).map_err(hinted)?;
        self.lock = lock;
        self.pins.clear();
        Ok(changed)
    }

    /// The tools of the project that an old lock pins and that these entries lack, though they could be among them.
    fn pins_lost(&self, pins: &BTreeMap<String, String>, entries: &BTreeMap<String, LockedTool>) -> Vec<String> {
        let sources = self.sources(true);
        let resolver = self.resolver(&sources);
        let pinned = self.project.tools.iter().filter(|tool| pins.contains_key(&tool.name));
        let lost = pinned.filter(|tool| !entries.contains_key(&tool.name) && resolver.lockable(tool));
        lost.map(|tool| format!("`{}`", tool.name)).collect()
    }

    fn turnstile(&self) -> PathBuf {
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(self.lock_path.as_os_str().as_encoded_bytes());
        self.home.locks().join(format!("vx.lock-{:.16}", hasher.finish().hex()))
    }
}

/// Sources for a project in this directory.
pub(super) fn sources(home: &Home, directory: &Path, settings: &Settings, offline: bool) -> Sources {
    Sources::new(source_options(home, directory, settings, offline))
}

/// What sources for a project in this directory are told.
pub(super) fn source_options(home: &Home, directory: &Path, settings: &Settings, offline: bool) -> SourceOptions {
    SourceOptions {
        home: home.clone(),
        project_directory: directory.to_owned(),
        offline,
        mirrors: settings.mirrors.clone(),
        require_signatures: settings.require_signatures == Some(true),
        fresh_for: settings.cache_duration.unwrap_or(FRESH_FOR),
        environment: Arc::new(|name| std::env::var(name).ok()),
        runner: Arc::new(|program, arguments| {
            let output = process::output(program, arguments)?;
            Ok(ProgramOutput { success: output.exit.success(), stdout: output.stdout, stderr: output.stderr })
        }),
        limits: Limits::default(),
    }
}

/// Every one of these problems, then a failure of wrong configuration.
pub(super) fn all_of<E: std::fmt::Display + Hint>(problems: Vec<E>) -> Failure {
    for problem in problems {
        print::error(&problem, problem.hint());
    }
    Failure::silent(USAGE)
}
