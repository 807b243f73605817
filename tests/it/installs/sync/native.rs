//! Native programs are checked before their release counts.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::registry::archive::{Entry, tgz, wheel};
use crate::support::registry::native::{AARCH64, Act, X86_64, program};
use crate::support::sandbox::Sandbox;
use crate::support::skipped::skipped;

/// A project that wants ninja 1.11.1. The release has a wheel for each of these platforms, whose program acts as given.
fn ninja(wheels: &[(&str, Act<'_>)]) -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nninja = \"1.11.1\"\n");
    for (platform, act) in wheels {
        let archive = wheel(&[Entry::file("ninja/data/bin/ninja", 0o755, program(*act, X86_64, None))]);
        sandbox.registry().pypi("ninja", &format!("ninja-1.11.1-py2.py3-none-{platform}.whl"), &archive);
    }
    sandbox
}

#[test]
fn a_program_that_dies_when_it_is_started_is_a_failed_install() {
    let sandbox = ninja(&[("manylinux1_x86_64", Act::Exit), ("manylinux2010_x86_64", Act::Crash)]);
    let failed = sandbox.vx("sync").exits_with(1);
    failed.says("`ninja` does not run here: it died when it was started once: signal 11 (SIGSEGV)");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    sandbox.is_clean();
    // A lock leads to the same archive and to the same trial: the result of a trial that died is not cached.
    for words in ["sync --locked", "sync --force", "sync"] {
        sandbox.vx(words).exits_with(1).says("died when it was started once");
    }
    assert!(!sandbox.home().join("cache/trials").exists(), "a death was kept");
}

#[test]
fn of_several_archives_the_one_for_the_newest_platform_is_installed_and_started_once() {
    let sandbox = ninja(&[
        ("manylinux1_x86_64", Act::Crash),
        ("manylinux2010_x86_64", Act::Exit),
        ("manylinux_2_99_x86_64", Act::Crash),
        ("musllinux_1_1_x86_64", Act::Crash),
    ]);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["ninja 1.11.1"]);
    assert!(sandbox.read("vx.lock").contains("manylinux2010"), "{}", sandbox.read("vx.lock"));
}

#[test]
fn a_program_that_does_not_end_by_itself_is_ended_and_counts_as_one_that_runs() {
    let sandbox = ninja(&[("manylinux1_x86_64", Act::Exit), ("manylinux2010_x86_64", Act::Hang)]);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["ninja 1.11.1"]);
}

/// A release whose program, when it is started, connects to the server and adds a byte to the file.
fn connecting(scratch: &Path) -> (Sandbox, TcpListener, PathBuf) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    server.set_nonblocking(true).expect("a socket");
    let port = server.local_addr().expect("a port").port();
    let note = scratch.join("starts");
    let act = Act::Connect(port, note.to_str().expect("a temporary directory is text"));
    (ninja(&[("manylinux1_x86_64", Act::Crash), ("manylinux2010_x86_64", act)]), server, note)
}

/// Returns whether a connection to the server was made; it is taken off the list.
fn was_asked(server: &TcpListener) -> bool {
    server.accept().is_ok()
}

#[test]
fn a_program_that_is_started_once_is_off_the_network() {
    let allowed = [&["--net", "true"][..], &["--user", "--net", "true"]]
        .map(|words| Command::new("unshare").args(words).output().is_ok_and(|output| output.status.success()));
    if !allowed.contains(&true) {
        skipped("this user may make no network of its own, or there is no `unshare` to find out");
        return;
    }
    let scratch = tempfile::tempdir().expect("a directory");
    let (sandbox, server, note) = connecting(scratch.path());
    sandbox.vx("sync").succeeds();
    const NETWORK_UNREACHABLE: u8 = 101;
    assert_eq!(fs::read(&note).expect("it was started"), [NETWORK_UNREACHABLE]);
    assert!(!was_asked(&server), "it reached the server");
    // The same program with a network.
    let program = sandbox.vx("which ninja").succeeds().stdout();
    assert!(Command::new(program.trim()).status().expect("it starts").success());
    assert_eq!(fs::read(&note).expect("it was started"), [NETWORK_UNREACHABLE, 0]);
    assert!(was_asked(&server), "the server cannot be reached at all");
}

#[test]
fn a_program_that_ran_once_is_not_started_for_the_same_archive_again() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (sandbox, _server, note) = connecting(scratch.path());
    let starts = || fs::read(&note).map_or(0, |bytes| bytes.len());
    sandbox.vx("sync").succeeds();
    assert_eq!(starts(), 1);
    sandbox.vx("uninstall ninja@1.11.1").succeeds();
    sandbox.vx("sync").succeeds();
    sandbox.spoil("ninja");
    sandbox.vx("sync --force").succeeds();
    assert_eq!((starts(), sandbox.installed()), (1, vec!["ninja 1.11.1".to_owned()]));
    // Anything else in the place of a cached result doesn't count.
    let kept: Vec<PathBuf> = files_in(&sandbox.home().join("cache/trials"));
    assert_eq!(kept.len(), 1, "{kept:?}");
    fs::write(&kept[0], "{}").expect("a file");
    sandbox.vx("uninstall ninja@1.11.1").succeeds();
    sandbox.vx("sync").succeeds();
    assert_eq!(starts(), 2);
    sandbox.vx("cache size").succeeds().prints("cache/trials");
    sandbox.vx("cache clean").succeeds().says("cache/trials");
    assert!(!sandbox.home().join("cache/trials").exists());
}

#[test]
fn a_tool_of_the_catalogue_is_tried_under_the_name_of_its_package_too() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (sandbox, _server, note) = connecting(scratch.path());
    let sandbox = sandbox.config("[tools]\n\"pypi:ninja\" = \"1\"\n");
    sandbox.vx("sync").succeeds();
    assert_eq!(fs::read(&note).map_or(0, |bytes| bytes.len()), 1);
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect()
}

#[test]
fn the_only_archive_of_a_release_is_not_tried() {
    let sandbox = ninja(&[("manylinux1_x86_64", Act::Crash)]);
    sandbox.vx("sync").succeeds();
}

/// A project with a tool from an address, whose program has this content.
fn addressed(content: Vec<u8>) -> Sandbox {
    let sandbox = Sandbox::new();
    let lines = sandbox.addressed("tool", &tgz(&[Entry::file("top/bin/tool", 0o755, content)]), "");
    sandbox.config(&format!("[tools]\n{lines}"))
}

#[test]
fn a_program_for_another_machine_is_refused() {
    let sandbox = addressed(program(Act::Exit, AARCH64, None));
    sandbox.vx("sync").exits_with(1).says("`tool` does not run here: it is for another machine (");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    addressed(program(Act::Exit, X86_64, None)).vx("sync").succeeds();
}

#[test]
fn a_program_whose_loader_is_missing_is_refused() {
    let sandbox = addressed(program(Act::Exit, X86_64, Some("/lib/ld-none.so.1")));
    sandbox.vx("sync").exits_with(1).says("needs `/lib/ld-none.so.1`, which this system does not have");
    sandbox.is_clean();
}
