//! `vx mcp` as clients see it: through hand-written messages, and through the official client in a session of an agent.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use crossbeam_channel::{Receiver, unbounded};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::sandbox::{PATIENCE, Sandbox, eventually, send, text};
use crate::support::skipped::skipped;

/// A service that gets ready, with an error in its output, and scripts.
const PROJECT: &str = r#"
[scripts]
greet = "echo hello $0; echo more"
wrong = "echo before; exit 3"
slow = "echo begun; exec sleep 713"

[services.web]
command = "echo 'ERROR the database is away'; echo listening; exec sleep 714"
shell = true
ready = { log = "listening" }
"#;

/// A server, and the client's end of its streams.
pub(crate) struct Client {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Messages that were read while another was awaited.
    early: RefCell<Vec<Value>>,
}

impl Client {
    /// A server with these words after `vx mcp`; nothing was sent yet.
    fn silent(sandbox: &Sandbox, words: &str) -> Self {
        let mut command = sandbox.command(&format!("mcp {words}"));
        let mut server =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("vx starts");
        let output = BufReader::new(server.stdout.take().expect("its output"));
        let (sender, messages) = unbounded();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // Anything but a message would break every client.
                let message = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "no message": line }));
                let _ = sender.send(message);
            }
        });
        let input = server.stdin.take();
        Self { server, input, messages, early: RefCell::default() }
    }

    /// A server that may change things, after the client has introduced itself.
    pub(crate) fn allowed(sandbox: &Sandbox) -> Self {
        let mut client = Self::silent(sandbox, "--allow-changes");
        client.ask(0, "initialize", &initialize("2025-11-25"));
        client.answer(0);
        client
    }

    fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the server reads");
    }

    fn ask(&mut self, id: u64, method: &str, params: &Value) {
        self.write(request(id, method, params).as_bytes());
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.write(format!("{}\n", json!({ "jsonrpc": "2.0", "method": method, "params": params })).as_bytes());
    }

    /// The next message for which `wanted` returns true.
    fn message(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut early = self.early.borrow_mut();
        if let Some(at) = early.iter().position(&wanted) {
            return early.remove(at);
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {what}: {early:?}"));
            assert!(message.get("no message").is_none(), "{message}");
            if wanted(&message) {
                return message;
            }
            early.push(message);
        }
    }

    pub(crate) fn answer(&self, id: u64) -> Value {
        self.message(&format!("answer {id}"), |message| message["id"] == id)
    }

    /// The result of a call: true for an error, and the text.
    fn result(&self, id: u64) -> (bool, String) {
        let answer = self.answer(id);
        let result = &answer["result"];
        (result["isError"] == true, text(&result["content"][0]["text"]).to_owned())
    }

    pub(crate) fn call(&mut self, id: u64, tool: &str, arguments: &Value) -> (bool, String) {
        self.begin(id, tool, arguments);
        self.result(id)
    }

    pub(crate) fn begin(&mut self, id: u64, tool: &str, arguments: &Value) {
        let params = json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": format!("of {id}") } });
        self.ask(id, "tools/call", &params);
    }

    /// Close the input, and wait for the end of the server.
    fn leave(mut self) {
        drop(self.input.take());
        self.ended();
    }

    fn ended(&mut self) {
        let status = eventually("the server ends", || self.server.try_wait().expect("it is waited for"));
        assert!(status.success(), "{status}");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn request(id: u64, method: &str, params: &Value) -> String {
    format!("{}\n", json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
}

fn initialize(version: &str) -> Value {
    json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } })
}

/// The processes of the sandbox whose command line has this text.
fn running(sandbox: &Sandbox, part: &str) -> Vec<u32> {
    sandbox.processes().into_iter().filter(|found| found.command.contains(part)).map(|found| found.pid).collect()
}

#[test]
fn a_version_that_is_known_is_kept_and_another_one_gets_the_newest() {
    let sandbox = Sandbox::new();
    for (asked, spoken) in [("2024-11-05", "2024-11-05"), ("2025-06-18", "2025-06-18"), ("2031-01-01", "2025-11-25")] {
        let mut client = Client::silent(&sandbox, "");
        client.ask(1, "initialize", &initialize(asked));
        assert_eq!(client.answer(1)["result"]["protocolVersion"], spoken);
        client.leave();
    }
}

#[test]
fn without_leave_what_changes_anything_is_neither_listed_nor_done() {
    let sandbox = Sandbox::new().config(PROJECT);
    let mut client = Client::silent(&sandbox, "");
    client.ask(1, "tools/list", &json!({}));
    let answer = client.answer(1);
    let tools = answer["result"]["tools"].as_array().expect("a list");
    let names: Vec<&str> = tools.iter().map(|tool| text(&tool["name"])).collect();
    assert_eq!(names, ["boards", "wait_for", "logs", "resolve", "project"]);
    let (failed, said) = client.call(2, "service", &json!({ "name": "web", "action": "start" }));
    assert!(failed && said.contains("--allow-changes"), "{said}");
    assert!(running(&sandbox, "service-supervisor").is_empty());
    client.leave();
}

#[test]
fn each_wrong_message_has_a_typed_answer_and_the_session_goes_on() {
    let sandbox = Sandbox::new();
    let mut client = Client::silent(&sandbox, "");
    let long = format!("{}\n", "x".repeat(2 * 1024 * 1024));
    for (line, code) in [
        ("garbage\n", -32700),
        ("\u{0}\u{1b}[2J\n", -32700),
        (long.as_str(), -32600),
        ("[]\n", -32600),
        ("3\n", -32600),
        ("{\"jsonrpc\":\"2.0\"}\n", -32600),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":{}}\n", -32600),
    ] {
        client.write(line.as_bytes());
        let shown: String = line.chars().take(40).collect();
        assert_eq!(client.message(&shown, |message| message["id"].is_null())["error"]["code"], code, "{shown}");
    }
    for (method, params, code) in [
        ("tools/nonsense", json!({}), -32601),
        ("initialize", json!({}), -32602),
        ("tools/call", json!({}), -32602),
        ("tools/call", json!({ "name": "wait_fro" }), -32602),
    ] {
        client.ask(7, method, &params);
        assert_eq!(client.answer(7)["error"]["code"], code, "{method} {params}");
    }
    // Once a call is answered, its id may be used again.
    for (tool, arguments, hint) in [
        ("wait_for", json!({}), "`names` (array, required)"),
        ("wait_for", json!({ "names": ["x"], "timeout_seconds": -1 }), "`timeout_seconds` is from 0 to 3600"),
        ("wait_for", json!({ "names": ["x"], "directory": "/nonexistent" }), "there is no directory"),
        ("logs", json!({ "name": "x", "lines": 0 }), "`lines` is from 1 to 1000"),
        ("logs", json!({ "name": "x", "level": "loud" }), "debug, info, warn or error"),
        ("logs", json!({ "name": "x", "grep": "(" }), "not a regular expression"),
        ("boards", json!({ "bord": 1 }), "`board` (string)"),
        ("project", json!({ "directory": 3 }), "`directory` (string)"),
    ] {
        let (failed, said) = client.call(8, tool, &arguments);
        assert!(failed && said.contains(hint), "{tool} {arguments}: {said}");
    }
    client.leave();
}

#[test]
fn messages_come_whole_however_they_are_written() {
    let sandbox = Sandbox::new();
    let mut client = Client::silent(&sandbox, "");
    for byte in request(1, "initialize", &initialize("2025-11-25")).bytes() {
        client.write(&[byte]);
    }
    client.answer(1);
    let many: String = (2..1002).map(|id| request(id, "ping", &json!({}))).collect();
    client.write(many.as_bytes());
    for id in 2..1002 {
        assert_eq!(client.answer(id)["result"], json!({}));
    }
    // A message without a line feed counts once the input ends.
    client.write(request(1002, "ping", &json!({})).trim_end().as_bytes());
    drop(client.input.take());
    assert_eq!(client.answer(1002)["result"], json!({}));
    client.ended();
}

#[test]
fn an_end_of_the_input_at_any_point_ends_the_server() {
    let sandbox = Sandbox::new().config(PROJECT);
    let session = [
        request(1, "initialize", &initialize("2025-11-25")),
        request(2, "tools/call", &json!({ "name": "project" })),
        request(3, "tools/call", &json!({ "name": "boards" })),
    ]
    .concat();
    for end in [0, 1, 30, session.len() / 2, session.len() - 1, session.len()] {
        let mut client = Client::silent(&sandbox, "");
        client.write(&session.as_bytes()[..end]);
        client.leave();
    }
    assert!(running(&sandbox, " mcp").is_empty());
}

#[test]
fn a_wait_is_cut_at_once_and_can_be_asked_again_also_after_the_server_was_killed() {
    let sandbox = Sandbox::new().config(PROJECT);
    let mut client = Client::allowed(&sandbox);
    let (failed, said) = client.call(1, "service", &json!({ "name": "web", "action": "start" }));
    assert!(!failed && said.contains("\"ready\": true"), "{said}");
    let ended = json!({ "names": ["web"], "state": "ended", "timeout_seconds": 3600 });
    client.begin(2, "wait_for", &ended);
    let progress = client.message("progress", |message| message["method"] == "notifications/progress");
    assert_eq!(progress["params"]["progressToken"], "of 2");
    assert!(text(&progress["params"]["message"]).contains("web is "), "{progress}");
    client.notify("notifications/cancelled", &json!({ "requestId": 2 }));
    // The id may be used again once the wait has ended; a cancelled call gets no answer.
    eventually("the wait has ended", || {
        client.begin(2, "wait_for", &json!({ "names": ["web"] }));
        let answer = client.answer(2);
        answer["result"]["content"][0]["text"].as_str().map(str::to_owned)
    });
    let (failed, said) =
        client.call(3, "wait_for", &json!({ "names": ["web"], "state": "ended", "timeout_seconds": 0 }));
    assert!(!failed && said.contains("\"timeout\""), "{said}");

    client.begin(4, "wait_for", &ended);
    send(client.server.id(), Signal::KILL);
    drop(client);
    let mut client = Client::allowed(&sandbox);
    let (failed, said) = client.call(1, "wait_for", &json!({ "names": ["web"] }));
    assert!(!failed && said.contains("\"reached\""), "{said}");
    let (_, said) = client.call(2, "logs", &json!({ "name": "web", "level": "error" }));
    assert!(said.contains("the database is away") && !said.contains("| listening"), "{said}");
    // The client leaves while a call waits.
    client.begin(3, "wait_for", &ended);
    client.leave();
    assert_eq!(running(&sandbox, "service-supervisor").len(), 1, "services go on");
    sandbox.vx("down").succeeds();
}

#[test]
fn a_service_is_restarted_and_stopped_and_a_wrong_name_is_answered_with_the_right_one() {
    let sandbox = Sandbox::new().config(PROJECT);
    let mut client = Client::allowed(&sandbox);
    let service = |action: &str| json!({ "name": "web", "action": action });
    let (failed, said) = client.call(1, "service", &service("restart"));
    assert!(failed && said.contains("action `start`"), "{said}");
    let (failed, said) = client.call(2, "service", &json!({ "name": "wep", "action": "start" }));
    assert!(failed && said.contains("did you mean `web`?"), "{said}");
    // It is declared, so it may still start.
    client.begin(6, "wait_for", &json!({ "names": ["web"] }));
    let (failed, said) = client.call(7, "wait_for", &json!({ "names": ["web"], "timeout_seconds": 0 }));
    assert!(!failed && said.contains("not started") && said.contains("\"timeout\""), "{said}");
    let pid = |said: &str| serde_json::from_str::<Value>(said).expect("JSON")["services"][0]["pid"].as_u64();
    let (_, said) = client.call(3, "service", &service("start"));
    let first = pid(&said).expect("it is at work");
    let (failed, said) = client.result(6);
    assert!(!failed && said.contains("\"reached\"") && said.contains("\"ready\""), "{said}");
    let (_, said) = client.call(8, "boards", &json!({ "running": true }));
    assert!(said.contains("\"step\": \"ready\""), "{said}");
    let (_, said) = client.call(4, "service", &service("restart"));
    assert_ne!(pid(&said).expect("it is at work"), first);
    let (failed, said) = client.call(5, "service", &service("stop"));
    assert!(!failed && pid(&said).is_none(), "{said}");
    client.leave();
    sandbox.vx("down").succeeds();
}

#[test]
fn a_wait_with_a_time_waits_for_a_repair_and_one_without_says_what_is_broken() {
    let broken = "test -e mended || { echo 'ERROR no table'; exit 1; }; echo listening; exec sleep 715";
    let web = format!("[services.web]\ncommand = \"{broken}\"\nshell = true\nready = {{ log = \"listening\" }}\n");
    let sandbox = Sandbox::new().config(&format!("{web}watch = [\"mended\"]\n"));
    let mut client = Client::allowed(&sandbox);
    let (failed, said) = client.call(1, "service", &json!({ "name": "web", "action": "start" }));
    assert!(failed && said.contains("no table"), "{said}");
    let (failed, said) = client.call(2, "wait_for", &json!({ "names": ["web"] }));
    assert!(failed && said.contains("is failing"), "{said}");
    // The answer shows the repaired service, although the service takes up the repair only after the call.
    sandbox.write("mended", "");
    let (failed, said) = client.call(3, "wait_for", &json!({ "names": ["web"], "timeout_seconds": 25 }));
    assert!(!failed && said.contains("\"reached\""), "{said}");
    client.leave();
    sandbox.vx("down").succeeds();
}

#[test]
fn a_script_runs_apart_from_the_streams_of_the_protocol_and_ends_with_its_call() {
    let sandbox = Sandbox::new().config(PROJECT);
    let mut client = Client::allowed(&sandbox);
    let (failed, said) = client.call(1, "run", &json!({ "script": "greet" }));
    assert!(!failed && said.contains("has ended well") && said.contains("\nmore"), "{said}");
    let (failed, said) = client.call(2, "run", &json!({ "script": "wrong" }));
    assert!(failed && said.contains("`wrong` failed: exit code 3") && said.contains("before"), "{said}");
    client.begin(7, "run", &json!({ "script": "wrong" }));
    let facts = &client.answer(7)["result"]["structuredContent"];
    assert_eq!(facts["kind"], "exit", "{facts}");
    assert!(text(&facts["message"]).starts_with("`wrong` failed"), "{facts}");
    // Its board is not the newest one.
    let (failed, said) = client.call(8, "logs", &json!({ "name": "greet" }));
    assert!(!failed && said.contains("more"), "{said}");
    let (failed, said) = client.call(9, "logs", &json!({ "name": "no-such-work" }));
    assert!(failed && said.contains("no work `no-such-work` on any board"), "{said}");
    let (failed, said) = client.call(3, "run", &json!({ "script": "gret" }));
    assert!(failed && said.contains("greet"), "{said}");
    let slow = json!({ "script": "slow" });
    let at_work = || eventually("it is at work", || (!running(&sandbox, "sleep 713").is_empty()).then_some(()));
    let is_gone = || eventually("it is gone", || running(&sandbox, "sleep 713").is_empty().then_some(()));
    client.begin(4, "run", &slow);
    at_work();
    client.notify("notifications/cancelled", &json!({ "requestId": 4 }));
    is_gone();
    client.begin(5, "run", &slow);
    at_work();
    client.leave();
    is_gone();
    let mut client = Client::allowed(&sandbox);
    client.begin(6, "run", &slow);
    at_work();
    send(client.server.id(), Signal::KILL);
    is_gone();
}

#[test]
fn what_the_user_has_not_agreed_to_is_an_error_of_its_own_kind_and_nothing_is_started() {
    let sandbox = Sandbox::new().config(PROJECT).variable("VX_TRUST", "none");
    let mut client = Client::allowed(&sandbox);
    for (id, tool, arguments) in
        [(1, "service", json!({ "name": "web", "action": "start" })), (2, "run", json!({ "script": "greet" }))]
    {
        client.begin(id, tool, &arguments);
        let answer = client.answer(id);
        let result = &answer["result"];
        assert_eq!(result["structuredContent"]["kind"], "consent", "{result}");
        assert!(text(&result["structuredContent"]["hint"]).contains("vx trust"), "{result}");
    }
    assert!(running(&sandbox, "service-supervisor").is_empty());
    client.leave();
}

#[test]
fn a_sync_installs_what_is_missing_and_then_finds_nothing_to_do() {
    let sandbox = Sandbox::new().offers("esbuild", "0.25.0").config("[tools]\nesbuild = \"0.25.0\"\n");
    let mut client = Client::allowed(&sandbox);
    let (_, said) = client.call(1, "project", &json!({}));
    assert!(said.contains("\"missing\": true"), "{said}");
    let (failed, said) = client.call(2, "sync", &json!({}));
    assert!(!failed && said.contains("\"installed\""), "{said}");
    let (failed, said) = client.call(3, "sync", &json!({}));
    assert!(!failed && said.contains("up to date"), "{said}");
    let (failed, said) = client.call(4, "resolve", &json!({ "name": "esbuild" }));
    assert!(!failed && said.contains("\"version\": \"0.25.0\""), "{said}");
    let (failed, said) = client.call(5, "resolve", &json!({ "name": "esbiuld" }));
    assert!(failed && said.contains("not-found"), "{said}");
    client.leave();
}

#[test]
fn needs_network_a_session_of_an_agent_by_the_official_client_with_kills_in_between() {
    let sandbox = Sandbox::new().config(PROJECT);
    let place = sandbox.root().join("client");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&place).output();
    if !made.is_ok_and(|made| made.status.success()) {
        return skipped("python3 cannot make an environment");
    }
    let installed = Command::new(place.join("bin/pip")).args(["install", "-q", "mcp"]).output().expect("pip starts");
    if !installed.status.success() {
        return skipped("pip cannot get the client");
    }
    let session = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/serving/mcp/session.py");
    let mut command = Command::new(place.join("bin/python"));
    command.args([session, env!("CARGO_BIN_EXE_vx")]).arg(sandbox.project()).current_dir(sandbox.project());
    command.env_clear().envs(sandbox.environment());
    let played = sandbox.run("the session", command).finish_within(5 * PATIENCE).succeeds();
    assert!(played.stdout().contains("the session is over"));
}
