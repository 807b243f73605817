//! The manager of development servers over the socket of a project's supervisor.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use vx::devserver::DevServerState;
use vx_rpc::{CallError, RpcClient, socket_of};

use super::Services;
use super::plugins::{PLUGIN, plugin};
use crate::support::sandbox::{PATIENCE, eventually, text};

/// A connection to the supervisor at work.
pub(super) fn connected(services: &Services) -> RpcClient {
    introduced(services, &json!({"client": "test", "protocol": {"min": 1, "max": 1}}))
}

fn introduced(services: &Services, introduction: &Value) -> RpcClient {
    let board = services.0.vx("board ls --json").succeeds().stdout();
    let board: Value = serde_json::from_str(&board).expect("JSON");
    let path = text(&board[0]["path"]).to_owned();
    let owner = board[0]["board"]["creator"]["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
    let socket = socket_of(path.as_ref(), owner.expect("a process"));
    let mut client = eventually("it listens", || RpcClient::connect(&socket).ok());
    let answer = call(&mut client, "initialize", introduction);
    let methods: Vec<&str> = answer["methods"].as_array().into_iter().flatten().map(text).collect();
    assert!(methods.contains(&"devserver/startDevServer") && methods.contains(&"work/stop"), "{methods:?}");
    client
}

fn call(client: &mut RpcClient, method: &str, params: &Value) -> Value {
    client.call(method, params, PATIENCE).unwrap_or_else(|error| panic!("{method} {params}: {error}"))
}

fn of_plugin(client: &mut RpcClient, method: &str, id: &str) -> Value {
    call(client, &format!("devserver/{method}"), &json!({ "pluginID": id }))
}

fn state(client: &mut RpcClient, id: &str) -> DevServerState {
    serde_json::from_value(of_plugin(client, "getDevServerState", id)).expect("a state")
}

/// The states of mode, front end and back end.
fn words(client: &mut RpcClient, id: &str) -> [String; 3] {
    let state = of_plugin(client, "getDevServerState", id);
    ["mode", "viteStatus", "goStatus"].map(|key| text(&state[key]).to_owned())
}

/// The kind of the error that this call gets, or its code.
fn refused(client: &mut RpcClient, method: &str, params: &Value) -> String {
    match client.call(&format!("devserver/{method}"), params, PATIENCE) {
        Err(CallError::Refused(fault)) => fault.data.map_or_else(|| fault.code.to_string(), |data| data.kind),
        other => panic!("{method} {params}: {other:?}"),
    }
}

/// The next notification for which `is` returns true.
fn told(client: &mut RpcClient, what: &str, is: impl Fn(&str, &Value) -> bool) -> Value {
    eventually(what, || {
        let next = client.notification(PATIENCE).expect("it goes on")?;
        is(text(&next["method"]), &next["params"]).then(|| next["params"].clone())
    })
}

/// A project with a plugin and an independent service, which keeps the supervisor running.
fn beside() -> Services {
    let services = plugin(&PLUGIN.replace("needs = [\"foo\"]", ""));
    services.0.vx("up app").succeeds();
    services
}

#[test]
fn a_program_starts_rebuilds_restarts_and_stops_a_plugin_and_is_told_of_it() {
    let services = beside();
    let mut client = connected(&services);
    assert_eq!(words(&mut client, "foo"), ["idle", "idle", "idle"]);
    assert_eq!(of_plugin(&mut client, "isManaged", "foo"), json!(false));
    assert_eq!(call(&mut client, "devserver/listDevServerStates", &json!({})), json!([]));
    let started = of_plugin(&mut client, "startDevServer", "foo");
    let port = started["vitePort"].as_u64().expect("a port");
    assert_eq!((text(&started["mode"]), port > 0), ("managed", true), "{started}");
    assert!(text(&started["devPath"]).ends_with("/plugins/foo"), "{started}");
    told(&mut client, "both are ready", |method, state| {
        method == "plugin/devserver/status" && state["viteStatus"] == "ready" && state["goStatus"] == "ready"
    });
    let again = of_plugin(&mut client, "startDevServer", "foo");
    assert_eq!((&again["vitePort"], text(&again["viteStatus"])), (&json!(port), "ready"), "it stays as it is");
    assert_eq!(of_plugin(&mut client, "listDevServerStates", "foo")[0]["vitePort"], again["vitePort"]);
    let before = services.pid("foo-vite");
    fs::write(services.0.project().join("plugins/foo/main.go"), "bad\n").expect("a file");
    let errors = told(&mut client, "its mistake", |method, _| method == "plugin/devserver/error");
    let mistake = json!({"file": "plugins/foo/main.go", "line": 1, "column": 5, "message": "undefined: bad"});
    assert_eq!((&errors[0], &errors[1][0]["line"]), (&json!("foo"), &mistake["line"]), "{errors}");
    assert_eq!(errors[1][0]["message"], mistake["message"]);
    fs::write(services.0.project().join("plugins/foo/main.go"), "good\n").expect("a file");
    let errors = told(&mut client, "no mistake", |method, _| method == "plugin/devserver/error");
    assert_eq!(errors, json!(["foo", []]));
    let reloads = services.0.read("plugins/foo/reloads");
    of_plugin(&mut client, "rebuildPlugin", "foo");
    eventually("it is loaded again", || (services.0.read("plugins/foo/reloads") != reloads).then_some(()));
    assert_eq!(services.pid("foo-vite"), before, "a build leaves the front end alone");
    let restarted = of_plugin(&mut client, "restartDevServer", "foo");
    assert_eq!((&restarted["vitePort"], text(&restarted["mode"])), (&json!(port), "managed"));
    eventually("both are ready", || (words(&mut client, "foo")[1..] == ["ready", "ready"]).then_some(()));
    assert!(services.pid("foo-vite") != before, "another process");
    let logs = call(&mut client, "devserver/getDevServerLogs", &json!({"pluginID": "foo", "count": 100}));
    let sources: Vec<&str> = logs.as_array().into_iter().flatten().map(|entry| text(&entry["source"])).collect();
    assert!(sources.contains(&"manager") && sources.contains(&"go-build"), "{logs}");
    let one = call(&mut client, "devserver/getDevServerLogs", &json!({"pluginID": "foo", "count": 1}));
    assert_eq!(one.as_array().map(Vec::len), Some(1));
    of_plugin(&mut client, "stopDevServer", "foo");
    let stopped = state(&mut client, "foo");
    assert_eq!((stopped.vite_port, stopped.vite_url.as_str()), (0, ""));
    assert_eq!(words(&mut client, "foo"), ["idle", "stopped", "stopped"]);
    drop(TcpListener::bind(("127.0.0.1", u16::try_from(port).expect("a port"))).expect("the port is free"));
    assert_eq!(services.state("app"), "running", "what does not belong to it goes on");
    services.0.vx("down").succeeds();
}

#[test]
fn what_makes_no_sense_is_refused_and_questions_are_answered() {
    let services = beside();
    let mut client = connected(&services);
    let unknown = json!({"pluginID": "other"});
    assert_eq!(words(&mut client, "other"), ["idle", "idle", "idle"]);
    assert_eq!(of_plugin(&mut client, "getExternalPluginInfo", "other"), Value::Null);
    assert_eq!(of_plugin(&mut client, "getDevServerLogs", "other"), json!([]));
    assert_eq!(refused(&mut client, "startDevServer", &unknown), "usage");
    for method in ["stopDevServer", "restartDevServer", "rebuildPlugin"] {
        assert_eq!(refused(&mut client, method, &unknown), "not-found", "{method}");
        assert_eq!(refused(&mut client, method, &json!({"pluginID": "foo"})), "not-found", "{method}");
        assert_eq!(refused(&mut client, method, &json!({"pluginID": 7})), "-32602", "{method}");
    }
    assert_eq!(refused(&mut client, "getDevServerLogs", &json!({"pluginID": "foo", "count": -1})), "-32602");
    for path in ["", "plugins/foo", "/nowhere"] {
        let params = json!({"pluginID": "foo", "devPath": path});
        assert_eq!(refused(&mut client, "startDevServerForPath", &params), "not-found", "{path}");
    }
    fs::remove_dir_all(services.0.project().join("plugins/foo")).expect("it goes");
    assert_eq!(refused(&mut client, "startDevServer", &json!({"pluginID": "foo"})), "not-found");
    services.0.vx("down").succeeds();
}

#[test]
fn a_plugin_that_the_project_does_not_declare_starts_in_its_directory() {
    let services = beside();
    let other = services.0.project().join("elsewhere/bar");
    fs::create_dir_all(&other).expect("a directory");
    fs::write(other.join("main.go"), "one\n").expect("a file");
    let mut client = connected(&services);
    let params = json!({"pluginID": "my bar!", "devPath": other});
    let started = call(&mut client, "devserver/startDevServerForPath", &params);
    assert_eq!((text(&started["pluginID"]), text(&started["mode"])), ("my bar!", "managed"), "{started}");
    eventually("both are ready", || (words(&mut client, "my bar!")[1..] == ["ready", "ready"]).then_some(()));
    assert_eq!(call(&mut client, "devserver/startDevServerForPath", &params)["vitePort"], started["vitePort"]);
    // The project's file doesn't declare it, but doesn't stop it either.
    services.0.vx("up --detach").succeeds().keeps_silent_about("my-bar-");
    services.0.vx("restart my-bar-").succeeds();
    eventually("both are ready again", || {
        (words(&mut client, "my bar!") == ["managed", "ready", "ready"]).then_some(())
    });
    services.0.vx("stop my-bar-").succeeds();
    assert_eq!(words(&mut client, "my bar!"), ["idle", "stopped", "stopped"], "others may stop it, too");
    call(&mut client, "work/start", &json!({"key": "my-bar--vite"}));
    eventually("it is ready", || (words(&mut client, "my bar!")[..2] == ["managed", "ready"]).then_some(()));
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_plugin_that_another_program_runs_is_shown_and_not_started() {
    let services = beside();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address").to_string();
    let info = json!({"pid": std::process::id(), "protocol": "grpc", "protocolVersion": 1, "addr": addr});
    let mut client = connected(&services);
    services.0.write("plugins/foo/.devinfo", &info.to_string());
    let status = told(&mut client, "it is told", |method, _| method == "plugin/devserver/status");
    assert_eq!((text(&status["pluginID"]), text(&status["mode"])), ("foo", "external"), "{status}");
    assert_eq!(words(&mut client, "foo"), ["external", "idle", "running"]);
    assert_eq!(of_plugin(&mut client, "isManaged", "foo"), json!(true));
    assert_eq!(text(&of_plugin(&mut client, "getExternalPluginInfo", "foo")["DevInfo"]["addr"]), addr);
    for method in ["startDevServer", "stopDevServer", "restartDevServer", "rebuildPlugin"] {
        assert_eq!(refused(&mut client, method, &json!({"pluginID": "foo"})), "usage", "{method}");
    }
    fs::remove_file(services.0.project().join("plugins/foo/.devinfo")).expect("it goes");
    told(&mut client, "it is gone", |method, state| method == "plugin/devserver/status" && state["mode"] == "idle");
    services.0.vx("down").succeeds();
}

#[test]
fn a_program_at_work_keeps_the_supervisor_and_a_client_without_notifications_gets_none() {
    let services = plugin(PLUGIN);
    let up = services.0.start("up foo --foreground");
    let mut client = eventually("there is a supervisor", || {
        let board: Value = serde_json::from_str(&services.0.vx("board ls --json").succeeds().stdout()).ok()?;
        (!board.as_array()?.is_empty()).then(|| connected(&services))
    });
    eventually("both are ready", || (words(&mut client, "foo")[1..] == ["ready", "ready"]).then_some(()));
    let mut quiet = introduced(&services, &json!({"protocol": {"min": 1, "max": 1}, "notifications": false}));
    up.signal(rustix::process::Signal::INT);
    up.finish();
    eventually("it is stopped", || (words(&mut client, "foo")[0] == "idle").then_some(()));
    told(&mut client, "it is told", |method, state| method == "plugin/devserver/status" && state["mode"] == "idle");
    assert!(quiet.notification(Duration::from_millis(300)).expect("it goes on").is_none());
    // Wait longer than a supervisor without services and clients would stay.
    std::thread::sleep(Duration::from_secs(3));
    of_plugin(&mut client, "startDevServer", "foo");
    eventually("both are ready", || (words(&mut client, "foo")[1..] == ["ready", "ready"]).then_some(()));
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}
