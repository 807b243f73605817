//! `vx stop`, `retry` and `restart`, for installs and for wrapped commands.

use super::*;

/// Prints `1/2`, then does nothing until it is ended.
const IDLE: &str = "echo 1/2; while :; do sleep 0.05; done";

#[test]
fn a_wrapped_command_is_stopped_from_another_terminal() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "build", IDLE);
    let slot = sandbox.slot("build").expect("its slot");
    assert_eq!(slot["runner"], running.pid());
    let asked = sandbox.vx("stop build --json").succeeds().stdout();
    let asked: Value = serde_json::from_str(&asked).expect("JSON");
    assert_eq!((text(&asked["asked"]), &asked["runner"]), ("stop", &json!(running.pid())));
    assert_eq!(running.finish().signal(), Some(15));
    assert_eq!(text(&sandbox.slot("build").expect("its slot")["state"]), "cancelled");
    assert!(sockets(&sandbox).is_empty());
    sandbox.vx("stop build").fails_with("there is no work `build` on a board at work");
}

#[test]
fn a_command_that_ignores_the_request_is_killed_at_once_if_that_is_asked_for() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "deaf", "trap '' TERM HUP; echo 1/2; while :; do sleep 0.05; done");
    sandbox.vx("stop deaf --kill").succeeds().says("to kill `deaf`");
    assert_eq!(running.finish().signal(), Some(15));
    assert_eq!(text(&sandbox.slot("deaf").expect("its slot")["state"]), "cancelled");
}

#[test]
fn a_verb_that_makes_no_sense_is_refused_with_the_next_step() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "build", IDLE);
    sandbox
        .vx("restart build")
        .fails_with("work of the kind task, which cannot be restarted")
        .says("hint: run its command");
    sandbox.vx("rebuild build").fails_with("cannot be rebuilt");
    sandbox.vx("stop nothing").fails_with("there is no work `nothing`");
    sandbox.vx("board create script").succeeds();
    sandbox.vx("board put step --board script --done 1").succeeds();
    sandbox.vx("stop step --board script").fails_with("`step` is read-only");
    sandbox.vx("stop build").succeeds();
    running.finish();
}

#[test]
fn one_install_is_stopped_and_tried_again_while_the_others_go_on() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n");
    for (tool, version) in [("biome", "2.3.4"), ("esbuild", "0.27.0")] {
        sandbox.publish_slowly(tool, version, 2_400_000, 400_000);
    }
    let running = sandbox.start("sync --plain");
    sandbox.await_slot("biome", "downloads", |slot| slot["done"].as_u64() > Some(0) && slot["step"] == "downloading");
    sandbox.vx("retry biome").fails_with("`biome` is not tried again: it is still at work");
    sandbox.vx("stop biome").succeeds();
    sandbox.await_slot("biome", "is stopped", |slot| text(&slot["state"]) == "cancelled");
    assert_ne!(text(&sandbox.slot("esbuild").expect("its slot")["state"]), "cancelled");
    sandbox.vx("restart biome").fails_with("cannot be restarted").says("`vx retry biome`");
    sandbox.vx("retry biome").succeeds();
    running.finish().succeeds();
    assert_eq!(sandbox.slot("biome").expect("its slot")["attempt"], 2);
    assert_eq!(sandbox.installed().len(), 2);
    assert!(sockets(&sandbox).is_empty());
}

#[test]
fn the_socket_of_a_killed_runner_is_removed_with_the_next_work() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "build", "echo 1/2; sleep 1000");
    drop(connected(&sandbox, running.pid()));
    assert_eq!(sockets(&sandbox).len(), 2);
    let below = sandbox.processes();
    running.signal(rustix::process::Signal::KILL);
    running.finish();
    below.iter().filter(|process| process.command.contains("sleep")).for_each(|process| {
        crate::support::sandbox::send(process.pid, rustix::process::Signal::KILL);
    });
    sandbox.vx("board gc").succeeds();
    assert!(sockets(&sandbox).is_empty(), "{:?}", sockets(&sandbox));
}
