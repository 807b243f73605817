//! Tools that are scripts for node: they come as their own packages, and the project's node runs them.

use std::process::Command;

use crate::support::registry::archive::{Entry, filler, script, tgz};
use crate::support::registry::{Npm, npm_archive_path};
use serde_json::Value;

use crate::support::sandbox::{Sandbox, eventually, text};
use crate::support::server::Reply;

/// A PATH without any program, so also without a node of this machine.
const PLAIN_PATH: &str = "/nowhere";
/// The archive of node for this machine, as far as tests run.
const NODE: &str = "node-linux-x64";

fn scripts(config: &str) -> Sandbox {
    let sandbox = Sandbox::new().config(config).offers("node", "22.1.0").variable("PATH", PLAIN_PATH);
    for (tool, version) in [("typescript", "5.9.2"), ("prettier", "3.6.2"), ("npm", "11.6.0")] {
        sandbox.registry().offer(tool, version);
    }
    sandbox
}

/// The output of a program of `bin/`, with this PATH.
fn output(sandbox: &Sandbox, program: &str, path: &str) -> (bool, String) {
    let file = sandbox.vx(&format!("which {program}")).succeeds().stdout();
    let output = Command::new(file.trim()).arg("--version").env_clear().env("PATH", path).output().expect("it starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).trim().to_owned())
}

#[test]
fn scripts_run_by_the_node_on_path_or_the_one_that_is_meant_and_never_by_what_is_installed() {
    let sandbox = scripts("[tools]\nnode = \"22\"\ntypescript = \"5\"\nprettier = \"3\"\nnpm = \"11\"\n");
    sandbox.vx("sync").succeeds();
    sandbox.vx("which tsc").succeeds().prints("store/typescript/5.9.2/bin/tsc");
    sandbox.vx("which tsserver").succeeds().prints("store/typescript/5.9.2/bin/tsserver");
    sandbox.vx("which npm").succeeds().prints("store/npm/11.6.0/bin/npm");
    assert_eq!(sandbox.vx("tsc --version").succeeds().stdout(), "5.9.2 of typescript\n");
    assert_eq!(sandbox.vx("npm --version").succeeds().stdout(), "11.6.0 of npm\n");
    // Started by its path, a script knows no project; the error names both remedies.
    let (success, said) = output(&sandbox, "tsc", PLAIN_PATH);
    assert!(!success && said.contains("tsc is run by node, which is not on PATH: add it to vx.toml"), "{said}");
    // A shim of vx knows which node to use.
    sandbox.vx("shims").succeeds();
    let mut command = Command::new(sandbox.vx("which tsc").succeeds().stdout().trim());
    command.arg("--version").current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    assert_eq!(sandbox.run("tsc", command).finish().succeeds().stdout(), "5.9.2 of typescript\n");
    // Another node that comes first on PATH takes precedence.
    let own = sandbox.root().join("own");
    std::fs::create_dir(&own).expect("a directory");
    std::fs::write(own.join("node"), "#!/bin/sh\necho \"mine $2\"\n").expect("a file");
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(own.join("node"), std::fs::Permissions::from_mode(0o755)).expect("a file of ours");
    }
    let path = format!("{}:{PLAIN_PATH}", own.display());
    assert_eq!(output(&sandbox, "prettier", &path), (true, "mine --version".into()));
}

#[test]
fn a_script_without_node_in_the_project_is_refused_before_anything_starts() {
    let sandbox = scripts("[tools]\ntypescript = \"5\"\nprettier = \"3\"\n");
    for command in ["sync", "lock", "sync prettier"] {
        let refused = sandbox.vx(command).refuses_with("`prettier` is run by `node`, which vx.toml does not declare");
        refused.says("add `node = \"lts\"` to [tools]");
    }
    assert!(sandbox.registry().server().requests().is_empty());
    // node may also be declared by its other name, `nodejs`.
    sandbox.write("vx.toml", "[tools]\nnodejs = \"22\"\nprettier = \"3\"\n");
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.vx("prettier --version").succeeds().stdout(), "3.6.2 of prettier\n");
}

#[test]
fn a_version_is_chosen_that_the_node_of_the_project_can_run() {
    let sandbox = scripts("[tools]\nnode = \"22\"\nnpm = \"*\"\n");
    let archive =
        tgz(&["npm", "npx"].map(|name| Entry::file(&format!("package/bin/{name}-cli.js"), 0o644, "echo x\n")));
    sandbox.registry().npm("npm", "12.0.0", &archive, Npm { node: Some("^24 || >=26"), deprecated: false });
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["node 22.1.0", "npm 11.6.0"]);
    // An upgrade of node alone also upgrades the script, which needs the newer node.
    sandbox.registry().offer("node", "26.0.0");
    sandbox.write("vx.toml", "[settings]\ncache_duration = 0\n[tools]\nnode = \"*\"\nnpm = \"*\"\n");
    sandbox.vx("lock --upgrade").succeeds().says("locked node 22.1.0 → 26.0.0").says("locked npm 11.6.0 → 12.0.0");
    // A version that cannot be run is refused with the reason.
    sandbox.write("vx.toml", "[settings]\ncache_duration = 0\n[tools]\nnode = \"22\"\nnpm = \"12\"\n");
    sandbox.vx("lock").fails_with("`npm`: 12.0.0 needs node ^24 || >=26, and this project's is 22.1.0").says("hint: ");
}

#[test]
fn a_script_waits_for_node_and_shows_so_on_the_board() {
    let sandbox =
        scripts("[tools]\nnode = \"22\"\nprettier = { version = \"3\", postinstall = \"bin/prettier > said\" }\n");
    let archive = tgz(&[script("package/bin/node", "22.1.0"), filler("package/filler", 400_000)]);
    sandbox.registry().npm(NODE, "22.1.0", &archive, Npm::default());
    sandbox.registry().server().serve(&npm_archive_path(NODE, "22.1.0"), Reply::ok(archive).slow(300_000));
    let running = sandbox.start("sync");
    let slot = sandbox.await_slot("prettier", "waits", |slot| slot["step"] == "waiting" && !slot["message"].is_null());
    assert!(text(&slot["message"]).contains("waiting for node 22.1.0, which runs it"), "{slot}");
    let (board, node) = (sandbox.board().expect("a board"), sandbox.slot("node").expect("its slot"));
    let awaited = &slot["waits_for"];
    assert_eq!((&awaited["board"], &awaited["slot"]), (&board["board"]["id"], &node["slot"]), "{slot}");
    running.finish().succeeds();
    assert_eq!(sandbox.slot("prettier").expect("its slot")["waits_for"], Value::Null, "it has gone on");
    let said = sandbox.home().join("store/prettier/3.6.2/said");
    assert_eq!(std::fs::read_to_string(said).expect("the command ran"), "3.6.2 of prettier\n");
}

#[test]
fn a_script_does_not_take_the_turn_of_the_node_that_it_waits_for() {
    let sandbox = scripts("[tools]\nnode = \"22\"\nprettier = \"3\"\n");
    // The larger archive would be started first.
    let main = Entry::file("package/bin/prettier.cjs", 0o644, "echo x\n");
    let archive = tgz(&[main, filler("package/filler", 900_000)]);
    sandbox.registry().npm("prettier", "3.6.2", &archive, Npm::default());
    sandbox.vx("sync --jobs 1 --timeout 20s").succeeds();
    assert_eq!(sandbox.installed(), ["node 22.1.0", "prettier 3.6.2"]);
}

#[test]
fn a_script_whose_node_did_not_install_fails_with_that_reason() {
    let sandbox = scripts("[tools]\nnode = \"22\"\nprettier = \"3\"\n");
    sandbox.registry().server().serve(&npm_archive_path(NODE, "22.1.0"), Reply::status(403));
    sandbox.vx("sync").exits_with(1).says("it is run by `node`, which did not install");
    assert_eq!((sandbox.stored(), sandbox.left_behind()), (Vec::new(), Vec::new()));
    eventually("everything has ended", || sandbox.processes().is_empty().then_some(()));
    sandbox.registry().offer("node", "22.1.0");
    sandbox.vx("sync").succeeds();
}

#[test]
fn typescript_takes_its_compiler_along_where_that_is_a_package_of_its_own() {
    let sandbox = scripts("[tools]\nnode = \"22\"\ntypescript = \"7\"\n");
    let native = "typescript-linux-x64";
    let text = format!("cat \"${{0%/lib/tsc.js}}\"/node_modules/@typescript/{native}/lib/tsc\n");
    let own = tgz(&[Entry::file("package/lib/tsc.js", 0o644, text)]);
    sandbox.registry().npm("typescript", "7.0.2", &own, Npm::default());
    let compiler = tgz(&[Entry::file("package/lib/tsc", 0o755, "native 7.0.2\n")]);
    sandbox.registry().npm(&format!("@typescript/{native}"), "7.0.2", &compiler, Npm::default());
    sandbox.vx("sync").succeeds();
    sandbox.vx("which tsserver").fails_with("tsserver");
    assert!(sandbox.stored().contains(&format!("typescript/7.0.2/node_modules/@typescript/{native}/lib/tsc")));
    sandbox.write("vx.toml", "[tools]\nnode = \"22\"\ntypescript = \"5\"\n");
    sandbox.vx("sync").succeeds();
    sandbox.vx("which tsserver").succeeds().prints("store/typescript/5.9.2/bin/tsserver");
}
