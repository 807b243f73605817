//! A consent that is tied to the tracked files: `vx trust --commit`.

use std::fs;
use std::path::{Path, PathBuf};

use super::{cautious, let_it_settle, make_shims, shim_in, vx_in};
use crate::support::sandbox::Sandbox;
use crate::support::skipped::skipped;

const PROJECT: &str = "[tools]\nruff = \"0.15.1\"\n[env]\nMODE = \"test\"\n";

fn git(sandbox: &Sandbox, directory: &Path, words: &str) -> bool {
    let mut command = std::process::Command::new("git");
    let who = ["-c", "user.name=me", "-c", "user.email=me@h.invalid"];
    command.args(who).args(words.split(' ')).current_dir(directory).env_clear().envs(sandbox.environment());
    command.output().is_ok_and(|output| output.status.success())
}

/// A repository with a project and a file; `None` without git.
fn repository(sandbox: &Sandbox) -> Option<PathBuf> {
    let main = sandbox.root().join("main");
    fs::create_dir(&main).expect("a directory");
    for (file, text) in [("vx.toml", PROJECT), ("lib.sh", "good\n")] {
        fs::write(main.join(file), text).expect("a file");
    }
    let made = git(sandbox, &main, "init -q") && git(sandbox, &main, "add .") && git(sandbox, &main, "commit -qm x");
    if !made {
        skipped("there is no git on this machine");
    }
    made.then_some(main)
}

fn acts(sandbox: &Sandbox, directory: &Path) -> bool {
    vx_in(sandbox, directory, "ruff").succeeds().stdout().contains("MODE=test")
}

#[test]
fn a_changed_tracked_file_asks_again_and_taking_the_change_back_does_not() {
    let sandbox = cautious();
    let Some(main) = repository(&sandbox) else { return };
    vx_in(&sandbox, &main, "trust --commit").refuses_with("nobody can answer");
    vx_in(&sandbox, &main, "trust --commit --yes").succeeds().says("nothing changes in all 2 files that git tracks");
    assert!(acts(&sandbox, &main));
    vx_in(&sandbox, &main, "trust --commit --yes").succeeds().says("you have agreed");
    vx_in(&sandbox, &main, "trust --list").succeeds().prints("for as long as no tracked file changes");
    fs::write(main.join("notes"), "untracked").expect("a file");
    assert!(acts(&sandbox, &main), "what git does not track is no part");

    fs::write(main.join("lib.sh"), "evil\n").expect("a file");
    assert!(!acts(&sandbox, &main));
    let shown = vx_in(&sandbox, &main, "trust --show").succeeds();
    shown
        .prints("- for as long as nothing changes in all 2 files")
        .prints("+ for as long as nothing changes in all 2 files");
    fs::write(main.join("lib.sh"), "good\n").expect("a file");
    assert!(acts(&sandbox, &main));
    assert!(git(&sandbox, &main, "add notes"));
    assert!(!acts(&sandbox, &main), "another record");
    assert!(git(&sandbox, &main, "rm -q --cached notes"));
    assert!(acts(&sandbox, &main));
    assert!(git(&sandbox, &main, "update-index --chmod=+x lib.sh"));
    assert!(!acts(&sandbox, &main), "the record alone");
}

#[test]
fn the_tie_holds_for_later_answers_until_the_consent_is_taken_back() {
    let sandbox = cautious();
    let Some(main) = repository(&sandbox) else { return };
    // An earlier consent that was not tied no longer counts.
    vx_in(&sandbox, &main, "trust --yes").succeeds();
    vx_in(&sandbox, &main, "trust --commit --yes").succeeds().says("may act");
    fs::write(main.join("lib.sh"), "two\n").expect("a file");
    assert!(!acts(&sandbox, &main));
    vx_in(&sandbox, &main, "trust --yes").succeeds().says("nothing changes in");
    assert!(acts(&sandbox, &main));
    fs::write(main.join("lib.sh"), "three\n").expect("a file");
    assert!(!acts(&sandbox, &main), "the second answer is tied, too");
    vx_in(&sandbox, &main, "trust --revoke").succeeds();
    vx_in(&sandbox, &main, "trust --yes").succeeds().keeps_silent_about("nothing changes in");
    fs::write(main.join("lib.sh"), "four\n").expect("a file");
    assert!(acts(&sandbox, &main));
}

#[test]
fn each_worktree_is_agreed_to_as_it_stands() {
    let sandbox = cautious();
    let Some(main) = repository(&sandbox) else { return };
    let tree = sandbox.root().join("tree");
    assert!(git(&sandbox, &main, "worktree add -q ../tree"));
    vx_in(&sandbox, &main, "trust --commit --yes").succeeds();
    assert!(acts(&sandbox, &main) && acts(&sandbox, &tree), "the same commit");
    fs::write(tree.join("lib.sh"), "other\n").expect("a file");
    assert!(git(&sandbox, &tree, "commit -qam y"));
    assert!(acts(&sandbox, &main) && !acts(&sandbox, &tree));
    vx_in(&sandbox, &tree, "trust --yes").succeeds();
    assert!(acts(&sandbox, &main) && acts(&sandbox, &tree), "both were agreed to");
}

#[test]
fn a_link_and_an_activated_shell_see_the_change_at_once() {
    let sandbox = cautious();
    let Some(main) = repository(&sandbox) else { return };
    make_shims(&sandbox);
    vx_in(&sandbox, &main, "trust --commit --yes").succeeds();
    vx_in(&sandbox, &main, "sync --frozen");
    let link = || {
        let_it_settle();
        shim_in(&sandbox, &main, "ruff").succeeds();
        shim_in(&sandbox, &main, "ruff").succeeds().stdout().contains("MODE=test")
    };
    let exported = || vx_in(&sandbox, &main, "env --shell bash").stdout().contains("MODE");
    assert!(link() && exported());
    fs::write(main.join("lib.sh"), "evil\n").expect("a file");
    assert!(!link() && !exported());
    fs::write(main.join("lib.sh"), "good\n").expect("a file");
    assert!(link() && exported());
}

#[test]
fn without_tracked_files_there_is_nothing_to_tie_to() {
    let sandbox = cautious().config(PROJECT);
    sandbox.vx("trust --commit --yes").refuses_with("cannot be compared").says("git repository");
    assert!(!acts(&sandbox, &sandbox.project()), "nothing was agreed to");
    let Some(main) = repository(&sandbox) else { return };
    vx_in(&sandbox, &main, "trust --commit --yes").succeeds();
    let index = main.join(".git/index");
    let aside = main.join(".git/aside");
    fs::rename(&index, &aside).expect("it moves");
    assert!(!acts(&sandbox, &main), "it cannot be compared any more");
    vx_in(&sandbox, &main, "trust --yes").refuses_with("cannot be compared").says("`vx trust --revoke`");
    fs::rename(&aside, &index).expect("it moves");
    assert!(acts(&sandbox, &main));
}
