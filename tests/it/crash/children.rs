//! A child is killed.

use rustix::process::Signal;

use super::*;
use crate::support::sandbox::{send, text};

#[test]
fn a_killed_child_costs_its_own_tool_and_the_next_run_goes_on_where_it_was() {
    let (sandbox, offer) = slow_and_quick();
    let running = sandbox.start("sync --plain");
    let child = child_of(&at_half(&sandbox));
    send(child, Signal::KILL);
    running.finish().fails_with("1 of 2 tools did not install: biome").says("signal 9");
    assert_eq!(states(&sandbox), [("died".into(), 9.into()), ("done".into(), Value::Null)]);
    let slot = sandbox.slot("biome").expect("a slot");
    assert_eq!((&slot["exit_code"], &slot["alive"]), (&Value::Null, &false.into()), "{slot}");
    assert!(text(&slot["error"]).contains("SIGKILL"), "{slot}");
    assert!(slot["done"].as_u64() > Some(0), "how far it got is still there: {slot}");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    next_run_completes(&sandbox, &offer);
}

#[test]
fn a_child_killed_in_its_postinstall_takes_what_it_started_along() {
    let (sandbox, running, group) = in_postinstall("sleep 97");
    let child = group.iter().find(|process| process.command.contains("--ipc-channel")).expect("a child");
    assert!(group.len() >= 2, "{group:?}");
    send(child.pid, Signal::KILL);
    running.finish().fails_with("hello");
    await_no_process(&sandbox, Duration::from_secs(1));
    let slot = sandbox.slot("hello").expect("a slot");
    assert_eq!((text(&slot["state"]), &slot["signal"]), ("died", &9.into()));
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    // The next install of any tool removes the files that the killed one unpacked.
    sandbox.registry().offer("esbuild", "0.27.0");
    sandbox.vx("install esbuild@0.27.0").succeeds();
    let swept = std::fs::read_dir(sandbox.home().join("tmp")).map_or(0, Iterator::count);
    assert_eq!(swept, 0, "{:?}", sandbox.left_behind());
}
