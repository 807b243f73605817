//! Requests to one service: start, stop, restart, and several at once.

use super::{Services, free_port};
use crate::support::sandbox::eventually;

fn server(port: u16) -> String {
    format!(
        "[services.web]\ncommand = \"python3 -u -m http.server {{port}} --bind 127.0.0.1\"\nport = {port}\nready = {{ tcp = true }}\n\
         [services.other]\ncommand = \"sleep 600\"\n"
    )
}

#[test]
fn a_service_is_restarted_stopped_and_started_again_with_the_same_port() {
    let services = Services::of(&server(free_port()));
    services.0.vx("up --detach").succeeds();
    let mut before = services.pid("web");
    for _ in 0..5 {
        services.0.vx("restart web").succeeds();
        let now = services.pid("web");
        assert_ne!(now, before);
        assert_eq!((services.state("web").as_str(), services.groups("http.server").len()), ("ready", 1));
        before = now;
    }
    services.0.vx("stop web").succeeds();
    assert_eq!((services.state("web").as_str(), services.groups("http.server").len()), ("stopped", 0));
    assert_eq!(services.state("other"), "running");
    services.0.vx("start web").succeeds();
    assert_eq!(services.state("web"), "ready");
    services.0.vx("rebuild web").fails_with("the service `web` has no build");
    services.0.vx("stop --kill web").succeeds();
    assert!(services.groups("http.server").is_empty());
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

/// Restarts and stops from several shells at once, for `VX_RACES` rounds.
#[test]
fn restarts_and_stops_at_once_make_no_second_server_and_the_last_stop_wins() {
    let rounds: u64 = std::env::var("VX_RACES").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    let services = Services::of(&server(free_port()));
    services.0.vx("up --detach").succeeds();
    for round in 0..rounds {
        services.0.vx("up web").succeeds();
        let words = ["restart web", "stop web", "restart web", "up web", "stop web"];
        let calls: Vec<_> =
            (0..words.len()).map(|at| services.0.start(words[(at + round as usize) % words.len()])).collect();
        for call in calls {
            // A call whose request was overtaken by another fails with that reason.
            call.finish();
            assert!(services.groups("http.server").len() <= 1);
        }
        services.0.vx("stop web").succeeds();
        assert!(services.groups("http.server").is_empty());
        eventually("it is stopped", || (services.state("web") == "stopped").then_some(()));
    }
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_name_that_no_service_has_is_answered_with_those_of_the_project() {
    let services = Services::of("[services.web]\ncommand = \"sleep 600\"\n[services.api]\ncommand = \"sleep 601\"\n");
    services.0.vx("stop web").fails_with("the service `web` is not at work").says("`vx up web` starts it");
    services.0.vx("up web").succeeds();
    services.0.vx("stop webb").fails_with("there is no service `webb`").says("did you mean `web`?");
    services
        .0
        .vx("restart other")
        .fails_with("there is no service `other`")
        .says("the services of the project are web, api");
    services.0.vx("down").succeeds();
}
