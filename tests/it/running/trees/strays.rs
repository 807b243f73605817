//! All of vx is killed at once: the run, the installs and the runners. The processes that their commands had started
//! are found by their mark.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command};

use rustix::process::Signal;
use serde_json::Value;

use super::postinstall::with_postinstall;
use crate::support::pty::OnTerminal;
use crate::support::sandbox::{Process, Sandbox, eventually, send, text};
use crate::support::skipped::skipped;

/// A command that sleeps in two sessions, and is slow to end on request; when run again, it waits for a file.
const COMMAND: &str = "[ -e $HOME/again ] && { while [ ! -e $HOME/go ]; do sleep 0.05; done; exit 0; }; : > $HOME/again; \
    (setsid sh -c 'trap : TERM; sleep 97; sleep 97' <&- >&- 2>&- &); sleep 97";

fn asleep(sandbox: &Sandbox) -> Vec<Process> {
    sandbox.processes().into_iter().filter(|process| process.command.starts_with("sleep 97")).collect()
}

/// A project with a tool whose run, install and runner were killed while its command slept.
fn killed() -> Sandbox {
    kill_all_of(with_postinstall(COMMAND))
}

fn kill_all_of(sandbox: Sandbox) -> Sandbox {
    let running = sandbox.start("sync --plain");
    eventually("both sleep", || (asleep(&sandbox).len() == 2).then_some(()));
    let of_vx = |process: &Process| {
        ["--run-tree", "--ipc-channel", " sync --plain"].iter().any(|word| process.command.contains(word))
    };
    let all: Vec<u32> = sandbox.processes().into_iter().filter(of_vx).map(|process| process.pid).collect();
    assert_eq!(all.len(), 3, "{:?}", sandbox.processes());
    // Stop all first, so that none of them acts on the end of another.
    for signal in [Signal::STOP, Signal::KILL] {
        all.iter().for_each(|pid| send(*pid, signal));
    }
    running.finish();
    eventually("they are gone", || sandbox.processes().iter().all(|process| !all.contains(&process.pid)).then_some(()));
    assert_eq!(asleep(&sandbox).len(), 2, "all that would end them is gone");
    fs::write(sandbox.root().join("user/go"), "").expect("a file");
    sandbox
}

/// The mark that the processes of the sandbox have inherited.
fn mark(sandbox: &Sandbox) -> Vec<(String, String)> {
    let environment = &asleep(sandbox)[0].environment;
    let variables = environment.iter().filter_map(|variable| variable.split_once('='));
    let marks = variables.filter(|(name, _)| ["VX_BOARD", "VX_SLOT"].contains(name));
    marks.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A process started by the test itself, with these variables.
fn sleeping(sandbox: &Sandbox, variables: &[(String, String)], user: Option<u32>) -> Child {
    let mut command = Command::new("sleep");
    command.arg("98").env_clear().envs(sandbox.environment()).envs(variables.iter().cloned());
    if let Some(user) = user {
        command.uid(user);
    }
    command.spawn().expect("it starts")
}

fn end(mut child: Child) {
    assert!(child.try_wait().expect("a child").is_none(), "it was ended");
    child.kill().and_then(|()| child.wait()).expect("it ends");
}

#[test]
fn the_next_run_ends_what_a_killed_one_had_left_and_names_it() {
    let sandbox = killed();
    sandbox
        .vx("sync --plain")
        .succeeds()
        .says("ended 4 processes that a killed vx had left behind: ")
        .says("sleep (pid");
    assert_eq!(sandbox.processes(), []);
    assert_eq!(sandbox.installed(), ["hello 1.0.0"]);
    assert!(!sandbox.vx("sync --force").succeeds().stderr().contains("left behind"), "said once");
}

#[test]
fn a_sync_with_nothing_to_do_ends_them_too() {
    let sandbox = killed().config("[tools]\n");
    sandbox.vx("sync --plain").succeeds().says("ended 4 processes that a killed vx had left behind");
    assert_eq!(sandbox.processes(), []);
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}

#[test]
fn the_doctor_names_them_and_ends_them_on_request() {
    let sandbox = killed();
    let document: Value =
        serde_json::from_str(&sandbox.vx("doctor --offline --json").fails_with("").stdout()).expect("JSON");
    let findings = document["findings"].as_array().expect("a list");
    let strays = findings.iter().filter(|finding| finding["check"] == "process").collect::<Vec<_>>();
    assert_eq!(strays.len(), 4, "{document:#}");
    assert!(strays.iter().all(|finding| text(&finding["mend"]).contains("--fix")), "{strays:#?}");
    assert_eq!(asleep(&sandbox).len(), 2, "an examination changes nothing");
    sandbox.vx("doctor --offline --fix").prints("mended: sleep (pid");
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn the_full_screen_view_shows_that_they_were_ended() {
    let sandbox = killed();
    let go = sandbox.root().join("user/go");
    fs::remove_file(&go).expect("a file");
    let mut terminal = OnTerminal::start(sandbox.command("sync --tui"));
    terminal.await_screen("the notice", |screen| screen.contains("ended 4 processes that a killed vx"));
    fs::write(go, "").expect("a file");
    terminal.await_screen("the end", |screen| screen.contains("installed"));
    terminal.press("q");
    assert_eq!(terminal.ends_restored(), Some(0));
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn only_processes_whose_run_is_proved_dead_are_ended() {
    let sandbox = killed();
    let mark = mark(&sandbox);
    assert_eq!(mark.len(), 2, "{mark:?}");
    let changed = |name: &str, value: &str| {
        mark.iter()
            .map(|(known, of)| (known.clone(), if known == name { value } else { of }.to_owned()))
            .collect::<Vec<_>>()
    };
    let slot = &mark.iter().find(|(name, _)| name == "VX_SLOT").expect("a mark").1;
    let other_id = format!("{}{}", &slot[..slot.len() - 8], "00000000");
    let spared = [
        changed("VX_BOARD", "/tmp/no-such.board"),
        changed("VX_SLOT", &other_id),
        changed("VX_SLOT", "nonsense"),
        Vec::new(),
    ];
    let spared = spared.map(|variables| sleeping(&sandbox, &variables, None));
    sandbox.vx("sync --plain").succeeds().says("ended 4 processes");
    spared.into_iter().for_each(end);
}

#[test]
fn root_ends_what_has_changed_its_user_if_its_mark_names_one_of_roots_own_boards() {
    if !rustix::process::geteuid().is_root() {
        return skipped("only root can start a process of another user");
    }
    let sandbox = killed();
    let mark = mark(&sandbox);
    let board = &mark.iter().find(|(name, _)| name == "VX_BOARD").expect("a mark").1;
    // The same board under another name, and in a directory of the other user: neither is opened for a mark.
    let copy = sandbox.root().join("user/copy.board");
    fs::copy(board, &copy).expect("a copy");
    let (folder, file) = board.rsplit_once('/').expect("a path");
    let elsewhere = [format!("{folder}/../run/{file}"), copy.display().to_string()];
    let spared = elsewhere.map(|path| {
        let named =
            |(name, value): &(String, String)| (name.clone(), if name == "VX_BOARD" { &path } else { value }.clone());
        let variables: Vec<_> = mark.iter().map(named).collect();
        sleeping(&sandbox, &variables, Some(65_534))
    });
    let mut changed = sleeping(&sandbox, &mark, Some(65_534));
    sandbox.vx("doctor --offline").prints(&format!("sleep (pid {})", changed.id()));
    sandbox.vx("doctor --offline --fix").prints(&format!("mended: sleep (pid {})", changed.id()));
    assert_eq!(changed.wait().expect("its end").signal(), Some(15));
    spared.into_iter().for_each(end);
}

#[test]
fn a_run_at_work_keeps_its_processes_while_another_ends_those_of_a_killed_one() {
    let live = with_postinstall("sleep 96");
    let running = live.start("sync --plain");
    let at_work = || live.processes().into_iter().find(|process| process.command == "sleep 96");
    let before = eventually("the live one sleeps", at_work);
    let runtime = live.runtime().display().to_string();
    let dead = kill_all_of(with_postinstall(COMMAND).variable("VX_RUNTIME_DIR", &runtime));
    dead.vx("sync --plain").succeeds().says("ended 4 processes");
    assert_eq!(at_work(), Some(before));
    running.signal(Signal::INT);
    running.finish().exits_with(130);
}
