//! Turning an agent's line into a message, by the agent's rules.

use serde_json::Value;

use crate::agent::{Agent, MessageRule};
use crate::event::{AgentMessage, AgentMessageRole, Block, Status};

/// The ids of a turn's messages.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// The message that has begun, to which pieces without an id belong.
    current: Option<String>,
    given: u64,
}

impl Ids {
    fn next(&mut self) -> String {
        self.given += 1;
        format!("{}", self.given)
    }
}

/// Read the message in this line; `None` for a line that the agent's table excludes, such as one of a side chain.
pub(crate) fn message_of(agent: &Agent, line: &Value, raw: &str, ids: &mut Ids) -> Option<AgentMessage> {
    if agent.not_message.iter().any(|when| when.holds(line)) {
        return None;
    }
    let rule = agent.message.iter().find(|rule| rule.when.holds(line));
    let Some(rule) = rule else {
        return Some(AgentMessage {
            id: ids.next(),
            role: AgentMessageRole::Other,
            status: None,
            delta: false,
            blocks: Vec::new(),
            raw: raw.to_owned(),
        });
    };
    if let Some(begun) = rule.begins.as_ref().and_then(|place| place.text_in(line)) {
        ids.current = Some(begun.to_owned());
    }
    let own = rule.id.as_ref().and_then(|place| place.text_in(line)).map(str::to_owned);
    let current = || if rule.delta { ids.current.clone() } else { None };
    let id = own.or_else(current).unwrap_or_else(|| ids.next());
    let named = rule.status_at.as_ref().and_then(|place| place.text_in(line));
    let status = named.or(rule.status.as_deref()).map(|status| Status(status.to_owned()));
    let (role, delta) = (rule.role, rule.delta);
    Some(AgentMessage { id, role, status, delta, blocks: blocks(rule, line), raw: raw.to_owned() })
}

/// A line of plain text as a message. `blank` is the number of empty lines before it; its text begins with them.
pub(crate) fn text_message(blank: usize, text: &str, ids: &mut Ids) -> AgentMessage {
    let blocks = vec![Block::Text { text: "\n".repeat(blank) + text }];
    AgentMessage {
        id: ids.next(),
        role: AgentMessageRole::Assistant,
        status: None,
        delta: false,
        blocks,
        raw: text.to_owned(),
    }
}

fn blocks(rule: &MessageRule, line: &Value) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(text) = rule.thinking.as_ref().and_then(|place| place.text_in(line)) {
        blocks.push(Block::Thinking { text: text.to_owned() });
    }
    if let Some(text) = rule.text.as_ref().and_then(|place| place.text_in(line)) {
        blocks.push(Block::Text { text: text.to_owned() });
    }
    match rule.blocks.as_ref().and_then(|place| place.value_in(line)) {
        Some(Value::String(text)) => blocks.push(Block::Text { text: text.clone() }),
        Some(Value::Array(parts)) => blocks.extend(parts.iter().map(block)),
        _ => {}
    }
    if let Some(tool) = &rule.tool {
        let text = |place: &crate::json_path::JsonPath| place.text_in(line).unwrap_or_default().to_owned();
        let input = tool.input.value_in(line).cloned().unwrap_or_default();
        blocks.push(Block::ToolUse { id: text(&tool.id), name: text(&tool.name), input });
    }
    if let Some(result) = &rule.result {
        let id = result.id.text_in(line).unwrap_or_default().to_owned();
        let output = result.output.value_in(line).cloned().unwrap_or_default();
        let failed = result.failed.as_ref().is_some_and(|when| when.holds(line));
        blocks.push(Block::ToolResult { id, output, failed });
    }
    blocks
}

/// A part of a message, by its `type`.
fn block(part: &Value) -> Block {
    let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
    match part["type"].as_str() {
        Some("text") => Block::Text { text: text("text") },
        Some("thinking") => Block::Thinking { text: text("thinking") },
        Some("tool_use") => Block::ToolUse { id: text("id"), name: text("name"), input: part["input"].clone() },
        Some("tool_result") => Block::ToolResult {
            id: text("tool_use_id"),
            output: part["content"].clone(),
            failed: part["is_error"].as_bool().unwrap_or(false),
        },
        _ => Block::Other { value: part.clone() },
    }
}
