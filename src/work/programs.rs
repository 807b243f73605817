//! The file of a program: the project's, or else that of the user's own `vx.toml`, or else the one on `PATH`. Also lists
//! every place that has the program.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::slice;

use super::error::WorkError;
use super::frontend::Frontend;
use super::routes::{Routes, on_path, program};
use super::workspace::{Access, Faults, Place, Workspace};
use crate::install::{DiskError, Release, Store};
use crate::nearest::nearest;
use crate::paths::Home;
use crate::project::discover;
use crate::source::programs_on_path;
use crate::sync::{Resolved, ResolvedTool, Resolver};
use crate::trouble::{Explain, Trouble, TroubleKind};

/// Why there is no file for a program.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// No project declares the program, and it is not on `PATH`.
    #[error("no vx.toml here declares `{name}`, and it is not on PATH")]
    Unknown {
        /// The name.
        name: String,
        /// The most similar other name of a program, if there is one.
        near: Option<String>,
    },
    /// The lock does not name a version of the tool.
    #[error("{tool} is {}", if *installed { "installed, and vx.lock does not say which version of it is meant" } else { "not installed yet, nor is it in vx.lock" })]
    NotLocked {
        /// The tool.
        tool: String,
        /// True if any version of the tool is installed.
        installed: bool,
    },
    /// The locked version is not installed.
    #[error("{tool} {version} is not installed yet")]
    NotInstalled {
        /// The tool.
        tool: String,
        /// The version.
        version: String,
    },
    /// The installed release does not have the program.
    #[error("{tool} {version} was installed without a program `{name}`")]
    NoProgram {
        /// The tool.
        tool: String,
        /// The version.
        version: String,
        /// The program.
        name: String,
    },
    /// No release fits the project's request.
    #[error("{0}")]
    NoRelease(Trouble),
    /// The project wants the system's copy of a tool, which lacks the program.
    #[error("no `{name}` is on PATH, and {tool} is to be this system's own")]
    NotOnPath {
        /// The tool.
        tool: String,
        /// The program.
        name: String,
    },
    /// The project wants the tool on other systems only.
    #[error("{tool} is not for this system")]
    NotHere {
        /// The tool.
        tool: String,
    },
    /// The project cannot be used.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] DiskError),
}

impl Explain for ProgramError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Unknown { .. } | Self::NotInstalled { .. } | Self::NoProgram { .. } | Self::NotOnPath { .. } => {
                TroubleKind::NotFound
            }
            Self::NotLocked { .. } => TroubleKind::Lock,
            Self::NoRelease(trouble) => trouble.kind,
            Self::NotHere { .. } => TroubleKind::NotForPlatform,
            Self::Work(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::Unknown { near: None, .. } => {
                "`vx sync` installs what vx.toml declares; `vx search` lists the tools vx knows".into()
            }
            Self::NotLocked { .. } | Self::NotInstalled { .. } => "run `vx sync`".into(),
            Self::NoProgram { tool, .. } => format!("install it again with `vx sync --force {tool}`"),
            Self::NoRelease(trouble) => trouble.hint.clone().unwrap_or_else(|| "run `vx sync`".into()),
            Self::NotOnPath { .. } => "install it, or have vx install it: give its version in vx.toml".into(),
            Self::NotHere { .. } => return None,
            Self::Work(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
        })
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::NoRelease(trouble) => trouble.details.clone(),
            Self::Work(error) => error.details(),
            _ => Vec::new(),
        }
    }
}

/// The file of this program: from the project at `place`, if that declares it, or else from the user's own `vx.toml`, or
/// else from `PATH`.
///
/// # Errors
/// No such program exists, or the project's own is not installed.
pub fn find(home: &Home, place: &Place, name: &str, frontend: &dyn Frontend) -> Result<PathBuf, ProgramError> {
    let projects = (!place.is_empty()).then(|| place.required());
    let own = discover::find_in(home.root(), |_| true).map(|_| Place::At(home.root().to_owned()));
    for place in projects.into_iter().chain(own) {
        let workspace = Workspace::open(home.clone(), &place, Faults::Refuse, frontend)?;
        workspace.notice_old_lock(frontend);
        if let Some(path) = of_project(&workspace, name)? {
            return Ok(path);
        }
    }
    if let Some(path) = on_path(name, home) {
        return Ok(path);
    }
    let installed = Store::new(home.clone()).list()?;
    let programs = installed.iter().flat_map(|release| &release.receipt.programs);
    let known = programs.map(|program| &program.name).chain(installed.iter().map(|release| &release.receipt.tool));
    Err(unknown(name, known))
}

/// Every file of this program, beginning with the one that would run: from the projects of this directory, from `PATH`,
/// and from the other releases by age.
///
/// # Errors
/// There is no such program.
pub fn find_all(home: &Home, directory: &Path, name: &str) -> Result<Vec<PathBuf>, ProgramError> {
    let routes = Routes::of(directory, home.clone())?;
    let mut places = routes.all(name);
    if let Some(path) = std::env::var_os("PATH") {
        places.extend(programs_on_path(name, &path));
    }
    let mut installed: Vec<Release> = Store::new(home.clone()).list()?;
    installed.sort_by_key(|release| Reverse(release.receipt.installed_at));
    places.extend(installed.iter().filter_map(|release| program(release, name)));
    let mut found: Vec<PathBuf> = Vec::new();
    for place in places {
        if !found.contains(&place) {
            found.push(place);
        }
    }
    if found.is_empty() { Err(unknown(name, &routes.names())) } else { Ok(found) }
}

fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a String>) -> ProgramError {
    let near = nearest(name, known.into_iter().map(String::as_str));
    let near = near.first().filter(|near| **near != name).map(|near| (*near).to_owned());
    ProgramError::Unknown { name: name.to_owned(), near }
}

/// The program of the release that the lock names; `None` for a name that the project does not declare.
///
/// For a declared tool, another tool's program of the same name does not count.
fn of_project(workspace: &Workspace, name: &str) -> Result<Option<PathBuf>, ProgramError> {
    let sources = workspace.sources(Access::Offline);
    let resolver = Resolver { frozen: true, all_platforms: false, ..workspace.resolver(&sources) };
    let here = || workspace.project.tools.iter().filter(|ask| ask.wanted_on(workspace.platform.os));
    // A tool with this name comes before a tool that has a program with this name.
    let named = here().find(|ask| ask.name == name);
    let Some(ask) = named.or_else(|| here().find(|ask| resolver.provides(ask, name))) else { return Ok(None) };
    let store = Store::new(workspace.home.clone());
    resolver.recipes(slice::from_ref(ask)).map_err(WorkError::NoRecipes)?;
    if resolver.lockable(ask) && !workspace.lock.tools.contains_key(&ask.name) {
        let installed = store.list().is_ok_and(|all| all.iter().any(|release| release.receipt.tool == ask.name));
        return Err(ProgramError::NotLocked { tool: ask.name.clone(), installed });
    }
    let resolution = resolver.resolve(slice::from_ref(ask), |_| false);
    let home = &workspace.home;
    resolution.wanted.first().map(|wanted| provided(wanted, &store, name, home)).transpose()
}

fn provided(wanted: &ResolvedTool, store: &Store, name: &str, home: &Home) -> Result<PathBuf, ProgramError> {
    let tool = wanted.tool.clone();
    match &wanted.found {
        Resolved::OnPath { program, .. } if name == tool => Ok(program.clone()),
        Resolved::OnPath { .. } => {
            on_path(name, home).ok_or_else(|| ProgramError::NotOnPath { tool, name: name.to_owned() })
        }
        Resolved::Release(release) => {
            let version = release.version.clone();
            match store.installed(&tool, &version) {
                None => Err(ProgramError::NotInstalled { tool, version }),
                Some(installed) => program(&installed, name).ok_or_else(|| ProgramError::NoProgram {
                    tool,
                    version,
                    name: name.to_owned(),
                }),
            }
        }
        Resolved::Nothing { error } => Err(ProgramError::NoRelease(error.clone().about(&tool))),
        Resolved::NotHere => Err(ProgramError::NotHere { tool }),
    }
}
