//! Tools from vendors' own sites, against a loopback server that has the layout of each.

mod layouts;

use serde_json::{Value, json};
use vx_base::digest::Algorithm;

use crate::support::registry::archive::{Entry, script, tgz};
use crate::support::registry::digest;
use crate::support::sandbox::Sandbox;
use crate::support::server::{Reply, Server};

fn sha256(bytes: &[u8]) -> String {
    digest(Algorithm::Sha256, bytes).hex()
}

/// A sandbox for which this server is every vendor's site, each below a folder of its name.
fn with_sites(config: &str, server: &Server) -> Sandbox {
    let mut sandbox = Sandbox::new().config(config);
    for site in ["nodejs", "golang", "rust", "github"] {
        let variable = format!("VX_MIRROR_{}", site.to_uppercase());
        sandbox = sandbox.variable(&variable, &server.url(&format!("/{site}")));
    }
    sandbox
}

/// A file of a release: its name, its bytes, and if the list has its digest.
type File<'a> = (&'a str, &'a [u8], bool);

/// A list of releases of GitHub: tags, each with its files and, if the list has them, their digests.
fn releases(tags: &[(&str, Vec<File<'_>>)]) -> Reply {
    let release = |(tag, files): &(&str, Vec<File<'_>>)| {
        let asset = |(name, bytes, told): &File<'_>| {
            let digest = if *told { json!(format!("sha256:{}", sha256(bytes))) } else { Value::Null };
            json!({ "name": name, "size": bytes.len(), "digest": digest })
        };
        let assets: Vec<Value> = files.iter().map(asset).collect();
        json!({ "tag_name": tag, "draft": false, "prerelease": tag.contains("rc"), "assets": assets })
    };
    Reply::json(json!(tags.iter().map(release).collect::<Vec<_>>()).to_string())
}

const NODE: &str = "[tools]\nnode = { version = \"22\", source = \"vendor\" }\n";

/// Publish two versions on node's site. Only this machine's archives really exist.
fn publish_node(server: &Server) -> Vec<u8> {
    let parts = ["npm", "npx"].map(|name| {
        Entry::file(&format!("top/lib/node_modules/npm/bin/{name}-cli.js"), 0o644, format!("echo {name} 10\n"))
    });
    let archive = tgz(&[vec![script("top/bin/node", "22.1.0"), script("top/README.md", "x")], parts.to_vec()].concat());
    let list = [("v22.1.0", json!(false)), ("v20.9.0", json!("Iron"))];
    let list = list.map(|(version, lts)| json!({ "version": version, "files": ["linux-x64"], "lts": lts }));
    server.serve("/nodejs/index.json", Reply::json(json!(list).to_string()));
    let file = |target: &str| format!("node-v22.1.0-{target}");
    let sums = format!(
        "{}  {}.tar.gz\n{}  {}.zip\n{}  {}.tar.xz\n",
        sha256(&archive),
        file("linux-x64"),
        "2".repeat(64),
        file("win-x64"),
        "3".repeat(64),
        file("linux-x64")
    );
    server.serve("/nodejs/v22.1.0/SHASUMS256.txt", Reply::ok(sums));
    server.serve(&format!("/nodejs/v22.1.0/{}.tar.gz", file("linux-x64")), Reply::ok(archive.clone()));
    archive
}

#[test]
fn node_comes_from_its_own_site_by_its_list_of_checksums_and_the_lock_holds_behind_any_mirror() {
    let server = Server::start();
    publish_node(&server);
    let sandbox = with_sites(NODE, &server);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.program_says("node"), "22.1.0");
    assert_eq!(sandbox.program_says("npm"), "npm 10");
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("package = \"nodejs:v22.1.0\"") && lock.contains("node-v22.1.0-win-x64.zip"), "{lock}");
    assert!(!lock.contains("://") && !lock.contains("127.0.0.1"), "{lock}");

    let other = Server::start();
    publish_node(&other);
    let elsewhere = with_sites("", &other);
    let settings = format!("[settings]\nmirrors = {{ nodejs = \"{}\" }}\n", other.url("/nodejs/"));
    // The variable takes precedence over the setting, and both over the catalogue's site.
    let elsewhere = elsewhere.variable("VX_MIRROR_NODEJS", "").config(&format!("{settings}{NODE}"));
    elsewhere.write("vx.lock", &lock);
    elsewhere.vx("sync --locked").succeeds();
    assert_eq!(elsewhere.program_says("node"), "22.1.0");
    assert!(other.requests_for("/nodejs/index.json").is_empty(), "a lock asks for nothing but archives");
}

#[test]
fn an_archive_without_the_vendors_checksum_is_refused() {
    let server = Server::start();
    publish_node(&server);
    let file = "/nodejs/v22.1.0/node-v22.1.0-linux-x64.tar.gz";
    server.serve(file, Reply::ok(tgz(&[script("top/bin/node", "6.6.6")])));
    let sandbox = with_sites(NODE, &server);
    sandbox.vx("sync").exits_with(1).says("expected sha256:");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    // Nor is a release installed whose checksums are gone.
    server.serve("/nodejs/v22.1.0/SHASUMS256.txt", Reply::status(404));
    let sandbox = with_sites(NODE, &server);
    sandbox.vx("sync").exits_with(1).says("gives no digest that is strong enough");
    server.serve("/nodejs/v22.1.0/SHASUMS256.txt", Reply::html("<html>sign in"));
    with_sites(NODE, &server).vx("sync").exits_with(1).says("answered with a web page");
}

#[test]
fn go_comes_by_the_checksums_in_its_list() {
    let server = Server::start();
    let archive = tgz(&[script("go/bin/go", "go1.27.3"), script("go/bin/gofmt", "x"), script("go/src/a.go", "y")]);
    let name = "go1.27.3.linux-amd64.tar.gz";
    let file = json!({ "filename": name, "os": "linux", "sha256": sha256(&archive), "size": archive.len() });
    let list =
        json!([{ "version": "go1.27.3", "stable": true, "files": [file] }, { "version": "go1.28rc1", "files": [] }]);
    server.serve("/golang/?mode=json&include=all", Reply::json(list.to_string()));
    server.serve(&format!("/golang/{name}"), Reply::ok(archive));
    let sandbox = with_sites("[tools]\ngo = { version = \"latest\", source = \"vendor\" }\n", &server);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["go 1.27.3"]);
    assert_eq!(sandbox.program_says("gofmt"), "x");
}

#[test]
fn rust_is_put_together_from_three_archives() {
    let server = Server::start();
    let target = "x86_64-unknown-linux-gnu";
    let list = |part: &str| Entry::file(&format!("{part}-top/{part}/manifest.in"), 0o644, format!("of {part}\n"));
    let std = format!("rust-std-{target}");
    let archives = [
        (
            "rustc",
            vec![
                list("rustc"),
                script("rustc-top/rustc/bin/rustc", "1.95.0"),
                script("rustc-top/rustc/bin/rustdoc", "1.95.0"),
            ],
        ),
        ("rust-std", vec![list(&std), script(&format!("{std}-top/{std}/lib/rustlib/{target}/lib/libstd.rlib"), "std")]),
        ("cargo", vec![list("cargo"), script("cargo-top/cargo/bin/cargo", "cargo 1.95.0")]),
    ];
    for (part, entries) in archives {
        let (archive, file) = (tgz(&entries), format!("{part}-1.95.0-{target}.tar.gz"));
        server.serve(&format!("/rust/dist/{file}.sha256"), Reply::ok(format!("{}  {file}\n", sha256(&archive))));
        server.serve(&format!("/rust/dist/{file}"), Reply::ok(archive));
    }
    server.serve("/github/rust-lang/rust/releases?per_page=100", releases(&[("1.95.0", Vec::new())]));
    let sandbox = with_sites("[tools]\nrust = \"1.95\"\n", &server);
    sandbox.vx("sync").succeeds();
    assert_eq!(
        (sandbox.program_says("rustc"), sandbox.program_says("cargo")),
        ("1.95.0".into(), "cargo 1.95.0".into())
    );
    let library = format!("rust/1.95.0/lib/rustlib/{target}/lib/libstd.rlib");
    assert!(sandbox.stored().contains(&library), "{:?}", sandbox.stored());
}

#[test]
fn python_is_found_by_the_names_of_files_and_the_newest_build_of_a_version_is_taken() {
    let server = Server::start();
    let target = "x86_64-unknown-linux-gnu";
    let build = |version: &str, tag: &str| {
        let archive = tgz(&[script("python/bin/python3", &format!("{version} of {tag}"))]);
        (format!("cpython-{version}+{tag}-{target}-install_only.tar.gz"), archive)
    };
    let builds = [build("3.12.4", "20260726"), build("3.13.1", "20260726"), build("3.12.4", "20260107")];
    let [(new, new_archive), (newer, newer_archive), (old, old_archive)] = &builds;
    let debug = format!("cpython-3.14.0+20260726-{target}-debug-full.tar.zst");
    let list = releases(&[
        ("20260726", vec![(new, new_archive, false), (newer, newer_archive, false), (&debug, b"x", false)]),
        ("20260107", vec![(old, old_archive, false)]),
    ]);
    let folder = "/github/astral-sh/python-build-standalone/releases";
    server.serve(&format!("{folder}?per_page=10"), list);
    let sums = format!("{}  {new}\n{}  {newer}\n", sha256(new_archive), sha256(newer_archive));
    server.serve(&format!("{folder}/download/20260726/SHA256SUMS"), Reply::ok(sums));
    server.serve(&format!("{folder}/download/20260726/{new}"), Reply::ok(new_archive.clone()));
    let sandbox = with_sites("[tools]\npython = \"3.12\"\n", &server);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["python 3.12.4"]);
    assert_eq!(sandbox.program_says("python"), "3.12.4 of 20260726");
    assert!(!server.requests().iter().any(|request| request.path.contains("20260107")));
}

#[test]
fn tools_released_on_github_come_by_their_checksums_or_by_the_digests_in_the_list() {
    let server = Server::start();
    let gh = tgz(&[script("top/bin/gh", "2.50.0")]);
    let file = "gh_2.50.0_linux_amd64.tar.gz";
    let folder = "/github/cli/cli/releases";
    server.serve(
        &format!("{folder}?per_page=100"),
        releases(&[("v2.51.0-rc.1", Vec::new()), ("v2.50.0", vec![(file, &gh, false)])]),
    );
    let sums = format!("{}  {file}\n", sha256(&gh));
    server.serve(&format!("{folder}/download/v2.50.0/gh_2.50.0_checksums.txt"), Reply::ok(sums));
    server.serve(&format!("{folder}/download/v2.50.0/{file}"), Reply::ok(gh.clone()));
    let fd = tgz(&[script("top/fd", "10.3.0")]);
    let file = |version: &str| format!("fd-v{version}-x86_64-unknown-linux-gnu.tar.gz");
    let folder = "/github/sharkdp/fd/releases";
    let (new, old) = (file("10.3.0"), file("9.0.0"));
    server.serve(
        &format!("{folder}?per_page=100"),
        releases(&[("v10.3.0", vec![(&new, &fd, true)]), ("v9.0.0", vec![(&old, &fd, false)])]),
    );
    server.serve(&format!("{folder}/download/v10.3.0/{new}"), Reply::ok(fd.clone()));
    server.serve(&format!("{folder}/download/v9.0.0/{old}"), Reply::ok(fd.clone()));
    let sandbox = with_sites("[tools]\ngh = \"latest\"\nfd = \"latest\"\n", &server);
    sandbox.vx("sync").succeeds();
    assert_eq!(sandbox.installed(), ["fd 10.3.0", "gh 2.50.0"]);
    assert_eq!(sandbox.program_says("fd"), "10.3.0");

    // A release without a digest on its site is refused until `vx lock` has recorded one.
    let sandbox = with_sites("[tools]\nfd = \"9\"\n", &server);
    sandbox.vx("sync").exits_with(1).says("no digest says what it must be").says("vx lock");
    assert_eq!(sandbox.stored(), Vec::<String>::new());
    sandbox.vx("lock").succeeds().says("no digest is given for it");
    sandbox.vx("sync --locked").succeeds();
    assert_eq!(sandbox.installed(), ["fd 9.0.0"]);
}

#[test]
fn a_lock_cannot_lead_off_a_site_and_a_mirrors_password_stays_with_it() {
    let server = Server::start();
    publish_node(&server);
    let host = server.address().trim_start_matches("http://").to_owned();
    let token = "planted-mirror-secret";
    let sandbox = with_sites(NODE, &server).variable("VX_MIRROR_NODEJS", &format!("http://me:{token}@{host}/nodejs"));
    let other = Server::start();
    let file = "/nodejs/v22.1.0/node-v22.1.0-linux-x64.tar.gz";
    other.serve("/moved", Reply::ok(publish_node(&server)));
    server.serve(file, Reply::redirect(&other.url("/moved")));
    sandbox.vx("sync --json").succeeds().keeps_silent_about(token);
    let asked =
        |server: &Server| server.requests().iter().map(|one| one.header("authorization").is_some()).collect::<Vec<_>>();
    assert!(!asked(&server).is_empty() && asked(&server).iter().all(|told| *told));
    assert!(!asked(&other).is_empty() && !asked(&other).iter().any(|told| *told));
    let lock = sandbox.read("vx.lock");
    assert!(!lock.contains(token), "{lock}");

    for package in
        ["nodejs:../../x", "nodejs:%2e%2e/x", "nodejs:x?y", "nodejs:/x", "nodejs://evil.invalid/x", "evil:x", "x"]
    {
        let sandbox = with_sites(NODE, &server);
        sandbox.write("vx.lock", &lock.replace("nodejs:v22.1.0", package));
        sandbox.vx("sync --locked").exits_with(2).says("and the catalogue `nodejs:v22.1.0`").says("`vx lock node`");
        assert_eq!(sandbox.stored(), Vec::<String>::new());
    }
}

#[test]
fn a_mirror_that_cannot_be_one_is_named_with_its_setting() {
    let server = Server::start();
    let sandbox = with_sites(NODE, &server).variable("VX_MIRROR_NODEJS", "nonsense");
    sandbox.vx("lock").fails_with("VX_MIRROR_NODEJS of the environment is not an address");
    let sandbox = sandbox.variable("VX_MIRROR_NODEJS", "");
    sandbox
        .write("vx.toml", &format!("[settings]\nmirrors = {{ nodejs = \"ftp://h.invalid/\", nodjs = \"x\" }}\n{NODE}"));
    let refused = sandbox.vx("lock").fails_with("`mirrors.nodejs` of [settings] is not a web address");
    refused.says("`mirrors.nodjs` in [settings] is not one of the sites that vx knows: github, golang, nodejs, rust");
    sandbox.write("vx.toml", &format!("[settings]\nmirrors = \"x\"\n{NODE}"));
    sandbox.vx("lock").exits_with(2).says("`mirrors` is not a table of names and addresses");
}
