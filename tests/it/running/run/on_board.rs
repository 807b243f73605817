//! `vx run` with a board: other processes see the scripts as work, and the scripts run as they do without a board.

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::pty::OnTerminal;
use crate::support::sandbox::{Finished, Sandbox, eventually, send, slot_of, text};

fn scripts(text: &str) -> Sandbox {
    Sandbox::new().config(&format!("[scripts]\n{text}"))
}

/// Run this shell script, in which `$VX` is vx.
fn in_shell(sandbox: &Sandbox, script: &str) -> Finished {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    command.env("VX", env!("CARGO_BIN_EXE_vx"));
    sandbox.run(script, command).finish()
}

/// The slots of a recording at its end.
fn recorded(sandbox: &Sandbox, file: &str) -> Value {
    let dumped = sandbox.vx(&format!("board dump --json {file}")).succeeds().stdout();
    serde_json::from_str(&dumped).expect("JSON")
}

#[test]
fn output_streams_and_exit_codes_are_those_without_a_board() {
    let sandbox = scripts("both = \"printf 'out\\\\033[1m\\\\r'; printf err >&2; exit 7\"\ndies = \"kill -KILL $$\"\n");
    let plain = sandbox.vx("run both").exits_with(7);
    let on_board = sandbox.vx("run --record r.vxr both").exits_with(7);
    assert_eq!((on_board.stdout(), on_board.stderr()), (plain.stdout(), plain.stderr()));
    assert_eq!(on_board.stdout(), "out\u{1b}[1m\r");
    assert_eq!(sandbox.vx("run --record r.vxr dies").signal(), Some(9));
    let slot = slot_of(&recorded(&sandbox, "r.vxr"), "dies").expect("its slot");
    assert_eq!(
        (text(&slot["kind"]), text(&slot["state"]), slot["signal"].as_i64()),
        ("task", "died", Some(9)),
        "{slot}"
    );
}

#[test]
fn the_board_has_each_step_with_its_progress_and_its_last_lines() {
    let sandbox = scripts(
        "first = \"echo '[3/4] compiling x.c'; echo last words\"\n\
         second = { command = \"echo '50%'; exit 3\", depends = [\"first\"] }\n\
         never = { command = \"echo never\", depends = [\"second\"] }\n",
    );
    let ran = sandbox.vx("run --record r.vxr never").exits_with(3).says("`second` did not succeed");
    assert_eq!(ran.stdout(), "[3/4] compiling x.c\nlast words\n50%\n");
    let board = recorded(&sandbox, "r.vxr");
    let slot = |key| slot_of(&board, key).unwrap_or_else(|| panic!("no {key} in {board:#}"));
    let (first, second, never) = (slot("first"), slot("second"), slot("never"));
    assert_eq!((text(&first["state"]), &first["done"], &first["total"]), ("done", &3.into(), &4.into()), "{first:#}");
    assert_eq!((text(&second["state"]), second["exit_code"].as_i64()), ("failed", Some(3)), "{second:#}");
    assert_eq!(text(&never["state"]), "cancelled", "{never:#}");
    assert_eq!((text(&board["board"]["title"]), text(&board["board"]["state"])), ("run never", "failed"), "{board:#}");
    assert_eq!((&first["parent"], &second["parent"]), (&never["slot"], &never["slot"]), "{board:#}");
    assert!(never["parent"].is_null(), "{never:#}");
}

#[test]
fn forms_of_progress_in_the_project_count_for_the_script_of_their_name() {
    let pattern = "[progress.link]\npattern = 'pass (?<done>[0-9]+)'\ntotal = 9\n";
    let sandbox = scripts(&format!("link = \"echo pass 2\"\n{pattern}"));
    sandbox.vx("run --record r.vxr link").succeeds();
    let slot = slot_of(&recorded(&sandbox, "r.vxr"), "link").expect("its slot");
    assert_eq!((&slot["done"], &slot["total"]), (&2.into(), &9.into()), "{slot:#}");
}

#[test]
fn scripts_that_do_not_need_each_other_run_at_once_and_in_whole_lines() {
    // Each waits for the other.
    let waits = |own: &str, other: &str| {
        format!(
            "{own} = \"printf '{own} '; touch {own}.begun; until test -e {other}.begun; do sleep 0.02; done; echo ends\"\n"
        )
    };
    let all = "all = { command = \"cat; echo all\", depends = [\"one\", \"two\"] }\n";
    let sandbox = scripts(&format!("{}{}{all}", waits("one", "two"), waits("two", "one")));
    let ran = sandbox.vx("run --jobs 2 all").succeeds().stdout();
    let mut lines: Vec<&str> = ran.lines().collect();
    lines[..2].sort_unstable();
    assert_eq!(lines, ["one ends", "two ends", "all"]);
}

#[test]
fn a_failure_stops_the_scripts_beside_it() {
    let sandbox = scripts(
        "fails = \"until test -e begun; do sleep 0.02; done; exit 5\"\nwaits = \"touch begun; sleep 600\"\n\
         all = { depends = [\"waits\", \"fails\"] }\n",
    );
    sandbox.vx("run --jobs 2 all").exits_with(5).says("`fails` did not succeed");
}

#[test]
fn a_board_of_the_environment_is_joined_and_stays_open() {
    let sandbox = scripts("build = \"echo built\"\ninner = \"$VX run build\"\n");
    let script =
        "VX_BOARD=$($VX board create --title mine); export VX_BOARD; $VX run inner && $VX board dump --json > dump";
    assert_eq!(in_shell(&sandbox, script).succeeds().stdout(), "built\n");
    let board: Value = serde_json::from_str(&sandbox.read("dump")).expect("JSON");
    assert_eq!((text(&board["board"]["title"]), text(&board["board"]["state"])), ("mine", "running"), "{board:#}");
    let [inner, build] = ["inner", "build"].map(|key| slot_of(&board, key).unwrap_or_else(|| panic!("{board:#}")));
    assert_eq!([text(&inner["state"]), text(&build["state"])], ["done", "done"]);
    assert_eq!((&build["parent"], inner["parent"].is_null()), (&inner["slot"], true), "{board:#}");
}

#[test]
fn a_report_without_a_key_is_the_steps_own_and_surer_than_what_is_read() {
    let put = format!("{} board put", env!("CARGO_BIN_EXE_vx"));
    let sandbox = scripts(&format!(
        "counts = \"echo 1/9; {put} --done 3 --total 4 --message said && echo 2/9\"\n\
         fails = \"{put} --state failed --error 'no disk' && exit 0\"\n\
         after = {{ command = \"echo after\", depends = [\"fails\"] }}\n"
    ));
    sandbox.vx("run --record r.vxr counts").succeeds().prints("2/9");
    let slot = slot_of(&recorded(&sandbox, "r.vxr"), "counts").expect("its slot");
    assert_eq!((&slot["done"], &slot["total"], text(&slot["message"])), (&3.into(), &4.into(), "said"), "{slot:#}");
    sandbox.vx("run --record s.vxr after").succeeds().prints("after");
    let slot = slot_of(&recorded(&sandbox, "s.vxr"), "fails").expect("its slot");
    assert_eq!((text(&slot["state"]), text(&slot["error"])), ("failed", "no disk"), "{slot:#}");
}

#[test]
fn a_board_that_cannot_be_joined_keeps_no_script_from_running() {
    let sandbox = scripts("build = \"echo built\"\n").variable("VX_BOARD", "/no/such.board");
    let ran = sandbox.vx("run build").succeeds().says("warning: the scripts are not put on the board of VX_BOARD");
    assert_eq!(ran.stdout(), "built\n");
}

#[test]
fn a_request_to_end_ends_everything_below_and_vx_by_the_same_signal() {
    let sandbox = scripts("wait = \"setsid sleep 611 & touch begun; sleep 610\"\n");
    let running = sandbox.start("run --record r.vxr wait");
    eventually("it runs", || sandbox.project().join("begun").exists().then_some(()));
    running.signal(Signal::TERM);
    assert_eq!(running.finish().signal(), Some(15));
    assert_eq!(text(&recorded(&sandbox, "r.vxr")["slots"][0]["state"]), "cancelled");
    // The sandbox asserts that nothing is left.
}

#[test]
fn a_daemon_outlives_the_step_that_started_it() {
    let sandbox = scripts(
        "serve = \"sleep 620 > daemon.out 2>&1 & echo $! > daemon\"\n\
         use = { command = \"kill -0 $(cat daemon); exit 9\", depends = [\"serve\"] }\n",
    );
    sandbox.vx("run --record r.vxr use").exits_with(9);
    let pid: u32 = sandbox.read("daemon").trim().parse().expect("a process id");
    let there = sandbox.processes().iter().any(|process| process.pid == pid);
    send(pid, Signal::KILL);
    assert!(there, "the daemon was ended with its step");
}

#[test]
fn a_step_can_be_stopped_from_another_terminal() {
    let sandbox = scripts("wait = \"touch begun; sleep 630\"\n");
    let running = sandbox.start("run --record r.vxr wait");
    sandbox.await_slot("wait", "runs", |slot| text(&slot["step"]) == "running");
    eventually("it can be stopped", || (sandbox.vx("stop wait").code() == Some(0)).then_some(()));
    assert_eq!(running.finish().signal(), Some(15));
}

#[test]
fn a_dashboard_shows_the_steps_and_the_exit_code_stays() {
    let sandbox = scripts(
        "first = \"echo early\"\n\
         last = { command = \"echo '[1/2] x'; until test -e go; do sleep 0.02; done; exit 4\", depends = [\"first\"] }\n",
    );
    let terminal = OnTerminal::start(sandbox.command("run --tui last"));
    terminal.await_screen("both are there", |screen| {
        let row = |words: [&str; 2]| screen.lines().any(|line| words.iter().all(|word| line.contains(word)));
        row(["first", "✓"]) && row(["last", "1 of 2"])
    });
    sandbox.write("go", "");
    assert_eq!(terminal.ends_restored(), Some(4));
}

#[test]
fn a_dashboard_without_a_terminal_is_refused_before_anything_runs() {
    let sandbox = scripts("build = \"echo built\"\n");
    let refused = sandbox.vx("run --tui build").refuses_with("`--tui` needs a terminal");
    assert_eq!(refused.stdout(), "");
}
