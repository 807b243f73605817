//! Settings of sources, places and PATH.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::{finds_and_mends, finds_one, found, well, wrongs};
use crate::support::sandbox::Sandbox;

/// A project with a wheel: without one, the Python index is never asked.
fn with_wheel() -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nruff = \"0.9\"\n").offers("ruff", "0.9.0");
    sandbox.vx("sync").succeeds();
    sandbox
}

#[test]
fn settings_that_cannot_be_read_are_found() {
    let sandbox = well();
    fs::write(sandbox.project().join(".npmrc"), b"registry=\xff\n").expect("a file");
    finds_one(&sandbox, &["source: npm: ", ".npmrc` cannot be read"]);
    fs::remove_file(sandbox.project().join(".npmrc")).expect("it goes");
    fs::create_dir(sandbox.project().join(".npmrc")).expect("a directory");
    finds_one(&sandbox, &["source: npm: ", ".npmrc` cannot be read"]);

    let sandbox = with_wheel();
    sandbox.write("uv.toml", "index-url = ");
    finds_one(&sandbox, &["source: pypi: ", "uv.toml` is not TOML"]);
}

#[test]
fn a_setting_that_leads_nowhere_is_found_and_not_asked_about_offline() {
    let mut sandbox = well();
    sandbox.stop_registry();
    finds_one(&sandbox, &["source: npm: the npm registry: 127.0.0.1:", "cannot be reached"]);
    assert_eq!(wrongs(sandbox.vx("doctor --json --offline").succeeds()), [""; 0]);

    let sandbox = with_wheel().variable("UV_DEFAULT_INDEX", "no address");
    finds_one(&sandbox, &["source: pypi: ", "UV_DEFAULT_INDEX is not an address"]);
}

#[test]
fn a_registry_that_refuses_or_fails_is_found_and_one_without_a_front_page_is_well() {
    let sandbox = well();
    sandbox.registry().server().serve("/npm/", crate::support::server::Reply::status(401));
    finds_one(&sandbox, &["refused access (status 401)"]);
    sandbox.registry().server().serve("/npm/", crate::support::server::Reply::status(502));
    finds_one(&sandbox, &["answered with status 502"]);
    for status in [403, 404, 405] {
        sandbox.registry().server().serve("/npm/", crate::support::server::Reply::status(status));
        assert_eq!(wrongs(sandbox.vx("doctor --json").succeeds()), [""; 0], "{status}");
    }
}

#[test]
fn no_credential_is_in_the_doctors_output() {
    let sandbox = well();
    sandbox.write(".npmrc", "//127.0.0.1/:_authToken=planted-token\n");
    let sandbox = sandbox.variable("NPM_CONFIG_REGISTRY", "http://me:planted-token@127.0.0.1:9/npm/");
    let finished = sandbox.vx("doctor").exits_with(1);
    finished.prints("127.0.0.1:9 cannot be reached").keeps_silent_about("planted-token");
}

#[test]
fn a_runtime_directory_that_is_open_to_others_is_closed() {
    let sandbox = well();
    fs::set_permissions(sandbox.runtime(), Permissions::from_mode(0o755)).expect("a mode");
    finds_and_mends(&sandbox, &["place: ", "is open to other users; its mode must be 0700"]);
    let mode = fs::metadata(sandbox.runtime()).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_runtime_directory_that_is_a_link_is_left_to_people() {
    let sandbox = well();
    fs::rename(sandbox.runtime(), sandbox.root().join("real")).expect("it moves");
    std::os::unix::fs::symlink(sandbox.root().join("real"), sandbox.runtime()).expect("a link");
    finds_one(&sandbox, &["place: ", "is not a directory (links are not followed)"]);
}

#[cfg(target_os = "linux")]
#[test]
fn boards_on_a_disk_are_worth_knowing() {
    use vx_base::paths::FileSystemKind;

    let sandbox = well();
    let on_disk = FileSystemKind::detect(&sandbox.runtime()) == FileSystemKind::Disk;
    let finished = sandbox.vx("doctor --json").succeeds();
    let told = found(&finished, "advice").iter().any(|found| found.contains("boards are on a disk"));
    assert_eq!(told, on_disk, "{}", finished.stdout());
}

#[cfg(target_os = "linux")]
#[test]
fn a_store_on_another_file_system_than_its_staging_is_found() {
    let Ok(memory) = tempfile::tempdir_in("/dev/shm") else { return };
    let sandbox = well();
    if vx_base::paths::FileSystemKind::detect(&sandbox.home()) == vx_base::paths::FileSystemKind::Memory {
        return;
    }
    fs::create_dir_all(sandbox.home().join("tmp")).expect("a directory");
    fs::remove_dir(sandbox.home().join("tmp")).expect("it is empty");
    std::os::unix::fs::symlink(memory.path(), sandbox.home().join("tmp")).expect("a link");
    finds_one(&sandbox, &["place: ", "are on two file systems"]);
}

#[test]
fn entries_of_path_that_lead_to_releases_that_are_gone_are_found() {
    let sandbox = well();
    let (store, path) = (sandbox.home().join("store"), std::env::var("PATH").unwrap_or_default());
    let gone = store.join("biome/1.0.0/bin");
    let sandbox = sandbox.variable("PATH", &format!("{}:{path}", gone.display()));
    finds_one(&sandbox, &["path: PATH entry ", "biome 1.0.0 is not installed"]);
    let sandbox = sandbox.variable("PATH", &format!(":{path}"));
    let finished = sandbox.vx("doctor --json").succeeds();
    assert!(found(&finished, "advice").iter().any(|found| found.contains("empty or relative")));
}
