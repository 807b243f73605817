//! Why a turn was not started.

use std::io;
use std::path::PathBuf;

use vx_base::trouble::{Explain, TroubleKind};

use super::agent::builtin_agents;

/// A turn that was not started. No process of it is left.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The agent is in no table.
    #[error("no agent is named `{name}`")]
    UnknownAgent {
        /// Its name.
        name: String,
    },
    /// A path must be absolute.
    #[error("`{}` is not an absolute path", .0.display())]
    NotAbsolute(PathBuf),
    /// The program is not on PATH.
    #[error("`{0}` is not on PATH")]
    NotFound(String),
    /// The program cannot be started.
    #[error("`{}` cannot be started: {cause}", program.display())]
    Start {
        /// Its file.
        program: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The runner is no program.
    #[error("`{}` is no program that could own the agent's processes", .0.display())]
    Runner(PathBuf),
    /// The directory is not one.
    #[error("`{}` is not a directory", .0.display())]
    Directory(PathBuf),
    /// A text holds a NUL, which no argument and no variable can.
    #[error("{what} holds a NUL character, which a program cannot be given")]
    Nul {
        /// The text.
        what: &'static str,
    },
    /// The prompt can only be an argument, and cannot be this one.
    #[error("{agent} takes a prompt only as an argument, and {reason}")]
    Prompt {
        /// The agent.
        agent: String,
        /// The reason that it cannot be one.
        reason: &'static str,
    },
    /// The agent cannot do this.
    #[error("{agent} cannot {what}")]
    Unable {
        /// The agent.
        agent: String,
        /// The action that it cannot do.
        what: &'static str,
    },
    /// The permission mode is none of the agent's.
    #[error("{agent} has no permission mode `{mode}`; it has {}", known.join(", "))]
    Permission {
        /// The agent.
        agent: String,
        /// The mode.
        mode: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// The board of the request cannot be joined.
    #[error("the board `{}` cannot be joined: {cause}", board.display())]
    Board {
        /// Its file.
        board: PathBuf,
        /// The reason.
        cause: String,
    },
    /// The log cannot be written.
    #[error("the log `{}` cannot be written: {cause}", path.display())]
    Log {
        /// Its file.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// The system refuses what a turn needs.
    #[error("the turn cannot be started: {0}")]
    System(#[from] io::Error),
}

impl Explain for TurnError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::NotFound(_) => TroubleKind::NotFound,
            Self::Start { .. } => TroubleKind::Program,
            Self::Board { .. } => TroubleKind::Board,
            Self::Log { .. } => TroubleKind::Disk,
            Self::System(_) => TroubleKind::Internal,
            _ => TroubleKind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownAgent { .. } => {
                let names: Vec<&str> = builtin_agents().keys().map(String::as_str).collect();
                Some(format!("the agents are {}", names.join(", ")))
            }
            Self::NotFound(name) => {
                Some(format!("install `{name}`, declare it in vx.toml, or give the path of its file with `--program`"))
            }
            Self::Prompt { .. } => Some("shorten it, or write it to a file that the agent is asked to read".into()),
            _ => None,
        }
    }
}
