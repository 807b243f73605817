//! `vx install` without a `vx sync` around it.

use std::fs;

use crate::support::registry::archive::{script, tgz};
use crate::support::sandbox::Sandbox;

/// A project whose tool records the options it got.
fn writing_options(options: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let more = format!("{options}, postinstall = \"printf '%s' $flavour > told\"");
    let tool = sandbox.addressed("hello", &tgz(&[script("x/bin/hello", "1.0.0")]), &more);
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
    sandbox
}

fn written(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.home().join("store/hello/1.0.0/told")).expect("the command ran")
}

#[test]
fn a_tool_is_installed_anywhere_with_a_board_of_its_own() {
    let sandbox = Sandbox::new().offers("esbuild", "0.27.0").offers("esbuild", "0.27.1");
    sandbox.vx("install esbuild@0.27.0").succeeds();
    sandbox.vx("install esbuild").succeeds();
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0", "esbuild 0.27.1"]);
    assert!(!sandbox.project().join("vx.lock").exists(), "nothing is written into the folder");
    assert_eq!(sandbox.slot("esbuild").expect("a slot")["version"], "0.27.1");
    sandbox.vx("install nodee").refuses_with("nodee").says("`node`");
    sandbox.vx("install esbuild@9").fails_with("0.27.1");
}

#[test]
fn in_a_project_it_takes_version_and_options_from_there() {
    let sandbox = writing_options(", options = { flavour = \"file\" }").variable("VX_HELLO_FLAVOUR", "environment");
    let finished = sandbox.vx("install hello").succeeds();
    assert_eq!(written(&sandbox), "file");
    assert!(!finished.stderr().contains("deprecated"), "{}", finished.stderr());
}

#[test]
fn deprecated_variables_give_options_where_the_file_has_none_with_one_notice_a_run() {
    let sandbox = writing_options("").variable("VX_HELLO_FLAVOUR", "environment").variable("VX_ESBUILD_KIND", "small");
    sandbox.registry().offer("esbuild", "0.27.0");
    let finished = sandbox.vx("install hello esbuild@0.27.0").succeeds();
    assert_eq!(written(&sandbox), "environment");
    let said = finished.stderr();
    assert_eq!(said.matches("deprecated").count(), 1, "{said}");
    assert!(said.contains("VX_ESBUILD_KIND, VX_HELLO_FLAVOUR"), "{said}");
}

#[test]
fn a_sync_takes_no_options_from_the_environment() {
    let sandbox = writing_options("").variable("VX_HELLO_FLAVOUR", "environment");
    let finished = sandbox.vx("sync").succeeds();
    assert_eq!(written(&sandbox), "");
    assert!(!finished.stderr().contains("deprecated"), "{}", finished.stderr());
}
