//! Limits of processes and threads, as containers and shared machines set them: fewer installs run at once, and if that
//! is not enough, an error names the limit.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::failures::*;
use crate::support::registry::archive::{script, tgz};

/// A user without other processes, since the limit counts all processes of a user.
const NOBODY: u32 = 54_322;
const TOOLS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// A project with eight tools that this user may sync. `None` if tests may not act for another user.
fn project_of(user: u32) -> Option<Sandbox> {
    if !rustix::process::geteuid().is_root() {
        crate::support::skipped::skipped("only root can act for a user that has no other processes");
        return None;
    }
    let sandbox = Sandbox::new().offers("biome", "2.3.4").offers("esbuild", "0.27.0");
    let addressed = TOOLS.map(|tool| sandbox.addressed(tool, &tgz(&[script(&format!("x/bin/{tool}"), "1.0.0")]), ""));
    sandbox.write("vx.toml", &format!("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n{}", addressed.concat()));
    fs::copy(env!("CARGO_BIN_EXE_vx"), sandbox.root().join("vx")).expect("a copy");
    fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).expect("a mode");
    fs::create_dir(sandbox.runtime()).expect("a directory");
    fs::set_permissions(sandbox.runtime(), fs::Permissions::from_mode(0o700)).expect("a mode");
    for place in [sandbox.project(), sandbox.home(), sandbox.runtime(), sandbox.root().join("user")] {
        chown(place, Some(user), Some(user)).expect("an owner");
    }
    Some(sandbox)
}

/// Run `vx` as this user, who may have this many processes and threads.
fn within(sandbox: &Sandbox, user: u32, processes: u32, words: &str) -> Finished {
    let mut command = Command::new("prlimit");
    command.arg(format!("--nproc={processes}")).arg(sandbox.root().join("vx")).args(words.split(' '));
    command.current_dir(sandbox.project()).env_clear().envs(sandbox.environment()).uid(user).gid(user);
    let finished = sandbox.run(&format!("vx {words} with at most {processes} processes"), command);
    finished.finish_within(2 * crate::support::sandbox::PATIENCE)
}

#[test]
fn a_limit_of_processes_makes_installs_fewer_or_is_named_and_never_a_panic() {
    let Some(sandbox) = project_of(NOBODY) else { return };
    for processes in (1..=24).chain([28, 32, 40, 50]) {
        let finished = within(&sandbox, NOBODY, processes, "sync --plain").keeps_silent_about("panicked");
        match finished.code() {
            Some(0) => {}
            _ if processes < 32 => {
                finished.fails_with("the limit of processes and threads is reached").says("ulimit -u");
            }
            _ => drop(finished.succeeds()),
        }
        for place in ["store", "cache/downloads"] {
            let _ = fs::remove_dir_all(sandbox.home().join(place));
        }
        let _ = fs::remove_file(sandbox.project().join("vx.lock"));
    }
}

#[test]
fn no_command_panics_at_a_limit_of_processes() {
    const USER: u32 = NOBODY + 1;
    let Some(sandbox) = project_of(USER) else { return };
    within(&sandbox, USER, 500, "sync --plain").succeeds();
    for words in ["doctor", "x one --version", "lock", "outdated", "run --list", "sync --plain --force"] {
        for processes in [1, 2, 3, 4, 6, 8] {
            let finished = within(&sandbox, USER, processes, words).keeps_silent_about("panicked");
            assert!(matches!(finished.code(), Some(0..=2)), "{words} {processes}: {}", finished.stderr());
        }
    }
}
