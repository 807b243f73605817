//! Archives with the file names of each vendor's: all of them unpack, and the programs are where the catalogue expects
//! them.
//!
//! The first line of a listing gives its origin.

use super::*;

/// The names of a vendor's archive.
fn listing(name: &str) -> Vec<String> {
    let path = format!("{}/tests/it/installs/sync/vendors/layouts/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a listing");
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// An archive of these names, in which each file is a program that prints its own name.
fn archive(names: &[String]) -> Vec<u8> {
    tgz(&names.iter().map(|name| script(name, name.rsplit('/').next().unwrap_or(name))).collect::<Vec<_>>())
}

/// Sync `tool` from an archive of this listing, and check that the store has all of it, less `strip` components.
fn installs(tool: &str, version: &str, listed: &str, strip: usize, serve: impl Fn(&Server, &[u8])) -> Sandbox {
    installs_all(tool, version, &listing(listed), strip, serve)
}

/// Sync `tool` from an archive of these names, and check that the store has all of them, less `strip` components.
fn installs_all(tool: &str, version: &str, names: &[String], strip: usize, serve: impl Fn(&Server, &[u8])) -> Sandbox {
    let server = Server::start();
    serve(&server, &archive(names));
    let sandbox =
        with_sites(&format!("[tools]\n{tool} = {{ version = \"{version}\", source = \"vendor\" }}\n"), &server);
    sandbox.vx("sync").succeeds();
    let stored = sandbox.stored();
    for name in names {
        let below = name.splitn(strip + 1, '/').nth(strip).expect("a name below the top");
        let path = format!("{tool}/{version}/{below}");
        assert!(stored.contains(&path), "{path} is not among {stored:?}");
    }
    sandbox
}

/// Serve an archive as the only file of the only release of a repository.
fn release_of(repository: &str, query: &str, tag: &str, file: &str) -> impl Fn(&Server, &[u8]) {
    let folder = format!("/github/{repository}/releases");
    let (query, tag, file) = (query.to_owned(), tag.to_owned(), file.to_owned());
    move |server, archive| {
        server.serve(&format!("{folder}?{query}"), releases(&[(&tag, vec![(&file, archive, true)])]));
        server.serve(&format!("{folder}/download/{tag}/{file}"), Reply::ok(archive.to_vec()));
    }
}

/// The names in Python's archive for this minor version. The recorded names are 3.12's, and 3.13 no longer has `2to3`.
fn python_names(minor: &str) -> Vec<String> {
    let is_there = |name: &String| minor == "3.12" || !name.contains("2to3");
    listing("python").into_iter().filter(is_there).map(|name| name.replace("3.12", minor)).collect()
}

#[test]
fn python_3_12_and_3_13_with_25_pairs_of_names_that_differ_in_case_only_are_installed() {
    if std::env::temp_dir().join("..").join("TMP").exists() {
        return crate::support::skipped::skipped("the file system of this machine takes such names for one");
    }
    for (minor, version) in [("3.12", "3.12.10"), ("3.13", "3.13.3")] {
        let names = python_names(minor);
        let folded = |name: &String| names.iter().filter(|other| other.to_lowercase() == name.to_lowercase()).count();
        assert_eq!(names.iter().filter(|name| folded(name) > 1).count(), 2 * 25);
        let file = format!("cpython-{version}+20250409-x86_64-unknown-linux-gnu-install_only.tar.gz");
        let serve = release_of("astral-sh/python-build-standalone", "per_page=10", "20250409", &file);
        let sandbox = installs_all("python", version, &names, 1, serve);
        assert_eq!(sandbox.program_says("python"), "python");
        assert_eq!(sandbox.program_says("python3"), "python3");
    }
}

#[test]
fn node_is_installed() {
    let sandbox = installs("node", "22.1.0", "node", 1, |server, archive| {
        let list = json!([{ "version": "v22.1.0", "files": ["linux-x64"], "lts": false }]);
        server.serve("/nodejs/index.json", Reply::json(list.to_string()));
        let file = "node-v22.1.0-linux-x64.tar.gz";
        server.serve("/nodejs/v22.1.0/SHASUMS256.txt", Reply::ok(format!("{}  {file}\n", sha256(archive))));
        server.serve(&format!("/nodejs/v22.1.0/{file}"), Reply::ok(archive.to_vec()));
    });
    assert_eq!(sandbox.program_says("node"), "node");
    assert_eq!(sandbox.vx("which npx").succeeds().stdout().trim().rsplit('/').next(), Some("npx"));
}

#[test]
fn go_is_installed() {
    let sandbox = installs("go", "1.27.3", "go", 1, |server, archive| {
        let name = "go1.27.3.linux-amd64.tar.gz";
        let file = json!({ "filename": name, "os": "linux", "sha256": sha256(archive), "size": archive.len() });
        let list = json!([{ "version": "go1.27.3", "stable": true, "files": [file] }]);
        server.serve("/golang/?mode=json&include=all", Reply::json(list.to_string()));
        server.serve(&format!("/golang/{name}"), Reply::ok(archive.to_vec()));
    });
    assert_eq!((sandbox.program_says("go"), sandbox.program_says("gofmt")), ("go".into(), "gofmt".into()));
}

#[test]
fn rust_is_installed() {
    let server = Server::start();
    let target = "x86_64-unknown-linux-gnu";
    for part in ["rustc", "rust-std", "cargo"] {
        let (archive, file) = (archive(&listing(part)), format!("{part}-1.95.0-{target}.tar.gz"));
        server.serve(&format!("/rust/dist/{file}.sha256"), Reply::ok(format!("{}  {file}\n", sha256(&archive))));
        server.serve(&format!("/rust/dist/{file}"), Reply::ok(archive));
    }
    server.serve("/github/rust-lang/rust/releases?per_page=100", releases(&[("1.95.0", Vec::new())]));
    let sandbox = with_sites("[tools]\nrust = \"1.95\"\n", &server);
    sandbox.vx("sync").succeeds();
    for program in ["rustc", "rustdoc", "cargo"] {
        assert_eq!(sandbox.program_says(program), program);
    }
    let stored = sandbox.stored();
    let library = format!("rust/1.95.0/lib/rustlib/{target}/lib/libstd-");
    assert!(stored.iter().any(|path| path.starts_with(&library)), "{stored:?}");
}

#[test]
fn tools_released_on_github_are_installed() {
    let ripgrep =
        release_of("BurntSushi/ripgrep", "per_page=100", "14.1.1", "ripgrep-14.1.1-x86_64-unknown-linux-musl.tar.gz");
    assert_eq!(installs("ripgrep", "14.1.1", "ripgrep", 1, ripgrep).program_says("rg"), "rg");
    let fd = release_of("sharkdp/fd", "per_page=100", "v10.2.0", "fd-v10.2.0-x86_64-unknown-linux-gnu.tar.gz");
    assert_eq!(installs("fd", "10.2.0", "fd", 1, fd).program_says("fd"), "fd");
    let gh = release_of("cli/cli", "per_page=100", "v2.50.0", "gh_2.50.0_linux_amd64.tar.gz");
    assert_eq!(installs("gh", "2.50.0", "gh", 1, gh).program_says("gh"), "gh");
}
