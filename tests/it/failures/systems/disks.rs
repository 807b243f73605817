//! Disks that are full, read-only, or not for this user. Each test has its own small file system in memory; if mounting
//! is not allowed, it reports that it is skipped.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::failures::*;
use crate::support::registry::archive::{Entry, filler, script, tgz};

/// A tool in a packed file that unpacks to four times its size, in many files.
fn archive() -> Vec<u8> {
    let mut entries = vec![script("x/bin/hello", "1.0.0"), filler("x/share/data", 60_000)];
    for number in 0..40 {
        let text = format!("file {number}\n").repeat(600);
        entries.push(Entry::file(&format!("x/lib/part{}/{number}", number % 5), 0o644, text));
    }
    tgz(&entries)
}

/// A sandbox on its own disk with one tool to install.
fn on_a_disk(options: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::new().on_a_disk(options)?;
    let line = sandbox.addressed("hello", &archive(), "");
    sandbox.write("vx.toml", &format!("[tools]\n{line}"));
    sandbox.vx("lock").succeeds();
    Some(sandbox)
}

/// Fill the disk up to `free_bytes`.
fn leave_free(sandbox: &Sandbox, free_bytes: u64) {
    let ballast = sandbox.disk().join("ballast");
    let _ = fs::remove_file(&ballast);
    let there = rustix::fs::statvfs(sandbox.disk()).expect("a file system");
    let size_bytes = (there.f_bavail * there.f_frsize).saturating_sub(free_bytes);
    fs::write(&ballast, vec![1; size_bytes as usize]).expect("ballast");
}

/// All files on the disk, with their sizes.
fn inventory(sandbox: &Sandbox) -> Vec<String> {
    let mut found = sandbox.stored();
    found.extend(sandbox.parts());
    found
}

#[test]
fn a_disk_full_at_any_byte_fails_by_name_and_leaves_nothing() {
    let Some(sandbox) = on_a_disk("size=8m") else { return };
    let (mut full, mut good) = (0, 0);
    for free_kb in (0..800).step_by(16) {
        leave_free(&sandbox, free_kb * 1024);
        let finished = sync(&sandbox);
        sandbox.keeps_only_whole_releases();
        if finished.code() == Some(0) {
            good += 1;
        } else {
            full += 1;
            let disk = sandbox.disk_point().display().to_string();
            finished.fails_with("No space left on device").says(&disk).says("free ").says("VX_HOME");
            assert_eq!(inventory(&sandbox), Vec::<String>::new(), "with {free_kb} KiB");
            assert_eq!(sandbox.left_behind(), Vec::<String>::new(), "with {free_kb} KiB");
        }
        fs::remove_file(sandbox.disk().join("ballast")).expect("ballast");
        sync(&sandbox).succeeds();
        assert_eq!(sandbox.program_says("hello"), "1.0.0");
        sandbox.is_clean();
        for place in ["store", "cache/downloads"] {
            fs::remove_dir_all(sandbox.kept().join(place)).expect("it goes");
        }
    }
    assert!(full > 10 && good > 5, "{full} full, {good} good");
}

#[test]
fn a_reinstall_on_a_full_disk_keeps_what_is_there() {
    let Some(sandbox) = on_a_disk("size=8m") else { return };
    sync(&sandbox).succeeds();
    let stored = sandbox.stored();
    let mut refused = 0;
    for free_kb in (0..420).step_by(40) {
        let _ = fs::remove_file(sandbox.kept().join("store/hello/1.0.0/.vx-files"));
        leave_free(&sandbox, free_kb * 1024);
        refused += u32::from(sandbox.vx("sync --plain --force").code() == Some(1));
        assert_eq!(sandbox.stored(), stored, "with {free_kb} KiB");
        assert_eq!(sandbox.program_says("hello"), "1.0.0");
        sandbox.is_clean();
    }
    assert!(refused > 2, "{refused} refused");
}

#[test]
fn a_disk_without_room_for_more_files_fails_by_name() {
    let Some(sandbox) = on_a_disk("size=8m,nr_inodes=200") else { return };
    let mut number = 0;
    while fs::write(sandbox.disk().join(format!("ballast{number}")), "").is_ok() {
        number += 1;
    }
    let mut fewer = 0;
    for files in [0, 1, 2, 3, 5, 8, 13, 21, 34, 45] {
        while fewer < files {
            number -= 1;
            fewer += 1;
            fs::remove_file(sandbox.disk().join(format!("ballast{number}"))).expect("ballast");
        }
        sync(&sandbox).fails_with("No space left on device");
        sandbox.is_clean();
        assert_eq!(sandbox.stored(), Vec::<String>::new());
    }
    (0..number).for_each(|number| fs::remove_file(sandbox.disk().join(format!("ballast{number}"))).expect("ballast"));
    sync(&sandbox).succeeds();
    sandbox.is_clean();
}

#[test]
fn a_full_disk_below_the_board_or_the_project_is_named_and_no_lock_file_is_halved() {
    let Some(sandbox) = Sandbox::new().on_a_disk("size=1m") else { return };
    let sandbox = sandbox.offers("esbuild", "0.27.0");
    let project = sandbox.disk_point().join("project");
    fs::create_dir(sandbox.disk().join("project")).expect("a directory");
    fs::write(sandbox.disk().join("project/vx.toml"), "[tools]\nesbuild = \"0.27.0\"\n").expect("a file");
    let home = sandbox.root().join("home").display().to_string();
    let sandbox = sandbox.variable("VX_HOME", &home);
    let words = format!("sync --plain --project {}", project.display());
    for free_kb in [0, 4] {
        leave_free(&sandbox, free_kb * 1024);
        let board_there = sandbox.disk_point().join("run").display().to_string();
        let mut command = sandbox.command(&words);
        command.env("VX_RUNTIME_DIR", &board_there);
        let finished = sandbox.run("vx sync", command).finish();
        let finished = finished.says("No space left on device");
        match finished.code() {
            // There was room for the lock, and the board is in memory.
            Some(0) => finished.says("the run goes on"),
            code => {
                assert!(matches!(code, Some(1 | 2)), "{:?} {}", finished.signal(), finished.stderr());
                finished.says("hint: ")
            }
        };
    }
    let _ = fs::remove_file(sandbox.disk().join("project/vx.lock"));
    fs::remove_dir_all(sandbox.disk().join("run")).expect("the boards");
    leave_free(&sandbox, 0);
    sandbox.vx(&words).fails_with("vx.lock").says("No space left on device");
    assert!(!sandbox.disk().join("project/vx.lock").exists());
    let others = fs::read_dir(sandbox.disk().join("project")).expect("a directory").count();
    assert_eq!(others, 1, "something is left beside vx.toml");
    fs::remove_file(sandbox.disk().join("ballast")).expect("ballast");
    sandbox.vx(&words).succeeds();
    assert!(sandbox.disk().join("project/vx.lock").exists());
}

#[test]
fn a_read_only_store_is_named_and_what_it_holds_still_serves() {
    let Some(sandbox) = on_a_disk("size=8m") else { return };
    sync(&sandbox).succeeds();
    let stored = sandbox.stored();
    sandbox.remount("ro");
    sandbox.vx("sync --plain").succeeds();
    assert_eq!(sandbox.program_says("hello"), "1.0.0");
    let disk = sandbox.disk_point().display().to_string();
    sync_again(&sandbox).fails_with("Read-only file system").says(&disk).says("VX_HOME");
    assert_eq!(sandbox.stored(), stored);
    sandbox.keeps_only_whole_releases();
    sandbox.remount("rw");
    sync_again(&sandbox).succeeds();
    sandbox.is_clean();
}

fn sync_again(sandbox: &Sandbox) -> Finished {
    sandbox.vx("sync --plain --force")
}

#[test]
fn a_store_of_another_user_is_named_and_untouched() {
    if !rustix::process::geteuid().is_root() {
        crate::support::skipped::skipped("only root can act for another user");
        return;
    }
    let sandbox = Sandbox::new();
    let line = sandbox.addressed("hello", &archive(), "");
    sandbox.write("vx.toml", &format!("[tools]\n{line}"));
    sync(&sandbox).succeeds();
    let stored = sandbox.stored();
    // A user that may read everything here, and write to nothing but the place for boards.
    let program = sandbox.root().join("vx");
    fs::copy(env!("CARGO_BIN_EXE_vx"), &program).expect("a copy");
    // A process that another test has just forked may have the copy open for writing until it executes its program.
    crate::support::sandbox::eventually("it can be run", || {
        std::process::Command::new(&program).arg("--version").output().ok()
    });
    fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).expect("a mode");
    let runtime = sandbox.root().join("their-run");
    fs::create_dir(&runtime).expect("a directory");
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).expect("a mode");
    chown(&runtime, Some(NOBODY), Some(NOBODY)).expect("an owner");
    let theirs = |words: &str| as_nobody(&sandbox, &program, &runtime, words);

    theirs("sync --plain").succeeds();
    let home = sandbox.home().display().to_string();
    theirs("sync --plain --force").fails_with("Permission denied").says(&home).says("VX_HOME");
    sandbox.write("vx.toml", &format!("[tools]\n{line}esbuild = \"0.27.0\"\n"));
    sandbox.registry().offer("esbuild", "0.27.0");
    theirs("sync --plain").exits_with(1).says("Permission denied");
    assert_eq!(sandbox.stored(), stored);
    sandbox.is_clean();
    sync(&sandbox).succeeds();
    sandbox.is_clean();
}

const NOBODY: u32 = 65534;

fn as_nobody(sandbox: &Sandbox, program: &Path, runtime: &Path, words: &str) -> Finished {
    let mut command = Command::new(program);
    command.args(words.split_whitespace()).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    command.env("VX_RUNTIME_DIR", runtime).uid(NOBODY).gid(NOBODY);
    sandbox.run(&format!("vx {words}"), command).finish()
}
