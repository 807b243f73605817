//! The real registries, as this machine's own npm and pip configuration names them.

use std::process::Command;

use crate::sandbox::Sandbox;

/// Small tools of both registries.
const TOOLS: [(&str, &str); 3] = [("esbuild", "0.27.0"), ("just", "1.43.0"), ("ninja", "1.13.0")];
/// What an error says when there is no network, or nothing that names a registry: then there is nothing to test.
const NO_NETWORK: [&str; 3] = ["cannot be reached", "nothing says where to ask", "sent nothing for"];

/// A command with this machine's own settings, and only a home and a place for boards of the sandbox.
fn command(sandbox: &Sandbox, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vx"));
    command.args(words.split_whitespace()).current_dir(sandbox.project());
    command.env("VX_HOME", sandbox.home()).env("VX_RUNTIME_DIR", sandbox.runtime()).env("NO_COLOR", "1");
    command
}

#[test]
fn needs_network_three_real_tools_install_from_npm_and_pypi() {
    let wanted: String = TOOLS.iter().map(|(tool, version)| format!("{tool} = \"{version}\"\n")).collect();
    let sandbox = Sandbox::new().config(&format!("[tools]\n{wanted}"));
    let finished = sandbox.run("vx sync", command(&sandbox, "sync --plain --timeout 120s")).finish();
    let said = finished.stderr();
    if let Some(reason) = NO_NETWORK.iter().find_map(|reason| said.lines().find(|line| line.contains(reason))) {
        println!("skipped: the registries of this machine's configuration do not answer: {}", reason.trim());
        return;
    }
    finished.succeeds();
    for (tool, version) in TOOLS {
        let path = sandbox.run("vx which", command(&sandbox, &format!("which {tool}"))).finish().succeeds().stdout();
        let output = Command::new(path.trim()).arg("--version").output().expect("the program starts");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && printed.contains(version), "{tool} {version} prints {printed}");
    }
    sandbox.run("vx sync", command(&sandbox, "sync")).finish().succeeds().says("nothing to do");
    let lock = sandbox.read("vx.lock");
    assert!(!lock.contains("://"), "an address is in the lock:\n{lock}");
}

#[test]
fn needs_network_what_the_real_npm_registry_signs_is_signed_well() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\nnode = \"22\"\nturbo = \"2.0.0\"\n");
    let finished = sandbox.run("vx lock", command(&sandbox, "lock")).finish();
    let said = finished.stderr();
    if let Some(reason) = NO_NETWORK.iter().find_map(|reason| said.lines().find(|line| line.contains(reason))) {
        println!("skipped: the registries of this machine's configuration do not answer: {}", reason.trim());
        return;
    }
    finished.succeeds();
    let lock = sandbox.read("vx.lock");
    if !lock.contains("signed_by") {
        // A mirror that gives no signatures, or no keys.
        println!("skipped: the registry of this machine's configuration signs nothing: {said}");
        return;
    }
    assert_eq!(lock.matches("signed_by = \"SHA256:").count(), lock.matches("package = ").count(), "{lock}");
}
