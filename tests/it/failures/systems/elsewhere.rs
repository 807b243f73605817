//! Boards read from inside a container, with another clock or without `/proc`: facts that are unknown there are not
//! reported as faults.

use std::process::Command;

use vx_shm::{Board, Kind, Slot};

use crate::failures::*;
use crate::support::sandbox::text;
use crate::support::skipped::skipped;

/// Run `vx` with these words under `unshare` with these options, in a shell that runs `before` first. `None` if that is
/// not allowed.
fn look_from(sandbox: &Sandbox, namespace: &[&str], before: &str, words: &str) -> Option<Finished> {
    let script = format!("{before} && exec '{}' {words}", env!("CARGO_BIN_EXE_vx"));
    let allowed = Command::new("unshare").args(namespace).args(["sh", "-c", before]).output();
    if !allowed.as_ref().is_ok_and(|output| output.status.success()) {
        skipped(format_args!("this user may not do `unshare {}`: {allowed:?}", namespace.join(" ")));
        return None;
    }
    let mut command = sandbox.inside("unshare");
    command.args(namespace).args(["sh", "-c", &script]).env_clear().envs(sandbox.environment());
    Some(sandbox.run(words, command).finish())
}

fn document(finished: Finished) -> serde_json::Value {
    serde_json::from_str(&finished.succeeds().stdout()).expect("a document")
}

#[test]
fn a_writer_that_beats_is_not_silent_from_another_time_namespace() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.runtime()).expect("a directory");
    let board = Board::create(&sandbox.runtime().join("beats.board"), "beats", 2).expect("a board");
    let _slot = Slot::join(board.path(), "works", "", Kind::Task).expect("a slot");
    drop(Slot::join(board.path(), "gone", "", Kind::Task).expect("a slot"));
    for shift in ["100000", "-20"] {
        let namespace = ["--time", "--monotonic", shift, "--boottime", shift];
        let words = format!("board dump '{}' --json", board.path().display());
        let Some(finished) = look_from(&sandbox, &namespace, "true", &words) else { continue };
        let slots = document(finished)["slots"].clone();
        let seen = [&slots[0], &slots[1]].map(|slot| text(&slot["liveness"]["state"]));
        assert_eq!(seen, ["alive", "lost"], "{shift} seconds away: {slots:#?}");
    }
}

#[test]
fn a_scripts_board_is_not_called_abandoned_where_there_is_no_proc() {
    let sandbox = Sandbox::new();
    let owner = std::process::id();
    let made = sandbox.vx(&format!("board create --title nightly --owner {owner}")).succeeds().stdout();
    sandbox.vx(&format!("board put build --board {} --owner {owner} --done 1", made.trim())).succeeds();
    let without_proc = "mount -t tmpfs vx-test /proc";
    let namespace = ["--mount", "--propagation", "private"];
    let Some(listed) = look_from(&sandbox, &namespace, without_proc, "board ls") else { return };
    listed.succeeds().prints("nightly").prints("running").keeps_silent_about("abandoned");
    let words = format!("board dump '{}' --json", made.trim());
    let Some(dumped) = look_from(&sandbox, &namespace, without_proc, &words) else { return };
    let dumped = document(dumped);
    let slot = &dumped["slots"][0];
    let unknown = [&slot["liveness"], &dumped["board"]["creator"]["alive"]];
    assert!(slot["state"] == "live" && unknown.iter().all(|value| value.is_null()), "{dumped:#}");
}
