//! A lock can't replace the packages that a project names, nor add any.

use serde_json::json;

use super::native::publish_fast;
use super::{MOO, publish, with_moo};
use crate::support::registry::archive::script;
use crate::support::sandbox::Sandbox;

/// Change the lock, and try to use it in every way.
#[track_caller]
fn forged(sandbox: &Sandbox, from: &str, to: &str, text: &str) {
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains(from), "{lock}");
    sandbox.write("vx.lock", &lock.replace(from, to));
    for words in ["sync", "sync --frozen", "sync --locked"] {
        sandbox.vx(words).refuses_with(text);
    }
    sandbox.write("vx.lock", &lock);
}

#[test]
fn a_lock_names_the_package_of_the_project() {
    let sandbox = with_moo(MOO);
    publish(&sandbox, "evil", "1.5.0", &json!({ "bin": "cli.js" }), &[]);
    sandbox.vx("lock").succeeds();
    forged(&sandbox, "package = \"moo\"", "package = \"evil\"", "it names package `evil`, and the catalogue `moo`");
    forged(&sandbox, "moo-1.5.0.tgz", "evil-1.5.0.tgz", "it names file `evil-1.5.0.tgz`");
    forged(&sandbox, "into = \"lib/node_modules/moo\"", "into = \"bin\"", "it unpacks `moo-1.5.0.tgz` into `bin/");
    sandbox.vx("sync --locked").succeeds();
}

#[test]
fn a_package_beside_has_to_be_asked_for_by_the_package_itself() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:fast\" = \"1\"\n").offers("node", "22.1.0");
    publish_fast(&sandbox, "1.0.0");
    sandbox.vx("lock").succeeds();
    let lock = sandbox.read("vx.lock");
    let own = lock.lines().find_map(|line| line.strip_prefix("package = \"@fast/")).expect("a package beside");
    let own = own.trim_end_matches('"');
    forged(
        &sandbox,
        &format!("into = \"lib/node_modules/@fast/{own}\""),
        "into = \"lib/node_modules/fast\"",
        "it unpacks",
    );
    // A package of the same bytes under another name: only the manifest shows that nobody asked for it.
    let bytes = script("package/bin/fast", "evil");
    publish(&sandbox, &format!("@evil/{own}"), "1.0.0", &json!({}), &[bytes]);
    let digest_of = |lock: &str, package: &str| {
        let behind = lock.split(&format!("package = \"{package}\"")).nth(1).expect("the package").to_owned();
        behind.lines().find_map(|line| line.strip_prefix("digest = ").map(str::to_owned)).expect("a digest")
    };
    let archive = crate::support::registry::digest(
        vx_base::digest::Algorithm::Sha512,
        sandbox.registry().archives().last().expect("an archive"),
    );
    let lock = lock
        .replace(&digest_of(&lock, &format!("@fast/{own}")), &format!("\"{archive}\""))
        .replace(&format!("@fast/{own}"), &format!("@evil/{own}"));
    let lock: Vec<&str> = lock.lines().filter(|line| !line.starts_with("size = ")).collect();
    sandbox.write("vx.lock", &lock.join("\n"));
    sandbox.vx("sync --frozen").fails_with("does not ask for @evil/").says("look at the history of vx.lock");
    assert_eq!(sandbox.installed(), ["node 22.1.0"]);
}
