//! Wrapped commands that know vx, and wrapped commands whose form of progress vx.toml declares.

use std::process::Command;

use super::*;
use crate::support::sandbox::{Finished, Running, text};

/// Start a script under `vx` with these words; `$VX` in it is this vx.
fn start(sandbox: &Sandbox, words: &str, script: &str) -> Running {
    let mut command = sandbox.command(words);
    command.args(["sh", "-c", script]).env("VX", env!("CARGO_BIN_EXE_vx"));
    sandbox.run(script, command)
}

fn run(sandbox: &Sandbox, words: &str, script: &str) -> Finished {
    start(sandbox, words, script).finish()
}

#[test]
fn a_silent_command_runs_from_its_start_and_is_reserved() {
    let sandbox = Sandbox::new();
    let running = start(&sandbox, "board run x --total 7 --", "until test -e go; do sleep 0.02; done");
    let slot = sandbox.await_slot("x", "it is there", |slot| text(&slot["step"]) == "running");
    assert_eq!((text(&slot["state"]), &slot["total"], &slot["percent"]), ("reserved", &Value::Null, &Value::Null));
    assert_eq!(slot["runner"], sandbox.board().expect("a board")["board"]["creator"]["pid"]);
    sandbox.write("go", "");
    running.finish().succeeds();
    let slot = sandbox.slot("x").expect("its slot");
    assert_eq!((text(&slot["state"]), &slot["exit_code"]), ("done", &0.into()));
}

#[test]
fn a_script_that_reports_first_is_the_only_writer_and_the_wrapper_records_its_end() {
    let sandbox = Sandbox::new();
    let script = "$VX board put --done 1 --total 4 --unit files --step 'linking crates'
                  echo '[2/2] not read'; sh -c '$VX board put --done +1'; $VX board put x --message here
                  until test -e go; do sleep 0.02; done; exit 3";
    let running = start(&sandbox, "board run x --", script);
    let slot = sandbox.await_slot("x", "it has reported", |slot| text(&slot["message"]) == "here");
    assert_eq!((&slot["done"], &slot["total"], text(&slot["unit"])), (&2.into(), &4.into(), "files"));
    assert_eq!((text(&slot["step"]), text(&slot["liveness"]["state"])), ("linking crates", "alive"));
    assert_eq!(sandbox.board().expect("a board")["slots"].as_array().map(Vec::len), Some(1));
    sandbox.write("go", "");
    running.finish().exits_with(3);
    let slot = sandbox.slot("x").expect("its slot");
    assert_eq!((text(&slot["state"]), &slot["exit_code"], &slot["done"]), ("failed", &3.into(), &2.into()));
}

#[test]
fn an_end_that_a_script_reports_stays() {
    let sandbox = Sandbox::new();
    run(&sandbox, "board run x --", "$VX board put --state skipped --message 'up to date'").succeeds();
    let slot = sandbox.slot("x").expect("its slot");
    assert_eq!((text(&slot["state"]), &slot["exit_code"]), ("skipped", &0.into()));
}

#[test]
fn a_report_after_the_wrapper_has_read_progress_goes_through() {
    let sandbox = Sandbox::new();
    let script = "echo 1/9; until test -e go; do sleep 0.02; done; $VX board put --done 5 --unit files --step linking
                  $VX board put --done +1 --message reported; echo 8/9; $VX board put other --done 5
                  until test -e more; do sleep 0.02; done; $VX board put --state skipped
                  $VX board put --state done; exit 4";
    let running = start(&sandbox, "board run x --", script);
    sandbox.await_slot("x", "its output is read", |slot| slot["done"] == 1);
    sandbox.write("go", "");
    let slot = sandbox.await_slot("x", "it has reported", |slot| text(&slot["message"]) == "reported");
    assert_eq!((&slot["done"], &slot["total"]), (&6.into(), &Value::Null), "another step has another total");
    assert_eq!((text(&slot["step"]), text(&slot["unit"])), ("linking", "files"));
    sandbox.await_slot("other", "it has its own", |slot| slot["done"] == 5);
    assert_eq!(sandbox.slot("x").expect("its slot")["done"], 6, "the output is not read any more");
    sandbox.write("more", "");
    let finished = running.finish().exits_with(4);
    finished.says("`the slot of this command` has ended before: skipped");
    let slot = sandbox.slot("x").expect("its slot");
    assert_eq!((text(&slot["state"]), &slot["exit_code"]), ("skipped", &4.into()));
    assert_eq!(text(&sandbox.board().expect("a board")["board"]["state"]), "failed");
    sandbox.vx("board put --done 1").refuses_with("no key is named");
}

#[test]
fn a_reservation_on_a_scripts_board_is_free_again_once_its_wrapper_was_killed() {
    let sandbox = Sandbox::new();
    let board = sandbox.vx("board create").succeeds().stdout();
    let board = board.trim();
    let mut first = sandbox.command(&format!("board run x --board {board} --"));
    first.args(["sh", "-c", "until test -e go; do sleep 0.02; done"]);
    let mut first = first.spawn().expect("vx starts");
    let slot = sandbox.await_slot("x", "it is there", |slot| text(&slot["step"]) == "running");
    assert_eq!(text(&slot["state"]), "reserved");
    run(&sandbox, &format!("board run x --board {board} --"), "true").fails_with("choose another key");
    first.kill().expect("it is there");
    first.wait().expect("it has ended");
    sandbox.write("go", "");
    run(&sandbox, &format!("board run x --board {board} --"), "true").succeeds();
    assert_eq!(text(&sandbox.slot("x").expect("its slot")["state"]), "done");
}

#[test]
fn the_forms_of_a_command_are_found_in_vx_toml() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "vx.toml",
        "[progress.link]\npattern = 'pass (?<done>\\d+)( of (?<total>\\d+))?: (?<message>.*)'\ntotal = 9\npatern = 'x'\n",
    );
    run(&sandbox, "board run link --", "echo 'pass 3: crates'; echo 50%").succeeds().says("has no key `patern`");
    let slot = sandbox.slot("link").expect("its slot");
    assert_eq!((&slot["done"], &slot["total"], text(&slot["message"])), (&3.into(), &9.into(), "crates"));
    run(&sandbox, "board run other --", "echo 'pass 3: crates'; echo 50%").succeeds().keeps_silent_about("patern");
    assert_eq!(sandbox.slot("other").expect("its slot")["done"], 500);
    sandbox.write("vx.toml", "[progress]\nlink = '('\n");
    run(&sandbox, "board run link --", "echo 50%").succeeds().says("not a regular expression");
    sandbox.write("vx.toml", "[progress\n");
    run(&sandbox, "board run link --", "echo 50%").succeeds().says("vx.toml").prints("50%");
    sandbox.write("vx.toml", "[progres.link]\npattern = 'x'\n");
    run(&sandbox, "board run link --", "echo 50%").succeeds().says("did you mean [progress]");
}

#[test]
fn a_bridge_runs_a_program_under_its_own_name() {
    let sandbox = Sandbox::new();
    sandbox.write("vx.toml", "[progress.sh]\npattern = 'at (?<percent>\\d+)'\n");
    let mut command = sandbox.command("bridge sh -c");
    command.arg("echo at 25; exit 5");
    sandbox.run("bridge", command).finish().exits_with(5).prints("at 25");
    let slot = sandbox.slot("sh").expect("its slot");
    assert_eq!((&slot["done"], text(&slot["unit"]), &slot["exit_code"]), (&250.into(), "permille", &5.into()));
    sandbox.vx("bridge no-such-program").exits_with(2).says("no-such-program");
}

#[test]
fn what_a_command_started_may_outlive_it() {
    let sandbox = Sandbox::new();
    let finished = run(&sandbox, "board run x --", "sleep 60 >/dev/null 2>&1 & echo $!");
    let left = finished.succeeds().stdout();
    let pid: u32 = left.trim().parse().expect("a process");
    sandbox.vx("doctor").keeps_silent_about(&pid.to_string());
    assert!(std::path::Path::new(&format!("/proc/{pid}")).exists());
    crate::support::sandbox::send(pid, rustix::process::Signal::KILL);
    let _ = Command::new("true").status();
}

#[test]
fn a_board_of_a_command_whose_slot_failed_is_failed_though_the_command_ended_well() {
    let sandbox = Sandbox::new();
    let script = "\"$VX\" board put --step running --state failed --error mine; exit 0";
    run(&sandbox, "board run f --", script).succeeds();
    assert_eq!(text(&sandbox.slot("f").expect("its slot")["state"]), "failed");
    sandbox.vx("board wait").fails_with("the run is failed");
}
