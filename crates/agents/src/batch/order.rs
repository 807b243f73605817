//! A turn of a batch: the order for its child, and its result.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{AgentMessage, AgentMessageRole, AgentUsage, Block, TurnEvent};
use crate::request::TurnRequest;
use crate::turn::outcome::TurnOutcome;

/// A turn's order, for its process: the turn, and the files for its output.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TurnOrder {
    pub(crate) request: TurnRequest,
    pub(crate) files: TurnFiles,
}

/// The files of a turn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnFiles {
    /// The answer and the tools, as text.
    pub text: PathBuf,
    /// A line to write before the text of a further attempt.
    pub heading: Option<String>,
    /// Everything that the agent printed.
    pub raw: PathBuf,
    /// The result.
    pub result: PathBuf,
}

impl TurnFiles {
    /// All files of a turn, beside the file for its text.
    pub fn beside(text: PathBuf) -> Self {
        let (raw, result) = (text.with_extension("raw"), text.with_extension("result.json"));
        Self { text, heading: None, raw, result }
    }
}

/// The result of a turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TurnResult {
    /// The turn's name.
    pub turn_id: String,
    /// `good`, `failed`, `timed_out` or `cancelled`; `lost` if its process left no result.
    pub outcome: String,
    /// The reason of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Its use of a model.
    #[serde(default)]
    pub usage: AgentUsage,
    /// Its terminal event.
    #[serde(default)]
    pub end: Value,
}

/// An answer is kept up to this many bytes; only the log has the rest of a longer one.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Gathers a result from events.
#[derive(Debug, Default)]
pub(crate) struct TurnResultBuilder {
    result: TurnResult,
    /// Each message is a line of a single answer.
    by_line: bool,
    /// The text that came in pieces, or by line.
    pieces: String,
}

impl TurnResultBuilder {
    /// A builder for the turn of an agent that prints plain text (`by_line`), or messages.
    pub(crate) fn new(by_line: bool) -> Self {
        Self { by_line, ..Self::default() }
    }

    /// Take an event. The last event of a turn comes with its outcome, and gives the result.
    pub(crate) fn add_event(&mut self, event: &TurnEvent, outcome: Option<&TurnOutcome>) -> Option<TurnResult> {
        match event {
            TurnEvent::SessionBound { session_id } => self.result.session_id = Some(session_id.clone()),
            TurnEvent::Message(message) => self.message(message),
            TurnEvent::TurnEnded { answer: Some(answer), .. } => self.result.answer = Some(answer.clone()),
            _ => {}
        }
        let (outcome, reason) = match outcome? {
            TurnOutcome::Good => ("good", None),
            TurnOutcome::Failed(reason) => ("failed", Some(reason.clone())),
            TurnOutcome::TimedOut => ("timed_out", None),
            TurnOutcome::Cancelled => ("cancelled", None),
        };
        let pieces = Some(self.pieces.trim_end()).filter(|pieces| !pieces.is_empty()).map(str::to_owned);
        let answer = self.result.answer.clone().or(pieces);
        let end = serde_json::to_value(event).unwrap_or_default();
        Some(TurnResult { outcome: outcome.into(), reason, answer, end, ..self.result.clone() })
    }

    fn message(&mut self, message: &AgentMessage) {
        for block in &message.blocks {
            match block {
                Block::Text { text } if message.role == AgentMessageRole::Assistant && self.by_line => {
                    self.add(text);
                    self.add("\n");
                }
                Block::Text { text } if message.role == AgentMessageRole::Assistant && message.delta => self.add(text),
                Block::Text { text } if message.role == AgentMessageRole::Assistant => {
                    self.result.answer = Some(text.clone())
                }
                // Only text after the last tool is the answer.
                Block::ToolUse { .. } | Block::ToolResult { .. } => self.pieces.clear(),
                _ => {}
            }
        }
    }

    fn add(&mut self, text: &str) {
        let room = LONGEST_ANSWER.saturating_sub(self.pieces.len());
        self.pieces += &text[..text.floor_char_boundary(room)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::builtin_agents;
    use crate::request::TurnLimits;

    fn answer_of(by_line: bool, delta: bool, texts: &[&str]) -> TurnResult {
        let mut gathered = TurnResultBuilder::new(by_line);
        for text in texts {
            let (id, role, raw) = (String::new(), AgentMessageRole::Assistant, String::new());
            let blocks = vec![Block::Text { text: (*text).to_owned() }];
            let message = AgentMessage { id, role, status: None, delta, blocks, raw };
            assert!(gathered.add_event(&TurnEvent::Message(message), None).is_none());
        }
        let end = TurnEvent::Completed {
            exit_code: 0,
            signal: None,
            truncated: false,
            ended_after_result: false,
            without_result: false,
            unread_lines: 0,
            last_lines: Vec::new(),
        };
        gathered.add_event(&end, Some(&TurnOutcome::Good)).expect("a result")
    }

    #[test]
    fn the_answer_of_text_is_all_of_its_lines_and_else_the_last_message() {
        let lines = ["# Title", "\n  code"];
        assert_eq!(answer_of(true, false, &lines).answer.as_deref(), Some("# Title\n\n  code"));
        assert_eq!(answer_of(false, false, &["one", "two"]).answer.as_deref(), Some("two"));
        assert_eq!(answer_of(false, true, &["o", "ne"]).answer.as_deref(), Some("one"));
    }

    #[test]
    fn a_request_reaches_the_process_of_its_turn_as_it_was() {
        let timeout = Some(std::time::Duration::from_millis(1500));
        let request = TurnRequest {
            turn_id: "t".into(),
            agent_table: builtin_agents().get("codex").cloned(),
            new_session_id: Some("n".into()),
            env: vec![("A".into(), "b".into())],
            log: Some("/l/t.raw".into()),
            limits: TurnLimits { timeout, ..TurnLimits::default() },
            ..TurnRequest::new("/bin/x", "/w", "hi")
        };
        let order = TurnOrder { request: request.clone(), files: TurnFiles::beside("/l/t.log".into()) };
        let document = serde_json::to_string(&order).expect("a document");
        let received: TurnOrder = serde_json::from_str(&document).expect("an order");
        assert_eq!(format!("{:?}", received.request), format!("{request:?}"));
        assert_eq!(received.files, order.files);
    }

    #[test]
    fn an_answer_without_end_is_cut() {
        let piece = "ä".repeat(1024 * 1024);
        let result = answer_of(true, false, &[piece.as_str(); 10]);
        assert_eq!(result.answer.map(|answer| answer.len()), Some(LONGEST_ANSWER - 1));
    }
}
