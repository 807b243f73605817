//! Systems where a board cannot be made as usual: the installs go on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use super::*;

/// The exit code of a shell that may not mount.
const NOT_ALLOWED: i32 = 77;

/// Run `vx sync` after this mount in its own namespace, with this directory for boards. `None` if mounting is not
/// allowed.
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
        crate::support::skipped::skipped("mounting a file system is not allowed here");
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
    // Files block the places of the directory in memory and the user's own directory.
    let mount = "-t tmpfs vx-test /dev/shm && touch /dev/shm/vx-$(id -u) $HOME-file && HOME=$HOME-file";
    let Some(finished) = sync_behind(&sandbox, mount, None) else { return };
    let home = sandbox.home().join("run").display().to_string();
    finished.succeeds().says("`/dev/shm/vx-").says(&format!("this run's board is in `{home}`"));
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    sandbox.is_clean();
}

/// Mounts that leave no directory for a board: the one in memory is read-only, and so is the home's.
const NO_PLACE: &str = "-t tmpfs -o ro vx-test /dev/shm && mkdir -p $VX_HOME/run && \
    mount -t tmpfs -o ro,mode=700 vx-test $VX_HOME/run && touch $HOME-file && HOME=$HOME-file";

#[test]
fn without_any_place_for_boards_the_installs_go_on_and_no_other_process_sees_them() {
    let sandbox = project();
    let Some(finished) = sync_behind(&sandbox, NO_PLACE, None) else { return };
    let finished = finished.succeeds().says("Read-only file system").says("the run goes on").says("installed");
    assert_eq!(finished.stderr().matches("warning").count(), 1, "{}", finished.stderr());
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    assert_eq!(std::fs::read_dir(sandbox.home().join("run")).expect("a directory").count(), 0);
    sandbox.is_clean();
}

#[test]
fn a_failure_on_a_board_that_no_other_process_sees_is_shown_with_its_cause() {
    let (sandbox, offer) = one_good_one_bad();
    sandbox.registry().server().serve(&offer.path, Reply::status(404));
    let Some(finished) = sync_behind(&sandbox, NO_PLACE, None) else { return };
    finished.exits_with(1).says("biome").says("404").says("the run goes on").keeps_silent_about("/proc/");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    sandbox.is_clean();
}

#[test]
fn a_directory_for_boards_that_cannot_be_written_keeps_nothing_from_being_installed() {
    let sandbox = project();
    let boards = sandbox.root().join("sealed");
    let mount = format!("-t tmpfs -o ro,mode=700 vx-test {}", private(boards.clone()).display());
    let Some(finished) = sync_behind(&sandbox, &mount, Some(boards)) else { return };
    finished.succeeds().says("Read-only file system").says("the run goes on").says("installed");
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    sandbox.is_clean();
}

/// Run `vx` with these words in a session whose only own directory for boards is this one.
fn in_session(sandbox: &Sandbox, session: &Path, words: &str) -> Finished {
    let mut command = sandbox.command(words);
    command.env_remove("VX_RUNTIME_DIR").env("XDG_RUNTIME_DIR", session);
    sandbox.run(&format!("vx {words}"), command).finish()
}

/// A directory for this user alone.
fn private(path: PathBuf) -> PathBuf {
    std::fs::create_dir_all(&path).expect("a directory");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("its own directory");
    path
}

#[test]
fn a_run_is_found_from_another_session_by_name_by_tool_and_in_the_list() {
    let sandbox = project();
    let [home, other] = ["user/.local/state/vx/run", "other"].map(|name| private(sandbox.root().join(name)));
    let mut run = sandbox.command("sync --plain");
    run.env("VX_RUNTIME_DIR", &home);
    sandbox.run("vx sync", run).finish().succeeds();
    let ended = |path: &Path| path.extension().is_some_and(|extension| extension == "board");
    let files = std::fs::read_dir(&home).expect("its directory").map(|entry| entry.expect("a file").path());
    let board = files.into_iter().find(|path| ended(path)).expect("its board");
    let name = board.file_stem().and_then(|name| name.to_str()).expect("a name");
    assert!(in_session(&sandbox, &other, "board ls").succeeds().stdout().contains(name));
    let dumped = in_session(&sandbox, &other, &format!("board dump {name} --json")).succeeds();
    assert!(dumped.stdout().contains("\"esbuild\""), "{}", dumped.stdout());
    // A directory that the environment names is the only one that counts.
    assert!(!sandbox.vx("board ls").succeeds().stdout().contains(name));
    // A directory that other users may enter doesn't count.
    std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("its own directory");
    assert!(!in_session(&sandbox, &other, "board ls").stdout().contains(name));
}

#[test]
fn a_sync_clears_boards_of_an_earlier_layout_away_in_every_place() {
    let sandbox = project();
    let places = ["user/.local/state/vx/run", "home/run"].map(|name| private(sandbox.root().join(name)));
    let days_ago = |days: u64| SystemTime::now() - Duration::from_secs(days * 86_400 + 60);
    for (place, (name, days)) in places.iter().flat_map(|place| [(place, ("old", 1)), (place, ("fresh", 0))]) {
        let file = std::fs::File::create(place.join(name).with_extension("board")).expect("a file");
        let mut bytes = [0; 8192];
        bytes[..9].copy_from_slice(b"vx-board\x01");
        std::io::Write::write_all(&mut &file, &bytes).expect("it is written");
        file.set_modified(days_ago(days)).expect("its time");
    }
    let Some(finished) = sync_behind(&sandbox, "-t tmpfs vx-test /dev/shm", None) else { return };
    finished.succeeds().says("installed");
    for place in places {
        assert!(!place.join("old.board").exists() && place.join("fresh.board").exists(), "{}", place.display());
    }
}
