//! The claim of `vx up` about a service: its port answers, or nothing has checked it.

use std::net::TcpStream;

use super::Services;

/// A server that opens its port late.
const LATE: &str = r#"
[services.web]
command = "sleep 1.2; echo opens; exec python3 -u -m http.server {port} --bind 127.0.0.1"
shell = true
port = "auto"
"#;

#[test]
fn a_service_with_a_port_is_ready_once_that_answers() {
    let services = Services::of(LATE);
    let said = services.0.vx("up web --json").succeeds().stdout();
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let port = said[0]["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
    TcpStream::connect(("127.0.0.1", port)).expect("the port of a service that is up answers");
    assert_eq!((&said[0]["word"], &said[0]["checked"]), (&"ready".into(), &true.into()));
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_service_that_nothing_checks_is_said_to_run_unchecked_and_with_its_port_too_if_its_table_wants_that() {
    let services = Services::of(
        "[services.worker]\ncommand = \"sleep 600\"\n\
         [services.udp]\ncommand = \"sleep 601\"\nport = \"auto\"\nready = false\n",
    );
    let said = services.0.vx("up --detach").succeeds().stdout();
    assert!(said.lines().all(|line| line.contains("running, not checked")), "{said}");
    for name in ["worker", "udp"] {
        let service = services.named(name);
        assert_eq!((&service["ready"], &service["checked"]), (&true.into(), &false.into()), "{service}");
    }
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_service_that_dies_while_it_is_watched_fails_the_call() {
    let services = Services::of(
        "[services.bad]\ncommand = \"sleep 0.4; echo ImportError: no module; exit 1\"\nshell = true\nrestart = \"never\"\n",
    );
    services.0.vx("up bad").fails_with("`bad` has failed").says("ImportError: no module");
    services.0.vx("down").succeeds();
    services.are_gone();
}
