//! The signatures in a lock: verified on every install without a request, added to older locks, and never lost without
//! a notice. Nor are the bytes of a version replaced without one.

use serde_json::json;

use crate::support::registry::archive::{script, tgz};
use crate::support::registry::{KEYS_PATH, Npm, Signer, npm_archive_path};
use crate::support::sandbox::Sandbox;
use crate::support::server::Reply;

const CONFIG: &str = "[tools]\nesbuild = \"0.27\"\n";
const STRICT: &str = "[settings]\nrequire_signatures = true\n[tools]\nesbuild = \"0.27\"\n";
const PACKAGE: &str = "@esbuild/linux-x64";

/// A project with a signed tool, and nothing locked yet.
fn signed(config: &str) -> Sandbox {
    let sandbox = Sandbox::new().config(config);
    sandbox.registry().sign_with(Signer::new("SHA256:one", None));
    sandbox.offers("esbuild", "0.27.0")
}

/// The same with a lock.
fn locked(config: &str) -> Sandbox {
    let sandbox = signed(config);
    sandbox.vx("lock").succeeds();
    sandbox
}

/// Forget every document of the registry, as in a new home.
fn forget(sandbox: &Sandbox) {
    std::fs::remove_dir_all(sandbox.home().join("cache/index")).expect("a cache");
}

/// A lock as older versions of vx wrote it.
fn without_signatures(lock: &str) -> String {
    lock.lines().filter(|line| !line.starts_with("signature = ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_kept_signature_is_verified_offline() {
    let mut sandbox = locked(STRICT);
    sandbox.vx("sync").succeeds();
    sandbox.vx("uninstall esbuild").succeeds();
    sandbox.stop_registry();
    sandbox.vx("sync --offline").succeeds();
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
    sandbox.vx("uninstall esbuild").succeeds();
    let lock = sandbox.read("vx.lock");
    let kept = lock.lines().find(|line| line.starts_with("signature = ")).expect("a signature");
    sandbox.write("vx.lock", &lock.replace(kept, "signature = \"MEUC\""));
    sandbox.vx("sync --offline").exits_with(1).says("the signature by key SHA256:one is not for this package");
    // A home that never had the keys cannot verify anything.
    sandbox.write("vx.lock", &lock);
    forget(&sandbox);
    sandbox
        .vx("sync --offline")
        .exits_with(1)
        .says("`require_signatures` is set, and key SHA256:one cannot be fetched");
    sandbox.write("vx.toml", CONFIG);
    sandbox.vx("sync --offline").succeeds().says("signatures in vx.lock cannot be checked here");
}

#[test]
fn a_new_home_asks_for_the_keys_once_and_for_no_document_of_a_package() {
    let sandbox = locked(STRICT);
    forget(&sandbox);
    let asked = sandbox.registry().server().requests().len();
    sandbox.vx("sync --locked").succeeds().keeps_silent_about("warning");
    let paths: Vec<String> =
        sandbox.registry().server().requests().split_off(asked).into_iter().map(|request| request.path).collect();
    assert_eq!(paths, [KEYS_PATH.to_owned(), npm_archive_path(PACKAGE, "0.27.0")]);
}

/// Make the kept document of keys two hours older.
fn age_the_keys(sandbox: &Sandbox) {
    let files = std::fs::read_dir(sandbox.home().join("cache/index")).expect("a cache").flatten();
    let mut files = files.map(|file| file.path());
    let keys = files.find(|path| path.to_string_lossy().contains("npm-keys")).expect("the kept keys");
    let mut document: serde_json::Value = serde_json::from_slice(&std::fs::read(&keys).expect("keys")).expect("JSON");
    document["fetched_at_s"] = json!(document["fetched_at_s"].as_u64().expect("a time") - 7200);
    std::fs::write(&keys, document.to_string()).expect("written");
}

#[test]
fn a_lock_by_a_key_that_is_newer_than_the_kept_ones_is_followed() {
    let sandbox = locked(STRICT);
    let (keys, older) = (sandbox.registry().server(), Signer::new("SHA256:older", None).document());
    let newer = Signer::new("SHA256:newer", None);
    let published = newer.document();
    // The lock is written by a machine that knows the newer key.
    sandbox.registry().sign_with(newer);
    sandbox.registry().offer("esbuild", "0.27.0");
    forget(&sandbox);
    sandbox.vx("lock esbuild").succeeds().says("signed by SHA256:newer");
    // This machine has the older keys, which count as complete while they are young.
    forget(&sandbox);
    keys.serve(KEYS_PATH, Reply::json(older));
    let unknown = "it is signed by key SHA256:newer, and the registry's own keys are SHA256:older";
    sandbox.vx("sync").exits_with(1).says(unknown);
    keys.serve(KEYS_PATH, Reply::json(published));
    let asked = keys.requests().len();
    sandbox.vx("sync").exits_with(1).says(unknown);
    assert_eq!(keys.requests().len(), asked);
    age_the_keys(&sandbox);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
}

#[test]
fn a_key_that_was_withdrawn_does_not_count_once_the_kept_keys_are_old() {
    let sandbox = locked(STRICT);
    let other = Signer::new("SHA256:two", None).document();
    sandbox.registry().server().serve(KEYS_PATH, Reply::json(other));
    (0..13).for_each(|_| age_the_keys(&sandbox));
    sandbox.vx("sync").exits_with(1).says("it is signed by key SHA256:one, and the registry's own keys are SHA256:two");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
}

#[test]
fn a_lock_without_signatures_installs_as_before_and_gains_them_at_the_next_lock() {
    let sandbox = locked(CONFIG);
    let honest = sandbox.read("vx.lock");
    sandbox.write("vx.lock", &without_signatures(&honest));
    let said = sandbox.vx("sync --locked").succeeds();
    let said = said.says("vx.lock names the keys that signed `esbuild`, but holds no signatures").says("run `vx lock`");
    assert_eq!(said.stderr().matches("holds no signatures").count(), 1, "{}", said.stderr());
    sandbox.vx("sync").succeeds().keeps_silent_about("signature");
    sandbox.vx("lock").succeeds().says("locked esbuild 0.27.0 from npm").says("wrote vx.lock");
    assert_eq!(sandbox.read("vx.lock"), honest);
    sandbox.vx("lock").succeeds().says("vx.lock is up to date");
    // An unavailable signature is reported, and the entry stays.
    sandbox.write("vx.lock", &without_signatures(&honest));
    sandbox.registry().rewrite(PACKAGE, "0.27.0", |said| said["dist"]["signatures"] = json!(null));
    forget(&sandbox);
    sandbox.vx("lock").succeeds().says("vx.lock still lacks the signature of @esbuild/linux-x64: its registry signs");
    assert_eq!(sandbox.read("vx.lock"), without_signatures(&honest));
}

#[test]
fn a_lock_from_which_key_and_signature_were_taken_is_warned_about_where_the_registry_is_known_to_sign() {
    let sandbox = locked(CONFIG);
    let lock = without_signatures(&sandbox.read("vx.lock"));
    let stripped: String =
        lock.lines().filter(|line| !line.starts_with("signed_by = ")).map(|line| format!("{line}\n")).collect();
    assert_ne!(stripped, lock);
    sandbox.write("vx.lock", &stripped);
    let finished = sandbox.vx("sync --locked").succeeds();
    finished.says("vx.lock has no signature for `esbuild`, although the registry signs").says("`vx lock esbuild`");
    // A home that has never seen the registry's keys has no reason to expect any.
    sandbox.vx("uninstall esbuild").succeeds();
    forget(&sandbox);
    sandbox.vx("sync --locked").succeeds().keeps_silent_about("has no signature");
    sandbox.vx("lock esbuild").succeeds();
    assert!(sandbox.read("vx.lock").contains("signature = "));
}

#[test]
fn a_mirror_without_keys_strips_no_signature_without_a_word() {
    let sandbox = locked(CONFIG);
    let honest = sandbox.read("vx.lock");
    sandbox.registry().server().serve(KEYS_PATH, Reply::status(404));
    forget(&sandbox);
    let gone = "is not signed any more: vx.lock has 0.27.0, signed by SHA256:one, and now its registry has no document";
    sandbox.vx("lock --upgrade").fails_with(gone).says("allow it with `vx lock esbuild`");
    // The same holds for a newer version.
    sandbox.registry().offer("esbuild", "0.27.1");
    sandbox.vx("lock --upgrade").fails_with(&format!("@esbuild/linux-x64 0.27.1 {gone}"));
    sandbox.write("vx.toml", "[tools]\nesbuild = \"^0.27\"\n");
    sandbox.vx("sync").exits_with(1).says(gone);
    assert_eq!((sandbox.read("vx.lock"), sandbox.stored()), (honest.clone(), Vec::new()));
    // Installing by the lock still works: its digests match.
    sandbox.write("vx.toml", CONFIG);
    sandbox.vx("sync").succeeds().says("cannot be checked here").says("its registry does not publish key SHA256:one");
    sandbox.vx("lock esbuild").succeeds().says(gone).says("wrote vx.lock");
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("version = \"0.27.0\"") && !lock.contains("signed_by"), "{lock}");
    sandbox.vx("lock --upgrade").succeeds().says("0.27.0 → 0.27.1");
}

#[test]
fn other_bytes_of_a_locked_version_are_refused_until_they_are_allowed_by_name() {
    let sandbox = Sandbox::new().config(CONFIG).offers("esbuild", "0.27.0");
    sandbox.vx("lock").succeeds();
    let honest = sandbox.read("vx.lock");
    let other = tgz(&[script("package/bin/esbuild", "0.27.0"), script("package/more", "x")]);
    sandbox.registry().npm(PACKAGE, "0.27.0", &other, Npm::default());
    let changed = format!("{PACKAGE} 0.27.0 has other bytes than before: vx.lock has sha512:");
    sandbox.vx("lock --upgrade").fails_with(&changed).says("allow it with `vx lock esbuild`");
    sandbox.write("vx.toml", "[tools]\nesbuild = \"^0.27\"\n");
    forget(&sandbox);
    sandbox.vx("sync").exits_with(1).says(&changed);
    assert_eq!((sandbox.read("vx.lock"), sandbox.stored()), (honest, Vec::new()));
    sandbox.vx("lock esbuild").succeeds().says(&changed).says("wrote vx.lock");
    sandbox.vx("sync --locked").succeeds();
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
}

#[test]
fn a_version_that_is_a_path_is_nothing_to_choose_and_an_answer_that_a_lock_could_not_hold_is_not_written() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"latest\"\njust = \"latest\"\n");
    let sandbox = sandbox.offers("esbuild", "0.27.0").offers("just", "1.2.0");
    let archive = tgz(&[script("package/bin/esbuild", "6.6.6")]);
    sandbox.registry().npm(PACKAGE, "99.0.0/../../../evil", &archive, Npm::default());
    let wheel = "rust_just-99.0.0/../../../evil-py3-none-manylinux_2_17_x86_64.whl";
    sandbox.registry().pypi("rust-just", wheel, b"x");
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0", "just 1.2.0"]);
    let lock = sandbox.read("vx.lock");
    assert!(!lock.contains("evil") && !lock.contains("99.0.0"), "{lock}");

    // A file that the next run would refuse is refused now.
    let strange = sandbox.registry().server().url("/npm/@esbuild/linux-x64/-/evil.tgz");
    sandbox.registry().offer("esbuild", "0.28.0");
    sandbox.registry().rewrite(PACKAGE, "0.28.0", |said| said["dist"]["tarball"] = json!(strange));
    sandbox.vx("lock --upgrade esbuild").fails_with("cannot be locked: it names file `evil.tgz`").says("hint: ");
    assert_eq!(sandbox.read("vx.lock"), lock);
}

#[test]
fn an_archive_that_grew_is_not_received_beyond_the_size_in_the_lock() {
    let sandbox = Sandbox::new().config(CONFIG).offers("esbuild", "0.27.0");
    sandbox.vx("lock").succeeds();
    let path = npm_archive_path(PACKAGE, "0.27.0");
    sandbox.registry().server().serve(&path, Reply::ok(vec![7; 64 << 20]).unannounced());
    sandbox.vx("sync").exits_with(1).says(" bytes, got ").says("or more").says("vx lock TOOL");
    assert!(sandbox.registry().server().body_bytes() < 32 << 20, "{}", sandbox.registry().server().body_bytes());
    assert_eq!((sandbox.stored(), sandbox.left_behind()), (Vec::new(), Vec::new()));
}
