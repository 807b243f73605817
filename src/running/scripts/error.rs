//! Errors of scripts.

use std::io;
use std::path::PathBuf;

use vx_base::trouble::{Explain, TroubleKind};
use vx_process::Exit;
use vx_project::scripts::ScriptError;

use crate::workspace::error::WorkError;

/// Why not all scripts were run.
#[derive(Debug, thiserror::Error)]
pub enum ScriptRunError {
    /// A script cannot be expanded.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// A file of variables cannot be read.
    #[error("`{}` cannot be read: {error}", path.display())]
    Variables {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: dotenvy::Error,
    },
    /// The project's tools cannot be found, or the run that installs them did not start.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The working directory is gone.
    #[error(transparent)]
    System(#[from] io::Error),
    /// The shell cannot be started in the script's directory.
    #[error("the script `{name}` cannot be run in `{}`: {error}", directory.display())]
    NotStarted {
        /// The script.
        name: String,
        /// Its directory.
        directory: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// A script failed, so the scripts after it are not run.
    #[error("the script `{name}` did not succeed")]
    Failed {
        /// The script.
        name: String,
        /// The end of its shell.
        exit: Exit,
    },
}

impl Explain for ScriptRunError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Script(error) => error.kind(),
            Self::Variables { .. } => TroubleKind::Configuration,
            Self::Work(error) => error.kind(),
            Self::System(_) => TroubleKind::Internal,
            Self::NotStarted { .. } => TroubleKind::Program,
            Self::Failed { .. } => TroubleKind::Exit,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Script(error) => error.hint(),
            Self::Variables { .. } => Some("write NAME=value on each line, and values with spaces in quotes".into()),
            Self::Work(error) => error.hint(),
            Self::System(_) | Self::NotStarted { .. } | Self::Failed { .. } => None,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Work(error) => error.details(),
            _ => Vec::new(),
        }
    }
}
