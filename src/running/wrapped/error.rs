//! Why a command does not run on a board.

use std::io;
use std::path::{Path, PathBuf};

use vx_base::trouble::{Explain, TroubleKind};
use vx_process::missing_interpreter;

use crate::boards::find::BoardError;
use crate::running::reports::ReportError;

/// The exit codes of shells for a program that does not exist, and for one that cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_RUN: u8 = 126;

/// Why a command does not run on a board.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The board that was named cannot be used, or another process has the key.
    #[error(transparent)]
    Board(#[from] ReportError),
    /// The file for the recording cannot be made.
    #[error("cannot record to `{}`: {cause}", path.display())]
    Recording {
        /// The file.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// The program cannot be started.
    #[error("`{}` cannot be started: {cause}", program.display())]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// The cause.
        cause: io::Error,
    },
}

impl WrapError {
    /// The exit code that a shell would return, by which callers can tell that the command never ran.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotStarted { cause, .. } if cause.kind() == io::ErrorKind::NotFound => NOT_FOUND,
            Self::NotStarted { .. } => NOT_RUN,
            Self::Board(_) | Self::Recording { .. } => 1,
        }
    }
}

impl Explain for WrapError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Board(error) => error.kind(),
            Self::Recording { .. } => TroubleKind::Board,
            Self::NotStarted { .. } => TroubleKind::Program,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Board(error) => error.hint(),
            Self::Recording { .. } => Some("name a new file, or an older recording".into()),
            Self::NotStarted { program, cause } => Some(next_step(program, cause)),
        }
    }
}

/// The next step for a program that cannot be started.
fn next_step(program: &Path, cause: &io::Error) -> String {
    let named = program.components().count() == 1;
    let shown = program.display();
    match cause.kind() {
        io::ErrorKind::NotFound if named => {
            "the program is not on PATH: check its name, or install it; `vx bridge NAME` runs a tool of the project"
                .into()
        }
        io::ErrorKind::NotFound => match missing_interpreter(program, cause) {
            Some(interpreter) => format!("its first line names `{interpreter}`, which does not exist"),
            None => "check the path".into(),
        },
        io::ErrorKind::PermissionDenied if program.is_dir() => "it is a directory: name a program".into(),
        io::ErrorKind::PermissionDenied => {
            format!("it may not be executed: `chmod +x {shown}`, or name its interpreter: `sh {shown}`")
        }
        _ => format!("it is no program for this machine, nor a script that names its interpreter: try `sh {shown}`"),
    }
}

impl From<BoardError> for WrapError {
    fn from(error: BoardError) -> Self {
        Self::Board(error.into())
    }
}
