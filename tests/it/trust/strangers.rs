//! Files of other users, and places in which any user could have put a file.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use super::{acted, cautious, evil, vx_in};
use crate::support::sandbox::Sandbox;
use crate::support::skipped::skipped;

const PROJECT: &str = "[tools]\nruff = \"0.15.1\"\n[env]\nMODE = \"test\"\n";

/// Give a folder and its files to another user, if this user may do that.
fn give_away(folder: &Path) -> bool {
    let files = fs::read_dir(folder).expect("a directory").flatten().map(|entry| entry.path());
    files.chain([folder.to_owned()]).all(|path| chown(path, Some(65_534), None).is_ok())
}

fn acts(sandbox: &Sandbox, directory: &Path) -> bool {
    vx_in(sandbox, directory, "ruff").succeeds().stdout().contains("MODE=test")
}

#[test]
fn a_checkout_of_another_user_gets_the_catalogues_tools_and_nothing_else() {
    let sandbox = cautious().config(PROJECT);
    sandbox.vx("trust --yes").succeeds();
    assert!(acts(&sandbox, &sandbox.project()));
    if !give_away(&sandbox.project()) {
        skipped("only root can give a directory away");
        return;
    }
    let told = sandbox.vx("ruff").succeeds();
    assert!(!told.stdout().contains("MODE=test"), "a consent that was kept does not count");
    told.says("belongs to another user");
    assert_eq!(sandbox.vx("ruff").succeeds().stderr(), "", "said once");
    sandbox.vx("trust --yes").refuses_with("belongs to another user").says("VX_TRUST=all");
    fs::write(sandbox.home().join("vx.toml"), format!("[trust]\nfolders = [\"{}\"]\n", sandbox.root().display()))
        .expect("a file");
    assert!(!acts(&sandbox, &sandbox.project()), "nor does a trusted folder");
    let sandbox = sandbox.variable("VX_TRUST", "all");
    assert!(acts(&sandbox, &sandbox.project()), "the user's word for one command does");
}

#[test]
fn each_file_that_others_may_write_to_counts() {
    let sandbox = cautious().config(PROJECT);
    sandbox.vx("trust --yes").succeeds();
    sandbox.vx("sync").succeeds();
    for path in [sandbox.project().join("vx.toml"), sandbox.project().join("vx.lock"), sandbox.project()] {
        // A cached route depends on files, not on the folder, so remove it.
        let acts = |sandbox: &Sandbox, directory: &Path| {
            let _ = fs::remove_dir_all(sandbox.home().join("cache/routes"));
            acts(sandbox, directory)
        };
        let before = fs::metadata(&path).expect("it is there").permissions();
        fs::set_permissions(&path, fs::Permissions::from_mode(before.mode() | 0o002)).expect("its mode");
        assert!(!acts(&sandbox, &sandbox.project()), "{}", path.display());
        fs::set_permissions(&path, before).expect("its mode");
        assert!(acts(&sandbox, &sandbox.project()), "{}", path.display());
    }
}

#[test]
fn a_file_above_the_home_directory_is_a_strangers() {
    let sandbox = cautious();
    fs::write(sandbox.root().join("vx.toml"), PROJECT).expect("a file");
    let user = sandbox.root().join("user");
    vx_in(&sandbox, &user, "trust --yes").refuses_with("above your home directory");
    let told = vx_in(&sandbox, &user, "ruff").succeeds().says("above your home directory");
    assert!(!told.stdout().contains("MODE=test"));
}

#[test]
fn a_file_in_a_directory_for_temporary_files_is_a_strangers() {
    let sandbox = cautious();
    let temporary = sandbox.root().join("temporary");
    fs::create_dir_all(temporary.join("work")).expect("a directory");
    fs::write(temporary.join("vx.toml"), PROJECT).expect("a file");
    let sandbox = sandbox.variable("TMPDIR", &temporary.display().to_string());
    vx_in(&sandbox, &temporary.join("work"), "trust").refuses_with("for temporary files");
    assert!(!acts(&sandbox, &temporary.join("work")));
}

#[test]
fn a_sync_in_a_build_service_works_on_a_checkout_of_another_user() {
    let sandbox = cautious();
    let text = format!("[tools]\nruff = {{ version = \"0.15.1\", postinstall = \"{}\" }}\n", evil(&sandbox));
    let sandbox = sandbox.config(&text).variable("CI", "true").variable("TF_BUILD", "True");
    if !give_away(&sandbox.project()) {
        skipped("only root can give a directory away");
        return;
    }
    sandbox.vx("sync").succeeds().says("CI=true");
    assert!(acted(&sandbox));
    let kept = fs::read_dir(sandbox.home().join("trust")).into_iter().flatten().count();
    assert_eq!(kept, 0, "nothing is kept for a project that somebody else controls");
}
