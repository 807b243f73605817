//! `vx board`: lists, watches, waits for and removes boards.

use super::*;
use crate::sandbox::{Running, eventually, text};

/// A run under way, with its board there.
fn under_way(sandbox: &Sandbox) -> Running {
    let running = sandbox.start("sync --headless");
    sandbox.await_slot("biome", "downloads", |slot| slot["phase"] == "downloading");
    running
}

#[test]
fn a_list_of_boards_names_what_runs_and_what_is_over() {
    let sandbox = slow(1);
    sandbox.vx("board ls").succeeds().says("no boards in");
    assert_eq!(json(&sandbox.vx("board ls --json").succeeds().stdout()), serde_json::json!([]));
    let running = under_way(&sandbox);
    let listed = json(&sandbox.vx("board ls --json").succeeds().stdout());
    assert_eq!(fields(&listed[0]), ["board", "error", "path"]);
    assert_eq!(listed[0]["board"]["creator"], serde_json::json!({ "pid": running.pid(), "alive": true }));
    assert_eq!((text(&listed[0]["board"]["state"]), text(&listed[0]["board"]["title"])), ("running", "project"));
    sandbox.vx("board ls").succeeds().prints("running").prints("  0/1 ");
    running.finish().succeeds();
    std::fs::write(sandbox.runtime().join("vx-install-1.board"), "no board at all").expect("a file");
    sandbox.vx("board ls").succeeds().prints("done").prints("  1/1 ").prints("unreadable");
    sandbox.vx("board dump").succeeds().prints("biome");
}

#[test]
fn watching_prints_each_change_until_the_run_is_over() {
    let sandbox = slow(1);
    let running = under_way(&sandbox);
    let watched = sandbox.vx("board watch").succeeds();
    running.finish().succeeds();
    let readings: Vec<Value> = watched.stdout().lines().map(json).collect();
    assert!(readings.len() >= 3, "{} readings of a second", readings.len());
    let loading = readings.iter().map(|reading| &reading["slots"][0]).filter(|slot| slot["phase"] == "downloading");
    let done: Vec<u64> = loading.filter_map(|slot| slot["done"].as_u64()).collect();
    assert!(done.is_sorted() && done.first() < done.last(), "{done:?}");
    let last = readings.last().expect("a reading");
    assert_eq!((text(&last["board"]["state"]), text(&last["slots"][0]["state"])), ("done", "done"));
}

#[test]
fn waiting_ends_with_the_run_and_tells_how_it_came_out() {
    let sandbox = slow(1);
    let running = under_way(&sandbox);
    let pid = running.pid();
    sandbox.vx(&format!("board wait {pid} --timeout 50ms")).fails_with("has not ended in the time given");
    sandbox.vx(&format!("board wait {pid}")).succeeds();
    running.finish().succeeds();
    sandbox.vx("board wait --until failed").fails_with("the run ended and nothing failed");
    sandbox.vx("board wait no-such-board").fails_with("there is no board `no-such-board`").says("vx board ls");

    let sandbox = one_of_each();
    sandbox.vx("sync").exits_with(1);
    sandbox.vx("board wait").fails_with("the run is failed").says("vx board dump");
    sandbox.vx("board wait --until failed").succeeds();
}

#[test]
fn a_board_in_use_stays_and_old_ones_beyond_the_newest_go() {
    let sandbox = one_of_each();
    sandbox.vx("board gc").succeeds().says("nothing to remove");
    sandbox.vx("sync").exits_with(1);
    let ended = newest(&sandbox);
    for number in 1..=40 {
        std::fs::copy(&ended, sandbox.runtime().join(format!("vx-install-{number}.board"))).expect("a copy");
    }
    let sandbox = sandbox.config("[tools]\nlefthook = \"1.0.0\"\n");
    let slow = sandbox.publish_slowly("lefthook", "1.0.0", 300_000, 400_000);
    let running = sandbox.start("sync --headless");
    let own = eventually("it makes its board", || {
        let path = sandbox.runtime().join(format!("vx-install-{}.board", running.pid()));
        (path.exists() && !sandbox.fetches(&slow).is_empty()).then_some(path)
    });
    sandbox.vx("board gc").succeeds();
    let left = std::fs::read_dir(sandbox.runtime()).expect("boards").flatten();
    let boards = left.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "board")).count();
    assert!(own.exists());
    assert_eq!(boards, 32 + 1, "the newest ended ones, and the one in use");
    running.finish().succeeds();
}

fn newest(sandbox: &Sandbox) -> String {
    let listed = json(&sandbox.vx("board ls --json").succeeds().stdout());
    text(&listed[0]["path"]).to_owned()
}
