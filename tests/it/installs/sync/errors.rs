//! Faults: the error names the fault and has a hint, only the tool with the fault fails, and nothing is left to clean
//! up.

use serde_json::Value;

use crate::support::registry::archive::{Entry, script, tgz};
use crate::support::sandbox::{Offer, Sandbox, text};
use crate::support::server::Reply;

/// A project with one tool that will be served wrongly and one that is served well.
fn one_good_one_bad() -> (Sandbox, Offer) {
    let sandbox =
        Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0");
    let offer = sandbox.publish("biome", "2.3.4", 50_000);
    (sandbox, offer)
}

/// Check that a sync with this reply fails with these texts, and that the next run, with the true archive, succeeds.
fn fails_and_recovers(reply: Reply, says: &[&str]) {
    let (sandbox, offer) = one_good_one_bad();
    sandbox.registry().server().serve(&offer.path, reply);
    let mut finished = sandbox.vx("sync --plain").fails_with("1 of 2 tools did not install: biome");
    for text in says {
        finished = finished.says(text);
    }
    let error = sandbox.slot("biome").expect("a slot")["error"].clone();
    assert!(text(&error).contains(says[0]) && text(&error).contains("hint: "), "{error}");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    assert_eq!(sandbox.program_says("esbuild"), "0.27.0");
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
    sandbox.vx("which biome").fails_with("biome 2.3.4 is not installed yet").says("vx sync");

    sandbox.registry().server().serve(&offer.path, Reply::ok(offer.archive.clone()));
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
}

#[test]
fn other_bytes_than_those_of_the_digest() {
    let other = tgz(&[script("package/biome", "6.6.6")]);
    fails_and_recovers(Reply::ok(other), &["expected sha512", "got sha512", "do not trust the archive"]);
}

#[test]
fn an_archive_that_is_cut_short() {
    let (_sandbox, offer) = one_good_one_bad();
    let half = offer.archive[..offer.archive.len() / 2].to_vec();
    fails_and_recovers(Reply::ok(half), &["expected sha512", "do not trust the archive"]);
}

#[test]
fn a_web_page_in_place_of_an_archive() {
    let page = Reply::html("<!DOCTYPE html><html><body>Please sign in</body></html>");
    fails_and_recovers(page, &["is a web page, not an archive", "open the address in a browser"]);
}

#[test]
fn an_archive_that_is_gone() {
    fails_and_recovers(Reply::status(404), &["the server answered 404", "check the version and the platform"]);
}

#[test]
fn no_bytes_at_all() {
    fails_and_recovers(Reply::ok(""), &["expected sha512"]);
}

/// Check that an archive from an address is refused with these texts, although it matches its digest.
fn refuses_archive(archive: &[u8], says: &[&str]) {
    let sandbox = Sandbox::new().offers("esbuild", "0.27.0");
    let bad = sandbox.addressed("bad", archive, "");
    sandbox.write("vx.toml", &format!("[tools]\nesbuild = \"0.27.0\"\n{bad}"));
    let mut finished = sandbox.vx("sync --plain").fails_with("1 of 2 tools did not install: bad");
    for text in says {
        finished = finished.says(text);
    }
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
    let outside = sandbox.home().parent().expect("a parent").join("evil");
    assert!(!outside.exists());

    let good = sandbox.addressed("bad", &tgz(&[script("x/bin/bad", "1.0.0")]), "");
    sandbox.write("vx.toml", &format!("[tools]\nesbuild = \"0.27.0\"\n{good}"));
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("bad"), "1.0.0");
}

#[test]
fn an_archive_without_the_program() {
    refuses_archive(&tgz(&[script("x/bin/other", "1.0.0")]), &["bin/bad"]);
}

#[test]
fn an_archive_that_leads_out_of_its_directory() {
    refuses_archive(&evil_tar(), &["entry `", "hint: "]);
}

/// An archive with an entry outside of its folder. The tar crate refuses to write such a name, so the header is written
/// here.
fn evil_tar() -> Vec<u8> {
    use std::io::Write;
    let mut tar = Vec::new();
    for (name, content) in [("x/bin/bad", "#!/bin/sh\n"), ("x/../../../../evil", "evil")] {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().expect("a gnu header").name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(content.as_bytes());
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.extend_from_slice(&[0; 1024]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).expect("memory");
    gzip.finish().expect("memory")
}

#[test]
fn a_postinstall_that_fails_activates_nothing_and_shows_its_last_lines() {
    let sandbox = Sandbox::new();
    let archive = tgz(&[script("x/bin/hello", "1.0.0"), Entry::file("x/notes", 0o644, "n")]);
    let tool = sandbox.addressed("hello", &archive, ", postinstall = \"echo the reason is here >&2; exit 7\"");
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
    sandbox.vx("sync").fails_with("the reason is here").says("exit code 7").says("the release was not installed");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}

#[test]
fn an_error_longer_than_its_cell_keeps_its_kind_and_its_hint_in_every_output() {
    let sandbox = Sandbox::new();
    let archive = tgz(&[script("x/bin/hello", "1.0.0"), Entry::file("x/notes", 0o644, "n")]);
    let tool = sandbox.addressed("hello", &archive, ", postinstall = \"seq -f 'line %g of the output' 200; exit 7\"");
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
    let hint = "correct `postinstall` in vx.toml; the release was not installed";
    let printed = sandbox.vx("sync --json").exits_with(1).stdout();
    let dumped = sandbox.vx("board dump").succeeds().stdout();
    assert!(dumped.contains(&format!("hint: {hint}")) && dumped.contains("line 200 of the output"), "{dumped}");
    assert!(!dumped.contains("kind: "), "{dumped}");
    sandbox.vx("board dump --csv").succeeds().prints(hint).prints("post-install,");
    let slot = sandbox.slot("hello").expect("a slot");
    assert_eq!((text(&slot["error_kind"]), text(&slot["hint"])), ("post-install", hint));
    let events: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let failed = events.iter().find(|event| event["event"] == "failed").expect("a failure");
    let summary = &events.last().expect("a summary")["tools"][0];
    for told in [failed, summary] {
        assert_eq!((text(&told["kind"]), text(&told["hint"])), ("post-install", hint), "{told}");
        assert!(text(&told["error"]).ends_with(&format!("line 200 of the output\nhint: {hint}")), "{told}");
    }
    sandbox.vx("sync --headless").fails_with("exit code 7").says(&format!("hint: {hint}")).keeps_silent_about("kind: ");
}

#[test]
fn a_failed_reinstall_leaves_the_old_release() {
    let (sandbox, offer) = one_good_one_bad();
    sandbox.vx("sync").succeeds();
    sandbox.spoil("biome");
    let stored = sandbox.stored();
    sandbox.vx("cache clean").succeeds();
    sandbox.registry().server().serve(&offer.path, Reply::status(404));
    sandbox.vx("sync biome --force").fails_with("404");
    assert_eq!(sandbox.stored(), stored);
    assert_eq!(sandbox.program_says("biome"), "2.3.4");
}

#[test]
fn an_unknown_tool_is_named_with_the_nearest_before_anything_is_asked() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\nnodee = \"22\"\nbiom = \"2\"\n");
    sandbox.vx("sync --strict").refuses_with("nodee").says("`node`").says("biom").says("`biome`");
    assert_eq!(sandbox.registry().server().requests().len(), 0);
    assert_eq!(sandbox.read("vx.lock"), "");
}

#[test]
fn a_tool_that_cannot_be_had_does_not_keep_the_others_away() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\nnodee = \"22\"\nprettier = \"3\"\n");
    let sandbox = sandbox.offers("esbuild", "0.27.0").offers("prettier", "3.6.2");
    let finished = sandbox.vx("sync").fails_with("2 of 3 tools did not install: nodee, prettier");
    finished.says("`node`").says("`prettier` is run by `node`, which vx.toml does not declare");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    sandbox.vx("sync --check").exits_with(1).says("nodee").prints("keep esbuild");
    sandbox.vx("esbuild --version").succeeds().prints("0.27.0");
    // If no other tool is left to install, the error is one of the configuration.
    sandbox.vx("sync nodee").refuses_with("nodee").says("`node`");
}

#[test]
fn a_project_does_without_its_optional_tools() {
    let tools = "[tools]\nesbuild = \"0.27.0\"\nnodee = { version = \"22\", optional = true }\nbiome = { version = \"9\", optional = true }\n";
    let sandbox = Sandbox::new().config(tools).offers("esbuild", "0.27.0").offers("biome", "2.3.4");
    let finished = sandbox.vx("sync --fail-fast").succeeds();
    finished
        .says("2 of 3 tools did not install: ")
        .says("the project does not require them")
        .says("no version matches `9`");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
    sandbox.vx("sync --check").succeeds();
    sandbox.vx("lock").succeeds().says("nodee");
    sandbox.vx("lock --check").succeeds();
    sandbox.vx("sync --locked").succeeds();
    sandbox.vx("sync --strict").succeeds();
    sandbox.vx("biome --version").fails_with("biome is not installed as vx.toml and vx.lock want it");
    // Another tool that fails still fails the run.
    let sandbox = sandbox.config(&format!("{tools}ruff = \"9\"\n")).offers("ruff", "0.9.0");
    sandbox.vx("sync").fails_with("1 of 4 tools did not install: ruff");
}

#[test]
fn every_problem_of_a_file_is_reported_at_once_with_its_place() {
    let sandbox = Sandbox::new().config(
        "[tools]\nnode = 20\nesbuild = [\"1\", \"2\"]\nruff = { version = \"1\", os = [\"linx\"] }\n\n[settings]\njobs = \"many\"\n",
    );
    let file = sandbox.project().join("vx.toml").display().to_string();
    let finished = sandbox.vx("sync").refuses_with(&format!("{file}:2:8: error: "));
    finished
        .says("node = 20")
        .says("write it in quotes: \"20\"")
        .says(&format!("{file}:3:11: error: "))
        .says(&format!("{file}:4:31: error: "))
        .says("did you mean `linux`?")
        .says(&format!("{file}:7:8: error: "));
    assert_eq!(sandbox.registry().server().requests().len(), 0);
}

#[test]
fn a_file_that_is_no_toml_is_reported_with_its_place() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\n");
    let file = sandbox.project().join("vx.toml").display().to_string();
    sandbox.vx("sync").refuses_with(&format!("{file}:2:"));
}

#[test]
fn without_a_project_the_error_names_the_directories_searched() {
    Sandbox::new().vx("sync").refuses_with("vx.toml");
}

#[test]
fn a_version_that_does_not_exist_fails_only_its_tool() {
    let (sandbox, _) = one_good_one_bad();
    let sandbox = sandbox.config("[tools]\nbiome = \"9\"\nesbuild = \"0.27.0\"\n");
    sandbox.vx("sync").fails_with("biome").says("2.3.4");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"]);
}
