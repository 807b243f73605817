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
    /// `initialize` was not called yet, or `shutdown` was.
    #[error("the manager of development servers is not initialized")]
    NotInitialized,
    /// No development server of this plugin is managed.
    #[error("no development server of the plugin `{id}` is managed")]
    Unknown {
        /// The plugin's id.
        id: String,
    },
    /// The plugin is not one that is in development.
    #[error("the plugin `{id}` is not in development")]
    NotInDevelopment {
        /// The plugin's id.
        id: String,
    },
    /// The plugin's directory is not there.
    #[error("the directory of the plugin `{id}`, `{}`, is not there", path.display())]
    NoPath {
        /// The plugin's id.
        id: String,
        /// The directory; empty if none is known.
        path: PathBuf,
    },
    /// Another program runs the plugin's server.
    #[error("another program runs the development server of `{id}`")]
    External {
        /// The plugin's id.
        id: String,
    },
    /// There is no program for guards.
    #[error("there is no program `{}` that could guard services", program.display())]
    NoProgram {
        /// The program that was named, or looked for on `PATH`.
        program: PathBuf,
    },
    /// There is no port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// There is no directory for boards.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// There is no board.
    #[error(transparent)]
    Board(#[from] vx_shm::CreateError),
    /// The system refuses.
    #[error("{0}")]
    System(#[from] io::Error),
    /// The supervisor refuses.
    #[error("{}", .0.text)]
    Refused(Trouble),
    /// It has not ended in time.
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
            Self::NotInDevelopment { .. } => Some("start it with its directory in place of that".into()),
            Self::NoPath { .. } => Some("name a directory that is there".into()),
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
