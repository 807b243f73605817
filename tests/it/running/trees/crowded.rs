//! Machines with more processes than the owner of a tree may have files open: the cost of ending a tree depends on the
//! tree alone.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit};

use super::torture;
use crate::running::turns::playing;
use crate::support::sandbox::{Finished, Process, Sandbox, eventually, send};
use crate::support::skipped::skipped;

/// The files that each process of these tests may have open.
const FILES: u64 = 64;

/// Processes that belong to no tree; dropping this ends them.
struct Crowd(Child);

impl Crowd {
    /// Start several times as many processes as files; 4,000 in the long form of the test.
    fn gather() -> Self {
        let count = if torture() > 1 { 4_000 } else { 300 };
        let script = format!("i=0; while [ $i -lt {count} ]; do sleep 300 & i=$((i + 1)); done; echo there; wait");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &script]).process_group(0).stdout(Stdio::piped());
        let mut shell = shell.spawn().expect("a shell");
        let mut line = String::new();
        BufReader::new(shell.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert_eq!(line, "there\n");
        Self(shell)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

/// Run `vx` with these words, and this limit of files for it and for all that it starts.
fn limited(sandbox: &Sandbox, words: &str) -> Finished {
    let mut command = sandbox.inside("/bin/sh");
    command.arg("-c").arg(format!("ulimit -n {FILES} && exec \"$0\" {words}")).arg(env!("CARGO_BIN_EXE_vx"));
    command.env_clear().envs(sandbox.environment());
    sandbox.run(words, command).finish()
}

fn guard(sandbox: &Sandbox) -> Process {
    let guards = sandbox.processes().into_iter().find(|process| process.command.contains("service-child"));
    guards.expect("a guard")
}

fn asleep(sandbox: &Sandbox, seconds: u32) -> usize {
    let command = format!("sleep {seconds}");
    sandbox.processes().iter().filter(|process| process.command == command).count()
}

#[test]
fn services_beside_more_processes_than_open_files_are_stopped_whole() {
    let _crowd = Crowd::gather();
    let leaves = "(setsid sh -c 'sleep 611 & sleep 611' <&- >&- 2>&- &); setsid sleep 611 & exec sleep 611";
    let sandbox = Sandbox::new().config(&format!("[services.web]\ncommand = \"{leaves}\"\nshell = true\n"));
    limited(&sandbox, "up web").succeeds();
    eventually("all are at work", || (asleep(&sandbox, 611) == 4).then_some(()));
    limited(&sandbox, "down").succeeds().says("all services are stopped");
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn a_stop_costs_the_guard_no_calls_for_the_processes_of_others() {
    let Ok(version) = Command::new("strace").arg("-V").stdout(Stdio::null()).status() else {
        return skipped("strace is not installed");
    };
    assert!(version.success(), "{version}");
    let _crowd = Crowd::gather();
    let sandbox = Sandbox::new().config("[services.web]\ncommand = \"sleep 612\"\n");
    limited(&sandbox, "up web").succeeds();
    let counted = sandbox.root().join("calls");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-c", "-U", "calls,name", "-o"]).arg(&counted).arg("-p").arg(guard(&sandbox).pid.to_string());
    let mut strace = strace.stderr(Stdio::piped()).spawn().expect("strace");
    let mut said = BufReader::new(strace.stderr.take().expect("a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    if !line.contains("attached") {
        strace.wait().expect("its end");
        limited(&sandbox, "down").succeeds();
        return skipped(format!("strace may not look at a process: {line}"));
    }
    limited(&sandbox, "down").succeeds();
    said.read_to_string(&mut line).expect("its words");
    strace.wait().expect("it ends with the guard");
    let table = std::fs::read_to_string(&counted).expect("a table");
    let rows = table.lines().filter_map(|row| row.split_once(char::is_alphabetic).map(|(calls, _)| calls.trim()));
    // The last row is the total.
    let calls: u32 = rows.filter_map(|calls| calls.parse().ok()).next_back().expect("a sum");
    assert!(calls < 200, "{table}");
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn a_turn_beside_more_processes_than_open_files_leaves_nothing_of_its_agent() {
    let _crowd = Crowd::gather();
    let escapes = "(setsid sh -c 'sleep 613 & sleep 613' <&- >&- 2>&- &); (setsid sleep 613 &)";
    let result = r#"{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"s-1"}"#;
    let sandbox = playing(&format!("{escapes}; say '{result}'"));
    limited(&sandbox, "turn --text -p hi").succeeds();
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn a_tree_with_more_processes_than_open_files_is_ended_whole() {
    let many = "i=0; while [ $i -lt 150 ]; do setsid sleep 614 & i=$((i + 1)); done; exec sleep 614";
    let sandbox = Sandbox::new().config(&format!("[services.web]\ncommand = \"{many}\"\nshell = true\n"));
    limited(&sandbox, "up web").succeeds();
    eventually("all are at work", || (asleep(&sandbox, 614) == 151).then_some(()));
    limited(&sandbox, "down").succeeds();
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn a_guard_that_cannot_look_for_what_is_left_says_so_and_the_stop_has_failed() {
    let stop = "stop = { timeout = \"100ms\" }";
    let sandbox = Sandbox::new().config(&format!("[services.web]\ncommand = \"sleep 615\"\n{stop}\n"));
    limited(&sandbox, "up web").succeeds();
    let guard = guard(&sandbox).pid;
    // Its streams and the first of its own files stay open, but it can't open another. It can still poll this many.
    let few = Rlimit { current: Some(4), maximum: Some(4) };
    prlimit(Pid::from_raw(guard.cast_signed()), Resource::Nofile, few).expect("a limit");
    let down = sandbox.vx("down").exits_with(1);
    down.says("`web`: killed, and perhaps something is still there").says("open files").keeps_silent_about("stopped");
    sandbox.processes().iter().for_each(|process| send(process.pid, Signal::KILL));
}
