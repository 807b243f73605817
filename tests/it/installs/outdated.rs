//! Newer versions: `vx outdated`, `vx lock --upgrade`, `vx lock --check`, and the requests made to resolve versions.

mod asking;

use serde_json::{Value, json};
use vx_fetch::{Recipe, RecipeRequest};

use crate::support::registry::archive::{script, tgz};
use crate::support::registry::{Npm, npm_path, page_path, wheel_tag};
use crate::support::sandbox::Sandbox;
use crate::support::server::Reply;

/// A project with two locked tools, and a registry with newer versions of the first: one within its range, one beyond.
fn behind() -> Sandbox {
    let sandbox = Sandbox::new()
        .config("[tools]\nbiome = \"2\"\nesbuild = \"0.27\"\n")
        .offers("biome", "2.3.4")
        .offers("esbuild", "0.27.0");
    sandbox.vx("lock").succeeds();
    sandbox.offers("biome", "2.4.0").offers("biome", "3.0.0").offers("biome", "4.0.0-beta.1")
}

#[test]
fn newer_versions_are_shown_within_the_request_and_at_all() {
    let sandbox = behind();
    let lock = sandbox.read("vx.lock");
    let finished = sandbox.vx("outdated").succeeds().says("`vx lock --upgrade`");
    let lines: Vec<Vec<String>> =
        finished.stdout().lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    assert_eq!(lines[1..], [["biome", "2.3.4", "2.4.0", "3.0.0", "2"]], "{}", finished.stdout());
    assert_eq!(sandbox.read("vx.lock"), lock);

    let rows: Value = serde_json::from_str(&sandbox.vx("outdated --json").succeeds().stdout()).expect("JSON");
    let row = |tool: &str, locked: &str, [matching, latest]: [&str; 2], request: &str, up_to_date: bool| {
        json!({ "tool": tool, "locked": locked, "matching": matching, "latest": latest, "request": request,
                "up_to_date": up_to_date })
    };
    let expected = json!([
        row("biome", "2.3.4", ["2.4.0", "3.0.0"], "2", false),
        row("esbuild", "0.27.0", ["0.27.0", "0.27.0"], "0.27", true),
    ]);
    assert_eq!(rows, expected);
}

#[test]
fn the_exit_code_shows_upgrades_only_on_request() {
    let sandbox = behind();
    sandbox.vx("outdated --exit-code").exits_with(1);
    sandbox.vx("outdated --exit-code esbuild").succeeds().says("every tool is up to date");
    sandbox
        .vx("lock --upgrade biome")
        .succeeds()
        .says("locked biome 2.3.4 → 2.4.0 from npm")
        .keeps_silent_about("esbuild");
    // A version that vx.toml does not allow is shown, but no upgrade is proposed.
    sandbox.vx("outdated --exit-code").succeeds().prints("3.0.0").keeps_silent_about("--upgrade");
    sandbox.vx("lock --upgrade").succeeds().says("vx.lock is up to date").keeps_silent_about("locked ");
}

#[test]
fn a_tool_that_is_not_locked_yet_is_shown_as_such() {
    let sandbox = behind();
    std::fs::remove_file(sandbox.project().join("vx.lock")).expect("it goes");
    sandbox.vx("outdated esbuild").succeeds().prints("esbuild  none    0.27.0    0.27.0  0.27");
}

#[test]
fn a_tool_whose_registry_cannot_be_asked_does_not_hide_the_others() {
    let sandbox = behind();
    sandbox.registry().server().serve(&npm_path("@esbuild/linux-x64"), Reply::status(403));
    let platform = vx_base::system::platform::Platform::current().expect("a platform");
    if platform.to_string() == "linux-x64" {
        sandbox.vx("outdated").fails_with("1 of 2 tools could not be asked about").prints("2.4.0").says("status 403");
    }
}

#[test]
fn a_lock_is_checked_without_any_request() {
    let mut sandbox = behind();
    sandbox.stop_registry();
    sandbox.vx("lock --check").succeeds();
    let sandbox = sandbox.config("[tools]\nbiome = \"2.4\"\nesbuild = \"0.27\"\n");
    let lock = sandbox.read("vx.lock");
    let finished = sandbox.vx("lock --check").fails_with("vx.lock does not fit vx.toml").says("run `vx lock`");
    finished.prints("`biome` was locked for `2`, vx.toml says `2.4`");
    assert_eq!(sandbox.read("vx.lock"), lock);
    sandbox.vx("lock --check --upgrade").refuses_with("cannot be used with");
}

#[test]
fn version_lists_are_revalidated_by_etag_and_by_the_time_of_their_last_change() {
    let sandbox =
        Sandbox::new().config("[settings]\ncache_duration = \"0s\"\n[tools]\nbiome = \"2\"\nruff = \"0.9\"\n");
    let platform = vx_base::system::platform::Platform::current().expect("a platform");
    let recipe = Recipe::for_tool("biome", &RecipeRequest::default(), &[], platform).expect("a tool of the catalogue");
    let package = recipe.packages()[0].as_str();
    sandbox.registry().offer("biome", "2.3.4");
    sandbox.registry().offer("ruff", "0.9.0");
    sandbox.vx("lock").succeeds();
    let server = sandbox.registry().server();
    let since = "Wed, 21 Oct 2015 07:28:00 GMT";
    let file = format!("ruff-0.9.0-py3-none-{}.whl", wheel_tag(platform));
    let page = format!("<a href=\"/files/{file}#sha256={}\">{file}</a>", "0".repeat(64));
    server.serve(
        &page_path("ruff"),
        Reply::choose(move |request| match request.header("if-modified-since") {
            Some(time) if time == since => Reply::status(304),
            _ => Reply::html(&page).without_etag().header("Last-Modified", since),
        }),
    );
    let asked = |path: &str| server.requests_for(path).len();
    let (lists, pages) = (asked(&npm_path(package)), asked(&page_path("ruff")));
    // The first command records the time, the second one uses it.
    sandbox.vx("outdated").succeeds();
    sandbox.vx("outdated").succeeds().says("every tool is up to date");
    let list = server.requests_for(&npm_path(package));
    assert!(
        list.len() == lists + 2 && list[lists..].iter().all(|asked| asked.header("if-none-match").is_some()),
        "{list:?}"
    );
    let page = server.requests_for(&page_path("ruff"));
    assert_eq!(page.len(), pages + 2);
    assert_eq!(page[pages + 1].header("if-modified-since"), Some(since));
}

#[test]
fn a_list_that_lacks_the_version_is_revalidated_and_not_thrown_away() {
    let sandbox = behind();
    let package = "@esbuild/linux-x64";
    if vx_base::system::platform::Platform::current().expect("a platform").to_string() != "linux-x64" {
        return;
    }
    sandbox.write("vx.toml", "[tools]\nesbuild = \"0.28\"\n");
    sandbox.vx("lock").fails_with("0.28");
    let asked = sandbox.registry().server().requests_for(&npm_path(package));
    assert!(asked.last().is_some_and(|asked| asked.header("if-none-match").is_some()), "{asked:?}");
    sandbox.registry().npm(package, "0.28.0", &tgz(&[script("package/bin/esbuild", "0.28.0")]), Npm::default());
    sandbox.vx("lock").succeeds().says("locked esbuild 0.27.0 → 0.28.0");
}
