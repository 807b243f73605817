//! Agents that a project declares, with the consent of its user.

use std::os::unix::fs::symlink;

use super::command::{lines, playing};
use crate::support::sandbox::Sandbox;

/// The table of an agent that prints its input, in its own format.
const ECHO: &str = r#"
program = "./agent"
args = ["--given", "{prompt}"]
prompt_via = "argument"
message = [{ when = { kind = "say" }, role = "assistant", text = "words" }]
end = [{ when = { kind = "over" } }]
"#;

/// A sandbox whose project declares an agent of this name, and has its program.
fn declaring(name: &str) -> Sandbox {
    let script = r#"echo ran >> ran; say "{\"kind\":\"say\",\"words\":\"given $2\"}"; say '{"kind":"over"}'"#;
    let sandbox = playing(script).config(&format!("[agents.{name}]\n{ECHO}"));
    symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/running/turns/play.sh"), sandbox.project().join("agent"))
        .expect("a link");
    sandbox.variable("VX_TRUST", "")
}

#[test]
fn an_agent_of_a_project_runs_once_its_user_has_agreed_to_it() {
    let sandbox = declaring("own");
    let refused = sandbox.vx("turn --agent own --text -p hi").refuses_with("`own` needs your consent");
    refused.says("agents.own.program = ./agent").says("`vx trust`");
    assert!(!sandbox.project().join("ran").exists());
    sandbox.vx("trust --yes").succeeds();
    assert_eq!(sandbox.vx("turn --agent own --text -p hi").succeeds().stdout(), "given hi\n");
    let text = sandbox.read("vx.toml").replace("--given", "--others");
    sandbox.write("vx.toml", &text);
    sandbox.vx("turn --agent own --text -p hi").refuses_with("`own` needs your consent");
}

#[test]
fn an_agent_of_a_project_counts_before_the_one_that_vx_knows_by_that_name() {
    let sandbox = declaring("claude");
    sandbox.vx("turn --text -p hi").refuses_with("`claude` needs your consent");
    sandbox.vx("trust --yes").succeeds();
    assert_eq!(sandbox.vx("turn --text -p hi").succeeds().stdout(), "given hi\n");
}

#[test]
fn the_turns_of_a_batch_have_the_agents_of_the_project() {
    let sandbox = declaring("own");
    sandbox.write("batch.jsonl", "{\"agent\":\"own\",\"prompt\":\"one\"}\n{\"agent\":\"own\",\"prompt\":\"two\"}\n");
    sandbox.vx("turn --batch batch.jsonl --json").refuses_with("`own` needs your consent");
    sandbox.vx("trust --yes").succeeds();
    let results = lines(&sandbox.vx("turn --batch batch.jsonl --json").succeeds().stdout());
    let answers: Vec<&str> = results.iter().filter_map(|result| result["answer"].as_str()).collect();
    assert_eq!(answers, ["given one", "given two"]);
}

#[test]
fn a_fault_in_an_agents_table_is_named_when_it_is_asked_for_and_stops_nothing_else() {
    let sandbox = declaring("own").config(&format!("[agents.own]\nsesion = \"a\"\n{ECHO}"));
    sandbox.vx("trust --yes").succeeds();
    sandbox.vx("list").succeeds();
    sandbox.vx("turn --agent own -p hi").refuses_with("[agents.own]").says("sesion").says("docs/turns.md");
    assert!(!sandbox.project().join("ran").exists());
}
