//! Finds a tool by its name, reads its arguments, and carries out its work.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vx_base::nearest::nearest;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_rpc::RpcError;

use super::answer::{McpToolResult, bad_parameters, failed};
use super::call::Call;
use super::call_project::Here;
use super::describe::{Described, TOOLS};
use super::logs::LogsToolCall;
use super::queries::{BoardsToolCall, ProjectToolCall, ResolveToolCall};
use super::runs::{RunToolCall, SyncToolCall};
use super::service::ServiceToolCall;
use super::wait::WaitFor;

/// The tools that this server offers: without permission to change anything, only the read-only ones.
pub(super) fn list(allow_changes: bool) -> Value {
    let there = TOOLS.iter().filter(|tool| allow_changes || !tool.changes);
    json!({ "tools": there.map(Described::entry).collect::<Vec<_>>() })
}

/// The tool with this name.
///
/// # Errors
/// There is no such tool.
pub(super) fn find(name: &str) -> Result<&'static Described, RpcError> {
    TOOLS.iter().find(|tool| tool.name == name).ok_or_else(|| {
        let near = nearest(name, TOOLS.iter().map(|tool| tool.name)).first().copied();
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let shown: String = name.chars().take(80).collect();
        RpcError::invalid_params(format!("there is no tool `{shown}`{near}"))
    })
}

/// Carry out a call, and return its result in the form of the protocol.
pub(super) fn result(tool: &Described, arguments: Value, here: &Here, allow_changes: bool, call: &Call) -> Value {
    let answer = if tool.changes && !allow_changes {
        let text = format!("`{}` changes something, and this server is read-only", tool.name);
        Err(Trouble::new(TroubleKind::Access, text)
            .hinted("the user can allow it: `vx mcp --allow-changes` in the settings of the client"))
    } else {
        answer(tool, arguments, here, call)
    };
    answer.map_or_else(|trouble| failed(&trouble), McpToolResult::into_result)
}

fn answer(tool: &Described, arguments: Value, here: &Here, call: &Call) -> Result<McpToolResult, Trouble> {
    match tool.name {
        "boards" => read::<BoardsToolCall>(tool, arguments)?.answer(),
        "wait_for" => read::<WaitFor>(tool, arguments)?.answer(here, call),
        "logs" => read::<LogsToolCall>(tool, arguments)?.answer(here),
        "resolve" => read::<ResolveToolCall>(tool, arguments)?.answer(here),
        "project" => read::<ProjectToolCall>(tool, arguments)?.answer(here),
        "sync" => read::<SyncToolCall>(tool, arguments)?.answer(here, call),
        "service" => read::<ServiceToolCall>(tool, arguments)?.answer(here, call),
        _ => read::<RunToolCall>(tool, arguments)?.answer(here, call),
    }
}

fn read<T: DeserializeOwned>(tool: &Described, arguments: Value) -> Result<T, Trouble> {
    let arguments = if arguments.is_null() { json!({}) } else { arguments };
    serde_json::from_value(arguments).map_err(|error| bad_parameters(error, tool.parameters()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_leave_no_tool_that_changes_anything_is_listed() {
        let names = |list: Value| -> Vec<String> {
            let tools = list["tools"].as_array().expect("a list").clone();
            tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
        };
        assert_eq!(names(list(false)), ["boards", "wait_for", "logs", "resolve", "project"]);
        assert_eq!(names(list(true)).len(), 8);
    }

    #[test]
    fn arguments_that_do_not_fit_are_answered_with_those_that_do() {
        let tool = find("wait_for").expect("it is one of them");
        for arguments in [json!({}), json!({"names": "web"}), json!({"names": ["web"], "state": "up"}), json!([])] {
            let error = read::<WaitFor>(tool, arguments).expect_err("it does not fit");
            assert_eq!(error.kind, TroubleKind::Usage);
            assert!(error.hint.is_some_and(|hint| hint.contains("`names` (array, required)")));
        }
        assert!(find("waitfor").err().is_some_and(|fault| fault.message.contains("did you mean `wait_for`")));
    }
}
