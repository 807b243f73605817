//! Odd places and odd environments: vx works there as usual, or gives a clear error.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::*;

fn project() -> Sandbox {
    Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0")
}

#[test]
fn without_a_home_of_the_user_the_one_that_is_named_will_do() {
    let sandbox = project();
    let mut command = sandbox.command("sync --plain");
    command.env_remove("HOME");
    sandbox.run("vx sync", command).finish().succeeds();
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
    sandbox.is_clean();
}

#[test]
fn without_any_home_the_error_names_the_variable_to_set() {
    if !rustix::process::geteuid().is_root() {
        crate::support::skipped::skipped("only root can act for a user that no list of users has");
        return;
    }
    let sandbox = project();
    let program = sandbox.root().join("vx");
    fs::copy(env!("CARGO_BIN_EXE_vx"), &program).expect("a copy");
    fs::set_permissions(sandbox.root(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let mut command = Command::new(program);
    command.arg("sync").current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    command.env_remove("HOME").env_remove("VX_HOME").uid(54_321).gid(54_321);
    let finished = sandbox.run("vx sync", command).finish();
    finished.exits_with(2).says("neither VX_HOME nor HOME is set").says("hint: set VX_HOME");
    assert!(sandbox.registry().server().requests().is_empty());
}

#[test]
fn a_project_whose_path_is_no_text_is_served_or_named() {
    let sandbox = project();
    let odd = sandbox.root().join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&odd).expect("a directory");
    fs::copy(sandbox.project().join("vx.toml"), odd.join("vx.toml")).expect("a copy");
    let mut command = sandbox.command("sync --plain");
    command.current_dir(&odd);
    sandbox.run("vx sync", command).finish().succeeds();
    assert!(odd.join("vx.lock").exists());
    sandbox.is_clean();
}

#[test]
fn a_home_with_a_very_long_path_works_or_is_named() {
    // Lengths up to the system's limit for a path, at which no release fits any more, and beyond it.
    for (length, works) in [(1500, true), (4000, false), (5000, false)] {
        let sandbox = project();
        let mut home = sandbox.root().display().to_string();
        while home.len() < length {
            home.push_str("/a-directory-with-a-rather-long-name-that-is-still-allowed");
        }
        let sandbox = sandbox.variable("VX_HOME", &home);
        let finished = sync(&sandbox);
        if works {
            finished.succeeds();
            assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
        } else {
            finished.exits_with(1).says("File name too long").says("hint: ").says("VX_HOME");
        }
    }
}

#[test]
fn entries_that_do_not_fit_below_a_deep_home_are_named() {
    use crate::support::registry::archive::{Entry, script, tgz};

    let sandbox = Sandbox::new();
    let deep = format!("x/{}file", "directory-of-a-release/".repeat(80));
    let archive = tgz(&[script("x/bin/hello", "1.0.0"), Entry::file(&deep, 0o644, "text")]);
    let line = sandbox.addressed("hello", &archive, "");
    sandbox.write("vx.toml", &format!("[tools]\n{line}"));
    sync(&sandbox).succeeds();
    sandbox.is_clean();
    let mut home = sandbox.root().display().to_string();
    while home.len() < 2500 {
        home.push_str("/a-directory-with-a-rather-long-name-that-is-still-allowed");
    }
    let sandbox = sandbox.variable("VX_HOME", &home);
    sync(&sandbox).fails_with("File name too long").says("VX_HOME");
    assert!(!std::path::Path::new(&home).join("store/hello").exists());
    assert_eq!(fs::read_dir(format!("{home}/tmp")).expect("tmp").count(), 0);
}
