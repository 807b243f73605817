//! The doctor uses the settings of the present project, as every other command does.

use std::fs;

use serde_json::{Value, json};
use vx_base::digest::Algorithm;

use super::{finds_and_mends, well};
use crate::support::registry::archive::{script, tgz};
use crate::support::registry::digest;
use crate::support::sandbox::{Sandbox, text};
use crate::support::server::{Reply, Server};

const STRICT: &str = "[settings]\nrequire_signatures = true\n[tools]\nbiome = \"2\"\nesbuild = \"0.27\"\n";

/// The findings about a tool, each as its text and its remedy.
fn about(sandbox: &Sandbox, tool: &str) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&sandbox.vx("doctor --json").exits_with(1).stdout()).expect("JSON");
    let findings = document["findings"].as_array().expect("a list").iter();
    let of_tool = findings.filter(|finding| text(&finding["subject"]).starts_with(tool));
    of_tool.map(|finding| (text(&finding["what"]).to_owned(), text(&finding["mend"]).to_owned())).collect()
}

#[test]
fn a_tool_without_the_signature_that_the_project_requires_is_not_said_to_be_mended_by_a_sync() {
    let sandbox = well();
    sandbox.vx("uninstall biome").succeeds();
    let sandbox = sandbox.config(STRICT);
    sandbox.vx("sync").exits_with(1).says("`require_signatures` is set");
    let found = about(&sandbox, "biome");
    let [(what, mend)] = found.as_slice() else { panic!("one finding: {found:?}") };
    assert!(what.contains("`require_signatures` is set, and vx.lock names no key that signed it"), "{what}");
    assert!(mend.contains("vx lock TOOL") && !mend.contains("vx sync"), "{mend}");
}

#[test]
fn a_release_of_no_project_is_mended_from_the_mirror_of_the_project_at_hand() {
    let server = Server::start();
    let archive = tgz(&[script("top/bin/gh", "2.50.0")]);
    let (folder, file) = ("/github/cli/cli/releases", "gh_2.50.0_linux_amd64.tar.gz");
    let asset = json!({ "name": file, "size": archive.len(), "digest": Value::Null });
    let list = json!([{ "tag_name": "v2.50.0", "draft": false, "prerelease": false, "assets": [asset] }]);
    server.serve(&format!("{folder}?per_page=100"), Reply::json(list.to_string()));
    let sums = format!("{}  {file}\n", digest(Algorithm::Sha256, &archive).hex());
    server.serve(&format!("{folder}/download/v2.50.0/gh_2.50.0_checksums.txt"), Reply::ok(sums));
    server.serve(&format!("{folder}/download/v2.50.0/{file}"), Reply::ok(archive));
    let settings = format!("[settings]\nmirrors = {{ github = \"{}\" }}\n", server.url("/github"));
    let sandbox = Sandbox::new().config(&settings);
    sandbox.vx("install gh@2.50.0").succeeds();

    let program = sandbox.home().join("store/gh/2.50.0/bin/gh").canonicalize().expect("the program");
    fs::write(program, "changed").expect("it is written");
    fs::remove_dir_all(sandbox.home().join("cache")).expect("it goes");
    finds_and_mends(&sandbox, &["release: gh 2.50.0: ", "(changed)"]);
}
