//! Starts and stops that are refused, servers that other programs run, and the shutdown of the manager.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use vx::devserver::{DevServerError, DevServerMode, DevServerState};

use super::World;
use crate::support::sandbox::eventually;

#[test]
fn before_its_beginning_and_for_unknown_plugins_commands_are_errors_and_questions_are_answered() {
    let world = World::new();
    let manager = &world.manager;
    assert!(matches!(manager.start_dev_server("foo"), Err(DevServerError::NotInitialized)));
    assert!(matches!(manager.stop_dev_server("foo"), Err(DevServerError::NotInitialized)));
    assert_eq!(world.state(), DevServerState { plugin_id: "foo".into(), ..DevServerState::default() });
    manager.initialize().expect("it begins");
    assert!(matches!(manager.start_dev_server("closed"), Err(DevServerError::NotInDevelopment { .. })));
    assert!(matches!(manager.start_dev_server("nowhere"), Err(DevServerError::NoPath { .. })));
    let missing = world.top.path().join("missing");
    assert!(matches!(manager.start_dev_server_for_path("foo", &missing), Err(DevServerError::NoPath { .. })));
    assert!(matches!(manager.stop_dev_server("foo"), Err(DevServerError::Unknown { .. })));
    assert!(matches!(manager.restart_dev_server("foo"), Err(DevServerError::Unknown { .. })));
    assert!(matches!(manager.rebuild_plugin("foo"), Err(DevServerError::Unknown { .. })));
    assert_eq!(world.state().mode, DevServerMode::Idle);
    assert!(manager.get_dev_server_logs("foo", usize::MAX).is_empty() && !manager.is_managed("foo"));
    assert!(manager.list_dev_server_states().is_empty() && manager.get_external_plugin_info("foo").is_none());
    manager.shutdown().expect("it ends");
    manager.shutdown().expect("it has ended");
}

#[test]
fn without_a_program_for_guards_a_start_is_an_error_and_gives_the_port_back() {
    let world = World::guarded_by(Path::new("/nowhere/vx"));
    world.manager.initialize().expect("it begins");
    let error = world.manager.start_dev_server("foo").expect_err("there is none").to_string();
    assert_eq!(error, "there is no program `/nowhere/vx` that could guard services");
    assert_eq!((world.state().mode, world.state().vite_port), (DevServerMode::Idle, 0));
}

#[test]
fn ten_starts_at_once_are_one_server_and_the_shutdown_ends_all() {
    let world = World::begun();
    let ports: Vec<u16> = thread::scope(|scope| {
        let starts: Vec<_> = (0..10)
            .map(|number| {
                let id = if number % 2 == 0 { "foo" } else { "bar" };
                let manager = &world.manager;
                scope.spawn(move || manager.start_dev_server(id).expect("it starts").vite_port)
            })
            .collect();
        starts.into_iter().map(|start| start.join().expect("it ends")).collect()
    });
    assert!(ports.iter().step_by(2).all(|port| *port == ports[0]), "{ports:?}");
    assert!(ports.iter().skip(1).step_by(2).all(|port| *port == ports[1] && *port != ports[0]), "{ports:?}");
    assert_eq!(world.manager.list_dev_server_states().len(), 2);
    // Both are still starting.
    world.manager.shutdown().expect("it ends");
    world.is_quiet();
    assert!(world.manager.list_dev_server_states().is_empty());
    let records = fs::read_dir(world.top.path().join("runtime/devservers"));
    assert_eq!(records.into_iter().flatten().count(), 0, "no record is left");
    assert!(matches!(world.manager.start_dev_server("foo"), Err(DevServerError::NotInitialized)));
}

#[test]
fn a_server_that_another_program_runs_is_known_and_left_alone() {
    let world = World::begun();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let pid = std::process::id();
    let text = format!(r#"{{"pid":{pid},"protocol":"grpc","protocolVersion":1,"addr":"{addr}","vitePort":5173}}"#);
    fs::write(world.plugin(".devinfo"), text).expect("a file");
    eventually("it is known", || world.manager.is_managed("foo").then_some(()));
    let state = world.state();
    assert_eq!((state.mode, state.vite_port, state.grpc_connected), (DevServerMode::External, 5173, true));
    assert_eq!(world.manager.list_dev_server_states(), [state]);
    assert_eq!(world.manager.get_external_plugin_info("foo").expect("it is known").dev_info.pid, pid);
    assert!(matches!(world.manager.start_dev_server("foo"), Err(DevServerError::External { .. })));
    assert!(matches!(world.manager.stop_dev_server("foo"), Err(DevServerError::Unknown { .. })));
    fs::remove_file(world.plugin(".devinfo")).expect("it is there");
    eventually("it is gone", || (!world.manager.is_managed("foo")).then_some(()));
    assert_eq!(world.state().mode, DevServerMode::Idle);
    world.manager.start_dev_server("foo").expect("it starts");
    world.manager.shutdown().expect("it ends");
    world.is_quiet();
}
