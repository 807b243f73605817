//! The tools as a model reads them: what each is for, when to use it, and its parameters.

use serde_json::{Value, json};

/// A tool in the list.
pub(super) struct Described {
    pub name: &'static str,
    /// Whether it changes anything; then it is offered only if the user allows changes.
    pub changes: bool,
    title: &'static str,
    about: &'static str,
    parameters: fn() -> Value,
    required: &'static [&'static str],
}

/// All tools.
pub(super) const TOOLS: [Described; 8] = [
    Described {
        name: "boards",
        changes: false,
        title: "Running and recent work",
        about: "List what runs or ran on this machine under vx: installs, scripts, services, builds, tests. Each \
                board is one run; its work has a key, a state, a standing (the word people see), a step, and an \
                error if it failed. Call it first when you don't know what is going on, and to find the key that \
                `wait_for` and `logs` want.",
        parameters: || {
            json!({
                "board": { "type": "string", "description": "Only this board, with everything on it: a name from an earlier call." },
                "running": { "type": "boolean", "description": "Only boards that are still at work." },
            })
        },
        required: &[],
    },
    Described {
        name: "wait_for",
        changes: false,
        title: "Wait for work",
        about: "Wait only until services or other work are ready, done or ended. Use it instead of sleeping or \
                polling. It answers at once if the state is reached already or cannot be reached any more; in that \
                case the answer has the error and the last lines of the log. If the time is up or your client \
                cancelled the call, nothing is lost: call it again.",
        parameters: || {
            json!({
                "names": { "type": "array", "items": { "type": "string" }, "minItems": 1, "description": "The keys of the work, such as the names of services." },
                "state": { "type": "string", "enum": ["ready", "done", "ended"], "description": "`ready` (the default): it can be used; `done`: it ended well; `ended`: it ended, no matter how." },
                "board": { "type": "string", "description": "The board of the work. Without it the services of the project come first, then the newest board at work that has the name." },
                "timeout_seconds": timeout(),
                "directory": directory(),
            })
        },
        required: &["names"],
    },
    Described {
        name: "logs",
        changes: false,
        title: "Output of work",
        about: "The last lines that a service, a script or an install printed, the newest last. For the last errors \
                of a service give `level: \"error\"`. Ask for more with `lines`, or narrow it down with `grep`.",
        parameters: || {
            json!({
                "name": { "type": "string", "description": "The service, or the key of other work." },
                "lines": { "type": "integer", "minimum": 1, "maximum": 1000, "description": "The most lines, 50 without it." },
                "level": { "type": "string", "enum": ["debug", "info", "warn", "error"], "description": "Only lines of this level and above." },
                "grep": { "type": "string", "description": "Only lines that match this regular expression." },
                "board": { "type": "string", "description": "The board of the work; without it as for `wait_for`." },
                "directory": directory(),
            })
        },
        required: &["name"],
    },
    Described {
        name: "resolve",
        changes: false,
        title: "The program behind a name",
        about: "The file that a program name means in a project, such as `node` or `tsc`, with the version that the \
                project pins and the PATH folders and variables that its tools want. Use it before you run a tool by \
                its path, and to find out why a wrong version runs.",
        parameters: || {
            json!({
                "name": { "type": "string", "description": "The program." },
                "directory": directory(),
            })
        },
        required: &["name"],
    },
    Described {
        name: "project",
        changes: false,
        title: "What a project declares",
        about: "A project's tools (wanted, locked, missing), scripts, and services with their states; errors in its \
        vx.toml with line and column; and what waits for the user's consent. Call it before `run` and `service` to \
        learn the names.",
        parameters: || json!({ "directory": directory() }),
        required: &[],
    },
    Described {
        name: "sync",
        changes: true,
        title: "Install what a project declares",
        about: "Install the tools of a project as its vx.lock pins them; does nothing if all are installed. It \
        downloads, so it may take minutes; cancelling the call stops it, and a later call continues.",
        parameters: || {
            json!({
                "tools": { "type": "array", "items": { "type": "string" }, "description": "Only these tools." },
                "directory": directory(),
            })
        },
        required: &[],
    },
    Described {
        name: "service",
        changes: true,
        title: "Start, stop, restart or rebuild a service",
        about: "Start a service of a project with what it needs (missing tools are installed first), or stop, \
                restart or rebuild one. It returns once the service can be used, has stopped or has failed; a \
                failure has the error and the last lines of the log. Services keep running after the call and after \
                your session. If the time is up, call `wait_for`.",
        parameters: || {
            json!({
                "name": { "type": "string", "description": "The service." },
                "action": { "type": "string", "enum": ["start", "stop", "restart", "rebuild"] },
                "timeout_seconds": timeout(),
                "directory": directory(),
            })
        },
        required: &["name", "action"],
    },
    Described {
        name: "run",
        changes: true,
        title: "Run a script of a project",
        about: "Run a script of the project's vx.toml, with the scripts it depends on and the project's own tools, \
                to its end. The answer has how it ended and its last lines. For programs that don't end, declare a \
                service. Cancelling the call stops the script.",
        parameters: || {
            json!({
                "script": { "type": "string", "description": "The script's name." },
                "arguments": { "type": "array", "items": { "type": "string" }, "description": "Arguments for it." },
                "directory": directory(),
            })
        },
        required: &["script"],
    },
];

fn directory() -> Value {
    json!({ "type": "string", "description": "The project's directory or one below; the server's own without it." })
}

fn timeout() -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": 3600, "description": "The longest wait, 60 seconds without it." })
}

impl Described {
    /// The tool as an entry of the list.
    pub(super) fn entry(&self) -> Value {
        json!({
            "name": self.name,
            "title": self.title,
            "description": self.about,
            "inputSchema": {
                "type": "object",
                "properties": (self.parameters)(),
                "required": self.required,
                "additionalProperties": false,
            },
            "annotations": {
                "title": self.title,
                "readOnlyHint": !self.changes,
                "destructiveHint": self.name == "run",
                "idempotentHint": self.name != "run",
                "openWorldHint": matches!(self.name, "sync" | "run"),
            },
        })
    }

    /// The parameters in a sentence, as a hint for a wrong call.
    pub(super) fn parameters(&self) -> String {
        let parameters = (self.parameters)();
        let each = parameters.as_object().into_iter().flatten().map(|(name, schema)| {
            let words = schema["enum"]
                .as_array()
                .map(|words| words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"));
            let kind = words.unwrap_or_else(|| schema["type"].as_str().unwrap_or_default().to_owned());
            let must = if self.required.contains(&name.as_str()) { ", required" } else { "" };
            format!("`{name}` ({kind}{must})")
        });
        format!("`{}` takes {}", self.name, each.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_what_it_requires_and_says_so() {
        for tool in &TOOLS {
            let entry = tool.entry();
            let properties = entry["inputSchema"]["properties"].as_object().expect("properties");
            assert!(tool.required.iter().all(|name| properties.contains_key(*name)), "{}", tool.name);
            assert_eq!(entry["annotations"]["readOnlyHint"], !tool.changes, "{}", tool.name);
        }
        let service = TOOLS.iter().find(|tool| tool.name == "service").expect("it is one of them").parameters();
        assert!(service.contains("`action` (start|stop|restart|rebuild, required)"), "{service}");
    }
}
