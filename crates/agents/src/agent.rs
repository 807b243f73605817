//! The agents, as data: `agents.toml`, and the tables of a project in the same form.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize};
use vx_base::trouble::{Explain, TroubleKind};

use super::event::AgentMessageRole;
use super::json_path::{JsonConditions, JsonPath};

/// The built-in table of agents.
const BUILTIN: &str = include_str!("agents.toml");

static AGENTS: LazyLock<BTreeMap<String, Agent>> =
    LazyLock::new(|| toml::from_str(BUILTIN).expect("a test reads this table"));

/// The built-in agents, by name.
pub fn builtin_agents() -> &'static BTreeMap<String, Agent> {
    &AGENTS
}

/// Parse a text in the form of `agents.toml`, with a table for each agent.
///
/// # Errors
/// The text has another form.
pub fn agents_of(text: &str) -> Result<BTreeMap<String, Agent>, AgentsError> {
    Ok(toml::from_str(text)?)
}

impl Agent {
    /// Read one agent's table, in the form of `agents.toml`.
    ///
    /// # Errors
    /// The table has another form.
    pub fn from_table(table: toml::Table) -> Result<Self, AgentsError> {
        Ok(table.try_into()?)
    }
}

/// Why a table of agents cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the table of agents cannot be read: {0}")]
pub struct AgentsError(#[from] toml::de::Error);

impl Explain for AgentsError {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some("see docs/turns.md for the keys of an agent".into())
    }
}

/// An agent: how its command line is called, and how its lines are read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The name of its program.
    pub program: String,
    /// The arguments of a turn. `{prompt}`, `{permission}` and `{session}` each stand for any number of words. Words
    /// for a session and a model are appended if `{session}` is missing.
    pub(super) args: Vec<String>,
    /// The arguments of a process that takes prompts until its standard input is closed.
    pub(super) conversation: Option<Vec<String>>,
    /// The words that resume a session.
    pub(super) resume: Option<Vec<String>>,
    /// The words that name a new session.
    pub(super) session_id: Option<Vec<String>>,
    /// The words that choose a model.
    pub(super) model: Option<Vec<String>>,
    /// The words of each permission mode. A mode without an entry is passed as it is.
    #[serde(default)]
    pub(super) permission: BTreeMap<String, Vec<String>>,
    /// The option whose values in `--help` are further modes.
    pub(super) permission_option: Option<String>,
    /// The words of a prompt that is an argument.
    #[serde(default = "prompt_alone")]
    pub(super) prompt: Vec<String>,
    /// The way that a prompt takes to the agent.
    pub(super) prompt_via: PromptVia,
    /// The words that replace a prompt which goes through standard input.
    #[serde(default)]
    pub(super) input: Vec<String>,
    /// Variables to remove: an agent that runs vx sets them, and this one must not inherit them.
    #[serde(default)]
    pub(super) unset: Vec<String>,
    /// Each line is plain text, and a message.
    #[serde(default)]
    pub(super) text: bool,
    /// Places that may have a session's id.
    #[serde(default)]
    pub(super) session: Vec<JsonPath>,
    /// Lines that are not messages.
    #[serde(default)]
    pub(super) not_message: Vec<JsonConditions>,
    /// Rules by which lines become messages; the first that holds counts.
    #[serde(default)]
    pub(super) message: Vec<MessageRule>,
    /// Lines that ask the user.
    #[serde(default)]
    pub(super) asks: Vec<JsonConditions>,
    /// Tools that ask the user.
    #[serde(default)]
    pub(super) asking_tools: Vec<String>,
    /// Rules that find lists of things to do.
    #[serde(default)]
    pub(super) todo: Vec<TodoRule>,
    /// Rules that find figures about the use of a model.
    #[serde(default)]
    pub(super) usage: Vec<UsageRule>,
    /// Rules that recognise the last line of an answer.
    #[serde(default)]
    pub(super) end: Vec<EndRule>,
    /// The place of the answer in its last line.
    #[serde(rename = "final")]
    pub(super) answer: Option<JsonPath>,
}

fn prompt_alone() -> Vec<String> {
    vec!["{prompt}".to_owned()]
}

/// The ways that a prompt can take to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PromptVia {
    /// As an argument only.
    Argument,
    /// Through standard input only.
    Input,
    /// As an argument if it can be one, else through standard input.
    Either,
}

/// The rule for a line that becomes a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageRule {
    #[serde(default)]
    pub when: JsonConditions,
    pub role: AgentMessageRole,
    pub id: Option<JsonPath>,
    /// The place of the id of a message that begins here; pieces without an id belong to it from now on.
    pub begins: Option<JsonPath>,
    pub status: Option<String>,
    pub status_at: Option<JsonPath>,
    #[serde(default)]
    pub delta: bool,
    pub text: Option<JsonPath>,
    pub thinking: Option<JsonPath>,
    /// The place of a list of parts, each with a `type`.
    pub blocks: Option<JsonPath>,
    pub tool: Option<ToolRule>,
    pub result: Option<ResultRule>,
}

/// Places of the parts of a tool's call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToolRule {
    pub id: JsonPath,
    pub name: JsonPath,
    pub input: JsonPath,
}

/// Places of the parts of a tool's result.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultRule {
    pub id: JsonPath,
    pub output: JsonPath,
    pub failed: Option<JsonConditions>,
}

/// The place of a list of things to do, and the condition for an item that is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TodoRule {
    pub when: JsonConditions,
    pub list: JsonPath,
    pub done: JsonConditions,
}

/// Places of figures about the use of a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UsageRule {
    pub when: JsonConditions,
    /// Add the figures to the earlier ones instead of replacing them.
    #[serde(default)]
    pub add: bool,
    pub input: Option<JsonPath>,
    pub cached: Option<JsonPath>,
    pub output: Option<JsonPath>,
    pub cost: Option<JsonPath>,
}

/// Recognises the last line of an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndRule {
    pub when: JsonConditions,
    /// When the line reports that the agent has failed.
    pub failed: Option<JsonConditions>,
    /// The place of the reason, or a list of places of which the first that has a text counts.
    #[serde(default, deserialize_with = "one_or_more")]
    pub error: Vec<JsonPath>,
}

fn one_or_more<'de, D: Deserializer<'de>>(places: D) -> Result<Vec<JsonPath>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Places {
        One(JsonPath),
        More(Vec<JsonPath>),
    }
    Ok(match Places::deserialize(places)? {
        Places::One(place) => vec![place],
        Places::More(places) => places,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_agents_is_read_and_has_a_way_for_each_prompt_and_mode() {
        let names: Vec<&str> = builtin_agents().keys().map(String::as_str).collect();
        assert_eq!(names, ["claude", "codex", "gemini", "opencode", "text"]);
        for (name, agent) in builtin_agents() {
            assert!(agent.args.iter().any(|word| word == "{prompt}"), "{name}");
            assert!(agent.text || !agent.message.is_empty() && !agent.end.is_empty(), "{name}");
            assert!(agent.permission.is_empty() || agent.permission.contains_key("auto"), "{name}");
        }
    }

    #[test]
    fn an_agent_is_the_same_after_its_way_to_the_process_of_its_turn() {
        for (name, agent) in builtin_agents() {
            let text = serde_json::to_string(agent).expect("JSON");
            let arrived: Agent = serde_json::from_str(&text).expect("an agent");
            assert_eq!(format!("{arrived:?}"), format!("{agent:?}"), "{name}");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error =
            agents_of("[x]\nprogram = 'x'\nargs = []\nprompt_via = 'input'\nsesion = ['a']\n").expect_err("a typo");
        assert!(error.to_string().contains("sesion"), "{error}");
    }
}
