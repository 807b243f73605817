//! Ctrl-C, SIGTERM, and children that ignore both.

use std::time::Instant;

use rustix::process::Signal;

use super::*;
use crate::support::sandbox::text;

fn cancelled_by(signal: Signal) {
    let (sandbox, offer) = slow_and_quick();
    let running = sandbox.start("sync --plain");
    at_half(&sandbox);
    running.signal(signal);
    running.finish().exits_with(130);
    assert!(sandbox.processes().is_empty(), "{:?}", sandbox.processes());
    let board = sandbox.board().expect("a board");
    assert_eq!(board["board"]["state"], "cancelled");
    assert_eq!(states(&sandbox)[0].0, "cancelled");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
    next_run_completes(&sandbox, &offer);
}

#[test]
fn control_c_cancels_all_and_keeps_what_was_received() {
    cancelled_by(Signal::INT);
}

#[test]
fn a_supervisors_request_to_end_does_the_same() {
    cancelled_by(Signal::TERM);
}

#[test]
fn a_postinstall_that_ignores_the_request_is_killed_with_all_it_started() {
    let (sandbox, running, group) = in_postinstall("trap '' TERM; sleep 97; sleep 97");
    let start = Instant::now();
    running.signal(Signal::INT);
    running.finish().exits_with(130);
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    let left = sandbox.processes();
    assert!(left.is_empty(), "{left:?} of {group:?}");
    assert_eq!(text(&sandbox.slot("hello").expect("a slot")["state"]), "cancelled");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
}

#[test]
fn a_postinstall_that_takes_longer_than_allowed_is_ended() {
    let sandbox = Sandbox::new();
    let archive =
        crate::support::registry::archive::tgz(&[crate::support::registry::archive::script("x/bin/hello", "1.0.0")]);
    let tool = sandbox.addressed("hello", &archive, ", postinstall = \"sleep 97\"");
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
    let start = Instant::now();
    sandbox.vx("sync --timeout 1s").fails_with("hello");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(sandbox.processes().is_empty(), "{:?}", sandbox.processes());
    assert_eq!(text(&sandbox.slot("hello").expect("a slot")["state"]), "failed");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
}

#[test]
fn a_stopped_child_is_shown_as_silent_and_goes_on_when_it_may() {
    let (sandbox, offer) = slow_and_quick();
    let running = sandbox.start("sync --plain");
    let child = child_of(&at_half(&sandbox));
    crate::support::sandbox::send(child, Signal::STOP);
    sandbox.await_slot("biome", "is silent", |slot| slot["liveness"]["state"] == "silent" && slot["alive"] == true);
    crate::support::sandbox::send(child, Signal::CONT);
    running.finish().succeeds();
    assert_eq!(sandbox.fetches(&offer).len(), 1);
}
