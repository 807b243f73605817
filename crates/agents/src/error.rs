//! Why a turn was not started.

use std::io;
use std::path::PathBuf;

use vx_base::trouble::{Explain, TroubleKind};

use super::agent::builtin_agents;

/// Why a turn was not started. No process of it is left.
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
    /// The runner is not a program.
    #[error("`{}` is not a program, so it can't be the runner of the agent's processes", .0.display())]
    Runner(PathBuf),
    /// The path is not a directory.
    #[error("`{}` is not a directory", .0.display())]
    Directory(PathBuf),
    /// A text contains a NUL, which an argument or a variable can't.
    #[error("{what} contains a NUL character, which cannot be passed to a program")]
    Nul {
        /// The text.
        what: &'static str,
    },
    /// The agent takes a prompt only as an argument, and this prompt can't be one.
    #[error("{agent} takes a prompt only as an argument, and {reason}")]
    Prompt {
        /// The agent.
        agent: String,
        /// Why this prompt can't be one.
        reason: &'static str,
    },
    /// The agent can't do what the request asks for.
    #[error("{agent} cannot {what}")]
    Unable {
        /// The agent.
        agent: String,
        /// The action.
        what: &'static str,
    },
    /// The agent doesn't have this permission mode.
    #[error("{agent} has no permission mode `{mode}`; it has {}", known.join(", "))]
    Permission {
        /// The agent.
        agent: String,
        /// The mode.
        mode: String,
        /// The modes that it has.
        known: Vec<String>,
    },
    /// The board of the request cannot be joined.
    #[error("cannot join the board `{}`: {cause}", board.display())]
    Board {
        /// Its file.
        board: PathBuf,
        /// The reason.
        cause: String,
    },
    /// The log cannot be written.
    #[error("cannot write the log `{}`: {cause}", path.display())]
    Log {
        /// Its file.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// The system refuses what a turn needs, such as a thread.
    #[error("cannot start the turn: {0}")]
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
            Self::Prompt { .. } => Some("shorten it, or write it to a file and ask the agent to read that".into()),
            _ => None,
        }
    }
}
