//! `vx turn --batch`: many turns on one board, some stopped or tried again, with their results in order.

use serde_json::Value;

use super::command::{lines, playing};
use super::{INIT, RESULT};
use crate::support::sandbox::{Sandbox, slot_of};

/// A line with the number of tokens that the model has read.
const USED: &str =
    r#"{"type":"stream_event","event":{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1200}}}}"#;

/// Write a batch with a line for each of these prompts, which are also the names of the turns.
fn batch(sandbox: &Sandbox, prompts: &[&str]) {
    let line = |prompt: &&str| format!("{{\"turn_id\":\"{prompt}\",\"prompt\":\"{prompt}\"}}\n");
    sandbox.write("batch.jsonl", &prompts.iter().map(line).collect::<String>());
}

fn outcomes(results: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    results.iter().map(|result| (text(&result["turn_id"]), text(&result["outcome"]))).collect()
}

#[test]
fn twenty_turns_end_with_results_in_the_order_of_the_input() {
    let sandbox = playing(&format!(
        "say '{INIT}'; case $2 in t3) exit 3;; t5) sleep 0.3;; esac; echo \"of $2\" >&2; say '{RESULT}'"
    ));
    let names: Vec<String> = (0..20).map(|number| format!("t{number}")).collect();
    batch(&sandbox, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let finished = sandbox.vx("turn --batch batch.jsonl --jobs 4 --dump out --json").exits_with(1);
    let finished = finished.says("1 of 20 turns failed: t3");
    let results = lines(&finished.stdout());
    let expected: Vec<(String, String)> =
        names.iter().map(|name| (name.clone(), if name == "t3" { "failed" } else { "good" }.to_owned())).collect();
    assert_eq!(outcomes(&results), expected);
    assert!(results[4]["answer"] == "done" && results[4]["session_id"] == "s-1", "{}", results[4]);
    assert_eq!(lines(&sandbox.read("out/results.jsonl")), results);
    let raw = sandbox.read("out/t7.raw");
    assert!(raw.contains(INIT) && raw.contains("of t7\n") && raw.contains(RESULT), "{raw}");
}

#[test]
fn one_turn_is_stopped_and_one_tried_again_while_the_others_go_on() {
    let sandbox = playing(&format!(
        "say '{USED}'; case $2 in slow) sleep 1000;; bad) [ -e mended ] || exit 3;; last) while [ ! -e go ]; do sleep 0.02; done;; esac; say '{RESULT}'"
    ));
    batch(&sandbox, &["slow", "bad", "last"]);
    let running = sandbox.start("turn --batch batch.jsonl --jobs 3 --dump out");
    sandbox.await_slot("bad", "it has failed", |slot| slot["state"] == "failed");
    let has_used = |slot: &Value| slot["details"].as_str().is_some_and(|details| details.contains("tokens 1200"));
    sandbox.await_slot("slow", "it is at work", |slot| slot["state"] == "live" && has_used(slot));
    sandbox.vx("stop slow").succeeds();
    sandbox.await_slot("slow", "it is stopped", |slot| slot["state"] == "cancelled");
    sandbox.write("mended", "");
    sandbox.vx("retry bad").succeeds();
    sandbox.await_slot("bad", "it has ended well", |slot| slot["state"] == "done");
    let board = sandbox.board().expect("a board");
    assert_eq!(slot_of(&board, "last").expect("a slot")["state"], "live");
    sandbox.write("go", "");
    running.finish().exits_with(1).says("1 of 3 turns failed: slow");
    let results = lines(&sandbox.read("out/results.jsonl"));
    let expected = [("slow", "cancelled"), ("bad", "good"), ("last", "good")];
    assert_eq!(outcomes(&results), expected.map(|(name, outcome)| (name.to_owned(), outcome.to_owned())));
    let read = &results[0]["usage"]["input_tokens"];
    assert_eq!(read, 1_200, "a stopped turn has used its model, too");
}

#[test]
fn a_batch_whose_lines_are_wrong_starts_nothing() {
    let sandbox = playing(": > started");
    for (text, reason) in [
        (
            "{\"prompt\":\"a\",\"promt\":\"b\"}\n",
            "`batch.jsonl` has no turn in JSON where one is expected: unknown field `promt`",
        ),
        ("{\"prompt\":\"a\",\"turn_id\":\"x\"}\n{\"prompt\":\"b\",\"turn_id\":\"x\"}\n", "two turns named `x`"),
        ("\n", "has no turn"),
    ] {
        sandbox.write("batch.jsonl", text);
        sandbox.vx("turn --batch batch.jsonl").refuses_with(reason);
    }
    assert!(!sandbox.project().join("started").exists());
}

#[test]
fn a_killed_batch_leaves_no_agent_behind() {
    let sandbox = playing("sleep 1000 & : > $2.begun; sleep 1000");
    batch(&sandbox, &["a", "b"]);
    let running = sandbox.start("turn --batch batch.jsonl --jobs 2");
    for name in ["a.begun", "b.begun"] {
        crate::support::sandbox::eventually(name, || sandbox.project().join(name).exists().then_some(()));
    }
    running.signal(rustix::process::Signal::KILL);
    crate::support::sandbox::eventually("all processes are gone", || sandbox.processes().is_empty().then_some(()));
}
