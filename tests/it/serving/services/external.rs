//! Services that another program runs: shown, never ended, and started here once that program is gone.

use std::fs;
use std::net::TcpListener;

use super::Services;
use crate::support::sandbox::{eventually, text};

const EXTERNAL: &str = r#"
[services.api]
command = "sleep 631"
external = "run/api.devinfo"

[services.web]
command = "sleep 632"
needs = ["api"]
"#;

/// Write the file that says that this process runs the service, at the listener's address.
fn announce(services: &Services, listener: &TcpListener) {
    let addr = listener.local_addr().expect("an address");
    let pid = std::process::id();
    let document = format!(r#"{{"pid":{pid},"protocol":"http","protocolVersion":1,"addr":"{addr}"}}"#);
    fs::create_dir_all(services.0.project().join("run")).expect("a directory");
    services.0.write("run/api.devinfo.new", &document);
    let folder = services.0.project().join("run");
    fs::rename(folder.join("api.devinfo.new"), folder.join("api.devinfo")).expect("it is there");
}

#[test]
fn a_service_that_another_program_runs_is_shown_and_started_once_that_is_gone() {
    let services = Services::of(EXTERNAL);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    announce(&services, &listener);
    services.0.vx("up web").succeeds();
    let api = services.named("api");
    let addr = listener.local_addr().expect("an address");
    assert_eq!((text(&api["word"]), text(&api["url"])), ("external", format!("http://{addr}").as_str()));
    assert_eq!(api["port"], addr.port());
    assert!(services.running("sleep 631").is_empty());
    for verb in ["stop", "stop --kill", "restart"] {
        services.0.vx(&format!("{verb} api")).fails_with("another program runs the service `api`");
    }
    assert_eq!(services.state("api"), "external");
    fs::remove_file(services.0.project().join("run/api.devinfo")).expect("it is there");
    eventually("it is started here", || (services.state("api") == "running").then_some(()));
    assert_eq!(services.groups("sleep 631").len(), 1);
    assert_eq!(services.groups("sleep 632").len(), 1, "who needs it goes on");
    // A service that runs here goes on, even if another program announces it.
    announce(&services, &listener);
    services.0.vx("restart web").succeeds();
    assert_eq!(services.state("api"), "running");
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn the_end_of_the_services_leaves_what_another_program_runs() {
    let services = Services::of(EXTERNAL);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    // Only vx could end this file's process, which is this test.
    announce(&services, &listener);
    services.0.vx("up api").succeeds();
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
    assert!(services.0.project().join("run/api.devinfo").exists());
    assert_eq!(services.state("api"), "stopped");
}
