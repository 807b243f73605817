//! The number and the duration of the requests to registries.

use std::time::Duration;

use vx_base::package::source_kind::SourceKind;
use vx_base::system::platform::Platform;
use vx_fetch::{Recipe, RecipeRequest};

use crate::support::registry::archive::{script, tgz, wheel};
use crate::support::registry::{Npm, wheel_tag};
use crate::support::sandbox::Sandbox;

/// The server answers requests once no other has arrived for this long, so that each round of requests shows. On any
/// machine, the next request of a round arrives sooner.
const QUIET: Duration = Duration::from_millis(400);

const TOOLS: [&str; 12] =
    ["node", "bun", "deno", "esbuild", "biome", "turbo", "uv", "ruff", "cmake", "ninja", "go", "zig"];

/// Twelve tools, each for every platform that its recipe has.
fn twelve() -> Sandbox {
    let lines: Vec<String> = TOOLS.iter().map(|tool| format!("{tool} = \"1\"\n")).collect();
    let sandbox = Sandbox::new().config(&format!("[tools]\n{}", lines.concat()));
    for tool in TOOLS {
        for platform in Platform::ALL {
            let Ok(recipe) = Recipe::for_tool(tool, &RecipeRequest::default(), &[], platform) else { continue };
            let package = &recipe.packages()[0];
            match recipe.source {
                SourceKind::Pypi => {
                    let file = format!("{}-1.2.3-py3-none-{}.whl", package.replace('-', "_"), wheel_tag(platform));
                    sandbox.registry().pypi(package, &file, &wheel(&[script("x", "1.2.3")]));
                }
                _ => sandbox.registry().npm(package, "1.2.3", &tgz(&[script("package/x", "1.2.3")]), Npm::default()),
            }
        }
    }
    let npm = tgz(&[script("package/bin/npm-cli.js", "11.0.0")]);
    sandbox.registry().npm("npm", "11.0.0", &npm, Npm { node: Some("*"), deprecated: false });
    sandbox
}

#[test]
fn twelve_tools_are_resolved_in_two_rounds_of_questions() {
    let sandbox = twelve();
    let server = sandbox.registry().server();
    server.answer_in_rounds(QUIET);
    sandbox.vx("lock").succeeds().says("wrote vx.lock").keeps_silent_about("lacks");
    let (rounds, requests, connections) = (server.rounds(), server.requests().len(), server.connections());
    // A round for all lists of versions, and a round for all archives of the chosen versions.
    assert_eq!(rounds, 2, "{requests} requests over {connections} connections");
    assert!(requests <= 84, "{requests} requests");
    assert!(connections <= 96, "{connections} connections");
    let lock: toml::Table = sandbox.read("vx.lock").parse().expect("a lock");
    for tool in TOOLS {
        let platforms = lock["tools"][tool]["platforms"].as_table().expect("platforms");
        assert!(platforms.len() >= 4, "{tool}: {platforms:?}");
        for parts in platforms.values() {
            assert!(
                parts.as_array().expect("archives").iter().all(|part| part.get("size").is_some()),
                "{tool}: {parts}"
            );
        }
    }

    sandbox.vx("lock").succeeds().says("vx.lock is up to date");
    assert_eq!(server.requests().len(), requests, "a lock that is complete needs nobody");
    sandbox.vx("outdated").succeeds().says("every tool is up to date");
    let asked = server.requests().len() - requests;
    assert_eq!(server.rounds() - rounds, 1, "all lists at once");
    assert_eq!(asked, TOOLS.len() + 2, "a list for each tool, for node's companion, and for an older name of turbo");
}

#[test]
fn one_thread_of_questions_is_asked_over_one_connection() {
    let sandbox = Sandbox::new().config("[tools]\nruff = \"0.9\"\n").offers("ruff", "0.9.0");
    let server = sandbox.registry().server();
    sandbox.vx("lock").succeeds();
    assert_eq!((server.requests().len(), server.connections()), (1, 1));
}
