//! Answers what editors and agents ask about a directory, as the command line would, but without messages to a user.
//!
//! The answers have types because programs are written against them; `docs/clients/daemon.md` explains them.

mod project;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vx_base::package::candidate::{Candidate, Scheme};
use vx_base::paths::Home;
use vx_base::system::variables::variable;
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_project::VersionRequest;
use vx_project::version::newest_first;
use vx_store::{DiskError, Store, StoreEntry};

use crate::tools::environment::{self, FolderError};
use crate::tools::installs::installing::request;
use crate::tools::programs::{self, ProgramLookupError};
use crate::tools::route::{FileStampRecorder, StampedFile};
use crate::tools::routes::{Routes, program};
use crate::workspace::error::WorkError;
use crate::workspace::frontend::NullFrontend;
use crate::workspace::project::{Access, Faults, ProjectPlace, Workspace};
#[cfg(test)] // The protocol in TypeScript names them.
pub use project::{Build, Problem, Script, Service, Tool};
pub use project::{ProjectState, project, state};

/// The program behind a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Resolved {
    /// Its file.
    pub executable: PathBuf,
    /// The version of its tool; null for a program of this system.
    pub version: Option<String>,
    /// The variables to run it with, `PATH` among them.
    pub env: BTreeMap<String, String>,
}

/// The environment of a project's tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Environment {
    /// The variables to set, `PATH` among them.
    pub env: BTreeMap<String, String>,
    /// The folders in front of `PATH`; with a `runtime` only the folders of that tool.
    pub path: Vec<PathBuf>,
}

/// The versions of a tool, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Versions {
    /// The versions.
    pub versions: Vec<Version>,
}

/// A version of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Version {
    /// The version.
    pub version: String,
    /// Whether it is in the store.
    pub installed: bool,
    /// Whether the project's lock names it.
    pub locked: bool,
}

/// An answer, with the files that it was made from; `None` if it must not be cached.
pub type Kept<T> = (T, Option<Vec<StampedFile>>);

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The project cannot be used.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// There is no such program.
    #[error(transparent)]
    Program(#[from] ProgramLookupError),
    /// There is no such tool.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] DiskError),
    /// That version is not installed.
    #[error("{tool} {version} is not installed")]
    NotInstalled {
        /// The tool.
        tool: String,
        /// The version that was asked for.
        version: String,
    },
    /// The sources don't answer, or know no such tool.
    #[error("{}", .0.text)]
    Source(Trouble),
}

impl Explain for QuestionError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Work(error) => error.kind(),
            Self::Program(error) => error.kind(),
            Self::Folder(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::NotInstalled { .. } => TroubleKind::NotFound,
            Self::Source(trouble) => trouble.kind,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Work(error) => error.hint(),
            Self::Program(error) => error.hint(),
            Self::Folder(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::NotInstalled { tool, version } => Some(format!("`vx install {tool}@{version}` installs it")),
            Self::Source(trouble) => trouble.hint.clone(),
        }
    }
}

/// The program that this name means in a directory; with a `version`, the program of the newest installed release that
/// matches it.
///
/// # Errors
/// There is no such program, or the project needs consent.
pub fn resolve(
    home: &Home,
    directory: &Path,
    name: &str,
    version: Option<&str>,
) -> Result<Kept<Resolved>, QuestionError> {
    let place = ProjectPlace::AboveOrNone(directory.to_owned());
    let routes = Routes::for_place(&place, home.clone())?;
    if let Some(version) = version {
        let release = installed(home, name, version)?;
        let file = program(&release, name);
        let file = file.ok_or_else(|| ProgramLookupError::NoProgram {
            tool: name.to_owned(),
            version: release.receipt.version.clone(),
            name: name.to_owned(),
        })?;
        let env = texts(routes.invocation(file.clone(), Some(&release.bin())).variables);
        return Ok((Resolved { executable: file, version: Some(release.receipt.version), env }, None));
    }
    let found = programs::find(home, &place, name, &NullFrontend)?;
    let version = routes.release_with(name).map(|release| release.receipt.version.clone());
    let env = texts(routes.invocation(found.file.clone(), None).variables);
    let of_system = version.is_none();
    let answer = Resolved { executable: found.file, version, env };
    // A program of this system may come and go without a change of any of these files.
    let seen = if of_system { None } else { seen_with(routes, [&answer.executable]) };
    Ok((answer, seen))
}

/// The environment of a directory's tools.
///
/// # Errors
/// The project cannot be used, or the tool is not installed.
pub fn environment(
    home: &Home,
    directory: &Path,
    tool: Option<&str>,
    version: Option<&str>,
) -> Result<Kept<Environment>, QuestionError> {
    let routes = Routes::for_place(&ProjectPlace::AboveOrNone(directory.to_owned()), home.clone())?;
    if let (Some(tool), Some(version)) = (tool, version) {
        let bin = installed(home, tool, version)?.bin();
        let env = texts(routes.invocation(PathBuf::new(), Some(&bin)).variables);
        return Ok((Environment { env, path: vec![bin] }, None));
    }
    let path = environment::folders(&routes, tool)?;
    let env = environment::variables(&routes, variable("PATH"));
    let env = texts(env.into_iter().map(|(name, value)| (name.into(), value)).collect());
    let seen = seen_with(routes, &path);
    Ok((Environment { env, path }, seen))
}

/// The files that routes were made from, and these files of the store, which may be removed by other means than vx.
fn seen_with<'p>(routes: Routes, of_store: impl IntoIterator<Item = &'p PathBuf>) -> Option<Vec<StampedFile>> {
    let mut look = FileStampRecorder::begin();
    if !of_store.into_iter().all(|path| look.record(path)) {
        return None;
    }
    let mut seen = routes.into_draft(&[])?.witnesses;
    seen.extend(look.finish()?);
    Some(seen)
}

/// The versions of a tool in the store and, unless `installed_only` is set, the versions that its sources offer.
///
/// # Errors
/// The store cannot be read, or the sources don't answer or know no such tool.
pub fn versions(
    home: &Home,
    directory: Option<&Path>,
    tool: &str,
    installed_only: bool,
) -> Result<Versions, QuestionError> {
    let store = Store::new(home.clone()).list()?;
    let installed = store.iter().map(|release| &release.receipt).filter(|receipt| receipt.tool == tool);
    let mut all: Vec<(String, Scheme)> = installed.map(|receipt| (receipt.version.clone(), Scheme::Python)).collect();
    let here: Vec<String> = all.iter().map(|(version, _)| version.clone()).collect();
    let place = ProjectPlace::AboveOrNone(directory.map_or_else(|| home.root().to_owned(), Path::to_owned));
    let workspace = Workspace::open(home.clone(), &place, Faults::Keep, &NullFrontend)?;
    if !installed_only {
        let sources = workspace.sources(Access::Network);
        let asked = request(tool, &workspace.project)?;
        let offered = workspace.resolver(&sources).offered(&asked).map_err(QuestionError::Source)?;
        let usable = offered.into_iter().filter(|candidate: &Candidate| !candidate.yanked);
        let new = usable.filter(|candidate| !here.contains(&candidate.version));
        all.extend(new.map(|candidate| (candidate.version, candidate.scheme)).collect::<Vec<_>>());
    }
    newest_first(&mut all);
    let locked = workspace.lock.tools.get(tool).map(|locked| locked.version.as_str());
    let version = |(version, _): (String, Scheme)| Version {
        installed: here.contains(&version),
        locked: locked == Some(version.as_str()),
        version,
    };
    Ok(Versions { versions: all.into_iter().map(version).collect() })
}

/// The newest installed release of a tool that matches this version.
fn installed(home: &Home, tool: &str, version: &str) -> Result<StoreEntry, QuestionError> {
    let store = Store::new(home.clone());
    if let Some(release) = store.installed(tool, version) {
        return Ok(release);
    }
    let missing = || QuestionError::NotInstalled { tool: tool.to_owned(), version: version.to_owned() };
    let asked = VersionRequest::parse(version).map_err(WorkError::from)?;
    let mut matching: Vec<(String, Scheme)> = Vec::new();
    for release in store.list()? {
        let receipt = release.receipt;
        if receipt.tool == tool && asked.matches(&receipt.version, Scheme::Python) {
            matching.push((receipt.version, Scheme::Python));
        }
    }
    newest_first(&mut matching);
    let newest = matching.first().and_then(|(version, _)| store.installed(tool, version));
    newest.ok_or_else(missing)
}

fn texts(variables: Vec<(std::ffi::OsString, std::ffi::OsString)>) -> BTreeMap<String, String> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    variables.into_iter().map(|(name, value)| (text(name), text(value))).collect()
}
