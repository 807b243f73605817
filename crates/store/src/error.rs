//! Why an install fails.

use std::path::PathBuf;

use vx_base::system::process_limit::ProcessLimit;
use vx_base::trouble::{Explain, TroubleKind};

use super::cancel::InstallStop;
use super::disk::DiskError;
use super::download::{DownloadError, DownloadErrorKind};
use super::lock::LockWaitError;
use super::store::StoreNameError;
use super::unpack::{UnpackError, UnpackErrorKind};
use crate::lock::needed_tool::NeedError;
use crate::release::native::NativeError;
use crate::release::programs::ProvidedProgramError;
use crate::release::shipped::MetadataError;

/// A post-install command that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandFault {
    /// How it ended, as `exit code 3`, or why it couldn't be started.
    pub reason: String,
    /// Last lines of its output.
    pub output: Vec<String>,
    /// Limit that kept it from being started.
    pub limit: Option<ProcessLimit>,
}

/// A failed install. In every case the store is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A user or a program asked to stop; the bytes received are kept for the next run.
    #[error("cancelled")]
    Cancelled,
    /// The time allowed has passed; the bytes received are kept for the next run.
    #[error("not finished within {limit_ms} ms")]
    Deadline {
        /// The time allowed.
        limit_ms: u64,
    },
    /// The tool's name, or its version, cannot be a directory of the store.
    #[error(transparent)]
    Name(#[from] StoreNameError),
    /// The configuration names no archive.
    #[error("the plan names no archive to install")]
    NoParts,
    /// Another process installs the same release and makes no progress.
    #[error(transparent)]
    Wait(LockWaitError),
    /// The tool that runs this tool did not install.
    #[error(transparent)]
    Need(#[from] NeedError),
    /// An archive was not received.
    #[error(transparent)]
    Download(DownloadError),
    /// An archive was not unpacked.
    #[error(transparent)]
    Unpack(UnpackError),
    /// A program of the release cannot be provided.
    #[error(transparent)]
    Program(ProvidedProgramError),
    /// The package can't be a tool by itself, or doesn't describe itself.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A program of the release does not run on this machine.
    #[error(transparent)]
    Native(#[from] NativeError),
    /// The post-install command failed.
    #[error("post-install command `{}` failed: {}", first_line(command), fault.reason)]
    PostInstall {
        /// The command.
        command: String,
        /// How it ended.
        fault: CommandFault,
    },
    /// A later vx made the installed release.
    #[error("`{}` was made by a later vx: its receipt has layout {layout}", path.display())]
    Later {
        /// The release.
        path: PathBuf,
        /// Layout of its receipt.
        layout: u32,
    },
    /// A file system operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Explain for InstallError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Cancelled => TroubleKind::Cancelled,
            Self::Deadline { .. } => TroubleKind::Timeout,
            Self::Name(error) => error.kind(),
            Self::NoParts | Self::Later { .. } => TroubleKind::Internal,
            Self::Wait(error) => error.kind(),
            Self::Need(NeedError::Failed(_)) => TroubleKind::Dependency,
            Self::Need(NeedError::Stop(stop)) => stop.kind(),
            Self::Download(error) => Explain::kind(error),
            Self::Unpack(error) => Explain::kind(error),
            Self::Program(error) => error.kind(),
            Self::Metadata(error) => error.kind(),
            Self::Native(error) => error.kind(),
            Self::PostInstall { fault: CommandFault { limit: Some(_), .. }, .. } => TroubleKind::Limit,
            Self::PostInstall { .. } => TroubleKind::PostInstall,
            Self::Disk(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cancelled => Some("run it again: the download goes on where it stopped".into()),
            Self::Deadline { .. } => {
                Some("run it again with a larger `--timeout`: the download goes on where it stopped".into())
            }
            Self::Name(error) => error.hint(),
            Self::NoParts => None,
            Self::Later { .. } => Some("update vx, or set VX_HOME to another directory for this version of vx".into()),
            Self::Wait(error) => error.hint(),
            Self::Need(NeedError::Failed(tool)) => Some(format!("see why `{tool}` did not install, then run it again")),
            Self::Need(NeedError::Stop(_)) => None,
            Self::Download(error) => error.hint(),
            Self::Unpack(error) => error.hint(),
            Self::Program(error) => error.hint(),
            Self::Metadata(error) => error.hint(),
            Self::Native(error) => error.hint(),
            Self::PostInstall { fault: CommandFault { limit: Some(limit), .. }, .. } => Some(limit.hint()),
            Self::PostInstall { .. } => Some("correct `postinstall` in vx.toml; the release was not installed".into()),
            Self::Disk(error) => error.hint(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::PostInstall { fault, .. } => fault.output.clone(),
            _ => Vec::new(),
        }
    }
}

/// Name a command of several lines by its first line.
fn first_line(command: &str) -> String {
    let mut lines = command.lines();
    let first = lines.next().unwrap_or_default();
    if lines.next().is_none() { first.to_owned() } else { format!("{first} …") }
}

impl InstallError {
    pub(super) fn stopped(stop: InstallStop, limit_ms: Option<u64>) -> Self {
        match stop {
            InstallStop::Cancelled => Self::Cancelled,
            InstallStop::Deadline => Self::Deadline { limit_ms: limit_ms.unwrap_or_default() },
        }
    }

    /// Flatten the error: a request to stop inside another error becomes the error itself.
    pub(super) fn plain(self, limit_ms: Option<u64>) -> Self {
        match self {
            Self::Wait(LockWaitError::Stop(stop))
            | Self::Need(NeedError::Stop(stop))
            | Self::Download(DownloadError { kind: DownloadErrorKind::Stop(stop), .. })
            | Self::Unpack(UnpackError { kind: UnpackErrorKind::Stop(stop), .. }) => Self::stopped(stop, limit_ms),
            other => other,
        }
    }
}

impl From<LockWaitError> for InstallError {
    fn from(error: LockWaitError) -> Self {
        match error {
            LockWaitError::Disk(error) => Self::Disk(error),
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

impl From<ProvidedProgramError> for InstallError {
    fn from(error: ProvidedProgramError) -> Self {
        match error {
            ProvidedProgramError::Disk(error) => Self::Disk(error),
            other => Self::Program(other),
        }
    }
}
