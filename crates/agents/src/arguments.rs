//! The command line of a turn: the agent's words, with the request's values filled in; pure.

use super::agent::{Agent, PromptVia};
use super::error::TurnError;
use super::request::{Prompt, TurnRequest};

/// A program's argument has at most this many bytes, without its NUL.
const MOST_ARGUMENT_BYTES: usize = 128 * 1024 - 1;

/// The command line of a turn, and its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AgentCommandLine {
    pub words: Vec<String>,
    pub input: AgentInput,
}

/// The standard input of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AgentInput {
    /// Nothing.
    Empty,
    /// This text; then it is closed.
    Text(String),
    /// Prompts, as long as the handle keeps it open.
    Open,
}

/// Make the command line for this request, whose permission mode has been checked.
///
/// # Errors
/// The agent can't do what the request asks for, or a text contains a NUL.
pub(super) fn command_line(agent: &Agent, request: &TurnRequest) -> Result<AgentCommandLine, TurnError> {
    let unable = |what| TurnError::Unable { agent: request.agent.clone(), what };
    let (args, prompt, input) = match &request.prompt {
        Prompt::Conversation => {
            let args = agent.conversation.as_ref().ok_or_else(|| unable("take several prompts"))?;
            (args, Vec::new(), AgentInput::Open)
        }
        Prompt::Once(text) => {
            let (words, input) = prompt_words(agent, request, text)?;
            (&agent.args, words, input)
        }
    };
    let session = match (&request.resume_session_id, &request.new_session_id) {
        (Some(id), _) => filled(agent.resume.as_ref().ok_or_else(|| unable("resume a session"))?, "{session}", id),
        (None, Some(id)) => {
            let words = agent.session_id.as_ref().ok_or_else(|| unable("take the id of a new session"))?;
            filled(words, "{session}", id)
        }
        (None, None) => Vec::new(),
    };
    let model = match &request.model {
        Some(model) => filled(agent.model.as_ref().ok_or_else(|| unable("take a model"))?, "{model}", model),
        None => Vec::new(),
    };
    let mode = vec![request.permission_mode.clone()];
    let permission = agent.permission.get(&request.permission_mode).cloned().unwrap_or(mode);
    let mut words = Vec::new();
    let mut session_placed = false;
    for word in args {
        match word.as_str() {
            "{prompt}" => words.extend(prompt.iter().cloned()),
            "{permission}" => words.extend(permission.iter().cloned()),
            "{session}" => {
                // Options go first: the words for a session may be the agent's subcommand.
                words.extend(model.iter().chain(&session).cloned());
                session_placed = true;
            }
            _ => words.push(word.clone()),
        }
    }
    if !session_placed {
        words.extend(session.into_iter().chain(model));
    }
    if words.iter().any(|word| word.contains('\0')) {
        return Err(TurnError::Nul { what: "an argument" });
    }
    Ok(AgentCommandLine { words, input })
}

/// Make the words of a prompt, and the standard input that carries it instead if it can't be an argument.
fn prompt_words(agent: &Agent, request: &TurnRequest, text: &str) -> Result<(Vec<String>, AgentInput), TurnError> {
    if text.contains('\0') {
        return Err(TurnError::Nul { what: "the prompt" });
    }
    let reason = if text.starts_with('-') {
        Some("an argument that begins with `-` would be an option")
    } else if text.len() > MOST_ARGUMENT_BYTES {
        Some("a text of more than 128 KiB cannot be an argument")
    } else {
        None
    };
    match (agent.prompt_via, reason) {
        (PromptVia::Argument | PromptVia::Either, None) => {
            Ok((filled(&agent.prompt, "{prompt}", text), AgentInput::Empty))
        }
        (PromptVia::Argument, Some(reason)) => Err(TurnError::Prompt { agent: request.agent.clone(), reason }),
        (PromptVia::Input | PromptVia::Either, _) => Ok((agent.input.clone(), AgentInput::Text(text.to_owned()))),
    }
}

fn filled(words: &[String], place: &str, text: &str) -> Vec<String> {
    words.iter().map(|word| if word == place { text.to_owned() } else { word.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::builtin_agents;

    fn request(agent: &str, prompt: &str) -> TurnRequest {
        TurnRequest { agent: agent.into(), ..TurnRequest::new("/bin/x", "/", prompt) }
    }

    fn line(request: &TurnRequest) -> Result<AgentCommandLine, TurnError> {
        command_line(&builtin_agents()[&request.agent], request)
    }

    fn words(request: &TurnRequest) -> String {
        line(request).expect("a command line").words.join(" ")
    }

    const CLAUDE: &str = "--output-format stream-json --verbose --include-partial-messages --permission-mode plan";

    #[test]
    fn claude_gets_exactly_these_arguments() {
        let plan = TurnRequest { permission_mode: "plan".into(), ..request("claude", "say hi") };
        assert_eq!(words(&plan), format!("-p say hi {CLAUDE}"));
        let resume = TurnRequest { resume_session_id: Some("old".into()), ..plan.clone() };
        assert_eq!(words(&resume), format!("-p say hi {CLAUDE} --resume old"));
        let both = TurnRequest { new_session_id: Some("new".into()), ..resume };
        assert_eq!(words(&both), format!("-p say hi {CLAUDE} --resume old"));
        let new = TurnRequest { new_session_id: Some("new".into()), ..plan.clone() };
        assert_eq!(words(&new), format!("-p say hi {CLAUDE} --session-id new"));
        assert_eq!(line(&plan).expect("a line").words[1], "say hi", "one word");
    }

    #[test]
    fn a_prompt_that_cannot_be_an_argument_goes_through_standard_input() {
        for prompt in ["-v", &"x".repeat(MOST_ARGUMENT_BYTES + 1)] {
            let claude = line(&request("claude", prompt)).expect("a line");
            assert_eq!(claude.words.join(" "), format!("-p {}", CLAUDE.replace("plan", "auto")));
            assert_eq!(claude.input, AgentInput::Text(prompt.to_owned()));
            assert!(!claude.words.iter().any(|word| word == "--input-format"));
            assert_eq!(words(&request("codex", prompt)), "exec --json --sandbox workspace-write -");
        }
        assert_eq!(
            line(&request("claude", &"x".repeat(MOST_ARGUMENT_BYTES))).expect("a line").input,
            AgentInput::Empty
        );
    }

    #[test]
    fn an_agent_that_takes_only_arguments_refuses_such_a_prompt() {
        let mut agent = builtin_agents()["claude"].clone();
        agent.prompt_via = PromptVia::Argument;
        let error = command_line(&agent, &request("claude", "-x")).expect_err("an option");
        assert!(matches!(error, TurnError::Prompt { .. }), "{error}");
    }

    #[test]
    fn a_nul_is_refused_in_every_word() {
        assert!(matches!(line(&request("claude", "a\0b")), Err(TurnError::Nul { what: "the prompt" })));
        let session = TurnRequest { resume_session_id: Some("a\0b".into()), ..request("claude", "x") };
        assert!(matches!(line(&session), Err(TurnError::Nul { .. })));
    }

    #[test]
    fn a_conversation_is_one_choice_and_only_for_agents_that_have_one() {
        let conversation = TurnRequest { prompt: Prompt::Conversation, ..request("claude", "") };
        let claude = line(&conversation).expect("a line");
        assert!(claude.words.join(" ").starts_with("-p --input-format stream-json --output-format stream-json "));
        assert_eq!(claude.input, AgentInput::Open);
        let codex = TurnRequest { agent: "codex".into(), ..conversation };
        assert!(matches!(line(&codex), Err(TurnError::Unable { .. })));
    }

    #[test]
    fn the_others_have_their_sessions_and_prompts_where_they_take_them() {
        let resumed = |agent| TurnRequest {
            resume_session_id: Some("s".into()),
            model: Some("m".into()),
            ..request(agent, "hi")
        };
        assert_eq!(words(&resumed("codex")), "exec --json --sandbox workspace-write --model m resume s hi");
        let gemini = "--output-format stream-json --approval-mode auto_edit --prompt hi --resume s --model m";
        assert_eq!(words(&resumed("gemini")), gemini);
        assert_eq!(words(&resumed("opencode")), "run --format json hi --session s --model m");
        let new = TurnRequest { new_session_id: Some("n".into()), ..request("codex", "hi") };
        assert!(matches!(line(&new), Err(TurnError::Unable { .. })));
        assert_eq!(line(&request("text", "hi")).expect("a line").input, AgentInput::Text("hi".into()));
    }
}
