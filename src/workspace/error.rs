//! Reasons why work could not be started or finished. A tool that fails in a run is part of the run's outcome, not an
//! error of the work.

use std::io;
use std::path::PathBuf;

use vx_base::paths::{NoHome, RuntimeError};
use vx_base::system::process_limit::{ProcessLimit, start_error_text};
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_fetch::NoRecipe;
use vx_plan::{Forged, Undeclared};
use vx_project::ProjectError;
use vx_project::edit::EditError;
use vx_project::lock::LockError;
use vx_project::version::BadRequest;
use vx_run::board_error::ExplainBoard;
use vx_store::DiskError;

use super::consent_error::ConsentError;
use super::policy::PolicyError;
use crate::boards::exports::ExportError;

impl From<PolicyError> for WorkError {
    fn from(error: PolicyError) -> Self {
        Self::Consent(error.into())
    }
}

/// Why work could not be started or finished.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// There is no home.
    #[error(transparent)]
    Home(#[from] NoHome),
    /// There is no project, or its file cannot be used.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The project's file cannot be changed.
    #[error("`{}` cannot be changed: {cause}", path.display())]
    ProjectEdit {
        /// The file.
        path: PathBuf,
        /// The reason.
        cause: EditError,
    },
    /// The project's file cannot be written.
    #[error("`{}` cannot be written: {cause}", path.display())]
    ProjectWrite {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The lock file cannot be used.
    #[error(transparent)]
    LockRead(LockError),
    /// The lock file cannot be written.
    #[error(transparent)]
    LockWrite(LockError),
    /// No tool of the catalogue is built for this machine.
    #[error("no tools are known for {os} on {arch}")]
    Platform {
        /// Its operating system.
        os: &'static str,
        /// Its processor.
        arch: &'static str,
    },
    /// A tool is named that the project does not declare.
    #[error("`{tool}` is not in `{}`", path.display())]
    NotInProject {
        /// The tool.
        tool: String,
        /// The project's file.
        path: PathBuf,
        /// A tool of the project with a name much like it.
        near: Option<String>,
        /// The file of a project further up that declares it.
        above: Option<PathBuf>,
    },
    /// The user's consent is missing.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The request for a version is not valid.
    #[error(transparent)]
    Request(#[from] BadRequest),
    /// A tool is requested in two versions at once.
    #[error("`{tool}` is requested as `{one}` and as `{other}`")]
    TwoRequests {
        /// The tool.
        tool: String,
        /// One request.
        one: String,
        /// The other.
        other: String,
    },
    /// vx does not know how to get some of the tools.
    #[error("{}", in_one_line(.0))]
    NoRecipes(Vec<NoRecipe>),
    /// Some of the tools need other tools to run them, and the project does not declare those.
    #[error("{}", in_one_line(.0))]
    Undeclared(Vec<Undeclared>),
    /// The lock does not match the project, and the command requires a match.
    #[error("vx.lock does not fit vx.toml")]
    Unlocked {
        /// Each difference, in a sentence.
        differences: Vec<String>,
        /// The directory of the project further up that the lock belongs to; `None` for the project itself.
        above: Option<PathBuf>,
    },
    /// Lock entries contradict vx.toml or the catalogue.
    #[error("{}", in_one_line(.0))]
    Forged(Vec<Forged>),
    /// There is no directory for boards.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A directory of the home cannot be made.
    #[error("cannot make `{}`: {cause}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The directory for the dumps cannot be made.
    #[error("cannot make `{}`: {cause}", path.display())]
    DumpDirectory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The run's exports cannot be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The file for the recording cannot be made.
    #[error("cannot record to `{}`: {cause}", path.display())]
    Recording {
        /// The file.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// The board cannot be made.
    #[error(transparent)]
    Board(#[from] vx_shm::CreateError),
    /// The directory for logs cannot be made beside the board.
    #[error("cannot prepare logs beside `{}`: {cause}", board.display())]
    Logs {
        /// The board.
        board: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] DiskError),
    /// The door cannot show the run, and has reported the reason.
    #[error("the run cannot be shown")]
    Refused,
    /// The system refused something else.
    #[error("{}", start_error_text(.0))]
    System(#[from] io::Error),
}

impl WorkError {
    /// The error as a list for a door: one item for each tool at fault.
    pub fn troubles(&self) -> Vec<Trouble> {
        match self {
            Self::NoRecipes(errors) => errors.iter().map(Trouble::from_error).collect(),
            Self::Undeclared(errors) => errors.iter().map(Trouble::from_error).collect(),
            Self::Forged(errors) => errors.iter().map(Trouble::from_error).collect(),
            error => vec![Trouble::from_error(error)],
        }
    }
}

impl Explain for WorkError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Home(error) => error.kind(),
            Self::Project(error) => error.kind(),
            Self::ProjectEdit { cause, .. } => cause.kind(),
            Self::LockRead(error) | Self::LockWrite(error) => error.kind(),
            Self::Platform { .. } => TroubleKind::NotForPlatform,
            Self::NotInProject { .. } | Self::TwoRequests { .. } => TroubleKind::Usage,
            Self::Consent(error) => error.kind(),
            Self::Request(error) => error.kind(),
            Self::NoRecipes(errors) => errors.first().map_or(TroubleKind::Configuration, Explain::kind),
            Self::Undeclared(errors) => errors.first().map_or(TroubleKind::Dependency, Explain::kind),
            Self::Unlocked { .. } | Self::Forged(_) => TroubleKind::Lock,
            Self::Runtime(error) => error.kind(),
            Self::ProjectWrite { .. } | Self::Directory { .. } | Self::DumpDirectory { .. } => TroubleKind::Disk,
            Self::Export(error) => error.kind(),
            Self::Recording { .. } | Self::Logs { .. } => TroubleKind::Board,
            Self::Board(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Refused => TroubleKind::Usage,
            Self::System(error) if ProcessLimit::reached(error).is_some() => TroubleKind::Limit,
            Self::System(_) => TroubleKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Home(error) => return error.hint(),
            Self::Project(error) => return error.hint(),
            Self::ProjectEdit { cause, .. } => return cause.hint(),
            Self::ProjectWrite { .. } => "the tools are installed: add them to [tools] by hand".into(),
            Self::LockRead(error) | Self::LockWrite(error) => return error.hint(),
            Self::Request(error) => return error.hint(),
            Self::Consent(error) => return error.hint(),
            Self::Runtime(error) => return error.hint(),
            Self::Export(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            Self::NotInProject { above: Some(above), .. } => {
                format!("`{}` declares it: run the command in that directory", above.display())
            }
            Self::NotInProject { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::NotInProject { tool, near: None, .. } => {
                format!("add it to [tools], or install it alone with `vx install {tool}`")
            }
            Self::TwoRequests { .. } => "install one version after the other".into(),
            Self::Unlocked { above: Some(above), .. } => {
                format!("run `vx lock` in `{}` and commit its vx.lock", above.display())
            }
            Self::Unlocked { above: None, .. } => "run `vx lock` and commit vx.lock".into(),
            Self::Directory { .. } => "set VX_HOME to a directory that you can write to".into(),
            Self::DumpDirectory { .. } => "name a directory that you can write to".into(),
            Self::Recording { .. } => "name a new file, or an older recording".into(),
            Self::Board(_) => "`vx board gc` removes old boards; VX_RUNTIME_DIR names another place for them".into(),
            Self::Platform { .. } | Self::NoRecipes(_) | Self::Undeclared(_) | Self::Forged(_) => return None,
            Self::System(error) => return ProcessLimit::reached(error).map(|limit| limit.hint()),
            Self::Logs { .. } | Self::Refused => return None,
        })
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Unlocked { differences, .. } => differences.clone(),
            Self::Project(error) => error.details(),
            Self::Consent(error) => error.details(),
            _ => Vec::new(),
        }
    }
}

fn in_one_line(errors: &[impl ToString]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
