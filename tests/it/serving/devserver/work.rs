//! A plugin at work: its start, its builds, its end.

use std::fs;
use std::net::TcpStream;
use std::sync::atomic::Ordering;

use vx::devserver::{DevProcessStatus, DevServerEvent, DevServerMode};

use super::World;
use crate::support::sandbox::eventually;

#[test]
fn a_plugin_is_started_built_and_loaded_and_nothing_is_left_of_it_after_its_stop() {
    let world = World::ready();
    let state = world.state();
    assert_eq!((state.plugin_id.as_str(), state.mode), ("foo", DevServerMode::Managed));
    assert!((15173..15273).contains(&state.vite_port));
    assert_eq!(state.vite_url, format!("http://127.0.0.1:{}/", state.vite_port), "as it is printed");
    assert!(TcpStream::connect(("127.0.0.1", state.vite_port)).is_ok());
    assert!(state.grpc_connected && state.last_build_duration > 0 && state.last_build_time.is_some(), "{state:?}");
    assert_eq!((world.reloads(), state.last_error.as_str()), (1, ""));
    let again = world.manager.start_dev_server("foo").expect("it is there");
    assert_eq!((again.vite_port, world.builds()), (state.vite_port, 1), "a second start is none");
    assert!(world.manager.is_managed("foo"));
    assert_eq!(world.manager.list_dev_server_states().len(), 1);
    let logs = eventually("the log has both", || {
        let logs = world.manager.get_dev_server_logs("foo", usize::MAX);
        let has = |source: &str| logs.iter().any(|entry| entry.source == source && entry.plugin_id == "foo");
        (has("vite") && has("manager")).then_some(logs)
    });
    assert_eq!(world.manager.get_dev_server_logs("foo", 1).len(), 1);
    assert!(logs.iter().all(|entry| ["vite", "go-build", "go-watch", "manager"].contains(&entry.source.as_str())));
    world.manager.stop_dev_server("foo").expect("it stops");
    let state = world.state();
    assert_eq!((state.mode, state.vite_port), (DevServerMode::Idle, 0));
    assert_eq!((state.vite_status, state.go_status), (DevProcessStatus::Stopped, DevProcessStatus::Stopped));
    assert!(!world.manager.is_managed("foo"));
    world.is_quiet();
    let last = world.events.lock().iter().rev().find_map(|event| match event {
        DevServerEvent::Status(state) => Some(state.clone()),
        _ => None,
    });
    assert_eq!(last.expect("an event"), world.state());
    assert!(world.manager.stop_dev_server("foo").is_err());
}

#[test]
fn a_restart_keeps_the_port_and_a_rebuild_leaves_the_front_end_alone() {
    let world = World::ready();
    let port = world.state().vite_port;
    world.manager.rebuild_plugin("foo").expect("it is managed");
    eventually("it is loaded again", || (world.reloads() == 2).then_some(()));
    let state = world.await_state("it is ready", |state| state.go_status == DevProcessStatus::Ready);
    assert_eq!((state.vite_status, world.builds()), (DevProcessStatus::Ready, 2));
    let restarted = world.manager.restart_dev_server("foo").expect("it starts");
    assert_eq!((restarted.vite_port, restarted.mode), (port, DevServerMode::Managed));
    world.await_state("both are ready", |state| {
        state.vite_status == DevProcessStatus::Ready && state.go_status == DevProcessStatus::Ready
    });
    world.manager.shutdown().expect("it ends");
    world.is_quiet();
}

#[test]
fn a_trigger_during_a_build_makes_exactly_one_more() {
    let world = World::ready();
    fs::write(world.plugin("hold"), "").expect("a file");
    world.manager.rebuild_plugin("foo").expect("it is managed");
    eventually("the build is under way", || (world.builds() == 2).then_some(()));
    for _ in 0..5 {
        world.manager.rebuild_plugin("foo").expect("it is managed");
    }
    fs::remove_file(world.plugin("hold")).expect("it is there");
    eventually("both are loaded", || (world.reloads() == 3).then_some(()));
    world.await_state("it is ready", |state| state.go_status == DevProcessStatus::Ready);
    world.manager.shutdown().expect("it ends");
    assert_eq!((world.builds(), world.reloads()), (3, 3));
}

#[test]
fn a_build_or_a_reload_that_fails_is_an_error_until_the_next_good_one() {
    let world = World::ready();
    let before = world.state();
    world.source("bad\n");
    let state = world.await_state("the build has failed", |state| state.go_status == DevProcessStatus::Error);
    assert!(state.last_error.contains("main.go:3: undefined: bad"), "{}", state.last_error);
    assert!(state.grpc_connected, "the old program goes on");
    assert!(state.last_build_time > before.last_build_time);
    assert_eq!((state.vite_status, world.reloads()), (DevProcessStatus::Ready, 1));
    world.source("good\n");
    world
        .await_state("it is mended", |state| state.go_status == DevProcessStatus::Ready && state.last_error.is_empty());
    world.program.refuses.store(true, Ordering::SeqCst);
    world.manager.rebuild_plugin("foo").expect("it is managed");
    let state = world.await_state("the reload has failed", |state| state.go_status == DevProcessStatus::Error);
    assert_eq!((state.last_error.as_str(), state.grpc_connected), ("the reload failed: it has another version", false));
    world.program.refuses.store(false, Ordering::SeqCst);
    world.manager.rebuild_plugin("foo").expect("it is managed");
    world.await_state("it is loaded", |state| state.grpc_connected && state.last_error.is_empty());
    world.manager.shutdown().expect("it ends");
    let errors: Vec<Vec<(String, u32, u32)>> = world
        .events
        .lock()
        .iter()
        .filter_map(|event| match event {
            DevServerEvent::Errors(id, errors) if id == "foo" => Some(errors.clone()),
            _ => None,
        })
        .map(|errors| errors.into_iter().map(|error| (error.file, error.line, error.column)).collect())
        .collect();
    let found = ("main.go".to_owned(), 3, 0);
    assert_eq!(errors, [vec![found], vec![], vec![(String::new(), 0, 0)], vec![]]);
}
