//! Locks that have to change: of an older format, with platforms missing, or with tools missing.

use crate::support::registry::archive::{script, tgz};
use crate::support::registry::{Npm, npm_path};
use crate::support::sandbox::Sandbox;
use crate::support::server::Reply;

/// Two tools of two versions each, and a lock of the old format that pins the older ones.
fn with_old_lock(config: &str) -> Sandbox {
    let sandbox = Sandbox::new().config(config);
    for (tool, versions) in [("biome", ["2.3.4", "2.4.0"]), ("esbuild", ["0.27.0", "0.28.0"])] {
        versions.iter().for_each(|version| sandbox.registry().offer(tool, version));
    }
    sandbox.write("vx.lock", OLD_LOCK);
    sandbox
}

const OLD_LOCK: &str = "version = 1\n[tools]\nbiome = \"2.3.4\"\n[tools.esbuild]\nversion = \"0.27.0\"\n";

#[test]
fn a_lock_of_the_old_format_pins_only_what_the_project_accepts() {
    let sandbox = with_old_lock("[tools]\nbiome = \"2\"\nesbuild = \"0.28\"\n");
    sandbox.vx("sync").succeeds().says("old format 1").says("wrote vx.lock").keeps_silent_about("is replaced");
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.28.0"]);
    assert!(sandbox.read("vx.lock").starts_with("# Written by `vx lock`"), "{}", sandbox.read("vx.lock"));
}

#[test]
fn an_old_lock_is_mentioned_only_where_its_pins_are_used() {
    let sandbox = with_old_lock("[tools]\nbiome = \"2\"\nesbuild = \"*\"\n");
    for words in ["which biome", "outdated", "lock --check", "sync --dry-run"] {
        assert_eq!(sandbox.vx(words).stderr().matches("old format 1:").count(), 1, "{words}");
    }
    let words = format!("--project {} install biome", sandbox.project().display());
    sandbox.vx(&words).succeeds().keeps_silent_about("old format");
    // The pin of 2.3.4 was not used.
    assert_eq!((sandbox.installed(), sandbox.read("vx.lock").as_str()), (vec!["biome 2.4.0".to_owned()], OLD_LOCK));
}

#[test]
fn an_upgrade_lets_go_of_the_versions_that_an_old_lock_pins() {
    let sandbox = with_old_lock("[tools]\nbiome = \"2\"\nesbuild = \"*\"\n");
    sandbox.vx("lock --upgrade esbuild").succeeds().says("locked esbuild 0.28.0").says("locked biome 2.3.4");
}

#[test]
fn a_pinned_version_that_is_gone_is_reported_with_a_hint() {
    let sandbox = with_old_lock("[tools]\nbiome = \"2\"\n");
    sandbox.write("vx.lock", "version = 1\n[tools]\nbiome = \"2.3.9\"\n");
    sandbox.vx("sync").fails_with("vx.lock pins 2.3.9").says("`vx lock --upgrade biome`");
    assert!(sandbox.read("vx.lock").contains("2.3.9"));
    sandbox.vx("lock").fails_with("vx.lock pins 2.3.9").says("vx.lock is unchanged").keeps_silent_about("up to date");
    sandbox.vx("lock --upgrade").succeeds().says("locked biome 2.4.0");
}

#[test]
fn an_old_lock_stays_until_every_tool_that_it_pins_is_locked() {
    let sandbox = with_old_lock("[tools]\nbiome = \"2\"\nesbuild = \"*\"\n");
    let finished = sandbox.vx("sync esbuild").succeeds();
    finished.says("its pins of `biome` would be lost").says("`vx lock`").keeps_silent_about("wrote vx.lock");
    assert_eq!(sandbox.read("vx.lock"), OLD_LOCK);
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    sandbox.vx("sync").succeeds().says("wrote vx.lock");
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    sandbox.vx("sync --locked").succeeds().keeps_silent_about("old format");
}

#[test]
fn an_old_lock_is_not_held_back_by_tools_that_are_never_locked() {
    let sandbox =
        with_old_lock("[tools]\nbiome = \"2\"\npython = \"system\"\nmsvc = { version = \"*\", os = [\"windows\"] }\n");
    sandbox
        .write("vx.lock", &format!("{OLD_LOCK}[tools.python]\nversion = \"3.12.0\"\n[tools.msvc]\nversion = \"1\"\n"));
    sandbox.vx("sync biome").succeeds().says("wrote vx.lock");
    assert_eq!(sandbox.installed(), ["biome 2.3.4"]);
}

#[test]
fn a_declared_tool_is_not_answered_by_the_program_of_another_tool() {
    let sandbox = Sandbox::new().offers("node", "22.1.0").offers("esbuild", "0.27.0");
    sandbox.vx("install node@22.1.0").succeeds();
    // `npm` is a program of node, and a tool of its own in this project.
    sandbox.write("vx.toml", "[tools]\nnpm = { version = \"1.0.0\", url = \"http://127.0.0.1:1/npm.tgz\" }\n");
    sandbox.vx("which npm").fails_with("npm is not installed yet, nor is it in vx.lock").says("run `vx sync`");
    sandbox.vx("which npx").keeps_silent_about("store/node/22.1.0/");
    // The same for a program of a declared tool.
    sandbox.write("vx.toml", "[tools]\nnode = \"24\"\n");
    sandbox.vx("which npx").fails_with("node is installed, but vx.lock does not say which version").says("`vx sync`");
    sandbox.write("vx.toml", "[tools]\nnpx = \"system\"\n");
    let sandbox = sandbox.variable("PATH", "/nowhere");
    sandbox.vx("which npx").fails_with("no `npx` is on PATH").says("hint: ").keeps_silent_about("store/node");
}

#[test]
fn an_unknown_tool_does_not_keep_which_from_the_others() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0");
    sandbox.vx("sync").succeeds();
    let sandbox = sandbox.config("[tools]\nesbuild = \"0.27.0\"\nnodee = \"22\"\n");
    sandbox.vx("which esbuild").succeeds().prints("store/esbuild/0.27.0/");
    sandbox.vx("which nodee").refuses_with("nodee").says("`node`");
}

/// The package of esbuild for a platform that no test runs on.
const ELSEWHERE: &str = "@esbuild/win32-x64";

/// A tool with a package for another platform that the registry lists, but refuses to serve for now.
fn with_a_platform_refused() -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27\"\n").offers("esbuild", "0.27.0");
    for path in [npm_path(ELSEWHERE), format!("{}/0.27.0", npm_path(ELSEWHERE))] {
        sandbox.registry().server().serve(&path, Reply::status(403));
    }
    sandbox
}

fn answer_for_the_platform(sandbox: &Sandbox) {
    let archive = tgz(&[script("package/esbuild.exe", "0.27.0")]);
    sandbox.registry().npm(ELSEWHERE, "0.27.0", &archive, Npm::default());
}

#[test]
fn a_platform_that_could_not_be_asked_about_is_reported_and_mended_by_the_next_lock() {
    let sandbox = with_a_platform_refused();
    let finished =
        sandbox.vx("lock").succeeds().says("vx.lock lacks `esbuild`").says("windows-x64: ").says("status 403");
    // A platform that the registry does not have is not reported.
    finished.says("wrote vx.lock").keeps_silent_about("macos");
    assert!(!sandbox.read("vx.lock").contains("windows-x64"), "{}", sandbox.read("vx.lock"));
    sandbox.registry().offer("esbuild", "0.27.1");
    sandbox.vx("lock").succeeds().says("status 403").says("vx.lock is up to date");

    answer_for_the_platform(&sandbox);
    sandbox.vx("lock").succeeds().says("locked esbuild 0.27.0 from npm for").says("windows-x64").says("wrote vx.lock");
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("windows-x64") && !lock.contains("0.27.1"), "{lock}");
    sandbox.vx("lock").succeeds().says("vx.lock is up to date").keeps_silent_about("lacks");
}

#[test]
fn a_sync_reports_a_platform_once_and_makes_no_request_while_the_lock_fits() {
    let sandbox = with_a_platform_refused();
    sandbox.vx("sync").succeeds().says("vx.lock lacks `esbuild`").says("status 403");
    answer_for_the_platform(&sandbox);
    let asked = sandbox.registry().server().requests().len();
    sandbox.vx("sync").succeeds().says("nothing to do").keeps_silent_about("lacks");
    assert_eq!(sandbox.registry().server().requests().len(), asked);
}

#[test]
fn a_tool_for_other_systems_is_completed_too() {
    let sandbox = with_a_platform_refused();
    for package in ["@esbuild/win32-arm64", "@esbuild/darwin-arm64"] {
        sandbox.registry().npm(package, "0.27.0", &tgz(&[script("package/x", "0.27.0")]), Npm::default());
    }
    let sandbox = sandbox.config("[tools]\nesbuild = { version = \"0.27\", os = [\"windows\", \"macos\"] }\n");
    sandbox.vx("lock").succeeds().says("windows-x64: ").says("locked esbuild 0.27.0 from npm for");
    answer_for_the_platform(&sandbox);
    sandbox.vx("lock").succeeds().says("macos-arm64, windows-x64, windows-arm64").says("wrote vx.lock");
    sandbox.vx("sync").succeeds().says("nothing to do");
}
