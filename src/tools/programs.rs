//! Finds the file of a program: from the project, else from the user's own `vx.toml`, else from `PATH`. Also lists
//! every place that has the program.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use vx_base::nearest::near_misses;
use vx_base::paths::Home;
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_store::{DiskError, Store, StoreEntry};

use super::catalogue_releases;
use super::routes::{Absence, Routes, Target, program};
use crate::tools::route::Invocation;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::project::ProjectPlace;

/// Why there is no file for a program.
#[derive(Debug, thiserror::Error)]
pub enum ProgramLookupError {
    /// No project declares the program, and it is not on `PATH`.
    #[error("no vx.toml here declares `{name}`, and it is not on PATH")]
    Unknown {
        /// The name.
        name: String,
        /// The most similar other name of a program, if there is one.
        near: Option<String>,
    },
    /// The lock does not name a version of the tool.
    #[error("{tool} is {}", if *installed { "installed, but vx.lock does not say which version is meant" } else { "not installed yet, nor is it in vx.lock" })]
    NotLocked {
        /// The tool.
        tool: String,
        /// Whether any version of the tool is installed.
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
    /// No release, or no copy on `PATH`, fits the project's request.
    #[error("{0}")]
    Unfit(Trouble),
    /// The project cannot be used.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] DiskError),
}

impl Explain for ProgramLookupError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Unknown { .. } | Self::NotInstalled { .. } | Self::NoProgram { .. } => TroubleKind::NotFound,
            Self::NotLocked { .. } => TroubleKind::Lock,
            Self::Unfit(trouble) => trouble.kind,
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
            Self::Unfit(trouble) => trouble.hint.clone().unwrap_or_else(|| "run `vx sync`".into()),
            Self::Work(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
        })
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Unfit(trouble) => trouble.details.clone(),
            Self::Work(error) => error.details(),
            _ => Vec::new(),
        }
    }
}

/// A program that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramLocation {
    /// Its file.
    pub file: PathBuf,
    /// The `vx.toml` that declares its tool; `None` if that is the nearest one, or if none does.
    pub declared_in: Option<PathBuf>,
}

/// The file of this program: from the project at `place` or one that it inherits from, else from the user's own
/// `vx.toml`, else from `PATH`.
///
/// # Errors
/// No such program exists, or the project's program is not installed.
pub fn find(
    home: &Home,
    place: &ProjectPlace,
    name: &str,
    frontend: &dyn Frontend,
) -> Result<ProgramLocation, ProgramLookupError> {
    let routes = Routes::for_place(place, home.clone())?;
    let target = routes.target(name);
    if !matches!(target, Target::Refused(WorkError::Consent(_))) {
        routes.tell(frontend);
    }
    routes.notice_old_locks(frontend);
    match target {
        Target::Ready(Invocation { file, .. })
        | Target::System(Invocation { file, .. })
        | Target::OnPath(Invocation { file, .. }) => {
            Ok(ProgramLocation { file, declared_in: routes.declared_elsewhere(name).map(Path::to_owned) })
        }
        Target::Absent { tool, absence, .. } => Err(absent(home, tool, name, absence)?),
        Target::Refused(error) => Err(error.into()),
        Target::NotOnPath(trouble) => Err(ProgramLookupError::Unfit(trouble)),
        Target::Undeclared => {
            let installed = Store::new(home.clone()).list()?;
            let programs = installed.iter().flat_map(|release| &release.receipt.programs);
            let tools = installed.iter().map(|release| &release.receipt.tool);
            Err(unknown(name, programs.map(|program| &program.name).chain(tools)))
        }
    }
}

/// The error for a tool that is not installed as its project wants it.
fn absent(home: &Home, tool: String, name: &str, absence: Absence) -> Result<ProgramLookupError, ProgramLookupError> {
    Ok(match absence {
        Absence::Unlocked => {
            let installed = Store::new(home.clone()).list()?.iter().any(|release| release.receipt.tool == tool);
            ProgramLookupError::NotLocked { tool, installed }
        }
        Absence::Missing { version } => ProgramLookupError::NotInstalled { tool, version },
        Absence::NoProgram { version } => ProgramLookupError::NoProgram { tool, version, name: name.to_owned() },
        Absence::Refused(trouble) | Absence::Unfit(trouble) => ProgramLookupError::Unfit(trouble.about(&tool)),
    })
}

/// Every file of this program, beginning with the one that would run: from the project at `place` and the projects it
/// inherits from, from `PATH`, and from the other releases by age.
///
/// # Errors
/// There is no such program.
pub fn find_all(home: &Home, place: &ProjectPlace, name: &str) -> Result<Vec<PathBuf>, ProgramLookupError> {
    let routes = Routes::for_place(place, home.clone())?;
    let mut places = routes.all(name);
    let mut installed: Vec<StoreEntry> = catalogue_releases::releases(home)?;
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

fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a String>) -> ProgramLookupError {
    let near = near_misses(name, known.into_iter().map(String::as_str));
    let near = near.first().map(|near| (*near).to_owned());
    ProgramLookupError::Unknown { name: name.to_owned(), near }
}
