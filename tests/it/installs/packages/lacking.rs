//! Packages that cannot be tools by themselves are refused with the reason, and nothing of them is installed.

use serde_json::{Value, json};

use super::{cli, npm_words, publish, publish_wheel};
use crate::support::registry::Npm;
use crate::support::registry::archive::{Entry, script};
use crate::support::sandbox::Sandbox;

#[track_caller]
fn refused(manifest: &Value, files: &[Entry], text: &str, next: &str) {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:x\" = \"1\"\n").offers("node", "22.1.0");
    publish(&sandbox, "x", "1.0.0", manifest, files);
    sandbox.vx("sync").fails_with(text).says(next);
    assert_eq!(sandbox.installed(), ["node 22.1.0"]);
}

#[test]
fn an_npm_package_that_needs_others_is_refused_before_its_archive_is_fetched() {
    let manifest = json!({ "bin": "cli.js", "dependencies": { "yargs": "15", "string-width": "2" } });
    let needs =
        "npm:x: failed: the npm package x 1.0.0 needs other packages, which vx does not install: string-width, yargs";
    refused(&manifest, &[cli("cli.js", "x")], needs, "run it with `npx x`");
    let manifest = json!({ "bin": "cli.js", "peerDependencies": { "typescript": "5" } });
    refused(&manifest, &[cli("cli.js", "x")], "needs other packages, which vx does not install: typescript", "`npx x`");
}

#[test]
fn an_npm_package_without_programs_or_for_another_interpreter_is_refused() {
    refused(
        &json!({}),
        &[cli("cli.js", "x")],
        "the npm package x 1.0.0 has no programs",
        "add it to the project's package.json",
    );
    let python = Entry::file("package/cli.py", 0o755, "#!/usr/bin/env -S python3 -u\nprint(1)\n");
    refused(&json!({ "bin": "cli.py" }), &[python], "has programs that need python3 -u to run", "npx x");
}

#[test]
fn an_npm_package_whose_scripts_need_options_or_variables_of_node_is_refused() {
    for (line, text) in [
        ("/usr/bin/env -S node --no-warnings", "has programs that need node --no-warnings to run"),
        ("/usr/bin/env -S NODE_ENV=production node", "has programs that need NODE_ENV=production node to run"),
        ("/usr/bin/node --expose-gc", "has programs that need node --expose-gc to run"),
    ] {
        let script = Entry::file("package/cli.js", 0o755, format!("#!{line}\n"));
        refused(&json!({ "bin": "cli.js" }), &[script], text, "npx x");
    }
}

#[test]
fn a_script_for_node_by_its_older_name_is_run_by_node() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:x\" = \"1\"\n").offers("node", "22.1.0");
    let script = Entry::file("package/cli.js", 0o755, "#!/usr/bin/env nodejs\n\":\" //; echo ran; exit\n");
    publish(&sandbox, "x", "1.0.0", &json!({ "bin": "cli.js" }), &[script]);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.vx("x x").succeeds().stdout(), "ran\n");
}

#[test]
fn an_npm_package_for_other_platforms_alone_is_refused_and_locked_where_it_is_offered() {
    let manifest = json!({ "bin": "cli.js", "os": ["plan9"] });
    refused(&manifest, &[cli("cli.js", "x")], "npm:x: nothing is offered for ", "limit the tool to other systems");
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:x\" = \"1\"\n").offers("node", "22.1.0");
    let (os, _) = npm_words();
    publish(&sandbox, "x", "1.0.0", &json!({ "bin": "cli.js", "os": [os] }), &[cli("cli.js", "x")]);
    sandbox.vx("sync").succeeds();
    let lock = sandbox.read("vx.lock");
    let own = lock.split("[tools.\"npm:x\"").collect::<Vec<_>>()[1..].join("");
    assert!(!own.contains("win") && !own.contains(if os == "linux" { "macos" } else { "linux" }), "{own}");
}

#[test]
fn the_bytes_of_a_package_decide_and_not_what_its_registry_says_of_it() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:x\" = \"1\"\n").offers("node", "22.1.0");
    let manifest = json!({ "bin": "cli.js", "dependencies": { "yargs": "15" } });
    publish(&sandbox, "x", "1.0.0", &manifest, &[cli("cli.js", "x")]);
    sandbox.registry().rewrite("x", "1.0.0", |record| record["dependencies"] = json!({}));
    sandbox.vx("sync").fails_with("needs other packages, which vx does not install: yargs");
    assert_eq!(sandbox.installed(), ["node 22.1.0"]);
    let bare = crate::support::registry::archive::tgz(&[cli("cli.js", "x")]);
    sandbox.registry().npm("x", "1.1.0", &bare, Npm::default());
    sandbox.registry().rewrite("x", "1.1.0", |record| record["bin"] = json!("cli.js"));
    sandbox.vx("install npm:x@1.1.0").fails_with("`lib/node_modules/x/package.json` is missing");
}

#[test]
fn a_package_that_no_registry_has_is_named() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n\"npm:nothing\" = \"1\"\n\"pypi:nothing\" = \"1\"\n");
    let sandbox = sandbox.offers("node", "22.1.0");
    let synced = sandbox.vx("sync").fails_with("npm:nothing").says("has no such package").says("pypi:nothing");
    assert_eq!(sandbox.installed(), ["node 22.1.0"], "{}", synced.stderr());
}

#[test]
fn a_script_of_npm_needs_a_declared_node() {
    let sandbox = Sandbox::new().config("[tools]\n\"npm:x\" = \"1\"\n");
    publish(&sandbox, "x", "1.0.0", &json!({ "bin": "cli.js" }), &[cli("cli.js", "x")]);
    sandbox.vx("sync").refuses_with("`npm:x` is run by `node`, which vx.toml does not declare");
}

#[test]
fn a_wheel_that_needs_others_or_a_python_is_refused() {
    let native = script("{stem}.data/scripts/x", "1.0.0");
    let function = Entry::file("{stem}.dist-info/entry_points.txt", 0o644, "[console_scripts]\nx = x:main\n");
    let python = Entry::file("{stem}.data/scripts/x", 0o755, "#!python\nprint(1)\n");
    for (metadata, files, text) in [
        (
            "Requires-Dist: click>=8",
            vec![native.clone()],
            "the Python package x 1.0.0 needs other packages, which vx does not install: click",
        ),
        ("", vec![function.clone()], "has programs that need python to run"),
        ("", vec![python], "has programs that need python to run"),
        ("", vec![], "has no programs"),
        ("Requires-Dist: click>=8", vec![], "the Python package x 1.0.0 has no programs"),
    ] {
        let sandbox = Sandbox::new().config("[tools]\n\"pypi:x\" = \"1\"\n");
        publish_wheel(&sandbox, "x", "1.0.0", metadata, &files);
        sandbox.vx("sync").fails_with(text);
        assert_eq!(sandbox.installed(), [""; 0]);
    }
    let sandbox = Sandbox::new().config("[tools]\n\"pypi:x\" = \"1\"\n");
    publish_wheel(&sandbox, "x", "1.0.0", "", &[native, function]);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("x"), "1.0.0", "the program is there as a file, too");
}

#[test]
fn a_python_package_of_modules_alone_is_refused_by_that_reason() {
    let sandbox = Sandbox::new().config("[tools]\n\"pypi:x\" = \"1\"\n");
    sandbox.registry().pypi("x", "x-1.0.0-py3-none-any.whl", b"x");
    sandbox.vx("sync").fails_with("the Python package x has only Python modules, which vx does not run").says("uvx x");
}
