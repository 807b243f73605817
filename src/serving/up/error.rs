//! The errors of services.

use std::io;
use std::path::PathBuf;

use vx_base::files::agreed_file::AgreedFileError;
use vx_base::paths::RuntimeError;
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_project::ConfigErrors;
use vx_rpc::{CallError, RpcError};
use vx_run::board_error::ExplainBoard;
use vx_services::declared::spec::DirectoryOutside;

use crate::boards::find::BoardError;
use crate::running::scripts::ScriptRunError;
use crate::workspace::error::WorkError;
use crate::workspace::policy::way_to_consent;

/// Why a request about services failed.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// The table of services has errors.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// A service's directory lies outside of the project.
    #[error(transparent)]
    Outside(#[from] DirectoryOutside),
    /// The project declares no services.
    #[error("`{}` declares no services", file.display())]
    None {
        /// The project's file.
        file: PathBuf,
    },
    /// This system has no guards.
    #[error("services need Linux 5.3 or newer")]
    NoGuards,
    /// The user has not agreed to the project's services.
    #[error("the services of `{}` need your consent", file.display())]
    Withheld {
        /// The project's file.
        file: PathBuf,
        /// The parts of the project that may not act.
        lines: Vec<String>,
    },
    /// The project cannot be opened, or its tools not installed.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// A file has changed since the user agreed to it.
    #[error(transparent)]
    Agreed(#[from] AgreedFileError),
    /// The variables of the project's services cannot be read.
    #[error(transparent)]
    Variables(#[from] ScriptRunError),
    /// There is no directory for boards.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The supervisor's board cannot be made or read.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The supervisor's board cannot be made.
    #[error(transparent)]
    Create(#[from] vx_shm::CreateError),
    /// The system refuses.
    #[error("{0}")]
    System(#[from] io::Error),
    /// The supervisor does not answer.
    #[error("the supervisor of the services does not answer: {0}")]
    Call(CallError),
    /// The supervisor refused.
    #[error("{}", .0.message)]
    Refused(RpcError),
    /// The supervisor did not listen in time.
    #[error("the supervisor of the services did not start")]
    NotStarted,
    /// The supervisor ended before it listened.
    #[error("the supervisor of the services did not start: {0}")]
    Ended(Trouble),
    /// The supervisor that was to start a service again has ended.
    #[error("the services are no longer running")]
    NotAtWork,
    /// The supervisor was asked to end but has not.
    #[error("the services have not ended in time")]
    NotEnded,
    /// Processes of these services are left although they were killed; each text names them.
    #[error("not everything has ended: {}", .0.join("; "))]
    Left(Vec<String>),
    /// Another supervisor is running.
    #[error("another supervisor runs the services of `{}`", directory.display())]
    Held {
        /// The project's directory.
        directory: PathBuf,
    },
}

impl UpError {
    /// Whether the supervisor is about to end, so that the request can be sent to another one.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Refused(fault) => fault.message == vx_services::supervisor::OVER,
            // The supervisor may have ended between two calls.
            Self::Call(CallError::Io(_) | CallError::Nobody(_)) => true,
            _ => false,
        }
    }
}

impl From<CallError> for UpError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(fault) => Self::Refused(fault),
            error => Self::Call(error),
        }
    }
}

impl Explain for UpError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Config(error) => error.kind(),
            Self::Outside(error) => error.kind(),
            Self::None { .. } | Self::NotAtWork => TroubleKind::NotFound,
            Self::NoGuards => TroubleKind::NotForPlatform,
            Self::Withheld { .. } | Self::Agreed(_) => TroubleKind::Consent,
            Self::Work(error) => error.kind(),
            Self::Variables(error) => error.kind(),
            Self::Runtime(error) => error.kind(),
            Self::Board(error) => error.kind(),
            Self::Create(error) => error.kind(),
            Self::System(_) => TroubleKind::Internal,
            Self::Ended(trouble) => trouble.kind,
            Self::Call(CallError::TimeUp) | Self::NotStarted | Self::NotEnded => TroubleKind::Timeout,
            Self::Left(_) => TroubleKind::Killed,
            Self::Call(_) => TroubleKind::Board,
            Self::Refused(fault) => {
                let named = fault.data.as_ref().and_then(|data| data.kind.parse().ok());
                named.unwrap_or(TroubleKind::Internal)
            }
            Self::Held { .. } => TroubleKind::Busy,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Outside(error) => error.hint(),
            Self::None { .. } => Some("add one: [services.web] with `command`, or a Procfile beside it".into()),
            Self::NoGuards => Some("the tools, scripts and boards of this project work here all the same".into()),
            Self::Withheld { .. } | Self::Agreed(_) => Some(way_to_consent()),
            Self::Work(error) => error.hint(),
            Self::Variables(error) => error.hint(),
            Self::Runtime(error) => error.hint(),
            Self::Board(error) => error.hint(),
            Self::Create(error) => error.hint(),
            Self::Refused(fault) => fault.data.as_ref().and_then(|data| data.hint.clone()),
            Self::Ended(trouble) => trouble.hint.clone(),
            Self::Left(_) => Some("find out what the processes wait for, then run `vx down` again".into()),
            Self::NotAtWork => Some("`vx up` starts them".into()),
            Self::NotEnded => Some("`vx ps` shows what is left".into()),
            Self::System(_) | Self::Call(_) | Self::NotStarted | Self::Held { .. } => None,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Config(error) => error.details(),
            Self::Withheld { lines, .. } => lines.iter().map(|line| format!("  {line}")).collect(),
            Self::Work(error) => Trouble::from_error(error).details,
            Self::Ended(trouble) => trouble.details.clone(),
            _ => Vec::new(),
        }
    }
}
