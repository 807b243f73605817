//! The real registries, as this machine's own npm and pip configuration names them.

mod packages;

use std::process::Command;

use crate::support::sandbox::{Finished, Sandbox};

/// Small tools of both registries.
const TOOLS: [(&str, &str); 3] = [("esbuild", "0.27.0"), ("just", "1.43.0"), ("ninja", "1.13.0")];
/// Texts of the errors without a network, or without a setting that names a registry; with one of them the test is
/// skipped.
const NO_NETWORK: [&str; 3] = ["cannot be reached", "nothing says where to ask", "sent nothing for"];

/// A command with this machine's own settings, and only a home and a place for boards of the sandbox.
fn command(sandbox: &Sandbox, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vx"));
    command.args(words.split_whitespace()).current_dir(sandbox.project());
    command.env("VX_HOME", sandbox.home()).env("VX_RUNTIME_DIR", sandbox.runtime()).env("NO_COLOR", "1");
    command
}

/// Returns whether the registries answered; if not, the test is reported as skipped.
fn answered(finished: &Finished) -> bool {
    let said = finished.stderr();
    let silent = NO_NETWORK.iter().find_map(|reason| said.lines().find(|line| line.contains(reason)));
    if let Some(reason) = silent {
        let reason = reason.trim();
        crate::support::skipped::skipped(format_args!(
            "the registries of this machine's configuration do not answer: {reason}"
        ));
    }
    silent.is_none()
}

#[test]
fn needs_network_three_real_tools_install_from_npm_and_pypi() {
    let wanted: String = TOOLS.iter().map(|(tool, version)| format!("{tool} = \"{version}\"\n")).collect();
    let sandbox = Sandbox::new().config(&format!("[tools]\n{wanted}"));
    let finished = sandbox.run("vx sync", command(&sandbox, "sync --plain --timeout 120s")).finish();
    if !answered(&finished) {
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
fn needs_network_signatures_of_the_real_npm_registry_are_good() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\nnode = \"22\"\nturbo = \"2.0.0\"\n");
    let finished = sandbox.run("vx lock", command(&sandbox, "lock")).finish();
    if !answered(&finished) {
        return;
    }
    finished.succeeds();
    let lock = sandbox.read("vx.lock");
    if !lock.contains("signed_by") {
        // A mirror that gives no signatures, or no keys.
        crate::support::skipped::skipped(format_args!("the registry of this machine's configuration signs nothing"));
        return;
    }
    assert_eq!(lock.matches("signed_by = \"SHA256:").count(), lock.matches("package = ").count(), "{lock}");
}

/// A project whose programs are all started through vx, as users start them.
const PROJECT: &str = "[tools]\nnode = \"22\"\nuv = \"latest\"\ngo = \"1\"\njust = \"1\"\nesbuild = \"0.27\"\ncmake = \"3\"\n\
    [scripts]\nbuild = \"go build -o app . && ./app {{args}}\"\n";

#[test]
fn needs_network_real_tools_do_real_work_through_vx() {
    let sandbox = Sandbox::new().config(PROJECT);
    let synced = sandbox.run("vx sync", patient(&sandbox, "sync --plain --timeout 300s")).finish_within(LONG);
    if !answered(&synced) {
        return;
    }
    synced.succeeds();
    let run = |words: &str| {
        sandbox.run(&format!("vx {words}"), patient(&sandbox, words)).finish_within(LONG).succeeds().stdout()
    };

    // An npm package, and its program through npx.
    sandbox.write("package.json", "{ \"name\": \"demo\", \"private\": true }");
    run("npm install --no-audit --no-fund mime@3");
    assert_eq!(run("npx --no-install mime picture.png").trim(), "image/png");
    assert_eq!(run("node -p require('mime').getType('a.json')").trim(), "application/json");

    sandbox.write("in.ts", "const answer: number = 6 * 7; console.log(answer)");
    run("esbuild in.ts --bundle --outfile=out.js --log-level=error");
    assert_eq!(run("node out.js").trim(), "42");

    sandbox.write("go.mod", "module demo\n\ngo 1.21\n");
    sandbox.write(
        "main.go",
        "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() { fmt.Println(os.Args[1:]) }\n",
    );
    assert_eq!(run("run build -x y").trim(), "[-x y]");
    assert_eq!(run("gofmt -l main.go"), "");

    // A recipe that calls vx again, and a tool by its name alone.
    sandbox.write("justfile", "greet name:\n    @vx node -p \"'hello ' + '{{name}}'\"\n    @go version\n");
    let greeted = run("just greet world");
    assert!(greeted.starts_with("hello world\ngo version go1."), "{greeted}");

    sandbox.write(
        "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.5)\nproject(demo LANGUAGES NONE)\nmessage(STATUS made)\n",
    );
    assert!(run("cmake -S . -B made").contains("-- made"));
    assert!(run("ctest --version").starts_with("ctest version 3."));

    assert!(run("uv --version").starts_with("uv "));
    assert!(run("uvx --version").starts_with("uvx "));
    if Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        assert!(run("uvx pycowsay@0.0.0.2 moo").contains("moo"));
    }

    // The same programs through the shims, without `vx` on the command line.
    run("shims");
    let mut linked = Command::new(sandbox.home().join("shims/npx"));
    linked.args(["--no-install", "mime", "a.css"]).current_dir(sandbox.project()).env("VX_HOME", sandbox.home());
    assert_eq!(sandbox.run("npx", linked).finish_within(LONG).succeeds().stdout().trim(), "text/css");
}

/// Downloads and builds of a whole project may take this long.
const LONG: std::time::Duration = std::time::Duration::from_secs(420);

/// A command whose tools keep all their files below the sandbox, with this vx on the search path.
fn patient(sandbox: &Sandbox, words: &str) -> Command {
    let mut command = command(sandbox, words);
    let own = std::path::Path::new(env!("CARGO_BIN_EXE_vx")).parent().expect("a directory").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).expect("a search path");
    command.env("PATH", path).env("GOFLAGS", "-buildvcs=false").env("GOTOOLCHAIN", "local");
    for name in ["GOCACHE", "GOPATH", "UV_CACHE_DIR", "UV_TOOL_DIR", "npm_config_cache"] {
        command.env(name, sandbox.root().join("user").join(name));
    }
    command.env("UV_PYTHON_DOWNLOADS", "never").env("npm_config_update_notifier", "false");
    command
}

#[test]
fn needs_network_real_attestations_of_both_registries_name_their_repositories() {
    let sandbox = Sandbox::new().config("[tools]\nuv = \"0.9\"\nbiome = \"2\"\n");
    let finished = sandbox.run("vx lock", command(&sandbox, "lock")).finish();
    if !answered(&finished) {
        return;
    }
    let said = finished.succeeds().stderr();
    let lock: toml::Table = sandbox.read("vx.lock").parse().expect("a lock");
    for (tool, repository) in [("uv", "github.com/astral-sh/uv"), ("biome", "github.com/biomejs/biome")] {
        let parts = lock["tools"][tool]["platforms"].as_table().expect("a table").values();
        let parts: Vec<&toml::Value> = parts.flat_map(|parts| parts.as_array().expect("a list")).collect();
        let proved =
            parts.iter().filter(|part| part.get("built_from").and_then(toml::Value::as_str) == Some(repository));
        match proved.count() {
            // A mirror that drops attestations must leave no other trace of them either.
            0 if parts.iter().all(|part| part.get("built_from").is_none()) && !said.contains("attestation") => {
                crate::support::skipped::skipped(format_args!("this machine's registry has no attestations of {tool}"));
            }
            proved => assert_eq!(proved, parts.len(), "{tool}: {said}"),
        }
    }
}
