//! The times in the lists of other sources: the Python index, vendors' sites, and mirrors that give none.

use serde_json::{Value, json};
use vx_base::system::platform::Platform;

use super::{BIOME, hours_ago, locked};
use crate::support::registry::archive::{script, tgz, wheel};
use crate::support::registry::{Language, Times, digest, wheel_tag};
use crate::support::sandbox::Sandbox;
use crate::support::server::{Reply, Server};

/// Publish a wheel of ruff for a platform with this tag.
fn ruff(sandbox: &Sandbox, version: &str, tag: &str, hours: i64) {
    let archive = wheel(&[script(&format!("ruff-{version}.data/scripts/ruff"), version)]);
    sandbox.registry().publish_at(Some(&hours_ago(hours)));
    sandbox.registry().pypi("ruff", &format!("ruff-{version}-py3-none-{tag}.whl"), &archive);
    sandbox.registry().publish_at(None);
}

#[test]
fn a_python_package_is_chosen_by_the_time_of_its_uploads() {
    let sandbox = Sandbox::new().config("[tools]\nruff = \"0.9\"\n");
    let here = wheel_tag(Platform::current().expect("a platform"));
    ruff(&sandbox, "0.9.0", here, 24 * 30);
    ruff(&sandbox, "0.9.1", here, 48);
    ruff(&sandbox, "0.9.2", here, 3);
    sandbox.vx("lock").succeeds().says("locked ruff 0.9.1").keeps_silent_about("minimum_release_age");
    assert!(locked(&sandbox)["tools"]["ruff"]["published"].as_str().is_some_and(|time| !time.starts_with("by ")));
    sandbox.vx("outdated").succeeds().prints("0.9.1 (0.9.2 in 21 h)");
    // A file that was added recently makes its version young, even if it is for another platform.
    ruff(&sandbox, "0.9.1", "win_arm64", 1);
    sandbox.vx("lock --upgrade").succeeds().says("locked ruff 0.9.1 → 0.9.0");
}

#[test]
fn mirrors_without_times_are_named_once_in_a_home() {
    let sandbox = Sandbox::new().config(&format!("{BIOME}ruff = \"0.9\"\nuv = \"0.5\"\n"));
    let sandbox = sandbox.offers("biome", "2.3.4").offers("ruff", "0.9.0").offers("uv", "0.5.0");
    sandbox.registry().give_times(Times::Never);
    sandbox.registry().speak(Language::Html);
    let finished = sandbox.vx("lock").succeeds();
    let said = "does not say when releases were published: `minimum_release_age` has no effect";
    assert_eq!(finished.stderr().matches(said).count(), 1, "both lists are on one host: {}", finished.stderr());
    assert!(!sandbox.read("vx.lock").contains("published"));
    sandbox.registry().offer("biome", "2.4.0");
    sandbox.vx("lock --upgrade").succeeds().says("locked biome 2.3.4 → 2.4.0").keeps_silent_about("release_age");
    sandbox.vx("lock --check").succeeds();
}

#[test]
fn neither_an_exact_version_nor_a_setting_of_zero_needs_times() {
    for config in ["[tools]\nbiome = \"2.3.4\"\n", "[settings]\nminimum_release_age = 0\n[tools]\nbiome = \"2\"\n"] {
        let sandbox = Sandbox::new().config(config).offers("biome", "2.3.4");
        sandbox.registry().give_times(Times::Never);
        sandbox.vx("sync").succeeds().keeps_silent_about("release_age");
    }
}

/// The release of gh with this version, published at this time.
fn gh(server: &Server, version: &str, published: Option<String>) -> Value {
    let name = format!("gh_{version}_linux_amd64.tar.gz");
    let archive = tgz(&[script("top/bin/gh", version)]);
    let sha256 = digest(vx_base::digest::Algorithm::Sha256, &archive).hex();
    server.serve(&format!("/github/cli/cli/releases/download/v{version}/{name}"), Reply::ok(archive.clone()));
    let asset = json!({ "name": name, "size": archive.len(), "digest": format!("sha256:{sha256}") });
    json!({ "tag_name": format!("v{version}"), "draft": false, "published_at": published, "assets": [asset] })
}

#[test]
fn a_vendors_release_is_chosen_by_the_time_in_its_list() {
    if Platform::current().expect("a platform").to_string() != "linux-x64" {
        return;
    }
    let server = Server::start();
    let releases = json!([gh(&server, "2.9.0", Some(hours_ago(3))), gh(&server, "2.8.0", Some(hours_ago(48)))]);
    server.serve("/github/cli/cli/releases?per_page=100", Reply::json(releases.to_string()));
    let sandbox = Sandbox::new().config("[tools]\ngh = \"latest\"\n");
    let sandbox = sandbox.variable("VX_MIRROR_GITHUB", &server.url("/github"));
    sandbox.vx("sync").succeeds().keeps_silent_about("release_age");
    assert_eq!(sandbox.installed(), ["gh 2.8.0"]);
    assert!(locked(&sandbox)["tools"]["gh"].get("published").is_some());
}
