//! `vx turn`, as people and programs run it.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use super::{INIT, RESULT};
use crate::support::sandbox::{Sandbox, eventually, send};

/// A sandbox whose search path has a `claude` and a `codex` that play this script.
pub(crate) fn playing(script: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let folder = sandbox.root().join("agents");
    std::fs::create_dir(&folder).expect("a folder");
    for name in ["claude", "codex"] {
        symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/running/turns/play.sh"), folder.join(name))
            .expect("a link");
    }
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    sandbox.variable("PATH", &path).variable("PLAY", script)
}

fn text(text: &str) -> String {
    format!(r#"{{"type":"assistant","message":{{"id":"m","content":[{{"type":"text","text":"{text}"}}]}}}}"#)
}

fn delta(text: &str) -> String {
    let delta = format!(r#"{{"type":"content_block_delta","delta":{{"type":"text_delta","text":"{text}"}}}}"#);
    format!(r#"{{"type":"stream_event","event":{delta}}}"#)
}

const BEGINS: &str = r#"{"type":"stream_event","event":{"type":"message_start","message":{"id":"m"}}}"#;
const BASH: &str = r#"{"type":"assistant","message":{"id":"n","content":[{"type":"tool_use","id":"t","name":"Bash","input":{"command":"ls"}}]}}"#;

/// The lines of JSON on standard output.
pub(super) fn lines(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn an_answer_is_printed_as_text_once_with_a_line_for_each_tool_beside_it() {
    let script = format!(
        "say '{INIT}'; say '{BASH}'; say '{BEGINS}'; say '{}'; say '{}'; say '{}'; say '{RESULT}'",
        delta("One "),
        delta("file."),
        text("One file.")
    );
    let finished = playing(&script).vx("turn --text -p list").succeeds();
    assert_eq!((finished.stdout().as_str(), finished.stderr().as_str()), ("One file.\n", "[Bash] ls\n"));
    let whole = playing(&format!("say '{}'; say '{RESULT}'", text("One file."))).vx("turn --text -p list");
    assert_eq!(whole.succeeds().stdout(), "One file.\n");
}

#[test]
fn events_are_lines_of_json_and_a_bad_end_has_a_name_of_its_own() {
    let good = lines(&playing(&format!("say '{INIT}'; say '{RESULT}'")).vx("turn -p hi").succeeds().stdout());
    let names: Vec<&str> = good.iter().map(|event| event["event"].as_str().expect("a name")).collect();
    assert_eq!(names, ["session_bound", "message", "message", "turn_ended", "completed"]);
    let failed = RESULT.replace("false", "true");
    for (script, reason) in
        [(format!("say '{failed}'"), "done"), ("exit 3".into(), "the agent failed with exit code 3")]
    {
        let finished = playing(&script).vx("turn --json -p hi").exits_with(1);
        let last = lines(&finished.stdout()).pop().expect("an event");
        assert_eq!((&last["event"], &last["end"]), (&"turn_failed".into(), &"completed".into()));
        assert_eq!(last["reason"], reason);
    }
    // The agent's own result counts before its exit code.
    playing(&format!("say '{RESULT}'; exit 3")).vx("turn -p hi").succeeds();
}

#[test]
fn an_agent_that_exits_well_without_the_last_line_of_an_answer_has_failed() {
    let too_long = "printf '{\"type\":\"result\",\"is_error\":false,\"result\":\"'; head -c 17000000 /dev/zero | tr '\\0' x; echo '\"}'";
    for (script, reason) in [
        (format!("say '{INIT}'"), "the agent ended without the last line of an answer".to_owned()),
        (
            format!("say '{INIT}'; say 'Session limit reached'"),
            "the agent ended without the last line of an answer: Session limit reached".to_owned(),
        ),
        (
            format!("say '{INIT}'; {too_long}"),
            format!("the agent ended without the last line of an answer: {}", {
                let line = format!("{{\"type\":\"result\",\"is_error\":false,\"result\":\"{}", "x".repeat(600));
                line[..512].to_owned()
            }),
        ),
    ] {
        let finished = playing(&script).vx("turn --json -p hi").exits_with(1);
        let last = lines(&finished.stdout()).pop().expect("an event");
        assert_eq!((&last["end"], &last["without_result"]), (&"completed".into(), &true.into()));
        assert_eq!(last["reason"], reason);
        let told = playing(&script).vx("turn --text -p hi").exits_with(1);
        assert!(told.stderr().contains("ended without the last line"), "{}", told.stderr());
    }
}

#[test]
fn the_reason_of_a_failure_has_what_the_agent_wrote_last() {
    let refusal = "echo 'a warning' >&2; head -c 20000 /dev/zero | tr '\\0' '\\n' >&2; echo '  Not inside a trusted directory' >&2; echo >&2; exit 1";
    let finished = playing(refusal).vx("turn --json --agent codex -p hi").exits_with(1);
    let last = lines(&finished.stdout()).pop().expect("an event");
    assert_eq!(last["reason"], "the agent failed with exit code 1: Not inside a trusted directory");
    assert_eq!(last["last_lines"], serde_json::json!(["a warning", "  Not inside a trusted directory"]));
}

#[test]
fn lines_that_could_not_be_read_are_counted_at_the_end_of_the_answer() {
    let finished =
        playing(&format!("say 'Warning: old'; say '{RESULT}'; say 'bye'")).vx("turn --text -p hi").succeeds();
    assert!(finished.stderr().contains("2 lines of the agent's output could not be read"), "{}", finished.stderr());
}

#[test]
fn the_schema_has_every_field_of_every_event() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../docs/schemas/turn-events.schema.json")).expect("JSON");
    let script =
        format!("say '{INIT}'; echo x >&2; say '{BASH}'; say '{BEGINS}'; say '{}'; say '{RESULT}'", delta("a"));
    let good = playing(&script).vx("turn --json -p hi").succeeds().stdout();
    let bad = playing("say x; kill -9 $$").vx("turn --json -p hi").exits_with(1).stdout();
    let late = playing("sleep 1000").vx("turn --json --timeout 100ms -p hi").exits_with(124).stdout();
    for event in lines(&(good + &bad + &late)) {
        let described = &schema["$defs"][event["event"].as_str().expect("a name")];
        let fields = event.as_object().expect("an object");
        for field in fields.keys() {
            assert!(described["properties"][field].is_object(), "{field} of {event}");
        }
        for field in described["required"].as_array().expect("fields") {
            assert!(fields.contains_key(field.as_str().expect("a name")), "{field} of {event}");
        }
    }
}

#[test]
fn a_turn_that_takes_too_long_is_124_and_a_cancelled_one_130_and_both_leave_nothing() {
    let sandbox = playing(&format!("say '{INIT}'; sleep 1000 & sleep 1000"));
    sandbox.vx("turn --timeout 300ms -p hi").exits_with(124).prints("it took longer than allowed");
    for signal in [Signal::INT, Signal::TERM] {
        let running = sandbox.start("turn --text -p hi");
        eventually("the agent runs", || (sandbox.processes().len() >= 4).then_some(()));
        running.signal(signal);
        running.finish().exits_with(130);
        assert!(sandbox.processes().is_empty(), "{:?}", sandbox.processes());
    }
}

#[test]
fn a_reader_that_takes_nothing_holds_up_no_end() {
    let sandbox = playing("yes '{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"content\":\"much\"}}'");
    let (unread, output) = std::io::pipe().expect("a pipe");
    let mut turn = sandbox.command("turn --json -p hi").stdin(Stdio::null()).stdout(output).spawn().expect("it starts");
    eventually("the agent runs", || (sandbox.processes().len() >= 3).then_some(()));
    // Send the request when the pipe of its output is full, or about to be.
    let full = || rustix::io::ioctl_fionread(&unread).is_ok_and(|bytes| bytes >= 60_000).then_some(());
    eventually("nothing more can be printed", full);
    send(turn.id(), Signal::TERM);
    let status = eventually("it has ended", || turn.try_wait().expect("its end"));
    assert_eq!(status.code(), Some(130));
    assert!(sandbox.processes().is_empty(), "{:?}", sandbox.processes());
}

#[test]
fn an_agent_gets_no_marks_of_an_outer_one_unless_they_are_asked_for() {
    let seen = |words: &str| {
        let sandbox = playing(&format!("env > seen; pwd >> seen; say '{RESULT}'"));
        let sandbox = sandbox.variable("CLAUDECODE", "1").variable("CLAUDE_CODE_KEPT", "login");
        sandbox.vx(words).succeeds();
        sandbox.read("seen")
    };
    let plain = seen("turn -p hi");
    assert!(!plain.contains("CLAUDECODE=") && plain.contains("CLAUDE_CODE_KEPT=login\n"), "{plain}");
    let asked = seen("turn --env CLAUDECODE=2 --env A=b=c -p hi");
    assert!(asked.contains("CLAUDECODE=2\n") && asked.contains("A=b=c\n"), "{asked}");
}

#[test]
fn a_prompt_comes_from_standard_input_too_and_other_agents_get_their_own_arguments() {
    let end = r#"{"type":"turn.completed"}"#;
    let sandbox = playing(&format!("printf '%s\\n' \"$@\" > words; cat > input; say '{end}'"));
    let mut command: Command = sandbox.command("turn --agent codex --resume s-1 -");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"from a pipe").expect("it is read");
    assert!(child.wait().expect("it ends").success());
    let words = "exec\n--json\n--sandbox\nworkspace-write\nresume\ns-1\nfrom a pipe\n";
    assert_eq!((sandbox.read("words").as_str(), sandbox.read("input").as_str()), (words, ""));
}

#[test]
fn wrong_words_are_refused_before_anything_starts() {
    let sandbox = playing(": > started");
    sandbox.vx("turn --agent nobody -p hi").exits_with(2).says("the agents are claude, codex");
    sandbox.vx("turn --agent codex --permission-mode sometimes -p hi").exits_with(2).says("it has acceptEdits, auto");
    sandbox.vx("turn --resume a --session-id b -p hi").exits_with(2);
    sandbox.vx("turn").exits_with(2).says("there is no prompt").says("`-p TEXT`");
    sandbox.write("batch.jsonl", "{\"prompt\": \"hi\"}\n{\"prompt\": 1}\n");
    let wrong = "`batch.jsonl` has no turn in JSON where one is expected: invalid type: integer `1`, expected a string at line 2 column 12";
    sandbox.vx("turn --batch batch.jsonl").exits_with(2).says(wrong).says("write lines such as");
    assert!(!sandbox.project().join("started").exists());
}

#[test]
fn an_agent_that_is_not_there_is_named_with_what_to_do() {
    let sandbox = Sandbox::new();
    let missing = sandbox.vx("turn --program no-such-agent -p hi").exits_with(1);
    missing.says("`no-such-agent` is not on PATH").says("install `no-such-agent`").says("`--program`");
    sandbox.vx("turn --program ./none -p hi").exits_with(1).says("/none` cannot be started");
}

#[test]
fn a_program_that_prints_text_has_all_of_it_as_its_answer() {
    let sandbox = Sandbox::new();
    let answer = "# Title\n\n  code\n\nlast\n";
    sandbox.write("agent.sh", &format!("#!/bin/sh\ncat <<'END'\n{answer}END\n"));
    let file = sandbox.project().join("agent.sh");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("a program");
    assert_eq!(sandbox.vx("turn --agent text --program ./agent.sh --text -p hi").succeeds().stdout(), answer);
    sandbox.write("batch.jsonl", "{\"prompt\": \"hi\"}\n");
    let words = "turn --agent text --program ./agent.sh --batch batch.jsonl --json";
    let result = lines(&sandbox.vx(words).succeeds().stdout()).pop().expect("a result");
    assert_eq!((result["answer"].as_str(), &result["usage"]["messages"]), (Some(answer.trim_end()), &3.into()));
}
