//! `vx board`: listing, watching, awaiting and removing boards.

use super::*;
use crate::support::sandbox::{Running, eventually, text};

/// A run under way, whose board exists.
fn under_way(sandbox: &Sandbox) -> Running {
    let running = sandbox.start("sync --headless");
    sandbox.await_slot("biome", "downloads", |slot| slot["step"] == "downloading");
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
    let loading = readings.iter().map(|reading| &reading["slots"][0]).filter(|slot| slot["step"] == "downloading");
    let done: Vec<u64> = loading.filter_map(|slot| slot["done"].as_u64()).collect();
    assert!(done.is_sorted() && done.first() < done.last(), "{done:?}");
    let last = readings.last().expect("a reading");
    assert_eq!((text(&last["board"]["state"]), text(&last["slots"][0]["state"])), ("done", "done"));
}

#[test]
fn waiting_ends_with_the_run_and_exits_with_its_result() {
    let sandbox = slow(1);
    let running = under_way(&sandbox);
    let pid = running.pid();
    sandbox.vx(&format!("board wait {pid} --timeout 50ms")).exits_with(124).says("has not ended in the time given");
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
fn watching_states_prints_a_line_for_each_and_none_for_numbers() {
    let sandbox = slow(1);
    let running = under_way(&sandbox);
    let watched = sandbox.vx("board watch --states").succeeds();
    running.finish().succeeds();
    let states: Vec<[String; 2]> = watched
        .stdout()
        .lines()
        .map(json)
        .map(|reading| [&reading["slots"][0]["state"], &reading["board"]["state"]].map(|state| text(state).to_owned()))
        .collect();
    assert_eq!(states.first(), Some(&["live", "running"].map(str::to_owned)));
    assert_eq!(states.last(), Some(&["done", "done"].map(str::to_owned)));
    assert!(states.len() <= 4, "its end, its judgement, the board's end: {states:?}");
}

/// How often the threads of a process have gone to sleep so far.
#[cfg(target_os = "linux")]
fn sleeps(pid: u32) -> Vec<String> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let status = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok());
    let counted = |status: String| status.lines().find(|line| line.starts_with("voluntary")).map(str::to_owned);
    status.filter_map(counted).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn a_watch_for_states_sleeps_until_there_is_one_or_the_parent_is_killed() {
    let sandbox = slow(20);
    let running = under_way(&sandbox);
    let waiting = ["board wait", "board wait --until failed --timeout 10m", "board watch --states"].map(|words| {
        let waiting = sandbox.start(words);
        eventually("it sleeps beside its watcher of the parent", || (sleeps(waiting.pid()).len() == 2).then_some(()));
        std::thread::sleep(std::time::Duration::from_millis(50));
        waiting
    });
    let before = waiting.each_ref().map(|waiting| sleeps(waiting.pid()));
    std::thread::sleep(std::time::Duration::from_millis(700));
    assert_eq!(waiting.each_ref().map(|waiting| sleeps(waiting.pid())), before, "woken while nothing happened");
    running.signal(rustix::process::Signal::KILL);
    let [done, failed, watched] = waiting.map(Running::finish);
    done.fails_with("abandoned");
    failed.fails_with("nothing failed");
    let last = watched.succeeds().stdout();
    assert_eq!(json(last.lines().last().expect("a line"))["board"]["creator"]["alive"], false);
    let _ = running.finish();
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
        let path = sandbox.runtime().join(format!("vx-{}.board", running.pid()));
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
