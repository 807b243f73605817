//! The daemon: its life, its places, and clients that misbehave.

mod crowd;
mod events;
mod hostile;
mod manager;
mod python;
mod questions;
mod users;
mod work;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};
use vx::daemon::{DaemonClient, DaemonError, DaemonRequest, VersionRange};
use vx_base::paths::Home;
use vx_rpc::{RpcError, framed};

use crate::support::sandbox::{PATIENCE, Running, Sandbox, eventually, text};

fn home(sandbox: &Sandbox) -> Home {
    Home::from_root(sandbox.home())
}

/// A client of the sandbox's daemon, once the daemon is ready.
fn connected(sandbox: &Sandbox) -> DaemonClient {
    eventually("the daemon is ready", || DaemonClient::connect(&home(sandbox), "test").ok())
}

/// A daemon at work.
fn at_work(sandbox: &Sandbox) -> Running {
    let daemon = sandbox.start("daemon run --idle 0");
    drop(connected(sandbox));
    daemon
}

fn record(sandbox: &Sandbox) -> Value {
    let text = fs::read_to_string(sandbox.home().join("run/daemon.json")).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}

fn socket(sandbox: &Sandbox) -> PathBuf {
    PathBuf::from(text(&record(sandbox)["socket"]))
}

/// The names of the files that a daemon has while it runs.
fn traces(sandbox: &Sandbox) -> Vec<String> {
    let entries =
        [sandbox.home().join("run"), sandbox.runtime()].map(|place| fs::read_dir(place).into_iter().flatten());
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains("daemon") && name != "daemon.log").collect()
}

#[test]
fn a_daemon_is_started_once_shows_its_state_and_is_stopped_without_a_trace() {
    let sandbox = Sandbox::new();
    sandbox.vx("daemon status").exits_with(3).says("`vx daemon start` starts one");
    sandbox.vx("daemon stop").succeeds().says("no daemon was running");
    // A busy machine may hold it up, so that it is not ready in time; but it goes on starting.
    eventually("it starts", || (sandbox.vx("daemon start").code() == Some(0)).then_some(()));
    sandbox.vx("daemon start").succeeds().says("already runs");
    sandbox.vx("daemon run").exits_with(1).says("already runs");
    let status =
        || -> Value { serde_json::from_str(&sandbox.vx("daemon status --json").succeeds().stdout()).expect("JSON") };
    eventually("the clients before have left", || (status()["clients"] == 1).then_some(()));
    assert_eq!((&status()["running"], &status()["process"]), (&json!(true), &record(&sandbox)["pid"]));
    let mode = fs::metadata(socket(&sandbox)).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    sandbox.vx("daemon status").succeeds().prints("process  ");
    sandbox.vx("daemon call vx/ping").succeeds().prints("uptime_secs");
    sandbox.vx("daemon logs").succeeds().prints("listens, version");
    sandbox.vx("daemon stop").succeeds().says("the daemon is stopped");
    assert!(traces(&sandbox).is_empty(), "{:?}", traces(&sandbox));
    sandbox.vx("daemon logs").succeeds().prints("ended: a client asked for it");
}

#[test]
fn a_killed_daemon_is_followed_by_another_which_a_signal_ends() {
    let sandbox = Sandbox::new();
    let first = at_work(&sandbox);
    first.signal(Signal::KILL);
    first.finish();
    assert!(!traces(&sandbox).is_empty(), "its socket and its record are left");
    sandbox.vx("daemon status").exits_with(3).says("no daemon runs");
    let second = sandbox.start("daemon run --idle 0");
    assert_eq!(connected(&sandbox).introduced().process, second.pid());
    sandbox.vx("daemon status --json").succeeds().prints("the previous daemon was killed");
    second.signal(Signal::TERM);
    second.finish().succeeds();
    assert!(traces(&sandbox).is_empty(), "{:?}", traces(&sandbox));
}

#[test]
fn a_daemon_whose_socket_was_removed_says_when_it_is_back() {
    let sandbox = Sandbox::new();
    let _daemon = at_work(&sandbox);
    fs::remove_file(socket(&sandbox)).expect("a socket");
    sandbox.vx("daemon status").exits_with(1).says("is gone").says("again in 30 s");
}

#[test]
fn one_client_too_many_is_told_so_whether_it_waits_for_that_or_asks_at_once() {
    let sandbox = Sandbox::new();
    let _daemon = at_work(&sandbox);
    let hello = framed(
        &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "protocol": VersionRange::OWN } })
            .to_string(),
    );
    let mut first = connected(&sandbox);
    let others: Vec<UnixStream> = (0..99)
        .map(|_| {
            let mut other = UnixStream::connect(socket(&sandbox)).expect("a connection");
            other.write_all(&hello).expect("it is taken");
            other
        })
        .collect();
    eventually("all are there", || (first.status().expect("an answer").clients == 100).then_some(()));
    sandbox.vx("daemon status").exits_with(1).says("there are 100 clients").keeps_silent_about("version");
    let mut late = UnixStream::connect(socket(&sandbox)).expect("a connection");
    late.set_read_timeout(Some(PATIENCE)).expect("a bound");
    std::thread::sleep(std::time::Duration::from_millis(50));
    late.write_all(&hello).expect("it is taken");
    let mut said = String::new();
    late.read_to_string(&mut said).expect("the connection is closed");
    assert!(said.contains("busy") && said.contains("there are 100 clients"), "{said}");
    drop(others);
    eventually("there is room again", || (sandbox.vx("daemon status").code() == Some(0)).then_some(()));
}

#[test]
fn a_daemon_that_nobody_needs_ends_by_itself() {
    let sandbox = Sandbox::new();
    sandbox.start("daemon run --idle 200ms").finish().succeeds();
    sandbox.vx("daemon logs").succeeds().prints("ended: no client and no work for a while");
}

#[test]
fn every_request_has_a_typed_answer() {
    let sandbox = Sandbox::new();
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    assert_eq!(client.ping().expect("an answer").cached_runtimes, 0);
    eventually("the client before has left", || (client.status().expect("an answer").clients == 1).then_some(()));
    let codes = [
        ("vx/nonsense", json!({}), -32601),
        ("initialize", json!({"protocol": 1}), -32602),
        ("vx/ping", json!(3), -32602),
    ];
    for (method, params, code) in codes {
        match client.call(method, &params) {
            Err(DaemonError::Refused(RpcError { code: found, .. })) => assert_eq!(found, code, "{method}"),
            other => panic!("{method}: {other:?}"),
        }
    }
    for method in DaemonRequest::METHODS {
        match client.call(method, &json!("nonsense")) {
            Err(DaemonError::Refused(RpcError { code: -32602, .. })) => {}
            other => panic!("{method}: {other:?}"),
        }
    }
    client.ping().expect("the connection goes on");

    let mut stranger = UnixStream::connect(socket(&sandbox)).expect("a connection");
    stranger.set_read_timeout(Some(PATIENCE)).expect("a bound");
    stranger.write_all(&framed(r#"{"jsonrpc":"2.0","id":1,"method":"vx/ping"}"#)).expect("it is taken");
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("it is taken");
    let mut said = String::new();
    stranger.read_to_string(&mut said).expect("the connection is closed");
    assert!(said.contains("-32002") && said.contains("-32600"), "{said}");
    client.ping().expect("another one's garbage is no concern of this one");
}

#[test]
fn a_client_of_another_version_ends_a_daemon_that_nobody_else_uses() {
    let sandbox = Sandbox::new();
    let daemon = at_work(&sandbox);
    let later = || DaemonClient::connect_speaking(&home(&sandbox), "later", VersionRange { min: 7, max: 9 });
    let mut client = connected(&sandbox);
    match later() {
        Err(DaemonError::OtherProtocol(text)) => assert!(text.contains("versions 1 to 1"), "{text}"),
        other => panic!("{other:?}"),
    }
    client.ping().expect("a daemon in use stays");
    drop(client);
    eventually("it steps down", || matches!(later(), Err(DaemonError::Absent(_))).then_some(()));
    daemon.finish().succeeds();
}

#[test]
fn places_that_others_reach_and_things_in_the_way_are_refused_by_name() {
    let sandbox = Sandbox::new();
    let run = sandbox.home().join("run");
    fs::create_dir_all(&run).expect("a directory");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o777)).expect("its mode");
    sandbox.vx("daemon run").exits_with(1).says("is open to other users").says("chmod 700");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).expect("its mode");

    let daemon = at_work(&sandbox);
    let socket = socket(&sandbox);
    daemon.signal(Signal::KILL);
    daemon.finish();
    fs::remove_file(&socket).expect("a socket");
    symlink(run.join("elsewhere.sock"), &socket).expect("a link");
    sandbox.vx("daemon run").exits_with(1).says("something other than a socket").says("remove `");
    sandbox
        .vx("daemon start")
        .exits_with(1)
        .says("its log says why")
        .says("something other than a socket")
        .says("remove `");
    assert!(fs::symlink_metadata(&socket).is_ok_and(|found| found.is_symlink()), "the link is left as it is");
}

#[test]
fn who_wants_no_daemon_never_connects() {
    let sandbox = Sandbox::new().variable("VX_DAEMON", "off");
    sandbox.vx("daemon start").exits_with(2).says("VX_DAEMON is `off`");
    sandbox.vx("daemon call vx/ping").exits_with(2).says("VX_DAEMON is `off`");
    let sandbox = Sandbox::new().variable("VX_DAEMON", "perhaps");
    sandbox.vx("daemon start").exits_with(2).says("expected `off`, `auto` or `require`");
}
