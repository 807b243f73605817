//! Packages that depend on a package for each platform, which contains the native program.

use jiff::Timestamp;
use serde_json::json;

use super::{cli, npm_words, publish};
use crate::support::registry::archive::{Entry, script};
use crate::support::sandbox::Sandbox;

/// A script that starts the program of the package for this platform, which node looks for in a folder beside its own.
fn launcher() -> Entry {
    let text = "#!/usr/bin/env node\nset -- \"${0%/*}/../..\"/@fast/*/bin/fast\nexec \"$1\" --version\n";
    Entry::file("package/bin/fast.js", 0o644, text)
}

/// Publish a package and its packages for three platforms, of which only this machine's is to be installed.
pub(super) fn publish_fast(sandbox: &Sandbox, version: &str) {
    let (os, cpu) = npm_words();
    let own = format!("@fast/{os}-{cpu}");
    let optional = json!({ &own: version, "@fast/plan9": version, "@fast/gone": version, "generic": "^1.0.0" });
    let manifest =
        json!({ "bin": { "fast": "bin/fast.js" }, "optionalDependencies": optional, "hasInstallScript": true });
    publish(sandbox, "fast", version, &manifest, &[launcher()]);
    let limits = json!({ "os": [os], "cpu": [cpu] });
    publish(sandbox, &own, version, &limits, &[script("package/bin/fast", version)]);
    publish(sandbox, "@fast/plan9", version, &json!({ "os": ["plan9"], "cpu": [cpu] }), &[]);
    publish(sandbox, "generic", "1.0.0", &json!({}), &[]);
}

#[test]
fn a_package_brings_the_one_for_this_platform() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:fast\" = \"1\"\n").offers("node", "22.1.0");
    publish_fast(&sandbox, "1.0.0");
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.vx("fast").succeeds().stdout(), "1.0.0\n");
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("into = \"lib/node_modules/@fast/"), "{lock}");
    assert!(!lock.contains("plan9") && !lock.contains("generic"), "{lock}");
    sandbox.vx("sync --frozen").succeeds().says("nothing to do");
    sandbox.vx("doctor").succeeds();
}

#[test]
fn a_package_without_one_for_this_platform_is_refused_although_it_exists() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:fast\" = \"1\"\n").offers("node", "22.1.0");
    let others = ["plan9", "sunos"];
    let optional = json!({ "@fast/plan9": "1.0.0", "@fast/sunos": "1.0.0" });
    publish(
        &sandbox,
        "fast",
        "1.0.0",
        &json!({ "bin": "bin/fast.js", "optionalDependencies": optional }),
        &[launcher()],
    );
    for os in others {
        publish(&sandbox, &format!("@fast/{os}"), "1.0.0", &json!({ "os": [os] }), &[]);
    }
    sandbox.vx("sync").fails_with("the packages that npm:fast asks for: nothing is offered for");
    // A package whose record names no platform fits every one, once its cached record is gone.
    sandbox.registry().rewrite("@fast/sunos", "1.0.0", |record| record["os"] = json!([]));
    sandbox.vx("sync").fails_with("the packages that npm:fast asks for");
    std::fs::remove_dir_all(sandbox.home().join("cache")).expect("a cache");
    sandbox.vx("sync").succeeds();
}

#[test]
fn a_package_for_the_platform_that_is_too_young_is_refused_beside_an_old_one() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:fast\" = \"1\"\n").offers("node", "22.1.0");
    publish_fast(&sandbox, "1.0.0");
    let (os, cpu) = npm_words();
    let own = format!("@fast/{os}-{cpu}");
    sandbox.registry().publish_at(Some(&Timestamp::now().to_string()));
    let limits = json!({ "os": [os], "cpu": [cpu] });
    publish(&sandbox, &own, "1.0.0", &limits, &[script("package/bin/fast", "1.0.0")]);
    let refused = sandbox.vx("sync").fails_with(&format!("{own} 1.0.0, which comes with fast 1.0.0: all that fit"));
    refused.says("set `minimum_release_age`");
    assert_eq!(sandbox.installed(), ["node 22.1.0"]);
    let allowed = "\"npm:fast\" = { version = \"1\", minimum_release_age = \"0\" }";
    sandbox.write("vx.toml", &sandbox.read("vx.toml").replace("\"npm:fast\" = \"1\"", allowed));
    sandbox.vx("sync").succeeds();
    // Both are young, but the exact version was asked for.
    let manifest = json!({ "bin": "bin/fast.js", "optionalDependencies": { &own: "1.1.0" } });
    publish(&sandbox, "fast", "1.1.0", &manifest, &[launcher()]);
    publish(&sandbox, &own, "1.1.0", &limits, &[script("package/bin/fast", "1.1.0")]);
    sandbox.write("vx.toml", "[tools]\nnode = \"22\"\n\"npm:fast\" = \"1.1.0\"\n");
    std::fs::remove_dir_all(sandbox.home().join("cache")).expect("a cache");
    sandbox.vx("sync").succeeds().says("younger");
}

#[test]
fn a_range_of_a_package_for_the_platform_takes_the_newest() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:fast\" = \"1\"\n").offers("node", "22.1.0");
    let (os, cpu) = npm_words();
    let manifest = json!({ "bin": "bin/fast.js", "optionalDependencies": { "@fast/any": "^2.0.0" } });
    publish(&sandbox, "fast", "1.0.0", &manifest, &[launcher()]);
    for version in ["2.0.0", "2.1.0", "3.0.0"] {
        publish(
            &sandbox,
            "@fast/any",
            version,
            &json!({ "os": [os], "cpu": [cpu] }),
            &[script("package/bin/fast", version)],
        );
    }
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.vx("fast").succeeds().stdout(), "2.1.0\n");
}

#[test]
fn a_script_that_would_make_the_programs_is_not_run_and_the_package_refused() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:made\" = \"1\"\n").offers("node", "22.1.0");
    let manifest = json!({ "bin": "cli.js", "scripts": { "postinstall": "touch made" } });
    publish(&sandbox, "made", "1.0.0", &manifest, &[cli("cli.js", "made")]);
    sandbox.vx("sync").fails_with("npm:made: failed: the npm package made 1.0.0 relies on an install script");
    assert_eq!(sandbox.installed(), ["node 22.1.0"]);
}
