//! The signatures of an npm registry are checked when a version is locked, and a wrongly signed one is never used.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use vx_base::digest::Algorithm;

use crate::support::registry::archive::{script, tgz};
use crate::support::registry::{KEYS_PATH, Npm, Signer, digest, npm_archive_path};
use crate::support::sandbox::Sandbox;
use crate::support::server::Reply;

const CONFIG: &str = "[tools]\nesbuild = \"0.27\"\nbiome = \"2.3.4\"\n";
const STRICT: &str = "[settings]\nrequire_signatures = true\n[tools]\nesbuild = \"0.27\"\nbiome = \"2.3.4\"\n";
/// The package of esbuild for this machine, as far as tests run.
const PACKAGE: &str = "@esbuild/linux-x64";
/// The package of esbuild for a machine that no test runs on.
const ELSEWHERE: &str = "@esbuild/win32-arm64";

/// A registry with two tools that it signs with this key.
fn signed(config: &str, signer: Signer) -> Sandbox {
    let sandbox = Sandbox::new().config(config);
    sandbox.registry().sign_with(signer);
    sandbox.offers("esbuild", "0.27.0").offers("biome", "2.3.4")
}

fn key(name: &str) -> Signer {
    Signer::new(name, None)
}

/// Check that esbuild is refused for this reason, and the other tool is installed.
#[track_caller]
fn assert_refused(sandbox: &Sandbox, reason: &str) {
    sandbox.vx("lock").fails_with(&format!("esbuild: the npm package {PACKAGE} 0.27.0: {reason}")).says("hint: ");
    sandbox.vx("sync").exits_with(1).says(reason);
    assert_eq!(sandbox.installed(), ["biome 2.3.4"]);
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("[tools.biome]") && !lock.contains("[tools.esbuild]"), "{lock}");
}

#[test]
fn a_good_signature_is_written_to_the_lock_with_the_name_of_its_key() {
    let sandbox = signed(STRICT, key("SHA256:one"));
    sandbox.vx("lock").succeeds().says("locked esbuild 0.27.0 from npm for linux-x64, signed by SHA256:one");
    assert_eq!(sandbox.read("vx.lock").matches("signed_by = \"SHA256:one\"").count(), 2);
    let asked = || sandbox.registry().server().requests_for(KEYS_PATH).len();
    assert_eq!(asked(), 1);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["biome 2.3.4", "esbuild 0.27.0"]);
    // The keys are cached like other documents, and a locked version is not checked again.
    sandbox.vx("lock --upgrade").succeeds();
    assert_eq!(asked(), 1);
}

#[test]
fn an_archive_whose_digest_was_exchanged_is_refused_by_name() {
    let sandbox = signed(CONFIG, key("SHA256:one"));
    let other = tgz(&[script("package/bin/esbuild", "6.6.6")]);
    let digest = digest(Algorithm::Sha512, &other);
    let bytes: Vec<u8> = (0..64).map(|at| u8::from_str_radix(&digest.hex()[at * 2..at * 2 + 2], 16).unwrap()).collect();
    sandbox.registry().server().serve(&npm_archive_path(PACKAGE, "0.27.0"), Reply::ok(other));
    let integrity = format!("sha512-{}", STANDARD.encode(bytes));
    sandbox.registry().rewrite(PACKAGE, "0.27.0", |said| said["dist"]["integrity"] = json!(integrity));
    assert_refused(&sandbox, "the signature by key SHA256:one is not for this package, version and digest");
}

#[test]
fn the_signature_of_another_version_does_not_count() {
    let sandbox = signed(CONFIG, key("SHA256:one")).offers("esbuild", "0.26.0");
    let mut older = json!(null);
    sandbox.registry().rewrite(PACKAGE, "0.26.0", |said| older = said["dist"].clone());
    // An attacker serves the older version, with its known faults and its valid signature, as the newer.
    sandbox.registry().rewrite(PACKAGE, "0.27.0", |said| said["dist"] = older);
    assert_refused(&sandbox, "the signature by key SHA256:one is not for this package");
}

#[test]
fn a_key_that_is_none_of_the_registrys_is_named_with_those_that_are() {
    let sandbox = signed(CONFIG, key("SHA256:one"));
    sandbox.registry().rewrite(PACKAGE, "0.27.0", |said| said["dist"]["signatures"][0]["keyid"] = json!("SHA256:evil"));
    assert_refused(&sandbox, "it is signed by key SHA256:evil, and the registry's own keys are SHA256:one");
}

#[test]
fn a_key_that_is_newer_than_the_copy_of_the_keys_is_asked_for() {
    let sandbox = signed(CONFIG, key("SHA256:one"));
    sandbox.vx("lock").succeeds();
    sandbox.registry().sign_with(key("SHA256:two"));
    let sandbox = sandbox.offers("esbuild", "0.27.1");
    sandbox.vx("lock --upgrade esbuild").succeeds().says("0.27.0 → 0.27.1").says("signed by SHA256:two");
}

#[test]
fn a_key_that_has_expired_vouches_only_for_versions_published_before() {
    // Everything here was published in June of 2024.
    let sandbox = signed(STRICT, Signer::new("SHA256:old", Some("2025-01-29T00:00:00.000Z")));
    sandbox.vx("lock").succeeds().says("signed by SHA256:old");
    let sandbox = signed(CONFIG, Signer::new("SHA256:older", Some("2023-01-29T00:00:00.000Z")));
    let refused = "it was published at 2024-06-01T12:00:00Z and is signed by key SHA256:older, which expired at 2023";
    sandbox.vx("lock").fails_with(&format!("esbuild: the npm package {PACKAGE} 0.27.0: {refused}")).says(refused);
    assert_eq!(sandbox.read("vx.lock"), "");
}

#[test]
fn a_wrong_signature_for_another_platform_fails_the_tool_here_too() {
    let sandbox = signed(CONFIG, key("SHA256:one"));
    sandbox.registry().npm(ELSEWHERE, "0.27.0", &tgz(&[script("package/x", "0.27.0")]), Npm::default());
    sandbox.registry().rewrite(ELSEWHERE, "0.27.0", |said| said["dist"]["signatures"][0]["sig"] = json!("AAAA"));
    sandbox.vx("lock").fails_with(&format!("esbuild: the npm package {ELSEWHERE} 0.27.0: the signature"));
    assert!(!sandbox.read("vx.lock").contains("[tools.esbuild]"));
}

#[test]
fn a_registry_without_keys_is_used_in_silence_unless_signatures_are_required() {
    let sandbox = Sandbox::new().config(CONFIG).offers("esbuild", "0.27.0").offers("biome", "2.3.4");
    sandbox.vx("lock").succeeds().keeps_silent_about("sign");
    assert!(!sandbox.read("vx.lock").contains("signed_by"));
    sandbox.write("vx.toml", STRICT);
    // A version locked without a signature is refused, and so is one that would be locked now.
    let refused = "`require_signatures` is set, and vx.lock names no key that signed it";
    sandbox.vx("sync").exits_with(1).says(refused).says("vx lock TOOL");
    sandbox.vx("lock --upgrade").fails_with("`require_signatures` is set, and its registry signs nothing");
    assert_eq!(sandbox.installed(), [] as [&str; 0]);
}

#[test]
fn a_missing_signature_is_reported_where_the_registry_signs_others() {
    let sandbox = signed(CONFIG, key("SHA256:one"));
    sandbox.registry().rewrite(PACKAGE, "0.27.0", |said| said["dist"]["signatures"] = json!(null));
    let told = "its registry signs packages, and has no signature of this one";
    sandbox.vx("lock").succeeds().says("`esbuild` is verified by its digests alone").says(told);
    sandbox.write("vx.toml", STRICT);
    sandbox.vx("lock --upgrade").fails_with("`require_signatures` is set, and its registry signs packages");
}

#[test]
fn keys_that_cannot_be_had_are_reported_and_fail_only_where_signatures_are_required() {
    let sandbox = signed(CONFIG, key("SHA256:one"));
    sandbox.registry().server().serve(KEYS_PATH, Reply::json("{\"keys\":7}"));
    sandbox.vx("lock").succeeds().says("its signatures cannot be checked: the keys of the npm registry");
    sandbox.write("vx.toml", STRICT);
    sandbox.vx("lock --upgrade").fails_with("`require_signatures` is set, and its signatures cannot be checked");
}
