//! Errors of the daemon and of its clients.

use std::io;
use std::path::PathBuf;

use vx_base::paths::{NoHome, RuntimeError};
use vx_base::trouble::{Explain, TroubleKind};
use vx_rpc::{CallError, ListenError, PlaceError, RpcError};

use super::protocol::PROTOCOL;

/// Why a daemon does not run, or a client has no answer from it.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// There is no home.
    #[error(transparent)]
    Home(#[from] NoHome),
    /// There is no directory for its socket.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The directory of its record is not safe.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It cannot listen.
    #[error("the daemon cannot listen: {0}")]
    Listen(#[from] ListenError),
    /// The path of the socket is longer than the system allows.
    #[error("the path of the daemon's socket, `{}`, is too long", .0.display())]
    LongPath(PathBuf),
    /// The socket of the service manager has no path.
    #[error("the socket of the service manager has no path, so no client could find it")]
    NoPath,
    /// Another daemon of this home runs.
    #[error("a daemon of this home already runs")]
    Taken,
    /// No daemon runs.
    #[error("no daemon runs for the home `{}`", .0.display())]
    Absent(PathBuf),
    /// The user has switched the daemon off.
    #[error("VX_DAEMON is `off`, so no daemon is used")]
    Off,
    /// The variable has an unknown value.
    #[error("VX_DAEMON is `{0}`; expected `off`, `auto` or `require`")]
    Switch(String),
    /// It holds its lock, but cannot be reached or does not answer.
    #[error("the daemon of this home runs, but does not answer: {reason}")]
    Silent {
        /// The reason.
        reason: String,
        /// The number of its process, by its record.
        process: Option<u32>,
    },
    /// It runs, and its socket was removed.
    #[error("the daemon of this home runs, but its socket `{}` is gone", .0.display())]
    NoSocket(PathBuf),
    /// It speaks other versions of the protocol.
    #[error("the daemon speaks another version of the protocol: {0}")]
    OtherProtocol(String),
    /// It ended or was not ready in time.
    #[error("the daemon did not start: {reason}")]
    NotStarted {
        /// The reason.
        reason: String,
        /// The last lines of its log.
        log: Vec<String>,
    },
    /// It did not end in time.
    #[error("the daemon was asked to end, but still runs")]
    StillThere,
    /// It refused a request.
    #[error("{}", .0.message)]
    Refused(RpcError),
    /// The connection was lost.
    #[error("the connection to the daemon is over: {0}")]
    Lost(CallError),
    /// A file or a process cannot be made.
    #[error("{what}: {cause}")]
    System {
        /// The attempt that failed.
        what: String,
        /// The cause.
        cause: io::Error,
    },
}

impl DaemonError {
    pub(super) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |cause| Self::System { what, cause }
    }
}

impl Explain for DaemonError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Home(error) => error.kind(),
            Self::Runtime(error) => error.kind(),
            Self::Place(_) | Self::Listen(_) | Self::System { .. } => TroubleKind::Disk,
            Self::LongPath(_) | Self::NoPath | Self::Off | Self::Switch(_) => TroubleKind::Configuration,
            Self::Taken | Self::Silent { .. } | Self::NoSocket(_) | Self::StillThere => TroubleKind::Busy,
            Self::Absent(_) => TroubleKind::NotFound,
            Self::OtherProtocol(_) => TroubleKind::Usage,
            Self::NotStarted { .. } => TroubleKind::Program,
            Self::Lost(_) => TroubleKind::Exit,
            Self::Refused(fault) => {
                fault.data.as_ref().and_then(|data| data.kind.parse().ok()).unwrap_or(TroubleKind::Usage)
            }
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Home(error) => return error.hint(),
            Self::Runtime(error) => return error.hint(),
            Self::Place(PlaceError::Unsafe { path, .. })
            | Self::Listen(ListenError::Place(PlaceError::Unsafe { path, .. })) => {
                format!("make `{}` a directory that only you can reach: `chmod 700`", path.display())
            }
            Self::Listen(ListenError::InTheWay(path)) => format!("remove `{}`", path.display()),
            Self::Listen(ListenError::Taken(_)) | Self::Taken => "`vx daemon status` shows it".into(),
            Self::LongPath(_) => "set VX_RUNTIME_DIR to a shorter path".into(),
            Self::NoPath => "give `ListenStream` the path that `vx daemon status` shows".into(),
            Self::Absent(_) => "`vx daemon start` starts one".into(),
            Self::Off => "unset VX_DAEMON, or set it to `auto`".into(),
            Self::Switch(_) => "set VX_DAEMON to one of these, or unset it".into(),
            Self::Silent { process: Some(process), .. } => {
                format!("`vx daemon logs` shows its log; end process {process} if it hangs")
            }
            Self::Silent { process: None, .. } | Self::StillThere => {
                "`vx daemon logs` shows its log; end its process if it hangs".into()
            }
            Self::NoSocket(_) => "try again in 30 s: it makes the socket again by then".into(),
            Self::OtherProtocol(_) => {
                format!("this vx speaks version {PROTOCOL}: `vx daemon restart` starts a daemon of this version")
            }
            Self::NotStarted { .. } => "`vx daemon run` shows in the foreground what is wrong".into(),
            Self::Refused(fault) => return fault.data.as_ref().and_then(|data| data.hint.clone()),
            Self::Lost(_) => "try again; `vx daemon status` shows whether it runs".into(),
            Self::Place(_) | Self::Listen(_) | Self::System { .. } => return None,
        })
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::NotStarted { log, .. } => log.clone(),
            _ => Vec::new(),
        }
    }
}
