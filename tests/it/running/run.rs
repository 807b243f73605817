//! Running pinned tools: `vx TOOL`, `vx x`, and the links that `vx shims` makes.

mod bare;
mod changes;
mod inherit;
#[cfg(target_os = "linux")]
mod linked;
mod meant;
mod on_board;
mod order;
mod programs;
mod scripts;
mod shells;
mod streams;

use std::ffi::OsString;
use std::process::Command;

use crate::support::registry::archive::{Entry, tgz};
use crate::support::sandbox::{Finished, Sandbox};

/// Serve a tool from an address whose program is this shell script. Returns the line that declares it.
pub(crate) fn scripted(sandbox: &Sandbox, tool: &str, script: &str) -> String {
    let archive = tgz(&[Entry::file(&format!("package/bin/{tool}"), 0o755, format!("#!/bin/sh\n{script}\n"))]);
    sandbox.addressed(tool, &archive, "")
}

/// A sandbox whose project has one tool with this script, `say`, installed.
fn saying(script: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let line = scripted(&sandbox, "say", script);
    let sandbox = sandbox.config(&format!("[tools]\n{line}"));
    sandbox.vx("sync").succeeds();
    sandbox
}

/// Wait until the files that were just written are old enough for a route found from them to be cached.
fn let_it_settle() {
    std::thread::sleep(std::time::Duration::from_millis(30));
}

/// Call the shim of this name.
fn shim(sandbox: &Sandbox, name: &str, arguments: &[OsString]) -> Finished {
    let mut command = Command::new(sandbox.home().join("shims").join(name));
    command.args(arguments).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    sandbox.run(name, command).finish()
}

/// The number of directories for which routes to programs are cached.
fn remembered(sandbox: &Sandbox) -> usize {
    std::fs::read_dir(sandbox.home().join("cache/routes")).into_iter().flatten().count()
}
