//! The instructions of a project for a release: a changed `strip`, `bin` or `postinstall` is a change.

use crate::support::registry::archive::{script, tgz};
use crate::support::registry::digest;
use crate::support::sandbox::Sandbox;
use crate::support::server::Reply;

const DIFFERS: &str = "`acme` was locked for another `strip`, `bin` or `postinstall`";

/// A project with a tool from an address, with these instructions.
fn acme(sandbox: &Sandbox, instructions: &str) {
    let archive = tgz(&[script("top/bin/acme", "acme"), script("top/bin/acmectl", "acmectl")]);
    sandbox.registry().server().serve("/files/acme.tgz", Reply::ok(archive.clone()));
    sandbox.registry().know(&archive);
    let (url, sha256) = (sandbox.registry().server().url("/files/acme.tgz"), digest(ALGORITHM, &archive).hex());
    let tool = format!("acme = {{ version = \"1.0.0\", url = \"{url}\", sha256 = \"{sha256}\", {instructions} }}\n");
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
}

const ALGORITHM: vx_base::digest::Algorithm = vx_base::digest::Algorithm::Sha256;

#[test]
fn a_changed_strip_bin_or_postinstall_is_seen_by_lock_sync_and_check() {
    let sandbox = Sandbox::new();
    acme(&sandbox, "strip = 1, bin = [\"bin/acme\"]");
    sandbox.vx("sync").succeeds();
    sandbox.vx("lock --check").succeeds();
    for (instructions, file) in [
        ("strip = 1, bin = [\"bin/acme\", \"bin/acmectl\"]", "acme/1.0.0/bin/acmectl"),
        ("strip = 1, bin = [\"bin/acme\", \"bin/acmectl\"], postinstall = \"touch made\"", "acme/1.0.0/made"),
        ("strip = 1, bin = [\"bin/acme\", \"bin/acmectl\"], postinstall = \"touch other\"", "acme/1.0.0/other"),
        ("strip = 0, bin = [\"top/bin/acme\"]", "acme/1.0.0/top/bin/acme"),
        ("bin = { boss = \"top/bin/acme\" }", "acme/1.0.0/bin/boss"),
    ] {
        acme(&sandbox, instructions);
        sandbox.vx("lock --check").exits_with(1).prints(DIFFERS);
        assert_ne!(sandbox.vx("sync --locked").says(DIFFERS).code(), Some(0), "{instructions}");
        sandbox.vx("sync").succeeds();
        assert!(sandbox.stored().contains(&file.to_owned()), "{instructions}: {:?}", sandbox.stored());
        sandbox.vx("lock --check").succeeds();
        sandbox.vx("sync --locked").succeeds().says("nothing to do");
    }
    assert!(!sandbox.stored().contains(&"acme/1.0.0/other".to_owned()), "{:?}", sandbox.stored());
}

#[test]
fn a_release_that_was_made_by_other_instructions_is_not_the_one_that_is_wanted() {
    let sandbox = Sandbox::new();
    acme(&sandbox, "strip = 1, bin = [\"bin/acme\"]");
    sandbox.vx("sync").succeeds();
    acme(&sandbox, "strip = 1, bin = { boss = \"bin/acmectl\" }");
    sandbox.vx("lock").succeeds();
    // The lock matches, but the release doesn't.
    sandbox.vx("lock --check").succeeds();
    sandbox.vx("doctor --offline").prints("by other instructions");
    assert_eq!(sandbox.vx("boss").succeeds().stdout(), "acmectl\n");
}

#[test]
fn a_tool_whose_instructions_change_keeps_its_version() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27\"\n").offers("esbuild", "0.27.0");
    sandbox.vx("sync").succeeds();
    sandbox.registry().offer("esbuild", "0.27.1");
    sandbox.write(
        "vx.toml",
        "[settings]\ncache_duration = 0\n[tools]\nesbuild = { version = \"0.27\", postinstall = \"touch made\" }\n",
    );
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    assert!(sandbox.stored().contains(&"esbuild/0.27.0/made".to_owned()), "{:?}", sandbox.stored());
    sandbox.vx("lock --upgrade").succeeds();
    assert!(sandbox.read("vx.lock").contains("0.27.1"));
}
