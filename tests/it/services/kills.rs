//! SIGKILL of any part of vx: nothing is left, or what was killed is there again.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{Services, free_port};
use crate::sandbox::{eventually, send};

fn server(port: u16) -> String {
    format!(
        r#"
[services.web]
command = "python3 -u -m http.server {{port}} --bind 127.0.0.1"
port = {port}
ready = {{ tcp = true }}
needs = ["leaves"]

[services.leaves]
command = "setsid sleep 611 & exec sleep 612"
shell = true
stop = {{ timeout = "500ms" }}
"#
    )
}

/// The supervisor is killed at as many instants as `VX_KILLS` says.
#[test]
fn a_supervisor_that_is_killed_at_any_instant_leaves_nothing_and_the_next_call_works() {
    let rounds: u64 = std::env::var("VX_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let services = Services::of(&server(free_port()));
    for round in 0..rounds {
        let call = services.0.start("up web");
        let supervisor = eventually("a supervisor is there", || services.supervisors().first().map(|found| found.pid));
        thread::sleep(Duration::from_millis(round * 37 % 400));
        if round % 3 == 2 {
            drop(services.0.start("restart web"));
        }
        send(supervisor, Signal::KILL);
        drop(call);
        services.are_gone();
    }
    services.0.vx("up web").succeeds();
    assert_eq!(services.groups("http.server").len(), 1);
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_guard_that_is_killed_is_replaced_and_its_service_is_there_once() {
    let services = Services::of(&server(free_port()));
    services.0.vx("up --detach").succeeds();
    for _ in 0..2 {
        let before = services.pid("leaves");
        let guard = services.guards().into_iter().find(|guard| guard.command.ends_with("-leaves")).expect("a guard");
        send(guard.pid, Signal::KILL);
        eventually("another one is at work", || {
            let now = services.named("leaves");
            (now["ready"] == true && now["pid"].as_u64().is_some_and(|pid| pid != before)).then_some(())
        });
        assert_eq!((services.running("sleep 611").len(), services.running("sleep 612").len()), (1, 1));
    }
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn after_all_of_vx_was_killed_the_next_call_leaves_no_second_copy() {
    let services = Services::of(&server(free_port()));
    for words in ["up web", "down"] {
        services.0.vx("up web").succeeds();
        services.kill_all_of_vx();
        eventually("only services are left", || {
            (services.guards().is_empty() && services.supervisors().is_empty()).then_some(())
        });
        assert!(!services.running("sleep 611").is_empty(), "they are left behind");
        let listed = services.0.vx("ps --all").succeeds().stdout();
        assert!(listed.contains("(no supervisor)"), "{listed}");
        services.0.vx(words).succeeds();
        let expected = usize::from(words == "up web");
        assert_eq!(services.running("sleep 611").len(), expected, "after {words}");
        assert_eq!(services.groups("http.server").len(), expected, "after {words}");
    }
    assert_eq!(services.0.processes(), []);
}
