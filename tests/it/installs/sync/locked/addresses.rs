//! Addresses and digests that differ by platform.

use vx_base::digest::Algorithm;
use vx_base::system::platform::Platform;

use crate::support::registry::archive::{script, tgz};
use crate::support::registry::digest;
use crate::support::sandbox::Sandbox;
use crate::support::server::Reply;

/// Serve a different archive for this platform, under the usual name of releases. Returns its digest.
fn publish(sandbox: &Sandbox, platform: Platform) -> String {
    let archive = tgz(&[script("top/bin/acme", &format!("acme of {platform}"))]);
    let path = format!("/files/{}/acme-{}.tgz", platform.os.name(), platform.arch.name());
    sandbox.registry().server().serve(&path, Reply::ok(archive.clone()));
    sandbox.registry().know(&archive);
    digest(Algorithm::Sha256, &archive).hex()
}

fn here() -> Platform {
    Platform::current().expect("tests run where tools are known")
}

fn config(sandbox: &Sandbox, url: &str, more: &str) {
    let url = url.replace("SERVER", &sandbox.registry().server().url(""));
    let tool = format!("version = \"1.0.0\"\nurl = {url}\nstrip = 1\nbin = [\"bin/acme\"]\n{more}");
    sandbox.write("vx.toml", &format!("[tools.acme]\n{tool}"));
}

#[test]
fn one_digest_is_never_locked_for_the_archives_of_several_platforms() {
    let sandbox = Sandbox::new();
    let own = publish(&sandbox, here());
    config(&sandbox, "\"SERVER/files/{os}/acme-{arch}.tgz\"", &format!("sha256 = \"{own}\"\n"));
    let locked = sandbox.vx("lock").succeeds();
    locked.says("its address differs by platform").says("vx.lock lacks `acme` for these platforms");
    let lock = sandbox.read("vx.lock");
    assert_eq!((lock.matches(&own).count(), lock.matches("digest = ").count()), (1, 1), "{lock}");
    sandbox.vx("sync --locked").succeeds();
    assert_eq!(sandbox.program_says("acme"), format!("acme of {}", here()));

    // An archive that was published in the meantime is locked by its own digest.
    let other = Platform::ALL.into_iter().find(|platform| *platform != here()).expect("another platform");
    let others = publish(&sandbox, other);
    sandbox.vx("lock").succeeds();
    let lock = sandbox.read("vx.lock");
    assert_eq!((lock.matches(&own).count(), lock.matches(&others).count()), (1, 1), "{lock}");
    sandbox.vx("lock --check").succeeds();
}

#[test]
fn one_address_for_all_platforms_is_fetched_and_named_once() {
    let sandbox = Sandbox::new();
    let archive = tgz(&[script("top/bin/acme", "acme of all")]);
    sandbox.registry().server().serve("/files/acme.tgz", Reply::ok(archive.clone()));
    sandbox.registry().know(&archive);
    config(&sandbox, "\"SERVER/files/acme.tgz\"", "");
    let locked = sandbox.vx("lock").succeeds();
    assert_eq!(locked.stderr().matches("once: no digest is given for it").count(), 1, "{}", locked.stderr());
    assert_eq!(sandbox.read("vx.lock").matches("digest = ").count(), Platform::ALL.len());
    let asked = sandbox.registry().server().requests_for("/files/acme.tgz");
    assert_eq!(asked.iter().filter(|request| request.method == "GET").count(), 1, "{asked:?}");
}

#[test]
fn a_sync_locks_no_platform_without_a_digest_and_says_so() {
    let sandbox = Sandbox::new();
    let own = publish(&sandbox, here());
    let digests = format!("sha256 = {{ {} = \"{own}\" }}\n", here());
    config(&sandbox, "\"SERVER/files/{os}/acme-{arch}.tgz\"", &digests);
    sandbox.vx("sync").succeeds().says("vx.lock lacks `acme` for these platforms").says("no digest says");
    let lock = sandbox.read("vx.lock");
    assert_eq!(lock.matches("digest = ").count(), 1, "{lock}");
    sandbox.vx("sync").succeeds().says("nothing to do").keeps_silent_about("lacks");
}

#[test]
fn addresses_by_platform_and_the_names_of_systems_lead_to_each_archive() {
    let sandbox = Sandbox::new();
    let digests: Vec<String> = Platform::ALL.map(|platform| publish(&sandbox, platform)).into();
    config(
        &sandbox,
        "{ linux = \"SERVER/files/linux/acme-{arch}.tgz\", macos = \"SERVER/files/{os:macos=macos}/acme-{arch:arm64=arm64}.tgz\" }",
        "",
    );
    sandbox.vx("lock").succeeds();
    let lock = sandbox.read("vx.lock");
    for (platform, digest) in Platform::ALL.into_iter().zip(&digests) {
        let expected = usize::from(platform.os != vx_base::system::platform::Os::Windows);
        assert_eq!(lock.matches(digest.as_str()).count(), expected, "{platform}: {lock}");
    }
    sandbox.vx("lock --check").succeeds();
    sandbox.vx("sync --locked").succeeds();
    assert_eq!(sandbox.program_says("acme"), format!("acme of {}", here()));
}
