//! SIGKILL of any part of vx: either no process is left, or the killed part is replaced.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Services, free_port};
use crate::support::sandbox::{eventually, send};

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

/// A service whose build takes a while, and leaves its session.
const BUILT: &str = r#"
[services.built]
build = "setsid sleep 0.2; echo 'exec sleep 618' > {target}/built.sh"
command = "exec sh {target}/built.sh"
shell = true
"#;

/// The rounds of a race: the value of this variable, or as many as continuous integration has time for.
fn rounds(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Kill the supervisor at `VX_KILLS` instants of a start, a build, a restart and a stop.
#[test]
fn a_supervisor_that_is_killed_at_any_instant_leaves_nothing_and_the_next_call_works() {
    let port = free_port();
    let services = Services::of(&format!("{}{BUILT}", server(port)));
    for round in 0..rounds("VX_KILLS", 12) {
        let words = ["up web built", "rebuild built", "restart web", "stop web"][round as usize % 4];
        if !words.starts_with("up") {
            services.0.vx("up web built").succeeds();
        }
        let call = services.0.start(words);
        let supervisor = eventually("a supervisor is there", || services.supervisors().first().map(|found| found.pid));
        thread::sleep(Duration::from_millis(round * 37 % 400));
        send(supervisor, Signal::KILL);
        drop(call);
        services.are_gone();
        TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    }
    services.0.vx("up web built").succeeds();
    assert_eq!((services.groups("http.server").len(), services.running("sleep 618").len()), (1, 1));
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

/// Kill supervisor and guards together, at `VX_KILLS` instants of a restart.
#[test]
fn after_all_of_vx_was_killed_at_any_instant_there_is_one_copy_of_each_service() {
    let services = Services::of(&server(free_port()));
    for round in 0..rounds("VX_KILLS", 4) {
        services.0.vx("up web").succeeds();
        let call = services.0.start("restart web");
        thread::sleep(Duration::from_millis(round * 67 % 300));
        services.kill_all_of_vx();
        drop(call);
        eventually("only services are left", || {
            (services.guards().is_empty() && services.supervisors().is_empty()).then_some(())
        });
        services.0.vx("up web").succeeds();
        assert_eq!((services.running("sleep 611").len(), services.groups("http.server").len()), (1, 1));
    }
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
fn a_change_of_watched_files_ends_the_pause_after_deaths_of_guards_and_begins_their_count_anew() {
    let services = Services::of("[services.web]\ncommand = \"sleep 619\"\nwatch = [\"*.conf\"]\n");
    services.0.vx("up --detach").succeeds();
    let is_replaced = |before: u32| {
        eventually("another guard is at work", || {
            services.guards().iter().find(|guard| guard.pid != before).map(|guard| guard.pid)
        })
    };
    // After the fifth death within a minute the pause is eight seconds, and after the sixth no guard follows.
    let mut guard = services.guards()[0].pid;
    for death in 1..=5 {
        send(guard, Signal::KILL);
        if death < 5 {
            guard = is_replaced(guard);
        }
    }
    let begun = Instant::now();
    // The change is taken up half a second later.
    services.0.write("a.conf", "");
    guard = is_replaced(guard);
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
    send(guard, Signal::KILL);
    is_replaced(guard);
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
