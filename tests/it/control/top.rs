//! Controlling another terminal's work from `vx top`.

use super::*;
use crate::support::pty::OnTerminal;

fn viewer(sandbox: &Sandbox) -> OnTerminal {
    let viewer = OnTerminal::start(sandbox.command("top"));
    viewer.await_screen("the board", |screen| screen.contains("leave"));
    viewer
}

#[test]
fn a_viewer_stops_a_command_and_kills_it_at_the_second_request_and_leaves_the_rest() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "deaf", "trap '' TERM HUP; echo 1/2; while :; do sleep 0.05; done");
    let mut viewer = viewer(&sandbox);
    viewer.await_screen("its key is offered", |screen| screen.contains("x cancel"));
    viewer.press("x");
    viewer.await_screen("it was asked", |screen| screen.contains("asked deaf to stop; x again kills it"));
    viewer.press("x");
    assert_eq!(running.finish().signal(), Some(15));
    viewer.await_screen("it is over", |screen| screen.contains("cancelled"));
    viewer.press("q");
    assert_eq!(viewer.ends_restored(), Some(0));
}

#[test]
fn leaving_a_viewer_stops_nothing() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "work", "echo 1/2; until test -e go; do sleep 0.02; done; exit 3");
    for key in ["q", "\x03"] {
        let mut viewer = viewer(&sandbox);
        viewer.press(key);
        assert_eq!(viewer.ends_restored(), Some(0));
    }
    sandbox.write("go", "");
    running.finish().exits_with(3);
}

#[test]
fn a_viewer_of_work_that_takes_no_requests_says_so() {
    let sandbox = Sandbox::new();
    sandbox.vx("board create script").succeeds();
    sandbox.vx("board put step --board script --done 1 --total 2").succeeds();
    let mut viewer = OnTerminal::start(sandbox.command("top script"));
    viewer.await_screen("it is marked so", |screen| screen.contains("x read-only") && screen.contains("? help"));
    viewer.press("x");
    viewer.await_screen("the reason", |screen| screen.contains("step is read-only: no process takes requests"));
    viewer.press("q");
    assert_eq!(viewer.ends_restored(), Some(0));
}
