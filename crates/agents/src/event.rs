//! The events of a turn, as its caller receives them.

use serde::Serialize;
use serde_json::Value;

/// Something that an agent printed, or the end of its turn.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TurnEvent {
    /// The agent has named its session. Sent once, before the first message.
    SessionBound {
        /// The session's id.
        session_id: String,
    },
    /// A line that is a message.
    Message(AgentMessage),
    /// A line of standard error.
    Stderr {
        /// Its text, without the line feed.
        line: String,
    },
    /// The agent has reported the end of its answer to the prompt. Its process may still be at work.
    TurnEnded {
        /// The agent reports that it has failed.
        failed: bool,
        /// Its answer, if its last line contains it.
        #[serde(skip_serializing_if = "Option::is_none")]
        answer: Option<String>,
        /// The reason of a failure.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// The use that it has reported so far.
        usage: AgentUsage,
    },
    /// The end: the process has ended.
    Completed {
        /// Its exit code; −1 if a signal ended it.
        exit_code: i32,
        /// The signal that ended it.
        #[serde(skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        /// A process that the agent left behind held its output open, and was ended.
        truncated: bool,
        /// The agent did not exit after its last line, and was ended.
        ended_after_result: bool,
        /// The agent ended without the last line of an answer, though its table has rules for one: the prompt may be
        /// unanswered.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        without_result: bool,
        /// The number of lines of its output that could not be read.
        #[serde(skip_serializing_if = "is_zero")]
        unread_lines: u64,
        /// If it ended badly: the last lines of its standard error, or if there are none, the last lines of its output
        /// that could not be read. The oldest comes first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        last_lines: Vec<String>,
    },
    /// The end: how the process ended is unknown, or processes of it are still there although they were killed.
    Failed {
        /// The reason.
        reason: String,
    },
    /// The end: the turn was cancelled.
    Cancelled {
        /// The agent had not reported the end of its answer yet.
        truncated: bool,
        /// The turn took longer than allowed.
        timed_out: bool,
    },
}

impl TurnEvent {
    /// Returns whether this is the last event of a turn.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed { .. } | Self::Failed { .. } | Self::Cancelled { .. })
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One line of an agent that is a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentMessage {
    /// The message's id, which the parts of one message share. If the agent gives none, it is a number that is unique
    /// in the turn.
    pub id: String,
    /// The author.
    pub role: AgentMessageRole,
    /// The state of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// This is a piece that adds to earlier ones with the same id. A line with the whole message follows, if
    /// the agent prints one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delta: bool,
    /// Its content.
    pub blocks: Vec<Block>,
    /// The line itself.
    pub raw: String,
}

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentMessageRole {
    /// The agent.
    Assistant,
    /// The user.
    User,
    /// The agent's program.
    System,
    /// A tool that the agent has called.
    Tool,
    /// Unknown: this version does not know the type of the line.
    Other,
}

/// The state of a message, in the agent's own word or as `streaming`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Status(pub String);

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Text for people.
    Text {
        /// The text.
        text: String,
    },
    /// The agent's thoughts.
    Thinking {
        /// The text.
        text: String,
    },
    /// A call of a tool.
    ToolUse {
        /// The call's id.
        id: String,
        /// The tool.
        name: String,
        /// Its input.
        input: Value,
    },
    /// The result of a tool.
    ToolResult {
        /// The call's id.
        id: String,
        /// The output.
        output: Value,
        /// The tool failed.
        failed: bool,
    },
    /// A part of another type.
    Other {
        /// The part itself.
        value: Value,
    },
}

/// An agent's use of its model, as far as it reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, serde::Deserialize)]
pub struct AgentUsage {
    /// Messages so far.
    pub messages: u64,
    /// Calls of tools so far.
    #[serde(default)]
    pub tools: u64,
    /// Tokens that were read.
    pub input_tokens: u64,
    /// Tokens among these that came from a cache.
    pub cached_tokens: u64,
    /// Tokens that were written.
    pub output_tokens: u64,
    /// The cost in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}
