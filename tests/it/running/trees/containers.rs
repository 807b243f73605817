//! Installs inside a container: a process namespace in which neither the session nor the group of a command has a
//! number. `docker exec`, and the sandboxes of coding agents, run commands like that.

use std::process::Command;

use super::postinstall::with_postinstall;
use crate::support::sandbox::Sandbox;
use crate::support::skipped::skipped;

/// Options of `unshare` for a program in its own process namespace, with a `/proc` that shows it.
const CONTAINED: [&str; 5] = ["--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Returns whether this user may make such a container.
fn can_contain() -> bool {
    let tried = Command::new("unshare").args(CONTAINED).arg("true").output();
    let can = tried.as_ref().is_ok_and(|output| output.status.success());
    if !can {
        skipped(format_args!("no container can be made: {tried:?}"));
    }
    can
}

/// `vx sync` inside a container, not yet started.
fn contained_sync(sandbox: &Sandbox) -> Command {
    let mut command = sandbox.inside("unshare");
    command.args(CONTAINED).args([env!("CARGO_BIN_EXE_vx"), "sync", "--plain"]);
    command.env_clear().envs(sandbox.environment());
    command
}

#[test]
fn a_failed_install_ends_inside_a_container_too() {
    if !can_contain() {
        return;
    }
    let sandbox = with_postinstall("setsid sleep 97 & exit 7");
    let failed = sandbox.run("vx sync in a container", contained_sync(&sandbox)).finish();
    failed.fails_with("hello");
    assert_eq!(sandbox.processes(), [], "it outlived the install");
}

#[test]
fn an_install_inside_a_container_leaves_nothing_of_its_command() {
    if !can_contain() {
        return;
    }
    let sandbox = with_postinstall("setsid sleep 97 & exit 0");
    sandbox.run("vx sync in a container", contained_sync(&sandbox)).finish().succeeds();
    assert_eq!(sandbox.processes(), [], "it outlived the install");
    assert_eq!(sandbox.installed(), ["hello 1.0.0"]);
}
