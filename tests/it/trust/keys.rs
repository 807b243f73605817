//! The key of a consent: the repository with all its worktrees, or else the folder; and the cached routes that depend
//! on it.

use std::fs;
use std::path::{Path, PathBuf};

use super::{cautious, let_it_settle, make_shims, shim_in, vx_in};
use crate::support::sandbox::Sandbox;
use crate::support::skipped::skipped;

const PROJECT: &str = "[tools]\nruff = \"0.15.1\"\n[env]\nMODE = \"test\"\n";

/// A repository in git's layout, with these worktrees, each of which contains the project.
fn repository(sandbox: &Sandbox, worktrees: &[&str]) -> Vec<PathBuf> {
    let main = sandbox.root().join("main");
    fs::create_dir_all(main.join(".git")).expect("a directory");
    let mut trees = vec![main.clone()];
    for name in worktrees {
        let (own, tree) = (main.join(".git/worktrees").join(name), sandbox.root().join(name));
        fs::create_dir_all(&own).expect("a directory");
        fs::create_dir_all(&tree).expect("a directory");
        fs::write(own.join("commondir"), "../..\n").expect("a file");
        fs::write(own.join("gitdir"), format!("{}\n", tree.join(".git").display())).expect("a file");
        fs::write(tree.join(".git"), format!("gitdir: {}\n", own.display())).expect("a file");
        trees.push(tree);
    }
    trees.iter().for_each(|tree| fs::write(tree.join("vx.toml"), PROJECT).expect("a file"));
    trees
}

/// Returns whether the project in this directory may act.
fn acts(sandbox: &Sandbox, directory: &Path) -> bool {
    vx_in(sandbox, directory, "ruff").succeeds().stdout().contains("MODE=test")
}

#[test]
fn ten_worktrees_of_one_repository_need_one_consent() {
    let sandbox = cautious();
    let names: Vec<String> = (0..10).map(|number| format!("tree{number}")).collect();
    let trees = repository(&sandbox, &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!acts(&sandbox, &trees[4]));
    vx_in(&sandbox, &trees[3], "trust --yes").succeeds();
    trees.iter().for_each(|tree| assert!(acts(&sandbox, tree), "{}", tree.display()));
    vx_in(&sandbox, &trees[7], "trust --revoke").succeeds();
    trees.iter().for_each(|tree| assert!(!acts(&sandbox, tree), "{}", tree.display()));
}

#[test]
fn git_itself_lays_a_worktree_out_so_that_it_shares_the_consent() {
    let sandbox = cautious();
    let main = sandbox.project();
    sandbox.write("vx.toml", PROJECT);
    let git = |words: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=x", "-c", "user.email=x@x.invalid"]).args(words).current_dir(&main);
        command.env_clear().envs(sandbox.environment());
        command.output().is_ok_and(|output| output.status.success())
    };
    let made = git(&["init", "-q"]) && git(&["add", "vx.toml"]) && git(&["commit", "-qm", "x"]);
    if !made || !git(&["worktree", "add", "-q", "../tree"]) {
        skipped("there is no git on this machine");
        return;
    }
    let tree = sandbox.root().join("tree");
    vx_in(&sandbox, &tree, "trust --yes").succeeds();
    assert!(acts(&sandbox, &main) && acts(&sandbox, &tree));
}

#[test]
fn a_folder_that_claims_to_be_a_worktree_gets_nothing_of_its_consent() {
    let sandbox = cautious();
    let trees = repository(&sandbox, &["one"]);
    vx_in(&sandbox, &trees[0], "trust --yes").succeeds();
    let evil = sandbox.root().join("evil");
    fs::create_dir(&evil).expect("a directory");
    fs::write(evil.join("vx.toml"), PROJECT).expect("a file");
    let main = trees[0].display();
    for claim in [
        format!("gitdir: {main}/.git"),
        format!("gitdir: {main}/.git/worktrees/one"),
        format!("gitdir: {main}/.git/modules/x"),
    ] {
        fs::write(evil.join(".git"), &claim).expect("a file");
        assert!(!acts(&sandbox, &evil), "{claim}");
    }
    fs::remove_file(evil.join(".git")).expect("it goes");
    std::os::unix::fs::symlink(trees[0].join(".git"), evil.join(".git")).expect("a link");
    assert!(!acts(&sandbox, &evil), "a link");
    assert!(acts(&sandbox, &trees[1]));
}

#[test]
fn a_submodule_and_a_nested_project_have_consents_of_their_own() {
    let sandbox = cautious();
    let main = repository(&sandbox, &[]).remove(0);
    let (module, nested) = (main.join("module"), main.join("nested"));
    fs::create_dir_all(main.join(".git/modules/module")).expect("a directory");
    for folder in [&module, &nested] {
        fs::create_dir(folder).expect("a directory");
        fs::write(folder.join("vx.toml"), format!("{PROJECT}[project]\nroot = true\n")).expect("a file");
    }
    fs::write(module.join(".git"), "gitdir: ../.git/modules/module\n").expect("a file");
    vx_in(&sandbox, &main, "trust --yes").succeeds();
    assert!(acts(&sandbox, &main) && !acts(&sandbox, &module) && !acts(&sandbox, &nested));
}

#[test]
fn a_link_to_a_trusted_file_is_another_project() {
    let sandbox = cautious();
    let main = repository(&sandbox, &[]).remove(0);
    vx_in(&sandbox, &main, "trust --yes").succeeds();
    let evil = sandbox.root().join("evil");
    fs::create_dir(&evil).expect("a directory");
    std::os::unix::fs::symlink(main.join("vx.toml"), evil.join("vx.toml")).expect("a link");
    assert!(!acts(&sandbox, &evil));
}

#[test]
fn a_route_that_was_kept_ends_with_the_consent_and_with_its_absence() {
    let sandbox = cautious().config(PROJECT);
    make_shims(&sandbox);
    sandbox.vx("sync").succeeds();
    let shim = || {
        // The second call takes the route that the first has cached.
        let_it_settle();
        shim_in(&sandbox, &sandbox.project(), "ruff").succeeds();
        shim_in(&sandbox, &sandbox.project(), "ruff").succeeds().stdout().contains("MODE=test")
    };
    assert!(!shim());
    for _ in 0..2 {
        sandbox.vx("trust --yes").succeeds();
        assert!(shim());
        sandbox.vx("trust --revoke").succeeds();
        assert!(!shim());
    }
}

#[test]
fn a_route_of_a_worktree_ends_when_its_git_file_changes() {
    let sandbox = cautious();
    let trees = repository(&sandbox, &["one"]);
    make_shims(&sandbox);
    vx_in(&sandbox, &trees[0], "trust --yes").succeeds();
    vx_in(&sandbox, &trees[1], "sync").succeeds();
    let shim = || {
        let_it_settle();
        shim_in(&sandbox, &trees[1], "ruff").succeeds();
        shim_in(&sandbox, &trees[1], "ruff").succeeds().stdout().contains("MODE=test")
    };
    assert!(shim());
    fs::write(trees[1].join(".git"), "gitdir: /nowhere\n").expect("a file");
    assert!(!shim());
}

/// Give the repository's `origin` this address.
fn set_origin(main: &Path, address: &str) {
    let text = format!("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = {address}\n");
    fs::write(main.join(".git/config"), text).expect("a file");
}

#[test]
fn a_repository_with_another_origin_is_asked_about_again() {
    let sandbox = cautious();
    let trees = repository(&sandbox, &["one"]);
    set_origin(&trees[0], "https://me:planted@h.invalid/a.git");
    vx_in(&sandbox, &trees[0], "trust --yes").succeeds();
    assert!(acts(&sandbox, &trees[0]) && acts(&sandbox, &trees[1]));
    set_origin(&trees[0], "https://h.invalid/b.git");
    assert!(!acts(&sandbox, &trees[0]) && !acts(&sandbox, &trees[1]), "a changed address");
    vx_in(&sandbox, &trees[1], "trust --show").succeeds().prints("another remote `origin`");
    fs::write(trees[0].join(".git/config"), "").expect("a file");
    assert!(!acts(&sandbox, &trees[0]), "no origin at all");
    set_origin(&trees[0], "https://me:planted@h.invalid/a.git");
    assert!(acts(&sandbox, &trees[1]), "the one that was agreed to");
    let kept = fs::read_dir(sandbox.home().join("trust")).expect("a directory").flatten();
    kept.for_each(|file| assert!(!fs::read_to_string(file.path()).expect("text").contains("planted")));
    vx_in(&sandbox, &trees[0], "trust --revoke").succeeds();
    assert!(!acts(&sandbox, &trees[0]));
}

#[test]
fn a_route_that_was_kept_ends_when_the_origin_changes() {
    let sandbox = cautious();
    let main = repository(&sandbox, &[]).remove(0);
    set_origin(&main, "https://h.invalid/a.git");
    make_shims(&sandbox);
    vx_in(&sandbox, &main, "trust --yes").succeeds();
    vx_in(&sandbox, &main, "sync").succeeds();
    let shim = || {
        let_it_settle();
        shim_in(&sandbox, &main, "ruff").succeeds();
        shim_in(&sandbox, &main, "ruff").succeeds().stdout().contains("MODE=test")
    };
    assert!(shim());
    set_origin(&main, "https://h.invalid/another.git");
    assert!(!shim());
}
