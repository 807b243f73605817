//! Releases in the store: each is whole or absent, made by only one of many processes, and its programs work.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use vx_base::package::Program;
use vx_base::trouble::Explain;
use vx_store::report::{InstallStep, SilentReporter};
use vx_store::{CancelToken, CommandFault, Hooks, Store, TrialEnd, install, sweep};

use super::setting::{Entry, Record, Setting, names_in, release_of, tar_gz};
use crate::support::server::Reply;

fn program(name: &str, path: &str, runner: Option<&str>) -> Program {
    Program { name: name.into(), path: path.into(), runner: runner.map(str::to_owned) }
}

/// The output of a program that is run with nothing of the release on PATH but the release's own additions.
fn output(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("PATH", "/usr/bin:/bin").output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn an_installed_release_is_not_fetched_again() {
    let setting = Setting::new();
    let config = setting.serves("tool.tgz", &release_of(1000));
    let first = setting.install(&config).expect("it installs");
    let second = setting.install(&config).expect("it is there");
    assert_eq!((first.already, second.already), (false, true));
    assert_eq!(first.release, second.release);
    assert_eq!(setting.server.requests().len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_release_that_lost_bytes_when_the_power_failed_is_installed_again() {
    let setting = Setting::new();
    let config = setting.serves("tool.tgz", &release_of(1000));
    let path = setting.install(&config).expect("it installs").release.path;
    // Change the receipt as if the machine had been restarted since.
    let receipt = path.join(".vx-receipt.toml");
    let of_another_boot = || {
        let text = fs::read_to_string(&receipt).expect("a receipt");
        let line = text.lines().find(|line| line.starts_with("unsynced_boot")).expect("it was not waited for");
        fs::write(&receipt, text.replace(line, "unsynced_boot = \"another\"")).expect("a receipt");
    };
    of_another_boot();
    assert!(setting.install(&config).expect("it is there").already, "nothing was lost");
    assert!(!fs::read_to_string(&receipt).expect("a receipt").contains("unsynced_boot"), "that is known now");

    fs::remove_dir_all(setting.home().store()).expect("a store");
    setting.install(&config).expect("it installs");
    of_another_boot();
    let data = fs::File::options().write(true).open(path.join("lib/data")).expect("a file");
    let time = data.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    data.set_len(0).and_then(|()| data.set_modified(time)).expect("it loses its bytes");
    assert!(!setting.install(&config).expect("it installs").already);
    assert_eq!(fs::metadata(path.join("lib/data")).expect("a file").len(), 1000);
}

#[test]
fn two_installs_of_one_release_fetch_it_once_and_the_second_waits() {
    let setting = Setting::new();
    let archive = release_of(300_000);
    let config = setting.serves_as("tool.tgz", &archive, Reply::ok(&archive[..]).slow(1_000_000));
    let records = [Record::default(), Record::default()];
    let already: Vec<bool> = thread::scope(|scope| {
        let install = |record| setting.install_with(&config, record, &CancelToken::new()).expect("it installs").already;
        let running: Vec<_> = records.iter().map(|record| scope.spawn(move || install(record))).collect();
        running.into_iter().map(|one| one.join().expect("an outcome")).collect()
    });
    assert!(already.contains(&true) && already.contains(&false), "{already:?}");
    assert_eq!(setting.server.requests().len(), 1);
    let waiter = &records[usize::from(already[1])];
    assert_eq!(waiter.steps(), [InstallStep::Waiting]);
    let said = format!("{:?}", waiter.events());
    assert!(said.contains(&format!("waiting for process {}", std::process::id())), "{said}");
    setting.assert_no_staging();
}

#[test]
fn one_archive_in_two_releases_is_received_once() {
    let setting = Setting::new();
    let archive = release_of(300_000);
    let config = setting.serves_as("tool.tgz", &archive, Reply::ok(&archive[..]).slow(2_000_000));
    let mut other = config.clone();
    other.tool_name = "other".into();
    thread::scope(|scope| {
        for config in [&config, &other] {
            scope.spawn(|| setting.install(config).expect("it installs"));
        }
    });
    assert_eq!((setting.cached().len(), setting.server.requests().len()), (1, 1));
    assert_eq!(Store::new(setting.home()).list().expect("a list").len(), 2);
}

#[test]
fn a_failed_reinstall_keeps_the_release_and_a_good_one_replaces_it() {
    let setting = Setting::new();
    let old = release_of(1000);
    let config = setting.serves("tool.tgz", &old);
    let first = setting.install(&config).expect("it installs").release;

    let new = release_of(2000);
    let mut again = setting.serves_as("tool.tgz", &new, Reply::ok(&new[..1500]));
    again.force = true;
    setting.install(&again).expect_err("the archive is cut short");
    let store = Store::new(setting.home());
    assert_eq!(store.installed("tool", "1.0.0"), Some(first.clone()));
    assert_eq!(fs::metadata(first.path.join("lib/data")).expect("a file").len(), 1000);

    setting.server.serve("/tool.tgz", Reply::ok(&new[..]));
    setting.install(&again).expect("it installs");
    assert_eq!(fs::metadata(first.path.join("lib/data")).expect("a file").len(), 2000);
    setting.assert_no_staging();
}

#[test]
fn leftovers_of_a_killed_install_are_swept_and_do_not_hinder() {
    let setting = Setting::new();
    let left = setting.home().tmp().join("tool-1.0.0.999999-0");
    fs::create_dir_all(left.join("release/lib")).expect("directories");
    fs::write(left.join("release/lib/data"), "half").expect("a file");
    fs::write(setting.home().tmp().join("tool-1.0.0.999999-0.lock"), "").expect("a lock");
    let half = setting.home().store().join("tool/1.0.0");
    fs::create_dir_all(&half).expect("a directory without a receipt");

    assert_eq!(sweep(&setting.home()), 1);
    let installed = setting.install(&setting.serves("tool.tgz", &release_of(1000))).expect("it installs");
    assert!(!installed.already && installed.release.path == half);
    setting.assert_no_staging();
}

#[cfg(unix)]
#[test]
fn every_program_works_from_bin_alone() {
    let setting = Setting::new();
    let node = b"#!/bin/sh\nscript=$1\nshift\necho \"node runs $(cat \"$script\") $*\"\n";
    let first = tar_gz(&[
        Entry::File("package/nested/bin/node", node),
        Entry::Program("package/bin/own", b"#!/bin/sh\necho own\n"),
    ]);
    let second = tar_gz(&[Entry::File("package/bin/npm-cli.js", b"npm-cli")]);
    let mut config = setting.serves("node.tgz", &first);
    setting.server.serve("/npm.tgz", Reply::ok(&second[..]));
    config.parts.push(setting.part("npm.tgz", &second));
    config.parts[1].archive.into = "lib/it's npm".into();
    config.programs = vec![
        program("node", "nested/bin/node", None),
        program("nodejs", "nested/bin/node", None),
        program("own", "bin/own", None),
        program("npm", "lib/it's npm/bin/npm-cli.js", Some("node")),
    ];
    let release = setting.install(&config).expect("it installs").release;

    assert_eq!(names_in(&release.bin()), ["node", "nodejs", "npm", "own"]);
    let npm = release.program("npm").expect("npm is there");
    assert_eq!(npm, release.bin().join("npm"));
    assert_eq!(output(&npm, &["a b", "c"]), "node runs npm-cli a b c");
    assert_eq!(output(&release.bin().join("own"), &[]), "own");
    assert_eq!(fs::read_link(release.bin().join("nodejs")).expect("a link"), Path::new("../nested/bin/node"));

    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    let link = elsewhere.path().join("npm");
    std::os::unix::fs::symlink(&npm, &link).expect("a link");
    assert_eq!(output(&link, &["x"]), "node runs npm-cli x");
    let second_link = elsewhere.path().join("again");
    std::os::unix::fs::symlink("npm", &second_link).expect("a link");
    assert_eq!(output(&second_link, &["x"]), "node runs npm-cli x");
}

#[test]
fn a_program_that_is_not_there_is_named_with_what_could_be_meant() {
    let setting = Setting::new();
    let mut config = setting.serves("tool.tgz", &release_of(1000));
    config.parts[0].archive.strip = 0;
    let error = setting.fails_saying(&config, &["`tool` should be `bin/tool`"]);
    assert!(error.hint().is_some_and(|hint| hint.contains("`package/bin/tool`")), "{:?}", error.hint());

    for (path, runner, says) in [
        ("../up", None, "not a path inside"),
        ("/bin/sh", None, "not a path inside"),
        ("lib", None, "not a file"),
        ("bin/tool", Some("python"), "run by `python`"),
    ] {
        let mut config = setting.serves("tool.tgz", &release_of(1000));
        config.programs = vec![program("tool", path, runner)];
        setting.fails_saying(&config, &[says]);
    }
}

#[test]
fn a_post_install_command_runs_before_the_release_can_be_seen() {
    let setting = Setting::new();
    let mut config = setting.serves("tool.tgz", &release_of(1000));
    config.postinstall = Some("make ready".into());
    let store = Store::new(setting.home());
    let hooks = |postinstall| Hooks {
        progress_of: &|_| None,
        state_of: &|_| None,
        postinstall,
        trial: &|_| TrialEnd::Unknown,
        patience: setting.patience.clone(),
    };

    let fault = |reason: &str| CommandFault { reason: reason.into(), output: vec!["no compiler".into()], limit: None };
    let fails = |_: &vx_store::PostInstall<'_>| Err(fault("exit code 3"));
    let error = install(&config, &SilentReporter, &CancelToken::new(), &hooks(&fails)).expect_err("it fails");
    assert!(error.to_string().contains("`make ready` failed: exit code 3"), "{error}");
    assert_eq!(error.details(), ["no compiler"]);
    assert_eq!(store.installed("tool", "1.0.0"), None);
    setting.assert_no_staging();

    let works = |post: &vx_store::PostInstall<'_>| {
        assert_eq!(post.command, "make ready");
        assert!(post.bin.join("tool").is_file() && store.installed("tool", "1.0.0").is_none());
        fs::write(post.release.join("made"), "ready").map_err(|error| fault(&error.to_string()))
    };
    let record = Record::default();
    let installed = install(&config, &record, &CancelToken::new(), &hooks(&works)).expect("it installs");
    assert!(installed.release.path.join("made").is_file());
    assert!(record.steps().contains(&InstallStep::PostInstall));
}

#[test]
fn a_name_that_would_leave_the_store_is_refused_before_anything_happens() {
    let setting = Setting::new();
    let mut config = setting.serves("tool.tgz", &release_of(1000));
    config.version = "../../1.0.0".into();
    setting.fails_saying(&config, &["version `../../1.0.0`"]);
    assert_eq!(setting.server.requests().len(), 0);
}

#[cfg(unix)]
#[test]
fn a_home_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;

    let setting = Setting::new();
    let config = setting.serves("tool.tgz", &release_of(1000));
    fs::create_dir_all(setting.home().root()).expect("a home");
    fs::write(setting.home().store(), "a file in the store's place").expect("a file");
    let error = setting.install(&config).expect_err("there is no store");
    assert!(error.to_string().contains(&setting.home().store().display().to_string()), "{error}");

    fs::remove_file(setting.home().store()).expect("removed");
    fs::set_permissions(setting.home().root(), fs::Permissions::from_mode(0o500)).expect("a mode");
    // The superuser may write everywhere, so this is tested only for other users.
    if fs::write(setting.home().root().join("probe"), "").is_err() {
        let error = setting.install(&config).expect_err("nothing can be written");
        assert!(error.hint().is_some_and(|hint| hint.contains("VX_HOME")), "{error}");
    }
    fs::set_permissions(setting.home().root(), fs::Permissions::from_mode(0o700)).expect("a mode");
}
