//! Two runs at once, and more: each release is fetched once, and a waiting run shows the holder and its progress. No
//! run waits for a dead holder, for a stopped holder without showing that, or for ever.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::sandbox::{Offer, Running, Sandbox, eventually, send, slot_of, text};

const TWO: &str = "[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n";

fn board_of(sandbox: &Sandbox, running: &Running) -> Option<Value> {
    let dumped = sandbox.command(&format!("board dump {} --json", running.pid())).output().expect("vx starts");
    serde_json::from_slice(&dumped.stdout).ok()
}

/// A project whose one slow archive takes about two seconds.
fn slow() -> (Sandbox, Offer) {
    let sandbox = Sandbox::new().config(TWO).offers("esbuild", "0.27.0");
    let offer = sandbox.publish_slowly("biome", "2.3.4", 700_000, 350_000);
    (sandbox, offer)
}

/// Start a sync, and wait until it downloads the slow archive. Returns the id of the downloading process, too.
fn holder(sandbox: &Sandbox) -> (Running, u32) {
    let running = sandbox.start("sync --plain");
    let pid = eventually("the first one downloads", || {
        let slot = slot_of(&board_of(sandbox, &running)?, "biome")?;
        let at_work = slot["step"] == "downloading" && slot["done"].as_u64() > Some(50_000);
        at_work.then(|| slot["pid"].as_u64()).flatten()
    });
    (running, u32::try_from(pid).expect("a process id"))
}

/// The row of a waiting run, once it shows that it waits and is as wanted.
fn waiting(sandbox: &Sandbox, running: &Running, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("the second one waits and {what}"), || {
        let slot = slot_of(&board_of(sandbox, running)?, "biome")?;
        let waits = slot["step"] == "waiting" && slot["message"].is_string();
        (waits && wanted(&slot)).then_some(slot)
    })
}

fn all_is_there(sandbox: &Sandbox) {
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    sandbox.is_clean();
}

#[test]
fn two_syncs_of_a_project_fetch_each_archive_once_and_the_second_shows_the_holder() {
    let sandbox = Sandbox::new().config(TWO);
    let offers = [
        sandbox.publish_slowly("biome", "2.3.4", 700_000, 400_000),
        sandbox.publish_slowly("esbuild", "0.27.0", 700_000, 400_000),
    ];
    let (first, pid) = holder(&sandbox);
    let second = sandbox.start("sync");
    let row = waiting(&sandbox, &second, "names the first", |_| true);
    let message = format!("waiting for process {pid}, which is installing biome 2.3.4 (downloading)");
    assert_eq!(text(&row["message"]), message);
    assert!(row["waits_for"]["board"].is_string(), "the first one's slot: {row}");
    first.finish().succeeds();
    second.finish().succeeds();
    let ended = sandbox.slot("biome").expect("its slot");
    assert!(ended["waits_for"].is_null(), "the wait is over: {ended}");
    for offer in &offers {
        assert_eq!(sandbox.fetches(offer).len(), 1, "{}", offer.path);
    }
    all_is_there(&sandbox);
}

#[test]
fn the_bytes_of_the_holder_move_on_the_waiting_row() {
    let (sandbox, offer) = slow();
    let (first, _) = holder(&sandbox);
    let second = sandbox.start("sync --plain");
    let size = offer.archive.len() as u64;
    let mut seen = vec![0];
    while seen.len() < 6 {
        let before = *seen.last().expect("a number");
        let row = waiting(&sandbox, &second, "moves", |slot| slot["done"].as_u64() > Some(before));
        assert_eq!(row["total"], size, "{row}");
        seen.push(row["done"].as_u64().expect("a number"));
    }
    assert!(seen.is_sorted() && seen.iter().all(|done| *done <= size), "{seen:?}");
    first.finish().succeeds();
    second.finish().succeeds();
    assert_eq!(sandbox.fetches(&offer).len(), 1);
    all_is_there(&sandbox);
}

#[test]
fn projects_that_overlap_share_what_they_share() {
    let (sandbox, offer) = slow();
    let sandbox = sandbox.offers("ruff", "0.15.1");
    let other = sandbox.root().join("other");
    std::fs::create_dir(&other).expect("a directory");
    std::fs::write(other.join("vx.toml"), "[tools]\nbiome = \"2.3.4\"\nruff = \"0.15.1\"\n").expect("a file");
    let (first, pid) = holder(&sandbox);
    let second = sandbox.start(&format!("sync --plain --project {}", other.display()));
    // A tool that only the second one wants waits for no other run.
    eventually("ruff is installed", || {
        let slot = slot_of(&board_of(&sandbox, &second)?, "ruff")?;
        (slot["state"] == "done").then_some(())
    });
    let row = waiting(&sandbox, &second, "names the first", |_| true);
    assert!(text(&row["message"]).contains(&pid.to_string()), "{row}");
    let third = sandbox.start("install biome@2.3.4 --plain");
    for running in [first, second, third] {
        running.finish().succeeds();
    }
    assert_eq!(sandbox.fetches(&offer).len(), 1);
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0", "ruff 0.15.1"]);
    sandbox.is_clean();
}

#[test]
fn tools_made_of_one_archive_receive_it_once() {
    let sandbox = Sandbox::new();
    let archive = crate::support::registry::archive::tgz(&[
        crate::support::registry::archive::script("x/bin/one", "1.0.0"),
        crate::support::registry::archive::script("x/bin/two", "1.0.0"),
        crate::support::registry::archive::filler("x/share/data", 300_000),
    ]);
    let one = sandbox.addressed("one", &archive, "");
    sandbox.registry().server().serve("/files/one.tgz", crate::support::server::Reply::ok(archive).slow(400_000));
    let two = one.replace("one = {", "two = {").replace("bin/one", "bin/two");
    sandbox.write("vx.toml", &format!("[tools]\n{one}{two}"));
    sandbox.vx("sync --plain").succeeds();
    let fetches = sandbox.registry().server().requests_for("/files/one.tgz");
    assert_eq!(fetches.iter().filter(|request| request.method == "GET").count(), 1);
    assert_eq!((sandbox.program_says("one"), sandbox.program_says("two")), ("1.0.0".into(), "1.0.0".into()));
    sandbox.is_clean();
}

/// Check that the archive was requested twice, the second time for its missing bytes.
fn resumed(sandbox: &Sandbox, offer: &Offer) {
    let fetches = sandbox.fetches(offer);
    assert_eq!(fetches.len(), 2);
    let range = fetches[1].header("range").expect("the rest is asked for, not everything");
    let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("a number");
    assert!(from > 30_000 && from < offer.archive.len(), "{range}");
}

#[test]
fn a_waiting_run_takes_over_from_a_run_that_was_killed_and_goes_on_where_it_was() {
    let (sandbox, offer) = slow();
    let (first, _) = holder(&sandbox);
    let second = sandbox.start("sync --plain");
    waiting(&sandbox, &second, "names the first", |_| true);
    first.signal(Signal::KILL);
    assert_eq!(first.finish().signal(), Some(9));
    second.finish().succeeds();
    resumed(&sandbox, &offer);
    all_is_there(&sandbox);
}

#[test]
fn a_waiting_run_takes_over_from_an_install_that_was_killed() {
    let (sandbox, offer) = slow();
    let (first, pid) = holder(&sandbox);
    let second = sandbox.start("sync --plain");
    waiting(&sandbox, &second, "names the first", |_| true);
    send(pid, Signal::KILL);
    first.finish().fails_with("biome").says("signal 9");
    second.finish().succeeds();
    resumed(&sandbox, &offer);
    all_is_there(&sandbox);
}

#[test]
fn a_waiting_run_shows_that_the_holder_is_stopped_and_goes_on_with_it() {
    let (sandbox, offer) = slow();
    let (first, pid) = holder(&sandbox);
    let second = sandbox.start("sync --plain");
    waiting(&sandbox, &second, "names the first", |_| true);
    send(pid, Signal::STOP);
    let stopped = |slot: &Value| text(&slot["message"]).contains("(stopped)");
    waiting(&sandbox, &second, "says that the first is stopped", stopped);
    send(pid, Signal::CONT);
    waiting(&sandbox, &second, "says that the first goes on", |slot| !stopped(slot));
    first.finish().succeeds();
    second.finish().succeeds();
    assert_eq!(sandbox.fetches(&offer).len(), 1);
    all_is_there(&sandbox);
}

#[test]
fn a_holder_that_stays_stopped_is_given_up_by_name_with_what_to_do() {
    let (sandbox, _) = slow();
    let (first, pid) = holder(&sandbox);
    send(pid, Signal::STOP);
    let begun = Instant::now();
    let second = sandbox.vx("sync --plain --stall-timeout 250ms");
    assert!(begun.elapsed() >= Duration::from_secs(1), "four times as long as a server: {:?}", begun.elapsed());
    let second = second.fails_with(&format!("process {pid} is installing biome 2.3.4 but is stopped"));
    second.says("made no progress for 1 s").says(&format!("kill -CONT {pid}"));
    send(pid, Signal::CONT);
    first.finish().succeeds();
    all_is_there(&sandbox);
}

#[test]
fn a_holder_that_goes_on_is_waited_for_however_long_it_takes() {
    let (sandbox, offer) = slow();
    let (first, _) = holder(&sandbox);
    let begun = Instant::now();
    // The waiting run gives up after 600 ms without progress of the holder. The download takes twice as long, but bytes
    // arrive all the time.
    sandbox.vx("sync --plain --stall-timeout 150ms").succeeds();
    assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
    first.finish().succeeds();
    assert_eq!(sandbox.fetches(&offer).len(), 1);
    all_is_there(&sandbox);
}

#[test]
fn a_waiting_run_can_be_interrupted_and_the_holder_goes_on() {
    let (sandbox, offer) = slow();
    let (first, _) = holder(&sandbox);
    let second = sandbox.start("sync --plain");
    waiting(&sandbox, &second, "names the first", |_| true);
    second.signal(Signal::INT);
    second.finish().exits_with(130);
    first.finish().succeeds();
    assert_eq!(sandbox.fetches(&offer).len(), 1);
    all_is_there(&sandbox);
}
