//! The meaning of an agent's lines: its session, its messages, its use of a model, the end of its answer.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::lines::AgentOutputLine;
use super::messages::{Ids, message_of, text_message};
use super::recent::Recent;
use super::rendering::telling;
use crate::agent::{Agent, EndRule};
use crate::event::{AgentMessage, AgentMessageRole, AgentUsage, Block, TurnEvent};
use crate::turn::outcome::AgentVerdict;

/// At most this many empty lines in a row are kept.
const MOST_BLANK: usize = 1_024;

/// An agent's activity, as its last message shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AgentActivity {
    Thinking,
    Answering,
    /// This tool is at work.
    Tool(String),
}

/// Everything that a line means, beside the events that it gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Heard {
    /// The session's id, if this line is the first to name it.
    pub session: Option<String>,
    /// The agent's activity, if the line shows that.
    pub activity: Option<AgentActivity>,
    /// The user is asked something; `None` if the line doesn't show that.
    pub asks: Option<bool>,
    /// The question, if the line contains it.
    pub question: Option<String>,
    /// Things to do: done, and in all.
    pub todo: Option<(u64, u64)>,
    /// The answer is over.
    pub ended: bool,
    /// Why the line could not be read.
    pub unread: Option<String>,
}

/// Reads the lines of one agent.
#[derive(Debug)]
pub(crate) struct AgentOutputReader {
    agent: Agent,
    ids: Ids,
    /// Calls of tools that were already counted.
    calls: Recent,
    /// The id of the last message, and whether it was a piece.
    last: Option<(String, bool)>,
    bound: bool,
    number: u64,
    /// The empty lines of text since the last message.
    blank: usize,
    pub usage: AgentUsage,
    /// The agent's own verdict on its last answer.
    pub verdict: AgentVerdict,
}

impl AgentOutputReader {
    pub(crate) fn for_agent(agent: Agent) -> Self {
        let (ids, usage) = (Ids::default(), AgentUsage::default());
        Self {
            agent,
            ids,
            calls: Recent::default(),
            last: None,
            bound: false,
            number: 0,
            blank: 0,
            usage,
            verdict: AgentVerdict::default(),
        }
    }

    /// Returns whether the agent's table has rules for the last line of an answer.
    pub(crate) fn names_its_ends(&self) -> bool {
        !self.agent.end.is_empty()
    }

    /// Take a line; `on_event` takes the events that it gives, in their order.
    pub(crate) fn line(&mut self, line: &AgentOutputLine<'_>, on_event: &mut dyn FnMut(TurnEvent)) -> Heard {
        self.number += 1;
        if self.agent.text {
            return self.text(line, on_event);
        }
        if line.text.trim().is_empty() && line.dropped == 0 {
            return Heard::default();
        }
        // A truncated line is not parsed: it can't be complete JSON.
        let parsed = if line.dropped == 0 { serde_json::from_str(&line.text).ok() } else { None };
        let value = match parsed {
            Some(value @ Value::Object(_)) => value,
            _ => {
                let (number, bytes) = (self.number, line.whole_bytes);
                let cut = if line.dropped > 0 { format!(", {} of them dropped", line.dropped) } else { String::new() };
                let unread = format!("line {number} is no JSON object ({bytes} bytes{cut})");
                return Heard { unread: Some(unread), ..Heard::default() };
            }
        };
        let mut heard = self.bind(&value, on_event);
        if let Some(message) = message_of(&self.agent, &value, &line.text, &mut self.ids) {
            self.count_message(&message);
            heard.activity = activity(&message);
            heard.asks = self.asks(&value, &message);
            heard.question = self.question(&message);
            self.count_tools(&message);
            on_event(TurnEvent::Message(message));
        }
        self.count(&value);
        heard.todo = self.todo(&value);
        if let Some(end) = self.agent.end.iter().find(|end| end.when.holds(&value)).cloned() {
            heard.ended = true;
            on_event(self.over(&end, &value));
        }
        heard
    }

    fn text(&mut self, line: &AgentOutputLine<'_>, on_event: &mut dyn FnMut(TurnEvent)) -> Heard {
        // An empty line is not a message; it separates paragraphs of the answer.
        if line.text.is_empty() {
            self.blank = (self.blank + 1).min(MOST_BLANK);
            return Heard::default();
        }
        self.usage.messages += 1;
        let blank = std::mem::take(&mut self.blank);
        on_event(TurnEvent::Message(text_message(blank, &line.text, &mut self.ids)));
        Heard { activity: Some(AgentActivity::Answering), ..Heard::default() }
    }

    /// Bind the session at the first line that names it, even if that line is not a message.
    fn bind(&mut self, value: &Value, on_event: &mut dyn FnMut(TurnEvent)) -> Heard {
        let named = || self.agent.session.iter().find_map(|place| place.text_in(value));
        let session = if self.bound { None } else { named().map(str::to_owned) };
        if let Some(session_id) = session.clone() {
            self.bound = true;
            on_event(TurnEvent::SessionBound { session_id });
        }
        Heard { session, ..Heard::default() }
    }

    /// Count a message once, whatever its parts: a part has the id of the one before it, or both are pieces (an agent
    /// may give pieces no id).
    fn count_message(&mut self, message: &AgentMessage) {
        let goes_on = self.last.as_ref().is_some_and(|(id, delta)| *id == message.id || *delta && message.delta);
        self.usage.messages += u64::from(!goes_on);
        self.last = Some((message.id.clone(), message.delta));
    }

    fn count_tools(&mut self, message: &AgentMessage) {
        for block in &message.blocks {
            if let Block::ToolUse { id, name, .. } = block {
                self.usage.tools += u64::from(self.calls.insert(format!("{id} {name}")));
            }
        }
    }

    fn question(&self, message: &AgentMessage) -> Option<String> {
        message.blocks.iter().find_map(|block| match block {
            Block::ToolUse { name, input, .. } if self.agent.asking_tools.contains(name) => Some(telling(input)),
            _ => None,
        })
    }

    fn asks(&self, value: &Value, message: &AgentMessage) -> Option<bool> {
        let by_tool =
            |block: &Block| matches!(block, Block::ToolUse { name, .. } if self.agent.asking_tools.contains(name));
        let asks = self.agent.asks.iter().any(|when| when.holds(value)) || message.blocks.iter().any(by_tool);
        // A piece doesn't answer the question: its message may have begun before it.
        (asks || !message.delta).then_some(asks)
    }

    fn count(&mut self, value: &Value) {
        for rule in self.agent.usage.iter().filter(|rule| rule.when.holds(value)) {
            let figures = [
                (&rule.input, &mut self.usage.input_tokens),
                (&rule.cached, &mut self.usage.cached_tokens),
                (&rule.output, &mut self.usage.output_tokens),
            ];
            for (place, figure) in figures {
                if let Some(count) = place.as_ref().and_then(|place| place.value_in(value)).and_then(Value::as_u64) {
                    *figure = if rule.add { figure.saturating_add(count) } else { count };
                }
            }
            if let Some(cost) = rule.cost.as_ref().and_then(|place| place.value_in(value)).and_then(Value::as_f64) {
                let before = self.usage.cost_usd.filter(|_| rule.add).unwrap_or(0.0);
                self.usage.cost_usd = Some(before + cost);
            }
        }
    }

    fn todo(&self, value: &Value) -> Option<(u64, u64)> {
        let rule = self.agent.todo.iter().find(|rule| rule.when.holds(value))?;
        let items = rule.list.value_in(value)?.as_array()?;
        let done = items.iter().filter(|item| rule.done.holds(item)).count();
        Some((done as u64, items.len() as u64))
    }

    fn over(&mut self, end: &EndRule, value: &Value) -> TurnEvent {
        let failed = end.failed.as_ref().is_some_and(|when| when.holds(value));
        let reason = || end.error.iter().find_map(|place| place.text_in(value).filter(|text| !text.trim().is_empty()));
        let error = if failed { reason().map(str::to_owned) } else { None };
        let answer = self.agent.answer.as_ref().and_then(|place| place.text_in(value)).map(str::to_owned);
        self.verdict = AgentVerdict { failed: Some(failed), error: error.clone() };
        TurnEvent::TurnEnded { failed, answer, error, usage: self.usage }
    }
}

fn activity(message: &AgentMessage) -> Option<AgentActivity> {
    let shows = |block: &Block| match block {
        Block::Text { .. } if message.role == AgentMessageRole::Assistant => Some(AgentActivity::Answering),
        Block::Thinking { .. } | Block::ToolResult { .. } => Some(AgentActivity::Thinking),
        Block::ToolUse { name, .. } => Some(AgentActivity::Tool(name.clone())),
        _ => None,
    };
    message.blocks.iter().rev().find_map(shows)
}
