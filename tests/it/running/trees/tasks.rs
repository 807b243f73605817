//! Every shape of a tree in an earlier script of `vx run`, by every end of a task.

use std::time::Duration;

use rustix::process::Signal;

use super::grow::{SHAPES, Script, function};
use super::{alive, tag};
use crate::support::pty::OnTerminal;
use crate::support::registry::archive::{script, tgz};
use crate::support::sandbox::{Sandbox, eventually, send, within};

/// A project whose script `all` runs after a script that grows every shape. Returns the tag of the processes, too.
fn grown(number: usize, leader: &str) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let shapes = Script::of_shapes(sandbox.root(), &tag(number));
    let grow = |(shape, _): &(&str, &str)| format!("sh {} {} {leader} & ", shapes.path.display(), function(shape));
    let before = format!("{}wait", SHAPES.iter().map(grow).collect::<String>());
    sandbox.write(
        "vx.toml",
        &format!("[scripts]\nall = {{ command = \"echo then\", depends = [\"before\"] }}\nbefore = \"{before}\"\n"),
    );
    (sandbox, shapes.tag)
}

fn await_shapes(tag: &str) {
    let asleep = |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n");
    eventually("all shapes are there", || {
        // Stopped processes don't count, nor those that still fork and exit.
        (alive(tag).iter().filter(|pid| asleep(pid)).count() >= 2 * SHAPES.len() - 3).then_some(())
    });
}

fn assert_none(sandbox: &Sandbox, tag: &str) {
    assert_eq!(alive(tag), Vec::<u32>::new(), "they outlived the task");
    assert_eq!(sandbox.processes(), [], "they outlived the task");
}

#[test]
fn a_task_that_is_asked_to_end_leaves_nothing() {
    let (sandbox, tag) = grown(8_000, "live");
    let running = sandbox.start("run all");
    await_shapes(&tag);
    running.signal(Signal::TERM);
    let finished = running.finish();
    assert_eq!((finished.signal(), finished.stdout().as_str()), (Some(15), ""));
    assert_none(&sandbox, &tag);
}

#[test]
fn a_task_that_is_interrupted_on_its_terminal_leaves_nothing() {
    let (sandbox, tag) = grown(8_100, "live");
    // A terminal's keys reach only the session that it controls.
    let mut command = sandbox.inside("setsid");
    command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_vx"), "run", "all"]).env_clear().envs(sandbox.environment());
    let mut terminal = OnTerminal::start(command);
    await_shapes(&tag);
    terminal.press("\u{3}");
    let (code, text) = terminal.ends();
    assert!(code != Some(0) && !text.contains("then"), "{code:?} {text}");
    assert_none(&sandbox, &tag);
}

#[test]
fn a_task_of_a_killed_vx_leaves_nothing() {
    let (sandbox, tag) = grown(8_200, "live");
    let running = sandbox.start("run all");
    await_shapes(&tag);
    running.signal(Signal::KILL);
    let left = || (alive(&tag).is_empty() && sandbox.processes().is_empty()).then_some(());
    within(Duration::from_secs(8), "all have ended", left);
}

#[test]
fn a_task_that_ends_by_itself_spares_what_it_has_started() {
    let (sandbox, tag) = grown(8_300, "leave");
    let finished = sandbox.vx("run all").succeeds();
    assert_eq!(finished.stdout(), "then\n");
    let left = alive(&tag);
    assert!(left.len() >= SHAPES.len() - 1, "{left:?}");
    // Processes that fork and exit have another number by then.
    eventually("they have ended", || {
        alive(&tag).into_iter().for_each(|pid| send(pid, Signal::KILL));
        (alive(&tag).is_empty() && sandbox.processes().is_empty()).then_some(())
    });
}

#[test]
fn orphans_of_a_task_are_collected_while_it_goes_on() {
    let sandbox = Sandbox::new();
    let orphans = "for n in 1 2 3 4 5 6 7 8; do ( (sleep 0.1 &) ); done; echo grown; sleep 97";
    sandbox.write(
        "vx.toml",
        &format!("[scripts]\nall = {{ command = \"echo then\", depends = [\"before\"] }}\nbefore = \"{orphans}\"\n"),
    );
    let running = sandbox.start("run all");
    let runner = eventually("its runner is there", || {
        sandbox.processes().into_iter().find(|process| process.command.contains("--run-step"))
    });
    eventually("it works", || sandbox.processes().iter().any(|process| process.command == "sleep 97").then_some(()));
    within(Duration::from_secs(8), "they are collected", || {
        let all = std::fs::read_dir("/proc").expect("it is there").flatten();
        let stats = all.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
        let zombie = format!(") Z {} ", runner.pid);
        (stats.filter(|stat| stat.contains(&zombie)).count() == 0).then_some(())
    });
    running.signal(Signal::TERM);
    running.finish();
}

#[test]
fn a_sync_that_a_task_has_started_is_spared_with_what_it_starts_and_a_script_with_a_board_is_not() {
    let sandbox = Sandbox::new();
    let vx = env!("CARGO_BIN_EXE_vx");
    let waits = ", postinstall = \"while [ ! -e $HOME/go ]; do sleep 0.1; done\"";
    let tool = sandbox.addressed("hello", &tgz(&[script("x/bin/hello", "1.0.0")]), waits);
    let inner = sandbox.root().join("user/inner");
    std::fs::create_dir(&inner).expect("a directory");
    std::fs::write(inner.join("vx.toml"), format!("[tools]\n{tool}")).expect("a file");
    let before = format!("{vx} board create own; {vx} sync --plain --project $HOME/inner & sleep 97");
    sandbox.write(
        "vx.toml",
        &format!("[scripts]\nall = {{ command = \"echo then\", depends = [\"before\"] }}\nbefore = \"{before}\"\n"),
    );
    let running = sandbox.start("run all");
    sandbox.await_slot("hello", "waits", |slot| slot["step"] == "post-install");
    running.signal(Signal::TERM);
    running.finish();
    let commands: Vec<String> = sandbox.processes().into_iter().map(|process| process.command).collect();
    assert!(commands.iter().any(|command| command.contains("sync --plain")), "{commands:?}");
    assert!(!commands.iter().any(|command| command.contains("sleep 97")), "{commands:?}");
    std::fs::write(sandbox.root().join("user/go"), "").expect("a file");
    eventually("the sync is done", || sandbox.processes().is_empty().then_some(()));
    assert_eq!(sandbox.installed(), ["hello 1.0.0"]);
}
