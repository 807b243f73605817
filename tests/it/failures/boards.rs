//! Systems where a board cannot be made as usual: the installs go on.

use std::path::PathBuf;
use std::process::Command;

use super::*;

/// The exit code of a shell that may not mount.
const NOT_ALLOWED: i32 = 77;

/// `vx sync` after this mount in a namespace of its own, with this directory for boards. `None` if mounting is not allowed.
fn sync_behind(sandbox: &Sandbox, mount: &str, boards: Option<PathBuf>) -> Option<Finished> {
    let script = format!("mount {mount} || exit {NOT_ALLOWED}; exec \"$0\" sync --plain");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &script]).arg(env!("CARGO_BIN_EXE_vx"));
    command.current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    match boards {
        Some(directory) => command.env("VX_RUNTIME_DIR", directory),
        None => command.env_remove("VX_RUNTIME_DIR"),
    };
    let finished = sandbox.run("vx sync", command).finish();
    if finished.code() == Some(NOT_ALLOWED) || finished.stderr().contains("unshare") {
        crate::skipped::skipped("mounting a file system is not allowed here");
        return None;
    }
    Some(finished)
}

fn project() -> Sandbox {
    let tools = "[tools]\nesbuild = \"0.27.0\"\nbiome = \"2.3.4\"\n";
    Sandbox::new().config(tools).offers("esbuild", "0.27.0").offers("biome", "2.3.4")
}

#[test]
fn a_full_place_for_boards_keeps_nothing_from_being_installed() {
    let sandbox = project();
    let Some(finished) = sync_behind(&sandbox, "-t tmpfs -o size=4k vx-test /dev/shm", None) else { return };
    let finished = finished.succeeds().says("cannot create the board `/dev/shm/vx-").says("No space left on device");
    finished.says("this run's board is in `").says("installed");
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    sandbox.is_clean();
}

#[test]
fn a_container_without_proc_is_served() {
    let sandbox = project();
    let Some(finished) = sync_behind(&sandbox, "-t tmpfs vx-test /proc", Some(sandbox.runtime())) else { return };
    finished.succeeds().says("installed");
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    sandbox.is_clean();
}

#[test]
fn without_any_other_place_for_boards_they_are_in_the_home() {
    let sandbox = project();
    // Files stand where the directory in memory and the user's own would be.
    let mount = "-t tmpfs vx-test /dev/shm && touch /dev/shm/vx-$(id -u) $HOME-file && HOME=$HOME-file";
    let Some(finished) = sync_behind(&sandbox, mount, None) else { return };
    let home = sandbox.home().join("run").display().to_string();
    finished.succeeds().says("`/dev/shm/vx-").says(&format!("this run's board is in `{home}`"));
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    sandbox.is_clean();
}
