//! The parent is killed, and no process is there to clean up.

use rustix::process::Signal;

use super::*;
use crate::support::sandbox::{slot_of, text};

#[test]
fn the_children_of_a_killed_parent_are_gone_within_a_second_and_its_board_still_reads() {
    let (sandbox, offer) = slow_and_quick();
    let running = sandbox.start("sync --plain");
    let child = child_of(&at_half(&sandbox));
    assert!(sandbox.processes().iter().any(|process| process.pid == child && process.group == child));
    let parent = running.pid();
    running.signal(Signal::KILL);
    assert_eq!(running.finish().signal(), Some(9));
    await_no_process(&sandbox, Duration::from_secs(1));

    let board = sandbox.board().expect("the board reads");
    assert_eq!(board["board"]["creator"], serde_json::json!({ "pid": parent, "alive": false }));
    assert_eq!(board["board"]["state"], "running", "nobody was there to close it");
    let slot = slot_of(&board, "biome").expect("a slot");
    assert_eq!(slot["alive"], false, "{slot}");
    assert!(slot["done"].as_u64() > Some(0) && slot["pid"] == child, "{slot}");
    let finished = slot_of(&board, "esbuild").expect("a slot");
    assert_eq!(text(&finished["state"]), "done", "{finished}");
    sandbox.vx("board ls").succeeds().prints("abandoned");
    sandbox.vx(&format!("board wait {parent}")).fails_with("abandoned: its parent process is gone");
    for form in ["--json", "--text", "--csv"] {
        sandbox.vx(&format!("board dump {parent} {form}")).succeeds().prints("biome");
    }
    next_run_completes(&sandbox, &offer);
}

#[test]
fn an_orphan_that_runs_a_command_takes_it_along() {
    let (sandbox, running, group) = in_postinstall("trap '' TERM; sleep 97; sleep 97");
    assert!(group.len() >= 3, "the child, its shell and what that runs: {group:?}");
    running.signal(Signal::KILL);
    drop(running);
    await_no_process(&sandbox, Duration::from_millis(1500));
    assert_eq!(sandbox.stored(), Vec::<String>::new());
}
