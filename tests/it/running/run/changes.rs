//! A cached route is valid exactly until one of the files that it was found from changes.

use std::fs;

use super::{let_it_settle, remembered, shim};
use crate::support::sandbox::Sandbox;

/// A sandbox with two installed versions of a tool, the older pinned, and shims for its program.
fn two_versions() -> Sandbox {
    let sandbox = Sandbox::new().offers("ruff", "0.15.1").offers("ruff", "0.15.2");
    sandbox.write("vx.toml", "[tools]\nruff = \"0.15.2\"\n");
    sandbox.vx("sync").succeeds();
    sandbox.write("vx.toml", "[tools]\nruff = \"0.15.1\"\n");
    sandbox.vx("sync").succeeds();
    sandbox.vx("shims").succeeds();
    sandbox
}

/// The output of the tool through vx and through its shim, which must be the same.
fn output(sandbox: &Sandbox) -> String {
    let linked = shim(sandbox, "ruff", &["--version".into()]).succeeds().stdout();
    let direct = sandbox.vx("ruff --version").succeeds().stdout();
    assert_eq!(linked, direct);
    direct.trim().to_owned()
}

/// The bytes of the only cached route.
fn memory(sandbox: &Sandbox) -> Vec<u8> {
    let route = fs::read_dir(sandbox.kept().join("cache/routes")).expect("routes").flatten().next();
    fs::read(route.expect("a route").path()).expect("its bytes")
}

#[test]
fn a_change_of_the_project_within_the_same_instant_and_size_is_seen() {
    let sandbox = two_versions();
    let locks = ["0.15.1", "0.15.2"].map(|version| {
        sandbox.write("vx.toml", &format!("[tools]\nruff = \"{version}\"\n"));
        sandbox.vx("lock").succeeds();
        (version, sandbox.read("vx.lock"))
    });
    assert_eq!(locks[0].1.len(), locks[1].1.len(), "the very same size");
    for round in 0..20 {
        let (version, lock) = &locks[round % 2];
        // Don't pause, so that the files change at the instant of the last read.
        sandbox.write("vx.toml", &format!("[tools]\nruff = \"{version}\"\n"));
        sandbox.write("vx.lock", lock);
        assert_eq!(output(&sandbox), *version, "round {round}");
        if round % 4 == 3 {
            let_it_settle();
            assert_eq!(output(&sandbox), *version);
        }
    }
    assert_eq!(remembered(&sandbox), 1, "it was remembered in between");
}

#[test]
fn a_change_of_the_lock_alone_is_seen() {
    let sandbox = two_versions();
    let locks = ["0.15.1", "0.15.2"].map(|version| {
        sandbox.write("vx.toml", &format!("[tools]\nruff = \"{version}\"\n"));
        sandbox.vx("lock").succeeds();
        let request = |version| format!("request = \"{version}\"");
        (version, sandbox.read("vx.lock").replace(&request(version), &request("0.15")))
    });
    sandbox.write("vx.toml", "[tools]\nruff = \"0.15\"\n");
    for round in 0..6 {
        let (version, lock) = &locks[round % 2];
        sandbox.write("vx.lock", lock);
        assert_eq!(output(&sandbox), *version, "round {round}");
        let_it_settle();
        assert_eq!(output(&sandbox), *version, "round {round}");
    }
    assert_eq!(remembered(&sandbox), 1);
}

#[test]
fn a_release_that_is_gone_is_installed_again_and_one_made_anew_is_looked_at() {
    let sandbox = two_versions();
    let_it_settle();
    assert_eq!(output(&sandbox), "0.15.1");
    sandbox.vx("uninstall ruff@0.15.1").succeeds();
    assert_eq!(sandbox.vx("ruff --version").succeeds().says("installed").stdout(), "0.15.1\n");
    sandbox.vx("uninstall ruff@0.15.1").succeeds();
    sandbox.vx("shims").succeeds();
    assert_eq!(shim(&sandbox, "ruff", &["--version".into()]).succeeds().stdout(), "0.15.1\n");
}

#[test]
fn a_release_of_another_tool_that_is_gone_is_noticed() {
    let sandbox = Sandbox::new().offers("ruff", "0.15.1").offers("ruff", "0.15.2").offers("uv", "0.9.1");
    sandbox.write("vx.toml", "[tools]\nruff = \"0.15.2\"\n");
    sandbox.vx("sync").succeeds();
    sandbox.write("vx.toml", "[tools]\nruff = \"0.15.1\"\nuv = \"0.9.1\"\n");
    sandbox.vx("sync").succeeds();
    sandbox.vx("shims").succeeds();
    let knows_programs = || {
        let_it_settle();
        assert_eq!(output(&sandbox), "0.15.1");
        memory(&sandbox).windows(5).any(|bytes| bytes == b"/ruff")
    };
    assert!(knows_programs());
    sandbox.vx("uninstall ruff@0.15.2").succeeds();
    assert!(knows_programs());
    sandbox.vx("uninstall uv@0.9.1").succeeds();
    assert!(!knows_programs(), "while a tool is missing, each program is searched for");
}

/// After each restart of the machine, vx checks again whether the bytes of a release reached the disk, until that is
/// known.
#[cfg(target_os = "linux")]
#[test]
fn a_release_that_was_not_waited_for_is_remembered_for_this_run_of_the_machine_only() {
    let sandbox = two_versions();
    let receipt = sandbox.kept().join("store/ruff/0.15.1/.vx-receipt.toml");
    let text = fs::read_to_string(&receipt).expect("a receipt");
    let line = text.lines().find(|line| line.starts_with("unsynced_boot")).expect("it was not waited for");
    for (text, for_this_run) in [(text.clone(), true), (text.replace(line, ""), false)] {
        fs::write(&receipt, text).expect("a receipt");
        // The store does the same when it replaces a release.
        fs::write(sandbox.kept().join("new"), "").expect("a file");
        fs::rename(sandbox.kept().join("new"), sandbox.kept().join(".store-mark")).expect("it is replaced");
        let_it_settle();
        assert_eq!(output(&sandbox), "0.15.1");
        assert_eq!(memory(&sandbox).windows(6).any(|bytes| bytes == b"/proc\0"), for_this_run);
    }
}

#[test]
fn a_nearer_project_counts_from_the_moment_it_is_there() {
    let sandbox = two_versions();
    let inner = sandbox.project().join("a/b/c");
    fs::create_dir_all(&inner).expect("directories");
    let call = || {
        let mut command = sandbox.command("ruff --version");
        command.current_dir(&inner);
        sandbox.run("vx ruff", command).finish().succeeds().stdout()
    };
    let_it_settle();
    assert_eq!((call().as_str(), call().as_str()), ("0.15.1\n", "0.15.1\n"));
    assert_eq!(remembered(&sandbox), 1);
    fs::write(sandbox.project().join("a/vx.toml"), "[tools]\nruff = \"0.15.2\"\n").expect("a file");
    assert_eq!(call(), "0.15.2\n");
    fs::remove_file(sandbox.project().join("a/vx.toml")).expect("it goes");
    fs::remove_file(sandbox.project().join("a/vx.lock")).expect("it goes");
    assert_eq!(call(), "0.15.1\n");
    fs::write(inner.join(".vx.toml"), "[tools]\nruff = \"0.15.2\"\n").expect("a file");
    assert_eq!(call(), "0.15.2\n", "the old name counts as well");
}

#[test]
fn another_home_is_not_answered_for() {
    let sandbox = two_versions();
    let_it_settle();
    output(&sandbox);
    let mut command = sandbox.command("x --no-install ruff -- --version");
    command.env("VX_HOME", sandbox.root().join("other"));
    sandbox.run("vx x", command).finish().fails_with("not installed");
    let mut command = std::process::Command::new(sandbox.home().join("shims/ruff"));
    command.arg("--version").current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    command.env("VX_HOME", sandbox.root().join("other"));
    sandbox.run("ruff", command).finish().succeeds().says("installed");
}

#[test]
fn damaged_memories_are_passed_over() {
    let sandbox = two_versions();
    let_it_settle();
    output(&sandbox);
    let place = fs::read_dir(sandbox.home().join("cache/routes")).expect("a directory").flatten().next();
    let path = place.expect("a file").path();
    let whole = fs::read(&path).expect("bytes");
    for damaged in [Vec::new(), whole[..whole.len() / 2].to_vec(), vec![0xff; 100_000], {
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        flipped
    }] {
        fs::write(&path, &damaged).expect("a file");
        assert_eq!(output(&sandbox), "0.15.1");
        assert_eq!(fs::read(&path).expect("bytes"), whole, "it was made anew");
    }
}
