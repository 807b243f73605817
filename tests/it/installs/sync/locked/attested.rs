//! Attestations are verified when a version is locked: the lock names the workflow and the repository, and any other is
//! refused.

use serde_json::{Value, json};

use crate::support::registry::archive::{script, tgz};
use crate::support::registry::authority::{Authority, Builder};
use crate::support::registry::{KEYS_PATH, Npm, Signer, attestations_path};
use crate::support::sandbox::Sandbox;
use crate::support::server::Reply;

const CONFIG: &str = "[tools]\njust = \"1\"\nesbuild = \"0.27\"\n";
const STRICT: &str = "[settings]\nrequire_provenance = [\"just\"]\n[tools]\njust = \"1\"\nesbuild = \"0.27\"\n";
/// The Python package of just.
const JUST: &str = "rust-just";
/// The package of esbuild for this machine, as far as tests run.
const ESBUILD: &str = "@esbuild/linux-x64";
const OWN: Builder<'_> = Builder { repository: "code.invalid/casey/just", workflow: ".github/workflows/release.yml" };
const EVIL: Builder<'_> = Builder { repository: "code.invalid/evil/just", workflow: ".github/workflows/release.yml" };
const NAMED: &str = ".github/workflows/release.yml of code.invalid/casey/just (token.actions.githubusercontent.com)";

/// A project of two tools, in a home that trusts this authority.
fn sandbox(authority: &Authority, config: &str) -> Sandbox {
    let sandbox = Sandbox::new().config(config).offers("just", "1.40.0").offers("esbuild", "0.27.0");
    std::fs::write(sandbox.home().join("trusted_root.json"), authority.root()).expect("a file");
    sandbox
}

/// Attest the wheels of just in this version as built by this workflow.
fn attest(sandbox: &Sandbox, authority: &Authority, version: &str, builder: Builder<'_>) {
    sandbox.registry().attest_wheels(JUST, version, |name, digest| authority.attest(name, digest, builder));
}

/// The path of the attestations of the only wheel of just in this version.
fn path(sandbox: &Sandbox, version: &str) -> String {
    let lock = sandbox.read("vx.lock");
    let file = lock.split('"').find(|text| text.contains(version) && text.ends_with(".whl"));
    attestations_path(file.unwrap_or_else(|| panic!("no wheel in {lock}")))
}

#[test]
fn the_builder_of_a_python_package_is_locked_and_a_full_lock_asks_for_nothing() {
    let authority = Authority::new();
    let sandbox = sandbox(&authority, CONFIG);
    attest(&sandbox, &authority, "1.40.0", OWN);
    sandbox.vx("lock").succeeds().says("locked just 1.40.0 from pypi").says(&format!("built by {NAMED}"));
    let lock = sandbox.read("vx.lock");
    for line in [
        "built_from = \"code.invalid/casey/just\"",
        "built_by = \".github/workflows/release.yml\"",
        "vouched_by = \"token.actions.githubusercontent.com\"",
    ] {
        assert!(lock.contains(line), "{line} is not in {lock}");
    }
    assert!(!lock.contains("://"), "{lock}");
    let asked = || sandbox.registry().server().requests_for(&path(&sandbox, "1.40.0")).len();
    assert_eq!(asked(), 1);
    sandbox.vx("sync").succeeds();
    sandbox.vx("lock").succeeds().says("vx.lock is up to date");
    assert_eq!(asked(), 1);
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0", "just 1.40.0"]);

    let record = sandbox.vx("sbom").succeeds().stdout();
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!(record["components"][1]["name"], "just");
    let archive = &record["components"][1]["components"][0];
    assert_eq!(archive["externalReferences"][0]["url"], "https://code.invalid/casey/just");
    assert_eq!(sandbox.vx("sbom").succeeds().stdout(), sandbox.vx("sbom --format cyclonedx").succeeds().stdout());
}

#[test]
fn a_record_in_spdx_is_refused_with_the_way_to_get_one() {
    let sandbox = Sandbox::new().config(CONFIG);
    let refused = sandbox.vx("sbom --format spdx").refuses_with("`vx sbom` writes no SPDX");
    let converter = "`vx sbom | cyclonedx-cli convert --input-format json --output-format spdxjson`";
    assert_eq!(refused.says(converter).stdout(), "");
}

#[test]
fn a_record_without_a_lock_is_an_error_that_names_the_tools() {
    let sandbox = Sandbox::new().config(CONFIG);
    sandbox.vx("sbom").exits_with(2).says("`just` is not in the lock").says("run `vx lock`");
}

#[test]
fn another_builder_than_before_is_refused_with_both_until_it_is_allowed() {
    let authority = Authority::new();
    let sandbox = sandbox(&authority, CONFIG);
    attest(&sandbox, &authority, "1.40.0", OWN);
    sandbox.vx("lock").succeeds();
    let sandbox = sandbox.offers("just", "1.41.0");
    attest(&sandbox, &authority, "1.41.0", EVIL);
    let before = sandbox.read("vx.lock");
    let refused = sandbox.vx("lock --upgrade just").exits_with(1);
    refused
        .says("has another builder: vx.lock has 1.40.0, built by .github/workflows/release.yml of code.invalid/casey/just")
        .says("this one was built by .github/workflows/release.yml of code.invalid/evil/just")
        .says("allow it with `vx lock just --upgrade just`");
    assert_eq!(sandbox.read("vx.lock"), before);
    sandbox.vx("lock just --upgrade just").succeeds().says("has another builder");
    assert!(sandbox.read("vx.lock").contains("built_from = \"code.invalid/evil/just\""));
}

#[test]
fn an_attestation_of_other_bytes_refuses_the_tool_alone() {
    let authority = Authority::new();
    let sandbox = sandbox(&authority, CONFIG);
    let other = json!({ "sha256": "0".repeat(64) });
    sandbox.registry().attest_wheels(JUST, "1.40.0", |name, _| authority.attest(name, &other, OWN));
    sandbox
        .vx("lock")
        .exits_with(1)
        .says("its attestation is wrong: its statement is about other bytes")
        .says("hint: ");
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("[tools.esbuild]") && !lock.contains("[tools.just]"), "{lock}");
}

#[test]
fn attestations_that_cannot_be_had_or_judged_are_a_warning_and_an_error_where_they_are_required() {
    let authority = Authority::new();
    let sandbox = sandbox(&authority, CONFIG);
    // The root of trust of this home doesn't know the other authority.
    attest(&sandbox, &Authority::new(), "1.40.0", OWN);
    let told = "no attestation proves who built `just`";
    sandbox.vx("lock").succeeds().says(told).says("its attestation cannot be verified");
    let path = path(&sandbox, "1.40.0");
    sandbox.registry().server().serve(&path, Reply::status(404));
    sandbox
        .vx("lock --upgrade just")
        .succeeds()
        .says(told)
        .says("its attestations cannot be fetched")
        .says("has no such document")
        .keeps_silent_about("no such package");
    assert!(!sandbox.read("vx.lock").contains("built_from"));
    sandbox.write("vx.toml", STRICT);
    sandbox
        .vx("lock --upgrade just")
        .exits_with(1)
        .says("`require_provenance` names `just`, and its attestations cannot");
    sandbox.vx("sync").exits_with(1).says("`require_provenance` names `just`, and vx.lock names nobody who built it");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    std::fs::write(sandbox.home().join("trusted_root.json"), "{").expect("a file");
    sandbox.vx("lock --upgrade just").exits_with(1).says("trusted_root.json` makes no sense");
}

#[test]
fn a_release_without_an_attestation_is_named_with_the_builder_of_the_one_before() {
    let authority = Authority::new();
    let sandbox = sandbox(&authority, CONFIG);
    attest(&sandbox, &authority, "1.40.0", OWN);
    sandbox.vx("lock").succeeds();
    let before = sandbox.read("vx.lock");
    // A mirror that drops attestations doesn't remove them from the lock.
    let wheel = path(&sandbox, "1.40.0");
    sandbox.registry().server().serve(&wheel, Reply::status(404));
    sandbox.vx("lock --upgrade just").succeeds().says("its attestations cannot be fetched");
    assert_eq!(sandbox.read("vx.lock"), before);
    let sandbox = sandbox.offers("just", "1.41.0");
    let told = format!("its source has no attestation of it, and vx.lock has 1.40.0, built by {NAMED}");
    sandbox.vx("lock --upgrade just").succeeds().says(&told);
}

#[test]
fn a_lock_that_names_a_builder_of_its_own_is_not_believed_where_attestations_are_required() {
    let authority = Authority::new();
    let sandbox = sandbox(&authority, STRICT);
    attest(&sandbox, &authority, "1.40.0", OWN);
    sandbox.vx("lock").succeeds();
    let lock = sandbox.read("vx.lock");
    sandbox.write("vx.lock", &lock.replace("code.invalid/casey/just", "code.invalid/casey/evil"));
    sandbox.vx("sync").exits_with(1).says("vx.lock says that it was built by").says("and its attestation says by");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    sandbox.write("vx.lock", &lock);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0", "just 1.40.0"]);
    // A builder must be complete.
    sandbox.write("vx.lock", &lock.replace("built_by = \".github/workflows/release.yml\"\n", ""));
    sandbox.vx("sync").exits_with(2).says("cannot be part of a builder");
}

/// A project of one tool of npm, whose registry has this key and signs the publication with that one.
fn of_npm(authority: &Authority, own: Signer, signer: &Signer, builder: Option<Builder<'_>>) -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27\"\n");
    std::fs::write(sandbox.home().join("trusted_root.json"), authority.root()).expect("a file");
    sandbox.registry().server().serve(KEYS_PATH, Reply::json(own.document()));
    let archive = tgz(&[script("package/bin/esbuild", "0.27.0")]);
    sandbox.registry().npm(ESBUILD, "0.27.0", &archive, Npm::default());
    sandbox.registry().attest_npm(ESBUILD, "0.27.0", |name, digest| {
        let build = builder.map(|builder| authority.attest(name, digest, builder));
        std::iter::once(authority.publish(name, digest, signer)).chain(build).collect()
    });
    sandbox
}

#[test]
fn provenance_and_publication_of_npm_are_both_verified() {
    let authority = Authority::new();
    let built = "built by .github/workflows/release.yml of code.invalid/casey/just";
    let (key, copy) = Signer::twice("SHA256:one", None);
    of_npm(&authority, copy, &key, Some(OWN)).vx("lock").succeeds().says(built);
    // The record of a publication names no builder.
    let (key, copy) = Signer::twice("SHA256:one", None);
    let told = "its attestations say nothing about its build";
    of_npm(&authority, copy, &key, None).vx("lock").succeeds().says(told);
    // A record by a key that the registry does not publish proves nothing; the build is proved all the same.
    let other = Signer::new("SHA256:two", None);
    of_npm(&authority, Signer::new("SHA256:one", None), &other, Some(OWN)).vx("lock").succeeds().says(built);
    let false_one = Signer::new("SHA256:one", None);
    let refused = of_npm(&authority, Signer::new("SHA256:one", None), &false_one, Some(OWN));
    refused.vx("lock").exits_with(1).says("its attestation is wrong");
    let (key, copy) = Signer::twice("SHA256:one", Some("2020-01-29T00:00:00.000Z"));
    let expired = of_npm(&authority, copy, &key, Some(OWN));
    expired.vx("lock").exits_with(1).says("key SHA256:one had expired at 2020-01-29T00:00:00Z, before it signed");
}

#[test]
fn a_tool_that_needs_an_attestation_has_to_be_declared() {
    let sandbox = Sandbox::new().config("[settings]\nrequire_provenance = [\"jsut\"]\n[tools]\njust = \"1\"\n");
    sandbox.vx("sync").exits_with(2).says("`require_provenance`: [tools] declares no `jsut`");
}
