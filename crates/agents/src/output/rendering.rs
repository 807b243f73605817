//! Rendering the events of a turn as text: the answer as it arrives, and one line for each tool.

use serde_json::Value;

use super::recent::Recent;
use crate::event::{AgentMessage, AgentMessageRole, Block, TurnEvent};

/// At most this many characters of a tool's input are shown.
const MOST_SHOWN: usize = 100;
/// Fields of a tool's input that tell most about the call, the best first.
const TELLING: [&str; 8] = ["command", "file_path", "path", "pattern", "query", "url", "question", "description"];

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A part of the answer; no line feed follows it.
    Answer(String),
    /// A line about something else: a tool, or standard error.
    Note(String),
}

/// Turns events into text.
#[derive(Debug, Default)]
pub struct Rendering {
    /// Messages whose pieces were shown; the whole message follows each, and is not shown again.
    streamed: Recent,
    /// Calls that were already shown.
    calls: Recent,
    /// The message of the last text.
    last: Option<String>,
    /// The last line is still unfinished.
    open: bool,
}

impl Rendering {
    /// Render an event as text.
    pub fn render(&mut self, event: &TurnEvent) -> Vec<Shown> {
        let mut shown = Vec::new();
        match event {
            TurnEvent::Message(message) => self.message(message, &mut shown),
            TurnEvent::Stderr { line } => self.push_note(line.clone(), &mut shown),
            event if event.is_terminal() => self.close(&mut shown),
            _ => {}
        }
        shown
    }

    fn message(&mut self, message: &AgentMessage, shown: &mut Vec<Shown>) {
        for block in &message.blocks {
            match block {
                Block::Text { text } if message.role == AgentMessageRole::Assistant => self.text(message, text, shown),
                Block::ToolUse { id, name, input } if self.calls.insert(format!("{id} {name}")) => {
                    self.push_note(call(name, input), shown);
                }
                _ => {}
            }
        }
    }

    fn text(&mut self, message: &AgentMessage, text: &str, shown: &mut Vec<Shown>) {
        if message.delta {
            self.streamed.insert(message.id.clone());
        } else if self.streamed.contains(&message.id) {
            return;
        }
        // The pieces of a message are joined. An agent's pieces without ids have numbers, and are joined, too.
        let goes_on = message.delta && (self.last.as_ref() == Some(&message.id) || message.id.parse::<u64>().is_ok());
        if !goes_on {
            self.close(shown);
        }
        self.last = Some(message.id.clone());
        self.open = !text.ends_with('\n');
        shown.push(Shown::Answer(text.to_owned()));
        if !message.delta {
            self.close(shown);
        }
    }

    fn push_note(&mut self, text: String, shown: &mut Vec<Shown>) {
        self.close(shown);
        shown.push(Shown::Note(text));
    }

    fn close(&mut self, shown: &mut Vec<Shown>) {
        if std::mem::take(&mut self.open) {
            shown.push(Shown::Answer("\n".into()));
        }
    }
}

/// Render a call of a tool as a line.
pub(crate) fn call(name: &str, input: &Value) -> String {
    format!("[{name}] {}", telling(input)).trim_end().to_owned()
}

/// Pick the part of a tool's input that tells most, in one line.
pub(crate) fn telling(input: &Value) -> String {
    let field = || TELLING.iter().find_map(|name| input[name].as_str());
    let question = || input["questions"][0]["question"].as_str();
    let text = input.as_str().or_else(field).or_else(question).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let more = if line.len() < text.len() || line.chars().count() > MOST_SHOWN { " …" } else { "" };
    line.chars().take(MOST_SHOWN).chain(more.chars()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(id: &str, delta: bool, block: Block) -> TurnEvent {
        let (role, raw) = (AgentMessageRole::Assistant, String::new());
        TurnEvent::Message(AgentMessage { id: id.into(), role, status: None, delta, blocks: vec![block], raw })
    }

    fn text(id: &str, delta: bool, text: &str) -> TurnEvent {
        message(id, delta, Block::Text { text: text.into() })
    }

    #[test]
    fn pieces_are_shown_as_they_come_and_their_whole_is_not_shown_again() {
        let call = || Block::ToolUse { id: "t".into(), name: "Bash".into(), input: json!({"command": "ls"}) };
        let events = [
            text("a", true, "one "),
            text("a", true, "two"),
            text("a", false, "one two"),
            message("b", false, call()),
            message("b", false, call()),
            text("c", false, "three"),
            text("7", true, "fo"),
            text("8", true, "ur"),
            TurnEvent::Failed { reason: String::new() },
        ];
        let mut rendering = Rendering::default();
        let all = events.iter().flat_map(|event| rendering.render(event)).map(|shown| match shown {
            Shown::Answer(text) => text,
            Shown::Note(text) => format!("<{text}>\n"),
        });
        assert_eq!(all.collect::<String>(), "one two\n<[Bash] ls>\nthree\nfour\n");
    }

    #[test]
    fn a_call_is_one_line() {
        assert_eq!(telling(&json!("ls -l")), "ls -l");
        assert_eq!(telling(&json!({"description": "x", "command": "a\nb"})), "a …");
        assert_eq!(telling(&json!({"path": "y".repeat(200)})).chars().count(), MOST_SHOWN + 2);
        assert_eq!(telling(&json!({"questions": [{"question": "Delete it?"}]})), "Delete it?");
        assert_eq!(telling(&json!([1])), "");
    }
}
