//! The end of services: every process that they started ends with them, whatever it does.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::Services;
use crate::support::sandbox::eventually;

/// Programs that are hard to end: one ignores the request, one starts a process in another session, one forks twice.
const STUBBORN: &str = r#"
[services.ignores]
command = "trap '' TERM; while :; do sleep 0.1; done"
shell = true
stop = { timeout = "300ms" }

[services.leaves]
command = "setsid sleep 611 & exec sleep 612"
shell = true

[services.forks]
command = "(setsid sh -c 'sleep 613 & sleep 614' &) ; exec sleep 615"
shell = true

[services.daemon]
command = "(sleep 616 &) ; exit 0"
shell = true
"#;

#[test]
fn down_leaves_nothing_of_programs_that_are_hard_to_end() {
    let services = Services::of(STUBBORN);
    services.0.vx("up --detach").succeeds();
    eventually("all are at work", || {
        ["sleep 611", "sleep 613", "sleep 614", "sleep 616"]
            .iter()
            .all(|part| !services.running(part).is_empty())
            .then_some(())
    });
    let asked = Instant::now();
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(services.listed().iter().all(|service| service["word"] == "stopped"), "{:?}", services.listed());
}

#[test]
fn what_needs_another_stops_before_it() {
    let services = Services::of(
        r#"
[services.front]
command = "trap 'sleep 0.2; echo front >> order; exit 0' TERM; while :; do sleep 0.05; done"
shell = true
needs = ["back"]

[services.back]
command = "trap 'echo back >> order; exit 0' TERM; while :; do sleep 0.05; done"
shell = true
"#,
    );
    services.0.vx("up --detach").succeeds();
    services.0.vx("down").succeeds();
    assert_eq!(services.0.read("order"), "front\nback\n");
    assert_eq!(services.0.processes(), []);
    let state = services.0.board().expect("it is left")["board"]["state"].clone();
    assert_eq!(state, "done", "to be stopped is the usual end of services");
}

#[test]
fn services_of_a_call_in_the_foreground_end_with_it() {
    let services = Services::of("[services.a]\ncommand = \"echo hello; exec sleep 600\"\nshell = true\n");
    let up = services.0.start("up");
    eventually("its output is shown", || up.said().contains("a | hello").then_some(()));
    up.signal(Signal::INT);
    up.finish().exits_with(130);
    services.are_gone();
    let up = services.0.start("up");
    eventually("it is at work again", || (!services.running("sleep 600").is_empty()).then_some(()));
    up.signal(Signal::KILL);
    services.are_gone();
}

#[test]
fn a_second_request_to_stop_kills_nothing_that_others_want() {
    let stubborn = "command = \"trap '' TERM; while :; do sleep 0.05; done; sleep 601\"\nshell = true";
    let services = Services::of(&format!("[services.a]\ncommand = \"sleep 600\"\n[services.b]\n{stubborn}\n"));
    let first = services.0.start("up a --foreground");
    eventually("one is at work", || (services.running("sleep 600").len() == 1).then_some(()));
    let second = services.0.start("up");
    eventually("both are at work", || (services.running("sleep 601").len() == 1).then_some(()));
    second.signal(Signal::INT);
    eventually("it is asked to stop", || (services.state("b") == "stopping").then_some(()));
    second.signal(Signal::INT);
    second.finish().exits_with(130).says("`a` keeps running for others");
    assert_eq!((services.running("sleep 600").len(), services.running("sleep 601").len()), (1, 0));
    // A service without checks counts as running after a moment.
    eventually("it goes on", || (services.state("a") == "running").then_some(()));
    first.signal(Signal::INT);
    first.finish().exits_with(130).keeps_silent_about("goes on");
    services.are_gone();
}

#[test]
fn services_that_another_client_wants_outlive_a_call_in_the_foreground() {
    let services = Services::of("[services.a]\ncommand = \"sleep 600\"\n[services.b]\ncommand = \"sleep 601\"\n");
    let up = services.0.start("up");
    eventually("both are at work", || (services.running("sleep 60").len() == 2).then_some(()));
    services.0.vx("up a").succeeds();
    up.signal(Signal::INT);
    eventually("one is gone", || services.running("sleep 601").is_empty().then_some(()));
    up.finish().exits_with(130).says("`a` keeps running for others");
    assert_eq!(services.state("a"), "running");
    services.0.vx("down").succeeds();
    services.are_gone();
}

#[test]
fn a_service_that_fails_is_started_again_and_given_up_after_too_many_restarts() {
    let services = Services::of(
        r#"
[services.twice]
command = "echo start >> starts; test $(wc -l < starts) -ge 2 || exit 1; exec sleep 600"
shell = true
"#,
    );
    services.0.vx("up twice").succeeds();
    eventually("it has restarted", || (services.named("twice")["restarts"] == 1).then_some(()));
    assert_eq!(services.0.read("starts"), "start\nstart\n");
    services.0.vx("down").succeeds();
    services.are_gone();
}

#[test]
fn a_call_is_not_kept_waiting_for_a_service_that_dies_again_and_again() {
    let services = Services::of(
        r#"
[services.never]
command = "echo no database; exit 3"
shell = true
ready = { file = "never-made" }
"#,
    );
    services.0.vx("up never").fails_with("`never` is failing: it failed: exit code 3").says("no database");
    services.0.vx("down").succeeds();
    services.are_gone();
}

#[test]
fn logs_have_what_was_printed_by_service_level_and_text_and_follow_it() {
    let services = Services::of(
        r#"
[services.a]
command = "echo one; echo 'ERROR two'; until test -e go; do sleep 0.05; done; echo three; exec sleep 600"
shell = true
[services.b]
command = "echo from b; exec sleep 600"
shell = true
"#,
    );
    services.0.vx("up --detach").succeeds();
    eventually("both have printed", || (services.0.vx("logs").stdout().lines().count() == 3).then_some(()));
    assert_eq!(services.0.vx("logs a").stdout(), "a | one\na | ERROR two\n");
    assert_eq!(services.0.vx("logs --level error").stdout(), "a | ERROR two\n");
    assert_eq!(services.0.vx("logs --grep fr.m").stdout(), "b | from b\n");
    assert_eq!(services.0.vx("logs a -n 1").stdout(), "a | ERROR two\n");
    let follow = services.0.start("logs -f -n 1 a");
    eventually("it follows", || follow.said().contains("a | ERROR two").then_some(()));
    services.0.write("go", "");
    eventually("the new line is shown", || follow.said().contains("a | three").then_some(()));
    services.0.vx("logs nothing").fails_with("there is no log of a service `nothing`");
    follow.signal(Signal::TERM);
    services.0.vx("down").succeeds();
    assert!(services.0.vx("logs b").stdout().contains("from b"), "a log stays after the end");
}

#[test]
fn a_log_is_followed_into_the_life_of_another_supervisor() {
    let services = Services::of("[services.a]\ncommand = \"cat text; exec sleep 600\"\nshell = true\n");
    services.0.write("text", "the first\n");
    services.0.vx("up a").succeeds();
    let follow = services.0.start("logs -f");
    eventually("it follows", || (follow.said() == "a | the first\n").then_some(()));
    services.0.vx("down").succeeds();
    services.0.write("text", "the second\nthe third\n");
    services.0.vx("up a").succeeds();
    eventually("it goes on", || (follow.said() == "a | the first\na | the second\na | the third\n").then_some(()));
    follow.signal(Signal::TERM);
    services.0.vx("down").succeeds();
}

#[test]
fn a_service_is_started_again_once_its_files_have_changed_or_its_checks_fail() {
    let services = Services::of(
        r#"
[services.a]
command = "echo start >> starts; touch well; exec sleep 600"
shell = true
watch = ["*.conf"]
health = { file = "well", every = "100ms", timeout = "50ms", failures = 2 }
"#,
    );
    services.0.vx("up --detach").succeeds();
    let starts = |number| {
        eventually("it has started again", || (services.0.read("starts").lines().count() == number).then_some(()))
    };
    for number in 0..20 {
        services.0.write("a.conf", &number.to_string());
    }
    services.0.write("other.txt", "");
    starts(2);
    eventually("it is at work again", || (services.state("a") == "running").then_some(()));
    std::fs::remove_file(services.0.project().join("well")).expect("it was there");
    starts(3);
    eventually("its end is known", || (services.named("a")["restarts"] == 1).then_some(()));
    services.0.vx("down").succeeds();
    assert_eq!(services.0.read("starts").lines().count(), 3);
    assert_eq!(services.0.processes(), []);
}
