//! Locks that were edited to have something else installed: each is refused before any request, and the error names the
//! difference, and the command that locks the tool again.

use vx_base::digest::Algorithm;

use crate::support::registry::archive::{script, tgz};
use crate::support::registry::{KEYS_PATH, Npm, Signer, digest, wheel_path};
use crate::support::sandbox::Sandbox;
use crate::support::server::{Reply, Server};

const CONFIG: &str = "[tools]\nesbuild = \"0.27\"\n";
const STRICT: &str = "[settings]\nrequire_signatures = true\n[tools]\nesbuild = \"0.27\"\n";
/// The package of esbuild for this machine, as far as tests run.
const PACKAGE: &str = "@esbuild/linux-x64";

/// A project whose lock keeps the signature of a registry's key `SHA256:one`; nothing is installed yet.
fn locked(config: &str) -> Sandbox {
    let sandbox = Sandbox::new().config(config);
    sandbox.registry().sign_with(Signer::new("SHA256:one", None));
    let sandbox = sandbox.offers("esbuild", "0.26.0").offers("esbuild", "0.27.0");
    sandbox.vx("lock").succeeds();
    assert!(sandbox.read("vx.lock").contains("signature = \""), "{}", sandbox.read("vx.lock"));
    sandbox
}

/// The lock of a sandbox with one of its lines replaced.
fn edited(sandbox: &Sandbox, begin: &str, line: &str) -> String {
    let lock = sandbox.read("vx.lock");
    let line_of = |old: &str| if old.starts_with(begin) { format!("{line}\n") } else { format!("{old}\n") };
    let edited: String = lock.lines().map(line_of).collect();
    assert_ne!(edited, lock, "no line begins with `{begin}`");
    edited
}

/// Check that every form of a sync ends with this code and these words, without a request, and changes nothing.
#[track_caller]
fn assert_refused(sandbox: &Sandbox, forged: &str, code: i32, reason: &str) {
    sandbox.write("vx.lock", forged);
    let asked = sandbox.registry().server().requests().len();
    for words in ["sync", "sync --locked", "sync --frozen"] {
        sandbox.vx(words).exits_with(code).says(reason).says("hint: ");
    }
    assert_eq!(sandbox.registry().server().requests().split_off(asked).len(), 0);
    assert_eq!((sandbox.stored(), sandbox.read("vx.lock").as_str()), (Vec::new(), forged));
}

/// Check that every command which would use the lock of this tool refuses it, and that locking the tool again repairs
/// it.
#[track_caller]
fn assert_forged(sandbox: &Sandbox, tool: &str, forged: &str, difference: &str) {
    let honest = sandbox.read("vx.lock");
    let way = format!("`vx lock {tool}`");
    assert_refused(sandbox, forged, 2, &format!("`{tool}` in vx.lock is not what vx.toml and the catalogue say"));
    let asked = sandbox.registry().server().requests().len();
    for words in ["sync".to_owned(), format!("install {tool}"), "lock".to_owned(), format!("{tool} --version")] {
        sandbox.vx(&words).exits_with(2).says(difference).says(&way);
    }
    sandbox.vx("lock --check").exits_with(1).prints(difference);
    assert_eq!(sandbox.registry().server().requests().split_off(asked).len(), 0);
    assert_eq!((sandbox.stored(), sandbox.read("vx.lock").as_str()), (Vec::new(), forged));
    sandbox.vx(&format!("lock {tool}")).succeeds();
    assert_eq!(sandbox.read("vx.lock"), honest);
    sandbox.vx("sync --locked").succeeds();
}

#[test]
fn another_package_with_an_invented_signature_is_refused_by_name() {
    let sandbox = locked(STRICT);
    let evil = Signer::new("SHA256:evil", None);
    let archive = tgz(&[script("package/bin/esbuild", "6.6.6")]);
    sandbox.registry().npm("@evil/linux-x64", "0.27.0", &archive, Npm::default());
    let digest = digest(Algorithm::Sha512, &archive);
    let signed = evil.sign(&format!("@evil/linux-x64@0.27.0:{}", digest.integrity()));
    let forged = edited(&sandbox, "package = ", "package = \"@evil/linux-x64\"")
        .lines()
        .map(|line| match line.split(' ').next() {
            Some("digest") => format!("digest = \"{digest}\"\n"),
            Some("signed_by") => "signed_by = \"SHA256:evil\"\n".to_owned(),
            Some("signature") => format!("signature = {}\n", signed["sig"]),
            Some("size") => format!("size = {}\n", archive.len()),
            _ => format!("{line}\n"),
        })
        .collect::<String>();
    assert_forged(
        &sandbox,
        "esbuild",
        &forged,
        "it names package `@evil/linux-x64`, and the catalogue `@esbuild/linux-x64`",
    );
}

#[test]
fn another_source_is_refused_by_name() {
    let sandbox = locked(CONFIG);
    let forged = edited(&sandbox, "source = ", "source = \"pypi\"").replace(PACKAGE, "esbuild");
    assert_forged(&sandbox, "esbuild", &forged, "it comes from pypi, and should come from npm");
}

#[test]
fn an_older_version_than_the_one_asked_for_is_refused_by_name() {
    let sandbox = locked(CONFIG);
    let honest = sandbox.read("vx.lock");
    sandbox.write("vx.toml", "[tools]\nesbuild = \"0.26\"\n");
    sandbox.vx("lock").succeeds();
    let older = edited(&sandbox, "request = ", "request = \"0.27\"");
    sandbox.write("vx.toml", CONFIG);
    sandbox.write("vx.lock", &honest);
    // An older version has a good signature, too.
    assert_refused(&sandbox, &older, 2, "it has version 0.26.0, and `0.27` is asked for");
    sandbox.vx("lock esbuild").succeeds();
    assert_eq!(sandbox.read("vx.lock"), honest);
    let parts = older.split_once("[[").expect("an archive").1;
    let head = honest.split_once("[[").expect("an archive").0;
    let reason = "it names @esbuild/linux-x64 0.26.0 for version 0.27.0";
    assert_forged(&sandbox, "esbuild", &format!("{head}[[{parts}"), reason);
}

#[test]
fn the_file_of_another_version_is_refused_by_name() {
    let sandbox = locked(CONFIG);
    let forged = edited(&sandbox, "file = ", "file = \"linux-x64-0.26.0.tgz\"");
    assert_forged(&sandbox, "esbuild", &forged, "it names file `linux-x64-0.26.0.tgz` for @esbuild/linux-x64 0.27.0");
}

#[test]
fn an_archive_beside_the_tools_own_is_refused_by_name() {
    let sandbox = locked(CONFIG);
    let honest = sandbox.read("vx.lock");
    let part = honest.split_once("\n[[").expect("an archive").1;
    let beside = part.replace(PACKAGE, "@evil/linux-x64").replace("strip = 1", "strip = 1\ninto = \"lib\"");
    assert_forged(&sandbox, "esbuild", &format!("{honest}\n[[{beside}"), "it has 2 archives, and the catalogue has 1");
}

#[test]
fn an_archive_that_goes_elsewhere_is_refused_by_name() {
    let sandbox = locked(CONFIG);
    for (line, reason) in [
        ("strip = 2", "it unpacks `linux-x64-0.27.0.tgz` into `/, without 2 of its folders`"),
        ("strip = 1\ninto = \"bin\"", "it unpacks `linux-x64-0.27.0.tgz` into `bin/, without 1 of its folders`"),
    ] {
        let forged = edited(&sandbox, "strip = ", line);
        assert_refused(&sandbox, &forged, 2, reason);
        sandbox.vx("lock esbuild").succeeds();
    }
}

#[test]
fn a_digest_that_the_registry_did_not_sign_is_refused_by_name() {
    for config in [CONFIG, STRICT] {
        let sandbox = locked(config);
        let archive = tgz(&[script("package/bin/esbuild", "6.6.6")]);
        sandbox.registry().npm(PACKAGE, "0.27.0", &archive, Npm::default());
        let forged = edited(&sandbox, "digest = ", &format!("digest = \"{}\"", digest(Algorithm::Sha512, &archive)));
        let reason = "the signature by key SHA256:one is not for this package, version and digest";
        assert_refused(&sandbox, &forged, 1, reason);
        sandbox.vx("sync").exits_with(1).says("`vx lock esbuild`");
    }
}

#[test]
fn an_invented_key_is_refused_with_the_names_of_the_registrys_keys() {
    let sandbox = locked(CONFIG);
    let lock = sandbox.read("vx.lock");
    let own = lock.lines().find_map(|line| line.strip_prefix("digest = ")).expect("a digest").trim_matches('"');
    let integrity = own.parse::<vx_base::digest::Digest>().expect("a digest").integrity();
    let signed = Signer::new("SHA256:evil", None).sign(&format!("{PACKAGE}@0.27.0:{integrity}"));
    let signature = format!("signature = {}", signed["sig"]);
    // If it claims to be by the registry's own key, it is simply wrong.
    let named = edited(&sandbox, "signature = ", &signature);
    assert_refused(&sandbox, &named, 1, "the signature by key SHA256:one is not for this package");
    let forged = named.replace("SHA256:one", "SHA256:evil");
    let reason = "it is signed by key SHA256:evil, and the registry's own keys are SHA256:one";
    assert_refused(&sandbox, &forged, 1, reason);

    // In a home that knows no keys yet, only they are requested.
    std::fs::remove_dir_all(sandbox.home().join("cache/index")).expect("a cache");
    let asked = sandbox.registry().server().requests().len();
    sandbox.vx("sync").exits_with(1).says(reason);
    let asked = sandbox.registry().server().requests().split_off(asked);
    assert!(asked.iter().all(|request| request.path == KEYS_PATH) && asked.len() == 1, "{asked:?}");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
}

#[test]
fn a_name_of_a_key_without_its_signature_is_refused_where_signatures_are_required() {
    let sandbox = locked(STRICT);
    let honest = sandbox.read("vx.lock");
    let without = |fields: &[&str]| {
        let lines = honest.lines().filter(|line| !fields.iter().any(|field| line.starts_with(field)));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    for (forged, reason) in [
        (without(&["signature = "]), "vx.lock names key SHA256:one, and does not keep the signature"),
        (without(&["signature = ", "signed_by = "]), "vx.lock names no key that signed it"),
    ] {
        assert_refused(&sandbox, &forged, 1, &format!("`require_signatures` is set, and {reason}"));
        sandbox.vx("lock").succeeds().says("signed by SHA256:one");
        assert_eq!(sandbox.read("vx.lock"), honest);
    }
    let unnamed = without(&["signed_by = "]);
    assert_refused(&sandbox, &unnamed, 2, "has a signature, and no key is named for it");
}

#[test]
fn an_address_in_place_of_the_source_is_refused_by_name() {
    let sandbox = locked(CONFIG);
    let evil = Server::start();
    evil.serve("/linux-x64-0.27.0.tgz", Reply::ok("x"));
    let url = format!("strip = 1\nurl = \"{}\"", evil.url("/linux-x64-0.27.0.tgz"));
    let forged = edited(&sandbox, "strip = ", &url).replace("source = \"npm\"", "source = \"url\"");
    sandbox.write("vx.lock", &forged);
    sandbox.vx("sync --frozen").exits_with(2).says("it comes from url, and should come from npm");
    // Without an address in vx.toml, the entry counts as one of an earlier vx.toml, and is not used.
    sandbox.vx("sync --locked").exits_with(2).says("`esbuild` was locked for another address or digest");
    assert_eq!(evil.requests().len(), 0);

    let own = sandbox.addressed("hello", &tgz(&[script("x/bin/hello", "1.0.0")]), "");
    sandbox.write("vx.toml", &format!("[tools]\n{own}"));
    sandbox.write("vx.lock", "version = 3\n");
    sandbox.vx("lock").succeeds();
    let forged = edited(&sandbox, "url = ", &format!("url = \"{}\"", evil.url("/linux-x64-0.27.0.tgz")));
    sandbox.write("vx.lock", &forged);
    sandbox.vx("sync --frozen").exits_with(2).says("`hello.tgz` comes from another address").says("`vx lock hello`");
    sandbox.vx("sync --locked").exits_with(2).says("`hello` was locked for another address or digest");
    assert_eq!((evil.requests().len(), sandbox.stored()), (0, Vec::new()));
}

#[test]
fn a_wheel_of_another_package_is_refused_by_name() {
    let sandbox = Sandbox::new().config("[tools]\njust = \"1\"\n").offers("just", "1.2.0");
    sandbox.vx("lock").succeeds();
    let lock = sandbox.read("vx.lock");
    let own = lock.lines().find_map(|line| line.strip_prefix("file = ")).expect("a file").trim_matches('"');
    let evil = own.replace("rust_just", "evil");
    let honest = sandbox.registry().server().requests_for(&wheel_path(&evil)).len();
    let forged = edited(&sandbox, "file = ", &format!("file = \"{evil}\""));
    assert_forged(&sandbox, "just", &forged, &format!("it names file `{evil}` for rust-just 1.2.0"));
    assert_eq!(sandbox.registry().server().requests_for(&wheel_path(&evil)).len(), honest);
}

#[test]
fn a_forged_entry_for_another_platform_is_refused_here_too() {
    let sandbox = locked(CONFIG);
    let honest = sandbox.read("vx.lock");
    let part = honest.split_once("\n[[").expect("an archive").1;
    let elsewhere = part.replace("linux-x64", "windows-x64").replace("@esbuild/", "@evil/");
    let reason = "it names package `@evil/windows-x64`, and the catalogue `@esbuild/win32-x64` (for windows-x64)";
    assert_forged(&sandbox, "esbuild", &format!("{honest}\n[[{elsewhere}"), reason);
}

#[test]
fn the_doctor_names_a_forged_entry_and_does_not_mend_it() {
    let sandbox = locked(CONFIG);
    let forged = edited(&sandbox, "package = ", "package = \"@evil/linux-x64\"");
    sandbox.write("vx.lock", &forged);
    sandbox.vx("doctor --offline").exits_with(1).prints("it names package `@evil/linux-x64`").prints("vx lock esbuild");
    sandbox.vx("doctor --fix --offline").exits_with(1).prints("it names package `@evil/linux-x64`");
    assert_eq!((sandbox.read("vx.lock"), sandbox.stored()), (forged, Vec::new()));
}
