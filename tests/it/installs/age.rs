//! The age of releases: a range takes the newest that is old enough, by the times that registries give.

mod lists;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use vx_base::system::platform::Platform;
use vx_fetch::{Recipe, RecipeRequest};

use crate::support::registry::archive::{Entry, tgz};
use crate::support::registry::{Npm, Times, npm_path};
use crate::support::sandbox::Sandbox;

const BIOME: &str = "[tools]\nbiome = \"2\"\n";

/// The time that was this many hours ago.
fn hours_ago(hours: i64) -> String {
    (Timestamp::now() - SignedDuration::from_hours(hours)).to_string()
}

/// The first package of a tool on this machine.
fn package(tool: &str) -> String {
    let platform = Platform::current().expect("a platform");
    let recipe = Recipe::for_tool(tool, &RecipeRequest::default(), &[], platform).expect("a tool of the catalogue");
    recipe.packages()[0].clone()
}

fn publish(sandbox: &Sandbox, tool: &str, version: &str, hours: i64) {
    sandbox.registry().publish_at(Some(&hours_ago(hours)));
    sandbox.registry().offer(tool, version);
    sandbox.registry().publish_at(None);
}

/// A project with this file, and a registry with two versions of biome: an old one, and one from three hours ago.
fn lately(config: &str, times: Times) -> Sandbox {
    let sandbox = Sandbox::new().config(config);
    publish(&sandbox, "biome", "2.3.4", 24 * 30);
    publish(&sandbox, "biome", "2.4.0", 3);
    sandbox.registry().give_times(times);
    sandbox
}

/// The number of requests for biome's full document, which has the times.
fn long_documents(sandbox: &Sandbox) -> usize {
    let asked = sandbox.registry().server().requests_for(&npm_path(&package("biome")));
    asked.iter().filter(|request| request.header("accept") == Some("application/json")).count()
}

fn locked(sandbox: &Sandbox) -> toml::Table {
    sandbox.read("vx.lock").parse().expect("a lock")
}

#[test]
fn a_range_takes_the_newest_release_that_is_old_enough() {
    for (times, documents) in [(Times::Always, 0), (Times::Long, 1)] {
        let sandbox = lately(BIOME, times);
        sandbox.vx("sync").succeeds().keeps_silent_about("minimum_release_age");
        assert_eq!(sandbox.installed(), ["biome 2.3.4"], "{times:?}");
        assert_eq!(long_documents(&sandbox), documents, "{times:?}");
        let lock = locked(&sandbox);
        let published = lock["tools"]["biome"]["published"].as_str().expect("a time").to_owned();
        let published: Timestamp = published.parse().expect("a time of publication");
        assert!(Timestamp::now().duration_since(published) >= SignedDuration::from_hours(24 * 30));
    }
}

#[test]
fn the_long_document_is_asked_for_only_if_the_package_changed_lately() {
    let sandbox = Sandbox::new().config(BIOME);
    publish(&sandbox, "biome", "2.3.4", 25);
    sandbox.registry().give_times(Times::Long);
    sandbox.vx("lock").succeeds();
    assert_eq!(long_documents(&sandbox), 0);
    assert!(sandbox.read("vx.lock").contains("published = \"by "), "the last change bounds it");

    publish(&sandbox, "biome", "2.4.0", 3);
    sandbox.vx("lock --upgrade").succeeds().says("vx.lock is up to date");
    assert_eq!(long_documents(&sandbox), 1);
    // The times of all versions are known by now, and do not change.
    sandbox.vx("lock --upgrade").succeeds().says("vx.lock is up to date");
    sandbox.vx("outdated").succeeds();
    assert_eq!(long_documents(&sandbox), 1);
    publish(&sandbox, "biome", "2.5.0", 2);
    sandbox.vx("lock --upgrade").succeeds();
    assert_eq!(long_documents(&sandbox), 2);
}

#[test]
fn no_long_document_is_asked_for_if_every_age_is_allowed() {
    let sandbox = lately(&format!("[settings]\nminimum_release_age = \"0\"\n{BIOME}"), Times::Long);
    sandbox.vx("lock").succeeds().says("locked biome 2.4.0");
    assert_eq!(long_documents(&sandbox), 0);
}

#[test]
fn what_was_too_young_becomes_old_enough_without_a_request() {
    let sandbox = lately(BIOME, Times::Long);
    sandbox.vx("lock").succeeds().says("locked biome 2.3.4");
    let asked = || sandbox.registry().server().requests_for(&npm_path(&package("biome"))).len();
    let before = asked();
    // A smaller minimum age has the same effect as waiting.
    sandbox.write("vx.toml", &format!("[settings]\nminimum_release_age = \"2h\"\n{BIOME}"));
    std::fs::remove_file(sandbox.project().join("vx.lock")).expect("it goes");
    sandbox.vx("lock").succeeds().says("locked biome 2.4.0");
    assert_eq!(asked(), before);
}

#[test]
fn an_exact_version_is_taken_with_a_notice_if_it_is_younger() {
    for times in [Times::Always, Times::Long] {
        let sandbox = lately("[tools]\nbiome = \"2.4.0\"\n", times);
        let notice = "and is younger than `minimum_release_age` (24 h); it is taken because exactly this version";
        sandbox.vx("sync").succeeds().says(notice);
        assert_eq!(sandbox.installed(), ["biome 2.4.0"]);
        sandbox.vx("sync").succeeds().says("nothing to do").keeps_silent_about("minimum_release_age");
        sandbox.vx("lock --check").succeeds();
        std::fs::remove_file(sandbox.project().join("vx.lock")).expect("it goes");
        sandbox.vx("install biome@2.4.0").succeeds().says("biome 2.4.0 was published at ").says(notice);
        sandbox.vx("install biome@2.3.4").succeeds().keeps_silent_about("minimum_release_age");
    }
}

#[test]
fn the_error_says_when_the_first_one_is_old_enough_and_how_to_have_it_now() {
    let sandbox = Sandbox::new().config(BIOME);
    publish(&sandbox, "biome", "2.4.0", 5);
    publish(&sandbox, "biome", "2.4.1", 3);
    sandbox.registry().give_times(Times::Long);
    let finished = sandbox.vx("lock").exits_with(1);
    let cutoff = (Timestamp::now() - SignedDuration::from_hours(24)).strftime("%Y-%m-%dT%H:").to_string();
    finished
        .says(&format!("`biome`: all that match `2` were published after {cutoff}"))
        .says("`minimum_release_age` (24 h) allows")
        .says("2.4.0 is old enough at ")
        .says(", in 19 h; to have it now, ask for `2.4.0` exactly")
        .says("`minimum_release_age` in [settings]")
        .says("biome = { version = \"2\", minimum_release_age = \"0\" }");
    sandbox.vx("sync").exits_with(1).says("`biome`: all that match `2` were published after");
    assert!(sandbox.installed().is_empty());
    // Each of these configurations allows it.
    for config in [
        "[tools]\nbiome = \"2.4.0\"\n",
        "[settings]\nminimum_release_age = \"4h\"\n[tools]\nbiome = \"2\"\n",
        "[tools]\nbiome = { version = \"2\", minimum_release_age = \"0\" }\n",
    ] {
        sandbox.write("vx.toml", config);
        sandbox.vx("lock").succeeds();
    }
    sandbox.vx("lock --check").succeeds();
}

#[test]
fn a_tool_may_have_an_age_of_its_own() {
    let sandbox =
        lately("[tools]\nbiome = { version = \"2\", minimum_release_age = \"2h\" }\nesbuild = \"0.27\"\n", Times::Long);
    publish(&sandbox, "esbuild", "0.27.0", 48);
    publish(&sandbox, "esbuild", "0.27.1", 3);
    sandbox.vx("lock").succeeds().says("locked biome 2.4.0").says("locked esbuild 0.27.0");
    assert_eq!(long_documents(&sandbox), 0, "a change of three hours ago is old enough for biome");
}

#[test]
fn latest_in_vx_x_waits_too() {
    let sandbox = lately("", Times::Long);
    sandbox.vx("x biome@latest --version").succeeds().prints("2.3.4");
    sandbox.vx("x biome@2.4.0 --version").succeeds().prints("2.4.0").says("younger than `minimum_release_age`");
}

#[test]
fn outdated_shows_what_comes_soon() {
    let sandbox = lately(BIOME, Times::Long);
    sandbox.vx("lock").succeeds();
    let finished = sandbox.vx("outdated --exit-code").succeeds().keeps_silent_about("--upgrade");
    finished.prints("biome  2.3.4   2.3.4 (2.4.0 in 21 h)  2.3.4   2");
    publish(&sandbox, "biome", "2.3.9", 48);
    publish(&sandbox, "biome", "3.0.0", 1);
    let finished = sandbox.vx("outdated").succeeds().says("`vx lock --upgrade`");
    finished.prints("2.3.9 (2.4.0 in 21 h)").prints("2.3.9 (3.0.0 in 23 h)");
    let rows: Value = serde_json::from_str(&sandbox.vx("outdated --json").succeeds().stdout()).expect("JSON");
    assert_eq!(rows[0]["matching"], "2.3.9");
    assert_eq!(rows[0]["matching_soon"]["version"], "2.4.0");
    assert_eq!(rows[0]["latest_soon"]["version"], "3.0.0");
    let from: Timestamp = rows[0]["matching_soon"]["from"].as_str().and_then(|it| it.parse().ok()).expect("a time");
    let wait = from.duration_since(Timestamp::now());
    assert!(wait > SignedDuration::from_hours(20) && wait <= SignedDuration::from_hours(21), "{wait:?}");
}

#[test]
fn a_lock_with_a_release_that_is_too_young_is_found_without_a_request_and_locked_anew() {
    let mut sandbox = lately("[tools]\nbiome = { version = \"2\", minimum_release_age = \"0\" }\n", Times::Always);
    sandbox.vx("sync").succeeds();
    sandbox.vx("lock --check").succeeds();
    sandbox.write("vx.toml", BIOME);
    let young = "`biome` 2.4.0 was published at ";
    sandbox.vx("lock --check").fails_with("vx.lock does not fit vx.toml").prints(young).prints("(24 h) in 21 h");
    sandbox.vx("sync --locked").refuses_with("vx.lock does not fit vx.toml").says(young);
    sandbox.vx("doctor").exits_with(1).prints(young);
    // Running an installed tool is not affected.
    sandbox.vx("x biome --version").succeeds().prints("2.4.0");
    sandbox.vx("lock").succeeds().says("locked biome 2.4.0 → 2.3.4");
    sandbox.vx("lock --check").succeeds();
    sandbox.vx("sync").succeeds();
    sandbox.stop_registry();
    sandbox.vx("sync").succeeds().says("nothing to do");
    sandbox.vx("lock --check").succeeds();
}

#[test]
fn a_locked_release_stays_if_no_source_answers_whether_it_is_old_enough() {
    let mut sandbox = lately("[tools]\nbiome = { version = \"2\", minimum_release_age = \"0\" }\n", Times::Always);
    sandbox.vx("sync").succeeds();
    let lock = sandbox.read("vx.lock");
    sandbox.vx("cache clean").succeeds();
    sandbox.write("vx.toml", BIOME);
    sandbox.stop_registry();
    for words in ["sync", "sync --offline"] {
        let kept =
            sandbox.vx(words).succeeds().says("`biome` keeps its locked version, although that may be too young: ");
        kept.says("nothing to do");
    }
    assert_eq!(sandbox.read("vx.lock"), lock);
    sandbox.vx("lock").exits_with(1).says("cannot be reached");
}

#[test]
fn a_locked_release_stays_if_its_own_time_shows_that_it_is_old_enough() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"~2.3\"\n");
    publish(&sandbox, "biome", "2.3.3", 24 * 60);
    publish(&sandbox, "biome", "2.3.4", 24 * 30);
    publish(&sandbox, "biome", "2.4.0", 30);
    sandbox.registry().give_times(Times::Long);
    sandbox.vx("lock").succeeds();
    // The time of the package's last change was enough, so the lock has that.
    assert!(sandbox.read("vx.lock").contains("published = \"by "));
    sandbox.write("vx.toml", "[settings]\nminimum_release_age = \"7 days\"\n[tools]\nbiome = \"~2.3\"\n");
    sandbox.vx("lock --check").fails_with("vx.lock does not fit").prints("`biome` 2.3.4 is known to be out since ");
    publish(&sandbox, "biome", "2.3.5", 24 * 20);
    sandbox.vx("lock").succeeds().says("locked biome 2.3.4 from").keeps_silent_about("→");
    assert!(!sandbox.read("vx.lock").contains("published = \"by "));
    sandbox.vx("lock --check").succeeds();
}

#[test]
fn the_npm_that_comes_with_node_is_old_enough_too() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n");
    publish(&sandbox, "node", "22.1.0", 48);
    sandbox.registry().publish_at(Some(&hours_ago(2)));
    let npm = |version: &str| {
        let parts = ["npm", "npx"].map(|name| Entry::file(&format!("package/bin/{name}-cli.js"), 0o644, "echo 12\n"));
        sandbox.registry().npm("npm", version, &tgz(&parts), Npm { node: Some("*"), deprecated: false });
    };
    npm("12.0.0");
    sandbox.registry().give_times(Times::Long);
    sandbox.vx("lock").succeeds();
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("npm-11.0.0.tgz") && !lock.contains("npm-12.0.0.tgz"), "{lock}");
}

#[test]
fn if_the_times_cannot_be_had_no_young_release_is_taken_for_an_old_one() {
    let sandbox = lately(BIOME, Times::Long);
    let path = npm_path(&package("biome"));
    let short = crate::support::server::Reply::json(format!(
        r#"{{"name":"x","modified":"{}","versions":{{"2.4.0":{{"dist":{{}}}}}}}}"#,
        hours_ago(3)
    ));
    let short = std::sync::Mutex::new(Some(short));
    let pick = move |request: &crate::support::server::Request| match request.header("accept") {
        Some("application/json") => crate::support::server::Reply::status(403),
        _ => short.lock().expect("no panic").take().unwrap_or_else(|| crate::support::server::Reply::status(403)),
    };
    sandbox.registry().server().serve(&path, crate::support::server::Reply::choose(pick));
    sandbox.vx("lock").fails_with("status 403").says("was published");
    assert_eq!(sandbox.read("vx.lock"), "");
}

#[test]
fn the_setting_is_shown_with_its_default() {
    let sandbox = Sandbox::new().config("[tools]\n");
    sandbox.vx("config settings.minimum_release_age").succeeds().prints("24h").prints("default");
    sandbox.write("vx.toml", "[settings]\nminimum_release_age = \"3 days\"\n");
    sandbox.vx("config settings.minimum_release_age").succeeds().prints("3 days").prints("vx.toml:2");
    sandbox.write("vx.toml", "[settings]\nminimum_release_age = 3\n");
    sandbox.vx("sync").refuses_with("`minimum_release_age` is 3, which is not a duration").says("\"3 days\"");
}
