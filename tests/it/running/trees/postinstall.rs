//! Post-install commands whose children leave the session: the install is over once all of them have ended.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::registry::archive::{script, tgz};
use crate::support::sandbox::{Process, Running, Sandbox, eventually, send, text, within};

/// A project with one tool whose post-install command is this.
pub(super) fn with_postinstall(command: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let archive = tgz(&[script("x/bin/hello", "1.0.0")]);
    let tool = sandbox.addressed("hello", &archive, &format!(", postinstall = \"{command}\""));
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
    sandbox
}

/// A sync whose tool is at work on this command, which sleeps for 97 seconds in another session.
fn at_work(command: &str) -> (Sandbox, Running) {
    let sandbox = with_postinstall(command);
    let running = sandbox.start("sync --plain");
    eventually("the command's child sleeps", || stray(&sandbox));
    eventually("the board shows the command", || {
        sandbox.slot("hello").filter(|slot| slot["step"] == "post-install").map(drop)
    });
    (sandbox, running)
}

fn stray(sandbox: &Sandbox) -> Option<Process> {
    sandbox.processes().into_iter().find(|process| process.command.starts_with("sleep 97"))
}

fn state(sandbox: &Sandbox) -> String {
    sandbox.slot("hello").map_or_else(String::new, |slot: Value| text(&slot["state"]).to_owned())
}

/// The log of the tool's install.
fn log(sandbox: &Sandbox) -> String {
    let entries = std::fs::read_dir(sandbox.runtime()).expect("a directory").flatten();
    let logs = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("hello.log")).ok());
    logs.collect()
}

#[test]
fn an_install_is_done_when_all_that_its_command_started_has_ended() {
    let sandbox = with_postinstall("setsid sleep 97 & exit 0");
    let start = Instant::now();
    sandbox.vx("sync --plain").succeeds();
    let took = start.elapsed();
    assert_eq!(sandbox.processes(), [], "it outlived the install");
    assert!((Duration::from_secs(2)..Duration::from_secs(8)).contains(&took), "{took:?}");
    assert_eq!(sandbox.installed(), ["hello 1.0.0"]);
    let log = log(&sandbox);
    assert!(log.contains("the command left processes behind, which were ended: sleep (pid "), "{log}");
}

#[test]
fn a_command_out_of_time_is_ended_with_all_that_it_started() {
    let sandbox = with_postinstall("setsid sleep 97 & sleep 97");
    let start = Instant::now();
    sandbox.vx("sync --plain --timeout 1s").fails_with("hello");
    assert_eq!(sandbox.processes(), [], "it outlived the time-out");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert_eq!(state(&sandbox), "failed");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
}

#[test]
fn a_cancelled_install_leaves_none_of_them() {
    let (sandbox, running) = at_work("(trap '' TERM; setsid sleep 97) & sleep 97");
    let start = Instant::now();
    running.signal(Signal::INT);
    running.finish().exits_with(130);
    assert_eq!(sandbox.processes(), [], "it outlived the cancelled run");
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(state(&sandbox), "cancelled");
}

#[test]
fn a_killed_run_leaves_none_of_them() {
    let (sandbox, running) = at_work("(trap '' TERM; setsid sleep 97) & sleep 97");
    running.signal(Signal::KILL);
    drop(running);
    within(Duration::from_secs(3), "all have ended", || sandbox.processes().is_empty().then_some(()));
}

#[test]
fn a_killed_install_leaves_none_of_them() {
    let (sandbox, running) = at_work("(trap '' TERM; setsid sleep 97) & sleep 97");
    let child = sandbox.slot("hello").and_then(|slot| slot["pid"].as_u64()).expect("a process id");
    send(u32::try_from(child).expect("a process id"), Signal::KILL);
    running.finish().fails_with("hello").says("signal 9");
    assert_eq!(sandbox.processes(), [], "it outlived the install");
    assert_eq!(state(&sandbox), "died");
}
