//! Registries whose answers are partly wrong, and files that are not archives.

use serde_json::json;

use super::*;

/// The package that holds esbuild for this machine.
fn package() -> String {
    let offered = Sandbox::new().publish("esbuild", "0.27.0", 0);
    let path = offered.path.trim_start_matches("/npm/");
    path.split("/-/").next().expect("a package").to_owned()
}

#[test]
fn a_version_that_makes_no_sense_is_named_and_hides_no_other() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0\"\n");
    let sandbox = sandbox.offers("esbuild", "0.27.0").offers("esbuild", "0.28.0");
    sandbox.registry().rewrite(&package(), "0.28.0", |version| version["dist"] = json!("gone"));
    sync(&sandbox).succeeds().says("`0.28.0` in a form that makes no sense: passed over");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    sandbox.vx("sync").succeeds().keeps_silent_about("passed over");
}

#[test]
fn a_digest_that_a_registry_adds_later_is_seen_at_once() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0");
    let mut integrity = json!(null);
    sandbox
        .registry()
        .rewrite(&package(), "0.27.0", |version| std::mem::swap(&mut version["dist"]["integrity"], &mut integrity));
    sync(&sandbox).fails_with("gives no digest");
    sandbox.registry().rewrite(&package(), "0.27.0", |version| version["dist"]["integrity"] = integrity);
    sync(&sandbox).succeeds();
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
}

#[test]
fn what_is_no_archive_from_its_first_byte_on_is_not_received_to_the_end() {
    let (sandbox, offer) = one_good_one_bad();
    let long = vec![b'x'; 16_000_000];
    sandbox.registry().server().serve(&offer.path, Reply::ok(long).slow(2_000_000));
    let begun = Instant::now();
    sync(&sandbox).fails_with("it is something else, not gzip");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert!(sandbox.registry().server().body_bytes() < 12_000_000);
    sandbox.is_clean();
    next_run_is_good(&sandbox, &offer);
}
