//! `--locked`: no byte is used whose digest is not in the lock.

use vx_base::system::platform::Platform;

use crate::support::registry::archive::{script, tgz};
use crate::support::registry::npm_archive_path;
use crate::support::sandbox::Sandbox;
use crate::support::server::Reply;

/// A project with a lock, and nothing installed yet.
fn locked() -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0");
    sandbox.vx("lock").succeeds();
    sandbox
}

/// Assert that the lock is refused for this reason before any archive is requested, and that nothing is installed.
#[track_caller]
fn assert_refused(sandbox: &Sandbox, reason: &str) {
    let asked = sandbox.registry().server().requests().len();
    let lock = sandbox.read("vx.lock");
    sandbox.vx("sync --locked").exits_with(2).says(reason).says("hint: ");
    assert_eq!(sandbox.registry().server().requests().len(), asked);
    assert_eq!((sandbox.stored(), sandbox.read("vx.lock")), (Vec::new(), lock));
}

#[test]
fn an_archive_whose_digest_is_not_in_the_lock_is_refused_also_when_the_registry_has_it() {
    let sandbox = locked();
    // The registry is changed as a whole: archive, digest, documents.
    let other = tgz(&[script("package/bin/esbuild", "6.6.6")]);
    sandbox.registry().npm("@esbuild/linux-x64", "0.27.0", &other, crate::support::registry::Npm::default());
    sandbox.vx("sync --locked").exits_with(1).says("esbuild").says("expected sha512:").says("got sha512:");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    sandbox.vx("sync --frozen").exits_with(1).says("expected sha512:");
    sandbox.vx("sync").exits_with(1).says("expected sha512:");
    assert_eq!((sandbox.stored(), sandbox.left_behind()), (Vec::new(), Vec::new()));
    let path = npm_archive_path("@esbuild/linux-x64", "0.27.0");
    sandbox.registry().server().serve(&path, Reply::status(404));
    sandbox.registry().offer("esbuild", "0.27.0");
    sandbox.vx("sync --locked").succeeds();
}

#[test]
fn a_lock_without_this_platform_is_refused() {
    let sandbox = locked();
    let here = Platform::current().expect("tests run where tools are known").to_string();
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains(&here), "{lock}");
    let elsewhere = lock.replace(&here, "windows-arm64").replace("@esbuild/windows", "@esbuild/win32");
    sandbox.write("vx.lock", &elsewhere.replace("\"windows-arm64-0", "\"win32-arm64-0"));
    assert_refused(&sandbox, &format!("`esbuild` is not locked for {here}"));
    sandbox.write("vx.lock", &lock);
    sandbox.vx("sync --locked").succeeds();
}

#[test]
fn a_lock_whose_entry_has_no_digest_or_no_archive_is_refused() {
    let sandbox = locked();
    let lock = sandbox.read("vx.lock");
    let without: Vec<&str> = lock.lines().filter(|line| !line.starts_with("digest")).collect();
    assert!(without.len() < lock.lines().count(), "{lock}");
    sandbox.write("vx.lock", &without.join("\n"));
    assert_refused(&sandbox, "missing field `digest`");
    for weak in ["", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha512:00", "none"] {
        let weakened = lock.lines().map(|line| match line.starts_with("digest") {
            true => format!("digest = \"{weak}\"\n"),
            false => format!("{line}\n"),
        });
        sandbox.write("vx.lock", &weakened.collect::<String>());
        assert_refused(&sandbox, "vx.lock` cannot be understood");
    }
    let here = Platform::current().expect("tests run where tools are known");
    let head: String =
        lock.lines().take_while(|line| !line.starts_with("[[")).map(|line| format!("{line}\n")).collect();
    sandbox.write("vx.lock", &format!("{head}[tools.esbuild.platforms]\n{here} = []\n"));
    assert_refused(&sandbox, &format!("there is no archive for {here}"));
}

#[test]
fn an_address_whose_digest_is_not_in_the_lock_is_refused() {
    let sandbox = Sandbox::new();
    let archive = tgz(&[script("x/bin/hello", "1.0.0")]);
    sandbox.registry().server().serve("/files/hello.tgz", Reply::ok(archive));
    let url = sandbox.registry().server().url("/files/hello.tgz");
    let tool = format!("hello = {{ version = \"1.0.0\", url = \"{url}\", strip = 1, bin = [\"bin/hello\"] }}");
    let sandbox = sandbox.config(&format!("[tools]\n{tool}\n"));
    assert_refused(&sandbox, "`hello` is not in the lock");
    sandbox.vx("lock").succeeds();
    // A digest that the project declares and the lock does not have.
    let declared = format!(", sha256 = \"{}\" }}", "ab".repeat(32));
    let sandbox = sandbox.config(&format!("[tools]\n{}\n", tool.replace(" }", &declared)));
    assert_refused(&sandbox, "`hello` was locked for another address or digest");
}

#[test]
fn the_hint_for_an_archive_that_was_replaced_on_purpose_leads_there() {
    let sandbox = Sandbox::new();
    let archive = |said: &str| tgz(&[script("package/bin/acme", said)]);
    let serve = |said: &str| {
        sandbox.registry().server().serve("/files/acme.tgz", Reply::ok(archive(said)));
        sandbox.registry().know(&archive(said));
    };
    let url = sandbox.registry().server().url("/files/acme.tgz");
    let line = format!("acme = {{ version = \"1.0.0\", url = \"{url}\", strip = 1, bin = [\"bin/acme\"] }}\n");
    sandbox.write("vx.toml", &format!("[tools]\n{line}"));
    serve("one");
    sandbox.vx("lock").succeeds();
    sandbox.vx("cache clean").succeeds();
    serve("another");
    sandbox.vx("sync").exits_with(1).says("renew its digest with `vx lock TOOL`");
    sandbox.vx("lock acme").succeeds();
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("acme"), "another");
}
