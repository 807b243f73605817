//! Questions: the daemon answers as the command line does.

use std::collections::BTreeMap;

use super::*;

/// The answer by `vx daemon call`, or the text of its error.
fn asked(sandbox: &Sandbox, method: &str, params: &Value) -> Result<Value, String> {
    let mut command = sandbox.command("daemon call");
    command.arg(method).arg(params.to_string());
    let finished = sandbox.run(method, command).finish();
    match finished.code() {
        Some(0) => Ok(serde_json::from_str(&finished.stdout()).expect("JSON")),
        _ => Err(first_error(&finished.stderr())),
    }
}

fn first_error(said: &str) -> String {
    let first = said.lines().find(|line| line.contains("error: ")).unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or(first).to_owned()
}

fn resolved(sandbox: &Sandbox, name: &str) -> Result<Value, String> {
    asked(sandbox, "vx/resolve", &json!({ "runtime": name, "directory": sandbox.project() }))
}

/// Check that daemon and command line give the same answers: the file or the error, and the variables.
fn agree(sandbox: &Sandbox, names: &[&str]) {
    for name in names {
        let shown = sandbox.vx(&format!("which {name}"));
        let expected = match shown.code() {
            Some(0) => Ok(shown.stdout().trim().to_owned()),
            _ => Err(first_error(&shown.stderr())),
        };
        let found = resolved(sandbox, name).map(|found| text(&found["executable"]).to_owned());
        assert_eq!(found, expected, "{name}");
    }
    let shown = sandbox.vx("env --shell json");
    let expected: Result<Value, String> = match shown.code() {
        Some(0) => Ok(serde_json::from_str(&shown.stdout()).expect("JSON")),
        _ => Err(first_error(&shown.stderr())),
    };
    let found = asked(sandbox, "vx/environment", &json!({ "directory": sandbox.project() }));
    assert_eq!(found.map(|found| found["env"].clone()), expected);
}

#[test]
fn answers_are_those_of_the_command_line_in_every_state_of_a_project() {
    let sandbox = Sandbox::new().offers("biome", "2.3.4").offers("biome", "2.4.0").offers("esbuild", "0.27.0");
    let _daemon = at_work(&sandbox);
    let names = ["biome", "esbuild", "sh", "no-such-program"];
    agree(&sandbox, &names);
    for config in [
        "[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27\"\n",
        "[tools]\nbiome = \"2.4.0\"\n[env]\nGREETING = \"hello\"\n",
        "[tools]\nbiome = \"9\"\n",
        "[tools]\nsh = \"system\"\n",
        "[tools]\nbiome = \n",
        "",
    ] {
        sandbox.write("vx.toml", config);
        agree(&sandbox, &names);
        // Some of them cannot be installed.
        sandbox.vx("sync");
        agree(&sandbox, &names);
    }
    sandbox.vx("uninstall biome").succeeds();
    agree(&sandbox, &names);
}

#[test]
fn the_folder_of_a_program_is_that_of_what_would_run() {
    let sandbox = Sandbox::new().config("[tools]\nuv = \"0.9\"\nsay = \"system\"\n").offers("uv", "0.9.1");
    let system = sandbox.root().join("system");
    fs::create_dir(&system).expect("a directory");
    fs::write(system.join("say"), "#!/bin/sh\necho 1.0.0\n").expect("a file");
    fs::set_permissions(system.join("say"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let sandbox = sandbox.variable("PATH", &system.display().to_string());
    let _daemon = at_work(&sandbox);
    let folders = |name: &str| {
        let params = json!({ "runtime": name, "directory": sandbox.project() });
        asked(&sandbox, "vx/environment", &params).map(|found| found["path"].clone())
    };
    let missing = folders("uv").expect_err("it is not there yet");
    assert!(missing.contains("uv is not installed"), "{missing}");
    let unknown = folders("sayy").expect_err("nothing declares it");
    assert!(unknown.contains("no project here declares `sayy`"), "{unknown}");
    sandbox.vx("sync").succeeds();
    let folder = folders("uv").expect("it is there");
    assert_eq!(folders("uvx"), Ok(folder));
    assert_eq!(folders("say"), Ok(json!([system])));
}

#[test]
fn a_kept_answer_is_used_while_its_files_are_the_same_and_no_longer() {
    let sandbox =
        Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n").offers("biome", "2.3.4").offers("biome", "2.4.0");
    sandbox.vx("sync").succeeds();
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    let mut version = || client.resolve("biome", &sandbox.project()).map(|found| found.version.expect("a version"));
    // Nothing is cached from files that changed a moment ago, so only the third answer is a cached one.
    for _ in 0..3 {
        assert_eq!(version().expect("it is there"), "2.3.4");
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    sandbox.write("vx.toml", "[tools]\nbiome = \"2.4.0\"\n");
    assert!(version().is_err(), "it is not installed yet");
    sandbox.vx("sync").succeeds();
    assert_eq!(version().expect("it is there"), "2.4.0");
    sandbox.vx("uninstall biome@2.4.0").succeeds();
    assert!(version().is_err(), "it is gone");
}

#[test]
fn a_kept_answer_ends_with_its_release_by_whatever_means() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n").offers("biome", "2.3.4");
    sandbox.vx("sync").succeeds();
    let _daemon = at_work(&sandbox);
    let params = json!({ "runtime": "biome", "directory": sandbox.project() });
    let answered = |method: &str| asked(&sandbox, method, &params).is_ok();
    for _ in 0..3 {
        assert!(answered("vx/resolve") && answered("vx/environment"));
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    fs::remove_dir_all(sandbox.home().join("store/biome/2.3.4")).expect("it goes");
    assert!(!answered("vx/resolve") && !answered("vx/environment"));
}

#[test]
fn nothing_is_answered_from_the_daemon_s_own_directory_or_variables() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2\"\n").offers("biome", "2.3.4");
    let _daemon = at_work(&sandbox);
    let ask = |params: &Value| connected(&sandbox).call("vx/resolve", params);
    match ask(&json!({ "runtime": "biome", "directory": "." })) {
        Err(DaemonError::Refused(RpcError { code: -32602, message, .. })) => {
            assert!(message.contains("`.`"), "{message}")
        }
        other => panic!("{other:?}"),
    }
    let of_system = json!({ "runtime": "sh", "directory": sandbox.project(), "variables": {} });
    assert!(ask(&of_system).is_err(), "the client has no PATH");
    let own = json!({ "runtime": "sh", "directory": sandbox.project(), "variables": { "PATH": "/bin" } });
    assert_eq!(text(&ask(&own).expect("it is there")["executable"]), "/bin/sh");
    let gone = json!({ "runtime": "sh", "directory": "/no/such/directory" });
    assert!(ask(&gone).expect_err("it is not there").to_string().contains("there is no directory"));
}

#[test]
fn versions_and_projects_are_described() {
    let sandbox = Sandbox::new()
        .config("[tools]\nbiome = \"2\"\n[scripts]\nhello = \"echo hello\"\n[services.web]\ncommand = \"sleep 651\"\n")
        .offers("biome", "2.3.4");
    sandbox.vx("sync").succeeds();
    let sandbox = sandbox.offers("biome", "2.10.0");
    let _daemon = at_work(&sandbox);
    let versions = |params: Value| {
        let found = asked(&sandbox, "vx/listVersions", &params).expect("an answer");
        let rows = found["versions"].as_array().expect("versions").clone();
        rows.iter()
            .map(|row| format!("{} {} {}", text(&row["version"]), row["installed"], row["locked"]))
            .collect::<Vec<_>>()
    };
    let project = sandbox.project();
    let all = versions(json!({ "runtime": "biome", "directory": project }));
    assert_eq!(all.last().map(String::as_str), Some("2.3.4 true true"), "{all:?}");
    assert_eq!(versions(json!({ "runtime": "biome", "installed": true })), ["2.3.4 true false"]);
    let elsewhere = Sandbox::new().offers("biome", "2.11.0");
    let variables: BTreeMap<_, _> = elsewhere.environment().into_iter().collect();
    let of_client = versions(json!({ "runtime": "biome", "directory": project, "variables": variables }));
    assert!(of_client.contains(&"2.11.0 false false".to_owned()), "another registry has {of_client:?}");
    let described = asked(&sandbox, "vx/project", &json!({ "directory": project })).expect("an answer");
    let tool = &described["tools"][0];
    assert_eq!((text(&tool["locked"]), &tool["missing"], &tool["line"]), ("2.3.4", &json!(false), &json!(2)));
    assert_eq!(text(&described["scripts"][0]["command"]), "echo hello");
    assert_eq!(text(&described["services"][0]["word"]), "not started");
    sandbox.write("vx.toml", "[tools]\nbiome = \n");
    let described = asked(&sandbox, "vx/project", &json!({ "directory": project })).expect("an answer");
    let problem = &described["problems"][0];
    assert_eq!((&problem["line"], &problem["error"]), (&json!(2), &json!(true)), "{described}");
    assert!(asked(&sandbox, "vx/listVersions", &json!({ "runtime": "no-such-tool-at-all" })).is_err());
}
