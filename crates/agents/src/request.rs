//! The request for a turn.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::agent::{Agent, builtin_agents};
use super::error::TurnError;

/// A turn to start. A batch passes it to the turn's process unchanged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TurnRequest {
    /// A name for the turn, for logs and its slot.
    pub turn_id: String,
    /// The agent, by its name in `agents.toml`.
    pub agent: String,
    /// The table by which the agent is called and read, if it is not one of `agents.toml`.
    pub agent_table: Option<Agent>,
    /// The file of its program, absolute.
    pub agent_bin: PathBuf,
    /// Its directory, absolute.
    pub cwd: PathBuf,
    /// The session to resume.
    pub resume_session_id: Option<String>,
    /// The id of a new session; ignored if a session is resumed.
    pub new_session_id: Option<String>,
    /// The model, if it is not the agent's own choice.
    pub model: Option<String>,
    /// The prompt.
    pub prompt: Prompt,
    /// The actions that the agent may take without asking.
    pub permission_mode: String,
    /// Variables beside the inherited ones.
    pub env: Vec<(String, String)>,
    /// The board for the turn's slot; `None` for that of `VX_BOARD`, if it is set.
    pub board: Option<PathBuf>,
    /// The `vx` program that owns the agent's tree; `None` for this program, if it is vx, or else `vx` on PATH. With an
    /// empty path there is no runner: then only the agent's group is ended, and a process that has left it goes on.
    pub runner: Option<PathBuf>,
    /// The file for everything that the agent prints, unchanged.
    pub log: Option<PathBuf>,
    /// The bounds.
    pub limits: TurnLimits,
}

/// The prompt of a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    /// One prompt; the agent ends after its answer.
    Once(String),
    /// Any number of prompts through the handle, one after the other; the agent ends when its input is closed.
    Conversation,
}

/// The bounds of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnLimits {
    /// Time for the whole turn.
    pub timeout: Option<Duration>,
    /// Time for the agent to exit after its last line.
    pub after_result: Duration,
    /// Time for processes that a successful agent left behind to end by themselves.
    pub linger: Duration,
    /// Time for processes to end after they were asked to.
    pub grace: Duration,
}

impl Default for TurnLimits {
    fn default() -> Self {
        Self {
            timeout: None,
            after_result: Duration::from_secs(30),
            linger: Duration::from_millis(250),
            grace: Duration::from_secs(1),
        }
    }
}

impl TurnRequest {
    /// A request with the usual settings.
    pub fn new(agent_bin: impl Into<PathBuf>, cwd: impl Into<PathBuf>, prompt: impl Into<String>) -> Self {
        Self {
            turn_id: "turn".into(),
            agent: "claude".into(),
            agent_table: None,
            agent_bin: agent_bin.into(),
            cwd: cwd.into(),
            resume_session_id: None,
            new_session_id: None,
            model: None,
            prompt: Prompt::Once(prompt.into()),
            permission_mode: "auto".into(),
            env: Vec::new(),
            board: None,
            runner: None,
            log: None,
            limits: TurnLimits::default(),
        }
    }

    /// Find the agent's table.
    ///
    /// # Errors
    /// There is no such agent.
    pub(super) fn table(&self) -> Result<&Agent, TurnError> {
        let known = || builtin_agents().get(&self.agent);
        self.agent_table.as_ref().or_else(known).ok_or_else(|| TurnError::UnknownAgent { name: self.agent.clone() })
    }
}
