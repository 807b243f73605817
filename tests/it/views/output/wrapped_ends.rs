//! `vx board run`: signals sent only to it, requests to end, its own death, and commands that cannot start.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::Signal;

use super::*;
use crate::support::sandbox::{Finished, Running, eventually, text};

/// A loop that ends with the shell, in which traps act soon.
const FOR_EVER: &str = "echo ready; while :; do sleep 0.02; done";

fn wrapped(sandbox: &Sandbox, script: &str) -> Command {
    let mut command = sandbox.command("board run x");
    command.args(["--", "sh", "-c", script]);
    command
}

/// Start a command, and wait until it has printed `ready`.
fn ready(sandbox: &Sandbox, command: Command) -> Running {
    let running = sandbox.run("x", command);
    says(&running, "ready");
    running
}

fn says(running: &Running, word: &str) {
    eventually(word, || running.said().contains(word).then_some(()));
}

/// Returns whether the tests were started with this signal ignored, as in the background of a shell: then all processes
/// below inherit that.
fn ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("a text");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).expect("a mask");
    u64::from_str_radix(mask, 16).expect("a number") >> (signal.as_raw() - 1) & 1 == 1
}

#[test]
fn a_signal_to_vx_alone_reaches_the_command() {
    let sandbox = Sandbox::new();
    let script = format!("trap 'echo int' INT; trap 'echo one' USR1; trap 'echo two; exit 7' USR2; {FOR_EVER}");
    let running = ready(&sandbox, wrapped(&sandbox, &script));
    let all = [(Signal::INT, "int"), (Signal::USR1, "one"), (Signal::USR2, "two")];
    for (signal, word) in all.into_iter().filter(|(signal, _)| !ignored(*signal)) {
        running.signal(signal);
        says(&running, word);
    }
    running.finish().exits_with(7);
    let running = ready(&sandbox, wrapped(&sandbox, FOR_EVER));
    running.signal(Signal::USR1);
    assert_eq!(running.finish().signal(), Some(10), "the command ended by it");
}

/// The state of the process whose id the command has written to this file.
fn state_of(sandbox: &Sandbox, file: &str) -> Option<char> {
    let pid = fs::read_to_string(sandbox.project().join(file)).ok()?;
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[test]
fn a_vx_that_is_stopped_alone_takes_its_command_along_and_continues_it() {
    if ignored(Signal::TSTP) {
        return;
    }
    let sandbox = Sandbox::new();
    let script = "echo $$ > pid; echo ready; until test -e go; do sleep 0.02; done; echo went on; exit 7";
    // Use its own group with a parent in the same session: the system doesn't stop a group that no shell could
    // continue.
    let mut command = wrapped(&sandbox, script);
    command.process_group(0);
    let running = ready(&sandbox, command);
    let guarded = || sandbox.processes().iter().any(|process| process.command.contains("--watch-command"));
    eventually("the command has a guard", || guarded().then_some(()));
    for _ in 0..2 {
        running.signal(Signal::TSTP);
        eventually("the command is stopped", || (state_of(&sandbox, "pid") == Some('T')).then_some(()));
        running.signal(Signal::CONT);
        eventually("the command is continued", || (state_of(&sandbox, "pid") != Some('T')).then_some(()));
    }
    fs::write(sandbox.project().join("go"), "").expect("a file");
    running.finish().exits_with(7).prints("went on");
}

#[test]
fn a_signal_that_is_ignored_stays_so() {
    let sandbox = Sandbox::new();
    let script = "echo ready; until test -e go; do sleep 0.02; done; echo survived";
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP INT; exec \"$0\" board run x -- sh -c \"$1\"", env!("CARGO_BIN_EXE_vx"), script]);
    command.current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    let running = ready(&sandbox, command);
    running.signal(Signal::HUP);
    running.signal(Signal::INT);
    sandbox.write("go", "");
    running.finish().succeeds().prints("survived");
}

#[test]
fn a_forced_stop_is_recorded_as_the_kill_that_it_was() {
    let sandbox = Sandbox::new();
    let running = ready(&sandbox, wrapped(&sandbox, &format!("trap '' TERM; {FOR_EVER}")));
    sandbox.vx("stop x").succeeds();
    sandbox.vx("stop x").succeeds();
    assert_eq!(running.finish().signal(), Some(15), "vx was asked to end");
    let slot = sandbox.slot("x").expect("its slot");
    assert_eq!((text(&slot["state"]), &slot["signal"]), ("cancelled", &9.into()), "{slot:#}");
    let running = ready(&sandbox, wrapped(&sandbox, &format!("trap 'exit 5' TERM; {FOR_EVER}")));
    sandbox.vx("stop x").succeeds();
    running.finish();
    let slot = sandbox.slot("x").expect("its slot");
    assert_eq!((text(&slot["state"]), &slot["exit_code"]), ("cancelled", &5.into()), "{slot:#}");
}

#[test]
fn a_command_that_cannot_start_has_the_exit_code_of_a_shell() {
    let sandbox = Sandbox::new();
    let run = |program: &str| -> Finished { sandbox.vx(&format!("board run x -- {program}")) };
    run("no-such-program").exits_with(127).says("`no-such-program` cannot be started").says("check its name");
    run("./missing").exits_with(127).says("check the path");
    sandbox.write("plain", "echo hello\n");
    run("./plain").exits_with(126).says("chmod +x ./plain");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sandbox.project().join("plain"), executable.clone()).expect("a file");
    run("./plain").exits_with(126).says("try `sh ./plain`");
    sandbox.write("script", "#!/no/such/interpreter\n");
    fs::set_permissions(sandbox.project().join("script"), executable).expect("a file");
    run("./script").exits_with(127).says("`/no/such/interpreter`, which does not exist");
    run("/").exits_with(126).says("it is a directory");
    let slot = sandbox.slot("x").expect("its slot");
    assert_eq!((text(&slot["state"]), &slot["exit_code"]), ("failed", &126.into()));
}

#[test]
fn a_board_that_the_environment_names_and_that_is_not_there_is_named() {
    let sandbox = Sandbox::new();
    let mut command = wrapped(&sandbox, "echo here");
    command.env("VX_BOARD", "nosuch");
    let finished = sandbox.run("x", command).finish().succeeds().prints("here");
    finished.says("`x` has its own board: there is no board `nosuch`");
    assert_eq!(text(&sandbox.slot("x").expect("its slot")["state"]), "done");
}

#[test]
fn a_killed_vx_takes_its_command_along_with_all_below_it() {
    let sandbox = Sandbox::new();
    // The first process loses its parent and leaves the session; the second ignores requests to end.
    let script = "(setsid sh -c 'sleep 61; sleep 61' &); sh -c \"trap '' TERM; sleep 61; sleep 61\" & echo ready; wait";
    let running = ready(&sandbox, wrapped(&sandbox, script));
    let asleep = || sandbox.processes().iter().filter(|process| process.command.starts_with("sleep 61")).count();
    eventually("both sleep and it is guarded", || {
        let guarded = sandbox.processes().iter().any(|process| process.command.contains("--watch-command"));
        (guarded && asleep() == 2).then_some(())
    });
    running.signal(Signal::KILL);
    assert_eq!(running.finish().signal(), Some(9));
    eventually("nothing is left", || sandbox.processes().is_empty().then_some(()));
}

#[test]
fn a_guard_goes_with_its_command() {
    let sandbox = Sandbox::new();
    let running = ready(&sandbox, wrapped(&sandbox, "echo ready; until test -e go; do sleep 0.02; done"));
    eventually("it is guarded", || {
        sandbox.processes().iter().any(|process| process.command.contains("--watch-command")).then_some(())
    });
    sandbox.write("go", "");
    running.finish().succeeds();
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn messages_about_what_cannot_be_done_have_a_next_step() {
    let sandbox = Sandbox::new();
    sandbox.run("x", wrapped(&sandbox, "true")).finish().succeeds();
    sandbox.vx("retry x").fails_with("its run is over").says("start it again");
    sandbox.vx("retry other").fails_with("`vx board ls` lists the boards");
    let running = ready(&sandbox, wrapped(&sandbox, "echo ready; until test -e go; do sleep 0.02; done"));
    sandbox.vx("board wait --for x=done --timeout 10ms").exits_with(124).says("hint: it goes on");
    sandbox.vx("board wait --timeout 10ms").exits_with(124).says("hint: it goes on");
    sandbox.write("go", "");
    running.finish().succeeds();
    fs::set_permissions(sandbox.runtime(), fs::Permissions::from_mode(0o755)).expect("its own directory");
    sandbox.vx("board ls").fails_with("its mode must be 0700").says("`chmod 700 '");
}
