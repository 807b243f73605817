//! Why an install did not end well.

use crate::hint::Hint;

use super::cancel::Stop;
use super::disk::DiskError;
use super::download::{DownloadError, DownloadErrorKind};
use super::lock::WaitError;
use super::need::NeedError;
use super::programs::ProgramError;
use super::store::BadName;
use super::unpack::{UnpackError, UnpackErrorKind};

/// Why an install did not end well. The store is as it was before, whatever this says.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Somebody asked for it; what was received is kept for the next run.
    #[error("cancelled")]
    Cancelled,
    /// The time it was given has passed; what was received is kept for the next run.
    #[error("not finished within {limit_ms} ms")]
    Deadline {
        /// The time it was given.
        limit_ms: u64,
    },
    /// Tool or version can have no place in the store.
    #[error(transparent)]
    Name(#[from] BadName),
    /// There is nothing to install it from.
    #[error("the plan names no archive to install")]
    NoParts,
    /// Another process installs it, and does not get on.
    #[error(transparent)]
    Wait(WaitError),
    /// The tool that runs it is not there.
    #[error(transparent)]
    Need(#[from] NeedError),
    /// An archive was not received.
    #[error(transparent)]
    Download(DownloadError),
    /// An archive was not unpacked.
    #[error(transparent)]
    Unpack(UnpackError),
    /// A program is not there.
    #[error(transparent)]
    Program(ProgramError),
    /// The post-install command failed.
    #[error("post-install command `{command}` failed: {reason}")]
    PostInstall {
        /// The command.
        command: String,
        /// How it ended, with its last lines.
        reason: String,
    },
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Hint for InstallError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Cancelled => Some("run it again: the download goes on where it stopped".into()),
            Self::Deadline { .. } => {
                Some("run it again with a larger `--timeout`: the download goes on where it stopped".into())
            }
            Self::Name(error) => error.hint(),
            Self::NoParts => None,
            Self::Wait(error) => error.hint(),
            Self::Need(NeedError::Failed(tool)) => Some(format!("see why `{tool}` did not install, then run it again")),
            Self::Need(NeedError::Stop(_)) => None,
            Self::Download(error) => error.hint(),
            Self::Unpack(error) => error.hint(),
            Self::Program(error) => error.hint(),
            Self::PostInstall { .. } => Some("correct `postinstall` in vx.toml; the release was not installed".into()),
            Self::Disk(error) => error.hint(),
        }
    }
}

impl InstallError {
    pub(super) fn stopped(stop: Stop, limit_ms: Option<u64>) -> Self {
        match stop {
            Stop::Cancelled => Self::Cancelled,
            Stop::Deadline => Self::Deadline { limit_ms: limit_ms.unwrap_or_default() },
        }
    }

    /// The same error, with a stop in any of its guises as what it is.
    pub(super) fn plain(self, limit_ms: Option<u64>) -> Self {
        match self {
            Self::Wait(WaitError::Stop(stop))
            | Self::Need(NeedError::Stop(stop))
            | Self::Download(DownloadError { kind: DownloadErrorKind::Stop(stop), .. })
            | Self::Unpack(UnpackError { kind: UnpackErrorKind::Stop(stop), .. }) => Self::stopped(stop, limit_ms),
            other => other,
        }
    }
}

impl From<WaitError> for InstallError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Disk(error) => Self::Disk(error),
            other => Self::Wait(other),
        }
    }
}

impl From<DownloadError> for InstallError {
    fn from(error: DownloadError) -> Self {
        match error.kind {
            DownloadErrorKind::Disk(error) => Self::Disk(error),
            kind => Self::Download(DownloadError { kind, ..error }),
        }
    }
}

impl From<UnpackError> for InstallError {
    fn from(error: UnpackError) -> Self {
        match error.kind {
            UnpackErrorKind::Disk(error) => Self::Disk(error),
            kind => Self::Unpack(UnpackError { kind, ..error }),
        }
    }
}

impl From<ProgramError> for InstallError {
    fn from(error: ProgramError) -> Self {
        match error {
            ProgramError::Disk(error) => Self::Disk(error),
            other => Self::Program(other),
        }
    }
}
