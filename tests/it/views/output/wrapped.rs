//! `vx board run`: commands whose progress is read from their output, without their noticing.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::*;
use crate::support::pty::OnTerminal;
use crate::support::sandbox::{Finished, PATIENCE, Running, eventually, text, within};

/// `vx board run` with these options, for a shell script.
fn wrapped(sandbox: &Sandbox, options: &str, script: &str) -> Command {
    let mut command = sandbox.command(&format!("board run {options}"));
    command.args(["--", "sh", "-c", script]);
    command
}

fn start(sandbox: &Sandbox, options: &str, script: &str) -> Running {
    sandbox.run(script, wrapped(sandbox, options, script))
}

fn run(sandbox: &Sandbox, options: &str, script: &str) -> Finished {
    start(sandbox, options, script).finish()
}

#[test]
fn a_commands_progress_is_read_from_its_output() {
    let sandbox = Sandbox::new();
    let running = start(
        &sandbox,
        "build",
        "echo '[1/4] one'; until test -e more; do sleep 0.02; done; printf '\\033[32m[2/4]\\033[0m two\\r' >&2; \
         until test -e go; do sleep 0.02; done; echo '[4/4] four'",
    );
    let slot = sandbox.await_slot("build", "it has begun", |slot| slot["done"] == 1);
    assert_eq!((text(&slot["step"]), text(&slot["unit"]), text(&slot["message"])), ("running", "count", "one"));
    sandbox.write("more", "");
    let slot = sandbox.await_slot("build", "it is at half", |slot| slot["done"] == 2);
    assert_eq!((&slot["total"], text(&slot["kind"]), text(&slot["state"])), (&4.into(), "task", "live"));
    let listed = sandbox.vx("board ls").succeeds();
    listed.prints("sh -c echo '[1/4] one'");
    // A command that ends at once has no recording.
    eventually("it is recorded", || {
        let mut files = std::fs::read_dir(sandbox.runtime()).ok()?.flatten();
        files.find(|entry| entry.path().extension().is_some_and(|extension| extension == "vxr")).map(drop)
    });
    sandbox.write("go", "");
    running.finish().succeeds();
    let slot = sandbox.slot("build").expect("its slot");
    assert_eq!((&slot["done"], text(&slot["state"]), text(&slot["message"])), (&4.into(), "done", "four"));
    assert_eq!(text(&sandbox.board().expect("a board")["board"]["state"]), "done");
    sandbox.vx("board ls --recordings").succeeds().prints("sh -c echo");
}

#[test]
fn output_and_exit_code_are_the_commands_own() {
    let sandbox = Sandbox::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    std::fs::write(sandbox.project().join("bytes"), &bytes).expect("a file");
    let output = wrapped(&sandbox, "x", "cat bytes; cat bytes bytes >&2; exit 7").output().expect("vx starts");
    assert!(output.stdout == bytes, "{} bytes", output.stdout.len());
    assert!(output.stderr == bytes.repeat(2), "{} bytes", output.stderr.len());
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(run(&sandbox, "x", "kill -9 $$").signal(), Some(9));
    let slot = sandbox.slot("x").expect("its slot");
    assert_eq!((text(&slot["state"]), text(&slot["error_kind"]), &slot["signal"]), ("failed", "killed", &9.into()));
}

#[test]
fn a_failure_shows_the_last_lines_and_the_log_has_all() {
    let sandbox = Sandbox::new();
    let script = "n=0; while [ $n -lt 500 ]; do n=$((n + 1)); echo line $n; done; echo broken >&2; exit 3";
    run(&sandbox, "x", script).exits_with(3);
    let slot = sandbox.slot("x").expect("its slot");
    assert_eq!((text(&slot["error_kind"]), &slot["exit_code"]), ("exit", &3.into()));
    let error = text(&slot["error"]).to_owned();
    // The lines of the two streams may come in any order.
    assert!(error.starts_with("failed: exit code 3\n") && error.contains("\nline 500\n"), "{error}");
    assert!(error.contains("\nbroken"), "{error}");
    let mut files = Vec::new();
    crate::support::sandbox::files_below(&sandbox.runtime(), &sandbox.runtime(), &mut files);
    let log = files.iter().find(|file| file.ends_with("x.log")).expect("its log");
    let log = std::fs::read_to_string(sandbox.runtime().join(log)).expect("a text");
    assert!(log.contains("line 1\n") && log.contains("broken\n") && log.lines().count() == 501, "{log}");
    // The board has the last lines, too.
    let board = files.iter().find(|file| file.ends_with(".board")).expect("its board");
    let reader = vx_shm::Reader::open(&sandbox.runtime().join(board)).expect("a board");
    let last = reader.log_tail(0, 10);
    assert!(last.len() == 10 && last.iter().any(|line| line == "line 500"), "{last:?}");
}

#[test]
fn commands_of_one_script_share_its_board_and_nested_ones_join() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "script.sh",
        "VX_BOARD=$($VX board create --title all); export VX_BOARD
         $VX board run a -- sh -c \"echo 1/2; $VX board run inner -- sh -c 'echo 2/3'\" &
         $VX board run b -- sh -c 'echo 50%; exit 1' &
         wait
         $VX board close",
    );
    let mut command = Command::new("sh");
    command.arg("script.sh").current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    command.env("VX", env!("CARGO_BIN_EXE_vx"));
    sandbox.run("script", command).finish().succeeds();
    let board = sandbox.board().expect("a board");
    let mut slots: Vec<(&str, &str)> = board["slots"]
        .as_array()
        .expect("slots")
        .iter()
        .map(|slot| (text(&slot["key"]), text(&slot["state"])))
        .collect();
    slots.sort_unstable();
    assert_eq!(slots, [("a", "done"), ("b", "failed"), ("inner", "done")]);
    // If the environment names no board, the wrapped command makes one, and a command inside of it joins that.
    run(&sandbox, "outer", &format!("'{}' board run within -- true", env!("CARGO_BIN_EXE_vx"))).succeeds();
    assert_eq!(sandbox.board().expect("a board")["slots"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_key_in_use_and_a_board_that_is_not_there_are_refused_before_anything_starts() {
    let sandbox = Sandbox::new();
    let first = start(&sandbox, "x", "until test -e go; do sleep 0.02; done");
    sandbox.await_slot("x", "it is there", |slot| text(&slot["step"]) == "running");
    let board = sandbox.board().expect("a board")["board"]["creator"]["pid"].clone();
    run(&sandbox, &format!("x --board {board}"), "touch started").fails_with("choose another key");
    run(&sandbox, "x --board nosuch", "touch started").fails_with("there is no board `nosuch`");
    run(&sandbox, "x --pattern (", "touch started").refuses_with("not a regular expression");
    let mut missing = sandbox.command("board run y -- no-such-program");
    missing.env("VX_BOARD", board.to_string());
    sandbox.run("missing", missing).finish().exits_with(127).says("check its name");
    assert_eq!(text(&sandbox.slot("y").expect("its slot")["state"]), "failed");
    assert!(!sandbox.project().join("started").exists());
    // On a board that was not named by an option, the key of the outer command doesn't stop the inner.
    let mut within = wrapped(&sandbox, "x", "echo inner");
    within.env("VX_BOARD", board.to_string());
    sandbox.run("within", within).finish().succeeds().prints("inner").says("`x` runs without a board");
    sandbox.write("go", "");
    first.finish().succeeds();
    run(&sandbox, &format!("y --board {board}"), "true").exits_with(1).says("closed");
}

#[test]
fn a_command_runs_without_a_board_where_none_can_be_had() {
    let sandbox = Sandbox::new();
    let mut command = wrapped(&sandbox, "x", "echo '[1/1] here'; exit 4");
    command.env("VX_RUNTIME_DIR", "/proc/nowhere");
    let finished = sandbox.run("without", command).finish().exits_with(4);
    finished.prints("[1/1] here").says("`x` runs without a board");
}

#[test]
fn a_reader_that_goes_away_is_seen_by_the_command() {
    let sandbox = Sandbox::new();
    let mut child = wrapped(&sandbox, "x", "yes; echo $? > ended").stdout(Stdio::piped()).spawn().expect("vx starts");
    drop(child.stdout.take());
    child.wait().expect("it ends");
    assert_eq!(sandbox.read("ended").trim(), "141", "SIGPIPE, as without vx");
}

#[test]
fn a_process_that_is_left_behind_holds_nothing_up() {
    let sandbox = Sandbox::new();
    let began = Instant::now();
    let finished = run(&sandbox, "x", "sleep 30 & echo $!; echo done");
    assert!(began.elapsed() < Duration::from_secs(20));
    let left = finished.succeeds().stdout();
    let pid: u32 = left.lines().next().and_then(|pid| pid.parse().ok()).expect("a process");
    crate::support::sandbox::send(pid, Signal::KILL);
}

#[test]
fn a_request_to_end_ends_the_command_and_all_below_it() {
    let sandbox = Sandbox::new();
    let running = start(&sandbox, "x", "sleep 60 & sleep 60; echo survived");
    sandbox.await_slot("x", "it is there", |slot| text(&slot["step"]) == "running");
    eventually("its processes are there", || (sandbox.processes().len() >= 3).then_some(()));
    running.signal(Signal::TERM);
    let finished = running.finish();
    assert_eq!(finished.signal(), Some(15));
    finished.keeps_silent_about("survived");
    assert_eq!(sandbox.processes(), []);
    assert_eq!(text(&sandbox.slot("x").expect("its slot")["state"]), "cancelled");
}

#[test]
fn a_line_without_an_end_takes_no_memory() {
    let sandbox = Sandbox::new();
    let script = "head -c 75000000 /dev/zero | tr '\\0' x; until test -e go; do sleep 0.02; done";
    let mut command = wrapped(&sandbox, "x", script);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("vx starts");
    let log = within(3 * PATIENCE, "the log is full", || {
        let mut files = Vec::new();
        crate::support::sandbox::files_below(&sandbox.runtime(), &sandbox.runtime(), &mut files);
        let log = files.into_iter().find(|file| file.ends_with("x.log"))?;
        let bytes = std::fs::metadata(sandbox.runtime().join(log)).ok()?.len();
        (bytes > 60_000_000).then_some(bytes)
    });
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it is there");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak").trim();
    let peak: u64 = peak.trim_end_matches(" kB").trim().parse().expect("a number");
    assert!(peak < 40_000, "{peak} kB");
    assert!(log < 70_000_000, "the log is bounded: {log}");
    sandbox.write("go", "");
    let mut child = child;
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_terminal_stays_one_with_its_size_and_its_keys() {
    let sandbox = Sandbox::new();
    let script = "test -t 1 && test -t 2 && echo both; stty size < /dev/stdout; read word; echo got $word; \
                  trap 'echo asked; exit 5' INT; while :; do sleep 0.05; done";
    let mut terminal = OnTerminal::start(wrapped(&sandbox, "x", script));
    terminal.await_screen("it has the terminal", |screen| screen.contains("both") && screen.contains("30 100"));
    terminal.press("hello\n");
    terminal.await_screen("it reads", |screen| screen.contains("got hello"));
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ends_with_modes_restored(), None, "the signal ended it");
    let lines: Vec<String> = terminal.screen().lines().map(str::to_owned).collect();
    assert!(lines.iter().any(|line| line.trim_end() == "got hello"), "lines begin at the left: {lines:?}");
}

#[test]
fn a_recording_that_is_asked_for_has_all_of_the_command_however_short() {
    let sandbox = Sandbox::new();
    let recorded = |key: &str| {
        let dumped = sandbox.vx("board dump --json r.vxr").succeeds().stdout();
        let dumped: serde_json::Value = serde_json::from_str(&dumped).expect("JSON");
        dumped["slots"].as_array().expect("slots").iter().find(|slot| slot["key"] == key).cloned()
    };
    run(&sandbox, "build --record r.vxr", "echo '[3/4] three'").succeeds().prints("[3/4] three");
    let slot = recorded("build").expect("its slot");
    assert_eq!((&slot["done"], &slot["total"], text(&slot["state"])), (&3.into(), &4.into(), "done"));
    // A missing program is recorded, too.
    sandbox.vx("board run gone --record r.vxr -- no-such-program").exits_with(127);
    assert_eq!(recorded("gone").map(|slot| text(&slot["state"]).to_owned()), Some("failed".into()));
    // A command with `--record` has its own board, even inside of another command.
    let within = format!("'{}' board run inner --record r.vxr -- sh -c 'exit 4'", env!("CARGO_BIN_EXE_vx"));
    run(&sandbox, "outer", &within).exits_with(4);
    assert!(recorded("outer").is_none() && recorded("inner").is_some());
}

#[test]
fn a_recording_that_cannot_be_made_is_an_error_before_the_command_begins() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.txt", "a text");
    let refused = sandbox.vx("board run x --record mine.txt -- touch ran").exits_with(1);
    refused.says("cannot record to `mine.txt`").says("an older recording");
    assert!(!sandbox.project().join("ran").exists() && sandbox.board().is_none());
    assert_eq!(std::fs::read_to_string(sandbox.project().join("mine.txt")).expect("it is there"), "a text");
}
