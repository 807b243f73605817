//! `vx doctor` finds nothing in a sound store, and reports each fault that is planted in one.

mod leftovers;
mod projects;
mod releases;
mod settings;
#[cfg(unix)]
mod shims;
mod surroundings;

use serde_json::Value;

use crate::support::sandbox::{Finished, Sandbox, text};

/// Two tools, installed and locked.
fn well() -> Sandbox {
    let sandbox = Sandbox::new()
        .config("[tools]\nbiome = \"2\"\nesbuild = \"0.27\"\n")
        .offers("biome", "2.3.4")
        .offers("esbuild", "0.27.0");
    sandbox.vx("sync").succeeds();
    sandbox
}

/// The faults found, as `check: subject: what`, without advice, which depends on the machine.
fn wrongs(finished: Finished) -> Vec<String> {
    found(&finished, "wrong")
}

fn found(finished: &Finished, severity: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(&finished.stdout()).expect("JSON");
    let findings = document["findings"].as_array().expect("a list").iter();
    findings
        .filter(|finding| finding["severity"] == severity)
        .map(|finding| {
            assert!(!text(&finding["why"]).is_empty() && !text(&finding["mend"]).is_empty(), "{finding}");
            format!("{}: {}: {}", text(&finding["check"]), text(&finding["subject"]), text(&finding["what"]))
        })
        .collect()
}

/// Check that the doctor finds exactly one fault, whose text has these words, and repairs it with `--fix`.
#[track_caller]
fn finds_and_mends(sandbox: &Sandbox, words: &[&str]) {
    finds_one(sandbox, words);
    sandbox.vx("doctor --fix").succeeds().prints("mended: ").prints("nothing is wrong");
    assert_eq!(wrongs(sandbox.vx("doctor --json").succeeds()), [""; 0]);
}

/// Check the same for leftovers that the next run would remove by itself: they are advice, not a fault.
#[track_caller]
fn advises_and_mends(sandbox: &Sandbox, words: &[&str]) {
    let said = sandbox.vx("doctor").succeeds().stdout();
    assert!(words.iter().all(|word| said.contains(word)), "not {words:?}: {said}");
    sandbox.vx("doctor --fix").succeeds().prints("mended: ");
    let said = sandbox.vx("doctor").succeeds().stdout();
    assert!(!words.iter().all(|word| said.contains(word)), "still {words:?}: {said}");
}

#[track_caller]
fn finds_one(sandbox: &Sandbox, words: &[&str]) {
    let found = wrongs(sandbox.vx("doctor --json").exits_with(1));
    assert!(found.len() == 1 && words.iter().all(|word| found[0].contains(word)), "not {words:?}: {found:#?}");
}

#[test]
fn nothing_is_wrong_with_a_well_store_and_nothing_is_changed_by_looking() {
    let sandbox = well();
    let state = || {
        let mut files: Vec<_> = walk(sandbox.root());
        files.retain(|(path, _)| !path.contains(".stdout") && !path.contains(".stderr"));
        files
    };
    let before = state();
    sandbox.vx("doctor").succeeds().prints("nothing is wrong").prints("looked at 2 releases with ");
    assert_eq!(wrongs(sandbox.vx("doctor --json --quick --offline").succeeds()), [""; 0]);
    assert_eq!(state(), before);
}

#[test]
fn nothing_is_wrong_with_a_machine_that_never_saw_vx() {
    let sandbox = Sandbox::new();
    std::fs::remove_dir(sandbox.home()).expect("it goes");
    sandbox.vx("doctor").succeeds().prints("nothing is wrong").prints("looked at 0 releases");
    assert!(!sandbox.home().exists() && !sandbox.runtime().exists());
}

/// Every file below a directory with its time of change.
fn walk(directory: &std::path::Path) -> Vec<(String, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
        let data = entry.path().symlink_metadata().expect("it is there");
        if data.is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push((entry.path().display().to_string(), data.modified().expect("a time")));
        }
    }
    found.sort();
    found
}
