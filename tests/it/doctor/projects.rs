//! Contradictions between vx.toml, vx.lock and the store.

use super::{finds_and_mends, finds_one, well, wrongs};
use crate::support::sandbox::Sandbox;

#[test]
fn a_lock_for_another_request_is_found_and_locked_again() {
    let sandbox = well();
    sandbox.registry().offer("biome", "2.4.0");
    let sandbox = sandbox.config("[tools]\nbiome = \"2.4\"\nesbuild = \"0.27\"\n");
    finds_and_mends(&sandbox, &["project: biome: `biome` was locked for `2`, vx.toml says `2.4`"]);
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "biome 2.4.0", "esbuild 0.27.0"]);
}

#[test]
fn tools_that_are_not_locked_or_no_longer_wanted_are_found() {
    let sandbox = well();
    let sandbox = sandbox.config("[tools]\nbiome = \"2\"\ndeno = \"2\"\n").offers("deno", "2.0.0");
    let found = wrongs(sandbox.vx("doctor --json").exits_with(1));
    let expected = ["deno: `deno` is not in the lock", "esbuild: `esbuild` is in the lock and no longer in vx.toml"];
    assert!(
        found.len() == 2 && expected.iter().all(|text| found.iter().any(|found| found.contains(text))),
        "{found:?}"
    );
    sandbox.vx("doctor --fix").succeeds().prints("mended: deno: ").prints("mended: esbuild: ");
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "deno 2.0.0", "esbuild 0.27.0"]);
}

#[test]
fn a_project_without_a_lock_is_locked_and_installed() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2\"\n").offers("biome", "2.3.4");
    finds_and_mends(&sandbox, &["project: biome: `biome` is not in the lock"]);
    assert_eq!(sandbox.installed(), ["biome 2.3.4"]);
}

#[test]
fn a_locked_tool_that_is_not_installed_or_made_from_other_archives_is_found() {
    let sandbox = well();
    sandbox.vx("uninstall biome").succeeds();
    finds_and_mends(&sandbox, &["project: biome 2.3.4: vx.lock names it, but it is not installed"]);

    let lock = sandbox.read("vx.lock");
    let receipt = sandbox.home().join("store/biome/2.3.4/.vx-receipt.toml");
    let text = std::fs::read_to_string(&receipt).expect("a receipt");
    let at = text.find("sha512:").expect("a digest") + "sha512:".len();
    let other = format!("{}{}{}", &text[..at], "0".repeat(128), &text[at + 128..]);
    std::fs::write(&receipt, other).expect("it is written");
    finds_and_mends(
        &sandbox,
        &["biome 2.3.4: the installed release was made from other archives than those in vx.lock"],
    );
    assert_eq!(sandbox.read("vx.lock"), lock);
}

#[test]
fn a_release_that_a_sync_keeps_counts_as_made_from_the_archives_of_the_lock() {
    let sandbox = well();
    let receipt = sandbox.home().join("store/biome/2.3.4/.vx-receipt.toml");
    let text = std::fs::read_to_string(&receipt).expect("a receipt");
    let at = text.find("sha512:").expect("a digest");
    let end = at + "sha512:".len() + 128;
    // Digests of two algorithms cannot be compared.
    std::fs::write(&receipt, format!("{}sha256:{}{}", &text[..at], "0".repeat(64), &text[end..])).expect("written");
    sandbox.vx("sync").succeeds().says("nothing to do");
    assert_eq!(wrongs(sandbox.vx("doctor --json").succeeds()), [""; 0]);
}

#[test]
fn a_repair_mentions_an_old_lock_as_locking_does() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2\"\n").offers("biome", "2.3.4");
    sandbox.vx("install biome@2.3.4").succeeds();
    // The pinned version is gone, so the lock stays as it is.
    sandbox.write("vx.lock", "version = 1\n[tools]\nbiome = \"2.3.9\"\n");
    let program = sandbox.home().join("store/biome/2.3.4/bin/biome");
    std::fs::remove_file(&program).expect("a program");
    let said = sandbox.vx("doctor --fix").stderr();
    assert_eq!(said.matches("old format 1:").count(), 2, "{said}");
    assert!(program.exists());
}

#[test]
fn a_broken_project_or_lock_is_reported_and_left_to_people() {
    let sandbox = well();
    let lock = sandbox.read("vx.lock");
    sandbox.write("vx.lock", &format!("<<<<<<< ours\n{lock}"));
    finds_one(&sandbox, &["project: vx.lock: ", "merge conflict"]);
    sandbox.vx("doctor --fix").exits_with(1).prints("merge conflict");
    assert!(sandbox.read("vx.lock").starts_with("<<<<<<<"));
    // The advised command repairs it; `vx lock` alone doesn't.
    sandbox.vx("doctor").exits_with(1).prints("remove it and run `vx lock`");
    sandbox.vx("lock").exits_with(2).says("remove it and run `vx lock`");
    std::fs::remove_file(sandbox.project().join("vx.lock")).expect("a file");
    sandbox.vx("lock").succeeds().says("wrote vx.lock");
    assert_eq!(sandbox.read("vx.lock"), lock);
    let sandbox = sandbox.config("[tools]\nnode = 20\n");
    finds_one(&sandbox, &["project: vx.toml: ", "vx.toml:2"]);
}

#[test]
fn a_project_that_is_not_there_is_wrong_usage() {
    let sandbox = well();
    sandbox.vx("doctor --project nowhere").refuses_with("nowhere");
}

#[test]
fn a_tool_of_the_system_that_is_not_on_path_is_found() {
    let sandbox = Sandbox::new().config("[tools]\nsurely-not-there = { version = \"*\", source = \"system\" }\n");
    finds_one(&sandbox, &["project: surely-not-there: ", "on PATH"]);
}
