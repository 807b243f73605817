//! The errors of development servers.

use std::io;
use std::path::PathBuf;

use vx_base::paths::RuntimeError;
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_run::board_error::ExplainBoard;

use vx_services::ports::PortError;

/// Why something about a development server was not done.
#[derive(Debug, thiserror::Error)]
pub enum DevServerError {
    /// `initialize` has not been called yet, or `shutdown` has.
    #[error("the manager of development servers is not initialized")]
    NotInitialized,
    /// No development server of this plugin is managed.
    #[error("no development server of the plugin `{id}` is managed")]
    Unknown {
        /// The plugin's id.
        id: String,
    },
    /// The program does not count the plugin among those in development.
    #[error("the plugin `{id}` is not in development")]
    NotInDevelopment {
        /// The plugin's id.
        id: String,
    },
    /// The plugin's directory does not exist, or its path cannot be used.
    #[error("the directory of the plugin `{id}`, `{}`, does not exist", path.display())]
    NoPath {
        /// The plugin's id.
        id: String,
        /// The path of the directory; empty if none is known.
        path: PathBuf,
    },
    /// Another program runs the plugin's server.
    #[error("another program runs the development server of `{id}`")]
    External {
        /// The plugin's id.
        id: String,
    },
    /// The program that runs the guards was not found.
    #[error("there is no program `{}` that could guard services", program.display())]
    NoProgram {
        /// The program as the settings name it, or as it was searched for on `PATH`.
        program: PathBuf,
    },
    /// No port could be reserved.
    #[error(transparent)]
    Port(#[from] PortError),
    /// No directory for boards was found.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The board could not be created.
    #[error(transparent)]
    Board(#[from] vx_shm::CreateError),
    /// A system call failed.
    #[error("{0}")]
    System(#[from] io::Error),
    /// The supervisor refused the request.
    #[error("{}", .0.text)]
    Refused(Trouble),
    /// The server did not end, or did not start again, in time.
    #[error("the development server of `{id}` has not ended in time")]
    NotEnded {
        /// The plugin's id.
        id: String,
    },
}

impl From<Trouble> for DevServerError {
    fn from(trouble: Trouble) -> Self {
        Self::Refused(trouble)
    }
}

impl Explain for DevServerError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::NotInitialized | Self::NotInDevelopment { .. } | Self::External { .. } => TroubleKind::Usage,
            Self::Unknown { .. } | Self::NoPath { .. } => TroubleKind::NotFound,
            Self::NoProgram { .. } => TroubleKind::Program,
            Self::Port(_) => TroubleKind::Busy,
            Self::Runtime(error) => error.kind(),
            Self::Board(error) => error.kind(),
            Self::System(_) => TroubleKind::Internal,
            Self::Refused(trouble) => trouble.kind,
            Self::NotEnded { .. } => TroubleKind::Timeout,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotInitialized => Some("call `initialize` first".into()),
            Self::Unknown { .. } => Some("start it first".into()),
            Self::NotInDevelopment { .. } => Some("start it by its directory instead".into()),
            Self::NoPath { .. } => Some("give the absolute path of an existing directory".into()),
            Self::External { .. } => Some("end it there: vx ends only what it has started".into()),
            Self::NoProgram { .. } => Some("install vx, or name its program in the settings".into()),
            Self::Port(error) => Some(error.hint().into()),
            Self::Runtime(error) => error.hint(),
            Self::Board(error) => error.hint(),
            Self::Refused(trouble) => trouble.hint.clone(),
            Self::System(_) | Self::NotEnded { .. } => None,
        }
    }
}
