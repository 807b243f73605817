//! Work for clients: done in other processes, and requests about it passed on to the process that runs it.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::support::sandbox::slot_of;

fn kind(answer: Result<Value, DaemonError>) -> String {
    match answer {
        Err(DaemonError::Refused(fault)) => fault.data.map_or_else(|| fault.code.to_string(), |data| data.kind),
        other => panic!("{other:?}"),
    }
}

/// Add the client's variables to a request: the sandbox's, whose user has agreed to everything.
pub(super) fn trusted(mut params: Value) -> Value {
    params["variables"] = json!({ "PATH": std::env::var("PATH").expect("it is set"), "VX_TRUST": "all" });
    params
}

#[test]
fn a_sync_has_a_board_at_once_and_goes_on_without_the_daemon() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2\"\n");
    sandbox.publish_slowly("biome", "2.3.4", 400_000, 200_000);
    let daemon = at_work(&sandbox);
    let begun =
        connected(&sandbox).call("vx/sync", &trusted(json!({ "directory": sandbox.project() }))).expect("an answer");
    assert!(PathBuf::from(text(&begun["board"]["path"])).is_file(), "{begun}");
    daemon.signal(Signal::KILL);
    daemon.finish();
    eventually("it is installed", || sandbox.stored().iter().any(|name| name.contains("2.3.4")).then_some(()));
}

#[test]
fn work_that_cannot_begin_says_why() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \n").variable("VX_TRUST", "");
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    let mut ask = |method: &str, params: Value| kind(client.call(method, &params));
    let here = json!({ "directory": sandbox.project() });
    assert_eq!(ask("vx/sync", here.clone()), "configuration");
    sandbox.write("vx.toml", "[services.web]\nready = { port = 1 }\n");
    assert_eq!(ask("vx/up", here.clone()), "configuration");
    assert_eq!(ask("vx/up", trusted(here.clone())), "configuration");
    sandbox.write("vx.toml", "[services.web]\ncommand = \"sleep 661\"\n");
    assert_eq!(ask("vx/up", here.clone()), "consent");
    let mut named = trusted(here.clone());
    named["names"] = json!(["web", "wep"]);
    assert_eq!(ask("vx/up", named), "not-found");
    assert_eq!(sandbox.processes().len(), 1, "no supervisor was started for it");
    sandbox.write("vx.toml", "[tools]\n");
    assert_eq!(ask("vx/sync", json!({ "directory": sandbox.project(), "tools": ["no-such-tool-at-all"] })), "usage");
    assert_eq!(ask("vx/sync", json!({ "directory": "/no/such/directory" })), "not-found");
    assert_eq!(ask("vx/sync", json!({ "directory": "here" })), "-32602");
    assert_eq!(ask("vx/sync", json!({ "directory": sandbox.project(), "tools": ["--force"] })), "-32602");
    assert_eq!(ask("vx/uninstall", json!({ "runtime": "biome" })), "not-found");
    assert_eq!(ask("vx/install", json!({})), "-32602");
    assert_eq!(sandbox.processes().len(), 1, "the daemon alone");
}

#[test]
fn releases_are_installed_and_removed_by_name() {
    let sandbox = Sandbox::new().offers("biome", "2.3.4").offers("biome", "2.4.0");
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    let one = json!({ "runtime": "biome", "version": "2.3.4" });
    client.call("vx/install", &trusted(one.clone())).expect("an answer");
    eventually("it is installed", || (sandbox.installed() == ["biome 2.3.4"]).then_some(()));
    let removed = client.call("vx/uninstall", &trusted(one)).expect("an answer");
    assert!(removed["board"].is_null() && sandbox.installed().is_empty(), "{removed}");
}

#[test]
fn a_project_and_the_users_own_file_declare_tools_by_name() {
    let sandbox =
        Sandbox::new().config("[tools]\n# checks\nbiome = \"2.3\"\n").offers("biome", "2.3.4").offers("ruff", "0.15.1");
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    let here = json!({ "runtime": "ruff", "version": "0.15", "directory": sandbox.project() });
    let begun = client.call("vx/use", &trusted(here)).expect("an answer");
    assert!(begun["board"]["path"].is_string(), "{begun}");
    let declared = "[tools]\n# checks\nbiome = \"2.3\"\nruff = \"0.15\"\n";
    eventually("it is declared and locked", || {
        let locked = sandbox.project().join("vx.lock").exists() && sandbox.read("vx.lock").contains("0.15.1");
        (locked && sandbox.read("vx.toml") == declared).then_some(())
    });
    client.call("vx/use", &trusted(json!({ "runtime": "biome" }))).expect("an answer");
    let own = sandbox.home().join("vx.toml");
    eventually("one's own file declares it", || {
        std::fs::read_to_string(&own).is_ok_and(|text| text == "[tools]\nbiome = \"latest\"\n").then_some(())
    });
    let dash = json!({ "runtime": "--force", "directory": sandbox.project() });
    assert_eq!(kind(client.call("vx/use", &trusted(dash))), "-32602");
    eventually("all is at rest", || (sandbox.processes().len() == 1).then_some(()));
}

#[test]
fn services_are_started_and_requests_for_them_are_passed_on() {
    let sandbox = Sandbox::new().config("[services.web]\ncommand = \"sleep 671\"\n");
    let daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    let here = json!({ "directory": sandbox.project() });
    assert_eq!(kind(client.call("work/list", &here)), "not-found");
    assert_eq!(kind(client.call("work/list", &json!({}))), "-32602");
    assert_eq!(kind(client.call("work/list", &json!({ "board": "no-such-board" }))), "not-found");
    let begun = client.call("vx/up", &trusted(here.clone())).expect("an answer");
    let id = begun["board"]["id"].clone();
    let state = |client: &mut DaemonClient| -> Option<Value> {
        let listed = client.call("work/list", &json!({ "board": id })).ok()?;
        slot_of(&json!({ "slots": listed["work"] }), "web")
    };
    eventually("it runs", || state(&mut client).filter(|slot| slot["step"] == "running"));
    assert_eq!(kind(client.call("work/follow", &here)), "usage");
    assert_eq!(kind(client.call("work/stop", &json!({ "directory": sandbox.project(), "key": "other" }))), "not-found");
    assert_eq!(client.call("devserver/isManaged", &json!({ "board": id, "pluginID": "x" })).expect("an answer"), false);
    daemon.signal(Signal::KILL);
    daemon.finish();
    let _next = at_work(&sandbox);
    let mut client = connected(&sandbox);
    client.call("work/stop", &json!({ "directory": sandbox.project(), "key": "web" })).expect("it is still there");
    eventually("it is stopped", || sandbox.processes().iter().all(|it| !it.command.starts_with("sleep")).then_some(()));
}

#[test]
fn what_is_begun_has_the_client_s_variables_and_the_daemon_s_home() {
    let sandbox = Sandbox::new().config("[services.web]\ncommand = [\"sh\", \"-c\", \"env > said; exec sleep 672\"]\n");
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    let here = json!({ "directory": sandbox.project() });
    let file = sandbox.project().join("said");
    let said = || {
        let text = eventually("it runs", || std::fs::read_to_string(&file).ok().filter(|text| text.contains("PATH=")));
        connected(&sandbox).call("board/stop", &here).expect("an answer");
        eventually("all is at rest", || (sandbox.processes().len() == 1).then_some(()));
        std::fs::remove_file(&file).expect("it is there");
        let lines = text.lines().filter_map(|line| line.split_once('='));
        lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>()
    };

    let mut asked = trusted(here.clone());
    for (name, value) in
        [("GREETING", "a client"), ("VX_HOME", "/a"), ("VX_RUNTIME_DIR", "/a"), ("NOTIFY_SOCKET", "/a")]
    {
        asked["variables"][name] = value.into();
    }
    client.call("vx/up", &asked).expect("an answer");
    let of_client = said();
    assert_eq!(of_client["GREETING"], "a client");
    assert_eq!(Path::new(&of_client["VX_HOME"]), sandbox.home());
    assert_eq!(Path::new(&of_client["VX_RUNTIME_DIR"]), sandbox.runtime());
    assert!(!of_client.contains_key("NOTIFY_SOCKET"), "{of_client:?}");

    let mut call = sandbox.command("daemon call vx/up");
    call.arg(here.to_string()).env("GREETING", "a terminal");
    sandbox.run("call", call).finish().succeeds();
    assert_eq!(said()["GREETING"], "a terminal");
}

#[test]
fn a_client_with_many_variables_is_heard_and_a_message_without_bounds_is_not() {
    let sandbox = Sandbox::new();
    let _daemon = at_work(&sandbox);
    let call = |bytes: usize| {
        let mut call = sandbox.command("daemon call vx/listVersions");
        call.arg(json!({ "runtime": "biome", "installed": true }).to_string());
        // A variable can't be longer than 128 KiB, so there are several.
        for number in 0..4 {
            call.env(format!("MANY_{number}"), "x".repeat(bytes / 4));
        }
        sandbox.run("call", call).finish()
    };
    call(100_000).succeeds();
    call(400_000).exits_with(2).says("where 262144 are accepted").says("send less");
    call(0).succeeds();
}

#[test]
fn a_daemon_whose_program_was_removed_still_begins_work_and_starts_services() {
    let sandbox = Sandbox::new().offers("biome", "2.3.4");
    let own = sandbox.project().join("vx");
    std::fs::copy(env!("CARGO_BIN_EXE_vx"), &own).expect("a copy");
    let mut daemon = std::process::Command::new(&own);
    daemon.env_clear().envs(sandbox.environment()).args(["daemon", "run", "--idle", "0"]);
    let _daemon = sandbox.run("daemon", daemon);
    let mut client = connected(&sandbox);
    std::fs::remove_file(&own).expect("it is removed");
    client.call("vx/install", &trusted(json!({ "runtime": "biome", "version": "2.3.4" }))).expect("an answer");
    eventually("it is installed", || (sandbox.installed() == ["biome 2.3.4"]).then_some(()));
    sandbox.write("vx.toml", "[services.web]\ncommand = \"sleep 673\"\n");
    client.call("vx/up", &trusted(json!({ "directory": sandbox.project() }))).expect("an answer");
    eventually("it runs", || sandbox.processes().iter().any(|it| it.command.starts_with("sleep 673")).then_some(()));
    sandbox.vx("down").succeeds();
}

#[test]
fn a_daemon_whose_program_was_replaced_starts_its_successor() {
    let sandbox = Sandbox::new().offers("biome", "2.3.4");
    let own = sandbox.project().join("vx");
    std::fs::copy(env!("CARGO_BIN_EXE_vx"), &own).expect("a copy");
    let mut daemon = std::process::Command::new(&own);
    daemon.env_clear().envs(sandbox.environment()).args(["daemon", "run", "--idle", "0"]);
    let _daemon = sandbox.run("daemon", daemon);
    let mut client = connected(&sandbox);
    let later = own.with_extension("new");
    std::fs::copy(env!("CARGO_BIN_EXE_vx"), &later).expect("a copy");
    std::fs::rename(&later, &own).expect("it is replaced");
    client.call("vx/install", &trusted(json!({ "runtime": "biome", "version": "2.3.4" }))).expect("an answer");
    eventually("it is installed", || (sandbox.installed() == ["biome 2.3.4"]).then_some(()));
}
