//! Processes that are killed, interrupted or hang: the board shows them, none is left on the machine, and the next run
//! repairs their work.

mod children;
mod parents;
mod power;
mod retry;
mod stopping;
mod stubborn;
mod torture;

use std::time::Duration;

use serde_json::Value;

use crate::support::sandbox::{Offer, Process, Running, Sandbox, eventually, slot_of, within};

/// The approximate size of the slow archive, in bytes.
const SLOW_BYTES: usize = 900_000;
/// Bytes of the slow archive that the server sends per second.
const RATE: u64 = 300_000;

/// A project with a tool that takes three seconds to download and one that takes none.
fn slow_and_quick() -> (Sandbox, Offer) {
    let sandbox =
        Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0");
    let offer = sandbox.publish_slowly("biome", "2.3.4", SLOW_BYTES, RATE);
    (sandbox, offer)
}

/// Wait until about half of the slow archive has arrived. Returns its slot at that time.
fn at_half(sandbox: &Sandbox) -> Value {
    sandbox.await_slot("biome", "is at half of its download", |slot| {
        let (done, total) = (slot["done"].as_u64().unwrap_or(0), slot["total"].as_u64().unwrap_or(u64::MAX));
        slot["step"] == "downloading" && done * 5 >= total * 2
    })
}

fn child_of(slot: &Value) -> u32 {
    u32::try_from(slot["pid"].as_u64().expect("a process id")).expect("a process id")
}

/// The newest board's slots of the two tools, as state and signal.
fn states(sandbox: &Sandbox) -> Vec<(String, Value)> {
    let board = sandbox.board().expect("a board");
    let slot = |tool| slot_of(&board, tool).expect("a slot");
    ["biome", "esbuild"]
        .map(|tool| (crate::support::sandbox::text(&slot(tool)["state"]).to_owned(), slot(tool)["signal"].clone()))
        .into()
}

/// Wait until a sandbox has no processes left but those of the test itself.
fn await_no_process(sandbox: &Sandbox, patience: Duration) {
    within(patience, "every process ends", || sandbox.processes().is_empty().then_some(()));
}

/// Check that the next run installs everything, and fetches only the missing bytes of the slow archive.
fn next_run_completes(sandbox: &Sandbox, offer: &Offer) {
    let before = sandbox.fetches(offer).len();
    sandbox.registry().server().serve(&offer.path, crate::support::server::Reply::ok(offer.archive.clone()));
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
    let fetches = sandbox.fetches(offer);
    assert_eq!(fetches.len(), before + 1);
    let range = fetches[before].header("range").expect("the download goes on where it stopped").to_owned();
    let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("a number");
    assert!(from > offer.archive.len() / 5 && from < offer.archive.len(), "{range} of {}", offer.archive.len());
    assert!(fetches[before].header("if-range").is_some(), "the range is asked for only of the same archive");
}

/// A run at the post-install command `command` of a tool, and the processes of that install.
fn in_postinstall(command: &str) -> (Sandbox, Running, Vec<Process>) {
    let sandbox = Sandbox::new();
    let archive =
        crate::support::registry::archive::tgz(&[crate::support::registry::archive::script("x/bin/hello", "1.0.0")]);
    let tool = sandbox.addressed("hello", &archive, &format!(", postinstall = \"{command}\""));
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
    let running = sandbox.start("sync --plain");
    let own = eventually("the command runs", || {
        let processes = sandbox.processes();
        let sleeping = processes.iter().any(|process| process.command.starts_with("sleep 97"));
        let slot = sandbox.slot("hello")?;
        (sleeping && slot["step"] == "post-install").then_some(processes)
    });
    let child = own.iter().find(|process| process.command.contains("--ipc-channel")).expect("a child").pid;
    let parent = |pid: u32| own.iter().find(|process| process.pid == pid).map(|process| process.parent);
    let below = |pid: u32| std::iter::successors(Some(pid), |pid| parent(*pid)).any(|pid| pid == child);
    let group = own.iter().filter(|process| below(process.pid)).cloned().collect();
    (sandbox, running, group)
}
