//! Homes on file systems without locks, as clusters and network drives have them: vx works there as usual.

use std::fs;
use std::os::unix::fs::symlink;

use nix::libc;
use rustix::process::Signal;

use crate::failures::*;
use crate::support::sandbox::{Refusal, Running};

/// The three ways in which file systems without locks answer.
const WITHOUT_LOCKS: [Refusal; 3] = [
    Refusal { call: libc::SYS_flock, error: libc::ENOLCK },
    Refusal { call: libc::SYS_flock, error: libc::ENOSYS },
    Refusal { call: libc::SYS_flock, error: libc::EOPNOTSUPP },
];

impl Sandbox {
    fn start_without_locks(&self, words: &str) -> Running {
        self.start_refusing(words, &WITHOUT_LOCKS[..1])
    }
}

/// Check that no lock of any form is left.
fn has_no_locks_left(sandbox: &Sandbox) {
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
    let mut files = Vec::new();
    crate::support::sandbox::files_below(&sandbox.home(), &sandbox.home(), &mut files);
    files.retain(|name| name.ends_with(".owner"));
    assert_eq!(files, Vec::<String>::new());
}

#[test]
fn every_command_works_on_a_file_system_without_locks() {
    for refusal in WITHOUT_LOCKS {
        let (sandbox, _) = one_good_one_bad();
        for words in [
            "sync --plain",
            "x --no-install esbuild --version",
            "sync --plain --force",
            "lock",
            "doctor --offline",
            "uninstall esbuild",
        ] {
            sandbox.start_refusing(words, &[refusal]).finish().succeeds();
        }
        assert_eq!(sandbox.program_says("biome"), "2.3.4");
        has_no_locks_left(&sandbox);
    }
}

#[test]
fn without_locks_two_runs_still_receive_an_archive_once() {
    let (sandbox, offer) = one_good_one_bad();
    sandbox.start_without_locks("lock").finish().succeeds();
    sandbox.registry().server().serve(&offer.path, Reply::ok(offer.archive.clone()).slow(100_000));
    let runs = [(); 2].map(|()| sandbox.start_without_locks("sync --plain"));
    runs.into_iter().for_each(|run| drop(run.finish().succeeds()));
    assert_eq!(sandbox.fetches(&offer).len(), 1);
    sandbox.is_clean();
    has_no_locks_left(&sandbox);
}

#[test]
fn without_locks_the_lock_of_a_killed_vx_goes_to_the_next() {
    let (sandbox, offer) = one_good_one_bad();
    sandbox.start_without_locks("lock").finish().succeeds();
    sandbox.registry().server().serve(&offer.path, Reply::ok(offer.archive.clone()).silent_after(1000));
    let run = sandbox.start_without_locks("sync --plain");
    sandbox.await_slot("biome", "holds its locks", |slot| slot["done"].as_u64() > Some(0));
    assert_ne!(sandbox.left_behind(), Vec::<String>::new(), "its locks");
    for process in sandbox.processes() {
        crate::support::sandbox::send(process.pid, Signal::KILL);
    }
    assert!(run.finish().signal().is_some());
    sandbox.registry().server().serve(&offer.path, Reply::ok(offer.archive.clone()));
    sandbox.start_without_locks("sync --plain").finish().succeeds();
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
    has_no_locks_left(&sandbox);
}

#[test]
fn a_lock_of_another_machine_is_respected_and_named() {
    let (sandbox, _) = one_good_one_bad();
    sandbox.start_without_locks("lock").finish().succeeds();
    let locks = sandbox.home().join("locks");
    let link = locks.join("esbuild-0.27.0.lock.owner");
    symlink("7.1.0.4026531836.0.another-boot.4d61@n2", &link).expect("a link");
    let finished = sandbox.start_without_locks("sync --plain --stall-timeout 100ms").finish();
    finished.fails_with("process 7 on `n2`").says(&format!("remove `{}`", link.display()));
    assert_eq!(sandbox.installed(), ["biome 2.3.4"]);
    fs::remove_file(link).expect("a link");
    sandbox.start_without_locks("sync --plain").finish().succeeds();
    has_no_locks_left(&sandbox);
}

#[test]
fn a_file_system_with_neither_locks_nor_links_is_named() {
    let (sandbox, _) = one_good_one_bad();
    let calls = [
        libc::SYS_symlinkat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_symlink,
    ];
    let mut refused = calls.map(|call| Refusal { call, error: libc::EPERM }).to_vec();
    refused.push(WITHOUT_LOCKS[0]);
    let finished = sandbox.start_refusing("lock", &refused).finish().exits_with(1);
    finished.says("this file system has no locks").says("hint: set VX_HOME to a directory on a local disk");
}
