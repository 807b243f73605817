//! The options of `vx sync`: the effect of each, and its limits.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::sandbox::{Sandbox, text};
use crate::support::server::Reply;

const TWO: &str = "[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n";

fn two() -> Sandbox {
    Sandbox::new().config(TWO).offers("biome", "2.3.4").offers("esbuild", "0.27.0")
}

#[test]
fn a_check_shows_missing_tools_and_changes_nothing() {
    let sandbox = two();
    sandbox.vx("sync --check").exits_with(1).prints("install biome 2.3.4 from npm").prints("install esbuild 0.27.0");
    assert_eq!((sandbox.read("vx.lock"), sandbox.stored()), (String::new(), Vec::new()));
    sandbox.vx("sync biome").succeeds();
    sandbox.vx("sync --check").exits_with(1).prints("keep biome 2.3.4 (up to date)").prints("install esbuild 0.27.0");
    sandbox.vx("sync").succeeds();
    sandbox.vx("sync --check").succeeds();
}

#[test]
fn a_check_as_json_has_what_is_missing_apart_from_what_is_there() {
    let sandbox = two();
    sandbox.vx("sync biome").succeeds();
    let checked = sandbox.vx("sync --check --json").exits_with(1);
    let plan: Value = serde_json::from_str(&checked.stdout()).expect("one object");
    assert_eq!(plan["install"][0]["tool"], "esbuild");
    assert_eq!(plan["install"][0]["version"], "0.27.0");
    assert_eq!(plan["install"].as_array().map(Vec::len), Some(1));
    assert_eq!(plan["keep"], json!([{ "tool": "biome", "version": "2.3.4", "reason": "up to date" }]));
    assert_eq!(plan["fail"], json!([]));
    sandbox.vx("sync").succeeds();
    let plan: Value = serde_json::from_str(&sandbox.vx("sync --check --json").succeeds().stdout()).expect("one object");
    assert_eq!(plan["install"], json!([]));
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let sandbox = two();
    sandbox.vx("sync --dry-run").succeeds().prints("install biome 2.3.4 from npm").prints("MB to fetch");
    assert_eq!((sandbox.read("vx.lock"), sandbox.stored()), (String::new(), Vec::new()));
    assert!(!sandbox.runtime().exists() || sandbox.board().is_none(), "a dry run makes no board");
}

#[test]
fn force_installs_installed_tools_again() {
    let sandbox = two();
    sandbox.vx("sync").succeeds();
    let marked = sandbox.home().join("store/biome/2.3.4/marked");
    std::fs::write(&marked, "").expect("a file");
    sandbox.vx("sync biome").succeeds().says("nothing to do: 1 tool is up to date");
    assert!(marked.exists());
    sandbox.vx("sync biome --force").succeeds();
    assert!(!marked.exists(), "the release was replaced");
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
}

#[test]
fn locked_refuses_a_sync_that_would_change_the_lock() {
    let sandbox = two().config(&format!("[settings]\ncache_duration = 0\n{TWO}"));
    sandbox
        .vx("sync --locked")
        .refuses_with("vx.lock does not fit vx.toml")
        .says("vx lock")
        .says(", or leave out `--locked`\n");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    sandbox.vx("lock").succeeds();
    sandbox.vx("sync --locked").succeeds();
    let lock = sandbox.read("vx.lock");
    let sandbox = sandbox.config("[settings]\ncache_duration = 0\n[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.28\"\n");
    sandbox.registry().offer("esbuild", "0.28.1");
    sandbox.vx("sync --locked").refuses_with("esbuild").says("0.28");
    assert_eq!(sandbox.read("vx.lock"), lock);
    sandbox.vx("sync").succeeds();
    assert_ne!(sandbox.read("vx.lock"), lock);
}

#[test]
fn frozen_installs_the_locks_versions_and_resolves_nothing() {
    let sandbox = two();
    sandbox.vx("lock").succeeds();
    let lock = sandbox.read("vx.lock");
    let asked = sandbox.registry().server().requests().len();
    let sandbox = sandbox.config("[tools]\nbiome = \"9\"\nesbuild = \"0.27.0\"\n");
    sandbox.vx("sync --frozen").succeeds();
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    assert_eq!(sandbox.read("vx.lock"), lock);
    let requests = sandbox.registry().server().requests().split_off(asked);
    let archives = requests.iter().filter(|request| request.path.ends_with(".tgz")).count();
    assert_eq!(archives, 2, "{requests:?}");
    assert!(requests.len() <= 4, "more than where the archives are was asked: {requests:?}");
}

#[test]
fn offline_installs_from_the_download_cache_without_a_registry() {
    let mut sandbox = two();
    sandbox.vx("sync").succeeds();
    sandbox.vx("uninstall biome esbuild").succeeds();
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    sandbox.stop_registry();
    sandbox.vx("sync --offline").succeeds();
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
    sandbox.vx("cache clean").succeeds();
    sandbox.vx("sync --offline --force").succeeds();
    ["biome", "esbuild"].iter().for_each(|tool| sandbox.spoil(tool));
    sandbox.vx("sync --offline --force").fails_with("it is not in the download cache, and vx is offline");
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0", "what was there is still there");
}

#[test]
fn only_the_tools_named_are_installed() {
    let sandbox = two();
    sandbox.vx("sync esbuild").succeeds();
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    sandbox.vx("sync esbuidl").refuses_with("`esbuidl` is not in").says("did you mean `esbuild`?");
}

#[test]
fn one_job_is_one_install_at_a_time() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"1.0.0\"\nesbuild = \"1.0.0\"\nbuf = \"1.0.0\"\n");
    for tool in ["biome", "esbuild", "buf"] {
        sandbox.publish_slowly(tool, "1.0.0", 120_000, 400_000);
    }
    sandbox.vx("sync --jobs 1").succeeds();
    let board = sandbox.board().expect("a board");
    let slots = board["slots"].as_array().expect("slots");
    let begun = |slot: &serde_json::Value| {
        let phases = slot["transitions"].as_array().expect("phases");
        let loading = phases.iter().find(|entry| entry["step"] == "downloading").expect("it was downloaded");
        text(&loading["entered_at"]).to_owned()
    };
    let mut times: Vec<(String, &str)> = slots.iter().map(|slot| (begun(slot), text(&slot["ended_at"]))).collect();
    times.sort_unstable();
    assert_eq!(times.len(), 3);
    for pair in times.windows(2) {
        assert!(*pair[0].1 <= *pair[1].0, "two were at work at once: {times:?}");
    }
}

#[test]
fn many_jobs_are_at_work_at_once() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"1.0.0\"\nesbuild = \"1.0.0\"\nbuf = \"1.0.0\"\n");
    for tool in ["biome", "esbuild", "buf"] {
        sandbox.publish_slowly(tool, "1.0.0", 300_000, 400_000);
    }
    let running = sandbox.start("sync");
    crate::support::sandbox::eventually("all three load at once", || {
        let slots = sandbox.board()?["slots"].as_array()?.clone();
        let loading = slots.iter().filter(|slot| slot["step"] == "downloading" && slot["state"] == "live");
        (loading.count() == 3).then_some(())
    });
    running.finish().succeeds();
}

#[test]
fn fail_fast_stops_the_others_and_without_it_they_go_on() {
    let sandbox = two();
    let broken = sandbox.publish("biome", "2.3.4", 0);
    let slow = sandbox.publish_slowly("esbuild", "0.27.0", 400_000, 400_000);
    sandbox.registry().server().serve(&broken.path, Reply::status(404));
    let start = Instant::now();
    sandbox.vx("sync --fail-fast").fails_with("2 of 2 tools did not install");
    assert!(start.elapsed() < Duration::from_secs(20));
    let board = sandbox.board().expect("a board");
    let slot = |tool| crate::support::sandbox::slot_of(&board, tool).expect("a slot");
    assert_eq!((text(&slot("biome")["state"]), text(&slot("esbuild")["state"])), ("failed", "cancelled"));
    sandbox.registry().server().serve(&slow.path, Reply::ok(slow.archive));
    sandbox.vx("sync").fails_with("1 of 2 tools did not install: biome");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
}

#[test]
fn an_install_that_takes_longer_than_allowed_fails_and_goes_on_later() {
    let sandbox = two();
    let slow = sandbox.publish_slowly("biome", "2.3.4", 1_000_000, 300_000);
    sandbox.vx("sync --timeout 900ms").fails_with("1 of 2 tools did not install: biome").says("--timeout");
    assert!(text(&sandbox.slot("biome").expect("a slot")["error"]).contains("not finished within 900 ms"));
    sandbox.registry().server().serve(&slow.path, Reply::ok(slow.archive.clone()));
    sandbox.vx("sync").succeeds();
    let last = sandbox.fetches(&slow).pop().expect("a request");
    assert!(last.header("range").is_some(), "{last:?}");
}
