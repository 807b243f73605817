//! What becomes of a lock: of an older format, with platforms missing, with tools that it does not have.

use crate::sandbox::Sandbox;

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
fn an_upgrade_lets_go_of_the_versions_that_an_old_lock_pins() {
    let sandbox = with_old_lock("[tools]\nbiome = \"2\"\nesbuild = \"*\"\n");
    sandbox.vx("lock --upgrade esbuild").succeeds().says("locked esbuild 0.28.0").says("locked biome 2.3.4");
}

#[test]
fn a_pinned_version_that_is_gone_is_told_with_the_way_on() {
    let sandbox = with_old_lock("[tools]\nbiome = \"2\"\n");
    sandbox.write("vx.lock", "version = 1\n[tools]\nbiome = \"2.3.9\"\n");
    sandbox.vx("sync").fails_with("vx.lock pins 2.3.9").says("`vx lock --upgrade biome`");
    sandbox.vx("lock --upgrade").succeeds().says("locked biome 2.4.0");
}
