//! Power cuts at random instants of whole syncs: the home is on its own file system, and after each cut only the data
//! that had reached the disk is there, as after a restart of the machine.
//!
//! `VX_TORTURE=50 cargo test --test it power -- --nocapture` cuts the power fifty times as often.

use std::fs;
use std::hash::{BuildHasher, RandomState};

use super::*;
use crate::support::registry::archive::{Entry, script, tgz};

/// The number of cuts in every run of the tests.
const USUAL_CUTS: u64 = 6;
/// The latest instant of a cut, after the start of the sync: some time after its end, since names are committed to the
/// disk every second.
const LATEST_MS: u64 = 2_500;

/// A project with two tools of many files, on its own disk.
fn sandbox() -> Option<Sandbox> {
    let mut sandbox = Sandbox::new().on_an_image()?;
    let mut lines = String::from("[tools]\n");
    for tool in ["hello", "other"] {
        let mut entries = vec![script(&format!("x/bin/{tool}"), "1.0.0")];
        let content = |number: usize| format!("{tool} {number}\n").repeat(number);
        entries.extend((0..300).map(|number| Entry::file(&format!("x/lib/file{number}"), 0o644, content(number))));
        lines.push_str(&sandbox.addressed(tool, &tgz(&entries), ""));
    }
    sandbox = sandbox.offers("esbuild", "0.27.0");
    lines.push_str("esbuild = \"0.27.0\"\n");
    fs::write(sandbox.disk().join("project/vx.toml"), lines).expect("a file");
    // The project itself has been on the disk for long.
    flush(&sandbox);
    Some(sandbox)
}

/// Write everything to the disk.
fn flush(sandbox: &Sandbox) {
    let flushed = sandbox.inside("sync").arg("-f").arg(sandbox.disk_point()).status();
    assert!(flushed.expect("sync starts").success());
}

/// Write to the disk the files that vx wrote about the releases, and with them all names. The contents of the releases'
/// own files may still be missing.
fn flush_receipts(sandbox: &Sandbox) {
    for release in ["hello/1.0.0", "other/1.0.0", "esbuild/0.27.0"] {
        let release = sandbox.home().join("store").join(release);
        let files = [".vx-receipt.toml", ".vx-files"].map(|name| release.join(name));
        assert!(sandbox.inside("sync").args(files).status().expect("sync starts").success());
    }
}

/// The number of directories in the places of releases.
fn places(sandbox: &Sandbox) -> usize {
    let tools = fs::read_dir(sandbox.kept().join("store")).into_iter().flatten().flatten();
    tools.map(|tool| fs::read_dir(tool.path()).into_iter().flatten().count()).sum()
}

/// Check that no release which counts as installed is damaged, and that the lock is missing or whole.
fn check(sandbox: &Sandbox, about: &str) {
    let installed = sandbox.installed();
    let flaws = sandbox.flaws_of(&installed);
    assert!(flaws.is_empty(), "{about}, {installed:?}: {flaws:?}");
    let lock = fs::read_to_string(sandbox.disk().join("project/vx.lock")).ok();
    let whole = |text: &String| ["hello", "other", "esbuild"].iter().all(|tool| text.contains(tool));
    assert!(lock.as_ref().is_none_or(whole), "{about}: {lock:?}");
    assert!(lock.is_some() || installed.is_empty(), "{about}: releases without the lock they were made by");
}

#[test]
fn after_the_power_was_cut_nothing_damaged_counts_as_installed_and_the_next_sync_mends_it() {
    let times = std::env::var("VX_TORTURE").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    let (mut damaged, mut whole) = (0, 0);
    for cut in 0..USUAL_CUTS * times {
        let Some(mut sandbox) = sandbox() else { return };
        let random = |most: u64| RandomState::new().hash_one(cut) % most;
        let (flushed, after) = match cut {
            // Names have reached the disk, and contents have not.
            0 => (30, 2_000),
            // Everything has.
            1 => (1_200, 1_300),
            // Receipts have; anything else may be missing.
            2 => (0, 1_200),
            // Everything up to some instant of the sync has.
            _ => (random(600), 600 + random(LATEST_MS - 600)),
        };
        let running = sandbox.start("sync --plain");
        std::thread::sleep(Duration::from_millis(flushed));
        flush(&sandbox);
        std::thread::sleep(Duration::from_millis(after - flushed));
        if cut == 2 {
            running.finish().succeeds();
            flush_receipts(&sandbox);
        }
        sandbox.lose_power();
        let about = format!("flushed after {flushed} ms, cut after {after} ms");
        check(&sandbox, &about);
        let (installed, there) = (sandbox.installed().len(), places(&sandbox));
        println!("{about}: {installed} whole of {there} releases that are there");
        damaged += there - installed;
        whole += installed;
        let synced = sandbox.vx("sync --plain");
        assert_eq!(synced.code(), Some(0), "{about}: {synced:?}");
        assert_eq!(sandbox.installed().len(), 3, "{about}");
        for tool in ["hello", "other", "esbuild"] {
            let says = if tool == "esbuild" { "0.27.0" } else { "1.0.0" };
            assert_eq!(sandbox.program_says(tool), says, "{about}");
        }
        assert_eq!(sandbox.flaws_of(&sandbox.installed()), [""; 0], "{about}");
        assert_eq!(sandbox.left_behind(), [""; 0], "{about}");
    }
    assert!(damaged > 0 && whole > 0, "{damaged} damaged and {whole} whole releases were seen");
}
