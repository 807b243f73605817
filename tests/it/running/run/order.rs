//! One order of places for every program: the project, the user's own `vx.toml`, the search path; never another
//! project.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::{let_it_settle, scripted};
use crate::support::sandbox::Sandbox;

/// A folder on the search path, with a program of this name that prints `system`.
fn on_path(sandbox: Sandbox, program: &str) -> (Sandbox, PathBuf) {
    let folder = sandbox.root().join("system");
    fs::create_dir(&folder).expect("a directory");
    let file = folder.join(program);
    fs::write(&file, "#!/bin/sh\necho system\n").expect("a file");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("a mode");
    let path = format!("{}:/usr/bin:/bin", folder.display());
    (sandbox.variable("PATH", &path), file)
}

#[test]
fn a_program_that_no_project_declares_is_the_one_on_the_search_path_and_never_what_was_installed_last() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27\"\n").offers("esbuild", "0.27.0");
    sandbox.vx("sync").succeeds();
    sandbox.write("vx.toml", "[tools]\n");
    let refused =
        sandbox.vx("esbuild --version").fails_with("no vx.toml declares esbuild, and no `esbuild` is on PATH");
    refused.says("add `esbuild = \"latest\"`").says("vx x esbuild@latest");
    sandbox.vx("which esbuild").fails_with("no vx.toml here declares `esbuild`");
    assert_eq!(sandbox.vx("x esbuild@0.27 -- --version").succeeds().stdout(), "0.27.0\n");
    let (sandbox, file) = on_path(sandbox, "esbuild");
    assert_eq!(sandbox.vx("esbuild --version").succeeds().stdout(), "system\n");
    sandbox.vx("which esbuild").succeeds().prints(&file.display().to_string());
    let all = sandbox.vx("which --all esbuild").succeeds().stdout();
    assert!(all.starts_with(&file.display().to_string()) && all.contains("store/esbuild/0.27.0/"), "{all}");
}

/// A project with a tool that runs another tool. The other is not installed, but the search path has a copy of it.
fn with_a_stray() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new().offers("esbuild", "0.27.0");
    let line = scripted(&sandbox, "outer", "esbuild --version");
    let sandbox = sandbox.config(&format!("[settings]\nauto_install = false\n[tools]\n{line}esbuild = \"0.27.0\"\n"));
    sandbox.vx("sync outer").succeeds();
    on_path(sandbox, "esbuild")
}

#[test]
fn a_pinned_tool_that_is_missing_is_mentioned_where_another_copy_stands_in_for_it() {
    let (sandbox, file) = with_a_stray();
    let said = format!("esbuild is not installed as vx.toml and vx.lock want it: `{}` is used", file.display());
    for _ in 0..2 {
        let ran = sandbox.vx("outer").succeeds().says(&said).says("vx sync");
        assert_eq!(ran.stdout(), "system\n");
        let_it_settle();
    }
    let config = sandbox.read("vx.toml");
    sandbox.write("vx.toml", &format!("{config}[scripts]\ncheck = \"esbuild\"\n"));
    sandbox.vx("run check").succeeds().says(&said);
    sandbox.vx("sync").succeeds();
    let ran = sandbox.vx("outer").succeeds().keeps_silent_about("esbuild is not installed");
    assert_eq!(ran.stdout(), "0.27.0\n");
}

#[test]
fn an_activated_shell_mentions_a_pinned_tool_that_is_missing_once() {
    let (sandbox, _) = with_a_stray();
    let mut command = Command::new("bash");
    let steps = "eval \"$($VX activate bash)\"; for at in 1 2 3; do eval \"$PROMPT_COMMAND\"; done; outer";
    command.args(["--norc", "-c", steps]).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    command.env("VX", env!("CARGO_BIN_EXE_vx"));
    let finished = sandbox.run("bash", command).finish().succeeds();
    assert_eq!(finished.stdout(), "system\n");
    assert_eq!(finished.stderr().matches("esbuild is not installed").count(), 1, "{}", finished.stderr());
}
