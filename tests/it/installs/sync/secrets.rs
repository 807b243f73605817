//! Secrets that travel only through the pipe: a registry's token, and the options of a tool.

use std::fs;
use std::path::{Path, PathBuf};

use vx_base::system::platform::Platform;

use crate::support::registry::archive::{script, tgz, wheel};
use crate::support::registry::{wheel_path, wheel_tag};
use crate::support::sandbox::{Process, Sandbox, eventually};
use crate::support::server::{Reply, Request, Server};

const TOKEN: &str = "planted-token-4cc355";

/// The processes that are installing now.
fn installers(sandbox: &Sandbox) -> Vec<Process> {
    sandbox.processes().into_iter().filter(|process| process.command.contains("--ipc-channel")).collect()
}

fn files_below(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files_below(&path, into) } else { into.push(path) }
    }
}

/// Check that no file below a directory contains the text.
fn assert_nowhere_below(directory: &Path, secret: &str) {
    let mut files = Vec::new();
    files_below(directory, &mut files);
    assert!(!files.is_empty(), "nothing to look at in {}", directory.display());
    for file in files {
        let bytes = fs::read(&file).unwrap_or_default();
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "`{secret}` is in {}", file.display());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_registrys_token_reaches_the_registry_and_nothing_else() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n");
    let host = sandbox.registry().server().address().trim_start_matches("http://").to_owned();
    fs::write(sandbox.root().join("user/.npmrc"), format!("//{host}/npm/:_authToken={TOKEN}\n")).expect("a file");
    let slow = sandbox.publish_slowly("biome", "2.3.4", 300_000, 400_000);
    let broken = sandbox.publish("esbuild", "0.27.0", 0);
    sandbox.registry().server().serve(&broken.path, Reply::status(403));

    let running = sandbox.start("sync --json --dump dumps --dump-every 50ms");
    let seen = eventually("a child downloads", || {
        let children = installers(&sandbox);
        (!children.is_empty() && !sandbox.fetches(&slow).is_empty()).then_some(children)
    });
    for process in seen.iter().chain(&sandbox.processes()) {
        assert!(!process.command.contains(TOKEN), "{process:?}");
        assert!(!process.environment.iter().any(|variable| variable.contains(TOKEN)), "{process:?}");
    }
    running.finish().exits_with(1).keeps_silent_about(TOKEN);

    let sent = sandbox.fetches(&slow).pop().expect("a request");
    assert_eq!(sent.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    for place in [sandbox.runtime(), sandbox.home(), sandbox.project()] {
        assert_nowhere_below(&place, TOKEN);
    }
    for form in ["--json", "--csv", "--text"] {
        sandbox.vx(&format!("board dump {form}")).succeeds().keeps_silent_about(TOKEN);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn options_reach_the_postinstall_through_the_pipe_and_not_before() {
    let sandbox = Sandbox::new();
    let archive =
        tgz(&[script("x/bin/hello", "1.0.0"), crate::support::registry::archive::filler("x/filler", 300_000)]);
    let more = ", components = [\"desktop\", \"web\"], install_env = { FLAVOUR = \"lemon-97\" }, options = { size = 3 }, \
                postinstall = \"printf '%s %s %s' $components $FLAVOUR $size > told; env > all\"";
    let tool = sandbox.addressed("hello", &archive, more);
    sandbox.registry().server().serve("/files/hello.tgz", Reply::ok(archive).slow(400_000));
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
    let running = sandbox.start("sync");
    let seen = eventually("the child is at work", || Some(installers(&sandbox)).filter(|found| !found.is_empty()));
    for process in seen {
        let told =
            process.environment.iter().any(|variable| variable.contains("lemon-97") || variable.contains("desktop"));
        assert!(!told && !process.command.contains("lemon-97"), "{process:?}");
    }
    running.finish().succeeds();
    let release = sandbox.home().join("store/hello/1.0.0");
    assert_eq!(fs::read_to_string(release.join("told")).expect("the command ran"), "desktop,web lemon-97 3");
    let all = fs::read_to_string(release.join("all")).expect("the command ran");
    assert!(all.lines().any(|line| line.starts_with("PATH=") && line.contains("/bin:")), "{all}");
}

/// Sync with the planted secret, and look for it everywhere it must not be. Returns the requests to the registry and
/// another host.
fn sync_with_secret(sandbox: &Sandbox) -> Vec<Request> {
    sandbox.vx("sync --json --dump dumps --dump-every 50ms").exits_with(1).keeps_silent_about(TOKEN);
    sandbox.vx("sync").exits_with(1).keeps_silent_about(TOKEN);
    sandbox.vx("doctor").keeps_silent_about(TOKEN);
    for form in ["--json", "--csv", "--text"] {
        sandbox.vx(&format!("board dump {form}")).succeeds().keeps_silent_about(TOKEN);
    }
    for place in [sandbox.runtime(), sandbox.home(), sandbox.project()] {
        assert_nowhere_below(&place, TOKEN);
    }
    sandbox.registry().server().requests()
}

/// Returns whether a request carries credentials made from the planted secret.
fn carries_secret(request: &Request) -> bool {
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("me:{TOKEN}"));
    request.headers.iter().any(|(_, value)| value.contains(TOKEN) || value.contains(&basic))
        || request.path.contains(TOKEN)
}

/// A host on this machine, with another name, that has this archive.
fn elsewhere(archive: &[u8]) -> (Server, String) {
    let other = Server::start();
    other.serve("/moved", Reply::ok(archive));
    let port = other.address().rsplit(':').next().expect("a port").to_owned();
    (other, format!("http://localhost:{port}/moved"))
}

#[test]
fn a_token_of_npmrc_does_not_follow_an_archive_to_another_host() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nnode = \"22\"\n");
    let host = sandbox.registry().server().address().trim_start_matches("http://").to_owned();
    fs::write(sandbox.root().join("user/.npmrc"), format!("//{host}/npm/:_authToken={TOKEN}\n")).expect("a file");
    let moved = sandbox.publish("biome", "2.3.4", 10_000);
    let (other, address) = elsewhere(&moved.archive);
    sandbox.registry().server().serve(&moved.path, Reply::redirect(&address));
    let asked = sync_with_secret(&sandbox);
    assert!(
        asked.iter().any(|request| request.path == moved.path && request.method == "GET" && carries_secret(request))
    );
    assert!(!other.requests().is_empty() && !other.requests().iter().any(carries_secret), "{:?}", other.requests());
    assert_eq!(sandbox.installed(), ["biome 2.3.4"]);
}

#[test]
fn a_password_of_netrc_does_not_follow_an_archive_to_another_host() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nruff = \"0.1.0\"\n");
    let netrc = format!("machine 127.0.0.1 login me password {TOKEN}\n");
    fs::write(sandbox.root().join("user/.netrc"), netrc).expect("a file");
    let moved = sandbox.publish("biome", "2.3.4", 10_000);
    let (other, address) = elsewhere(&moved.archive);
    sandbox.registry().server().serve(&moved.path, Reply::redirect(&address));
    let asked = sync_with_secret(&sandbox);
    assert!(!asked.is_empty() && asked.iter().all(carries_secret), "{asked:?}");
    assert!(!other.requests().is_empty() && !other.requests().iter().any(carries_secret), "{:?}", other.requests());
    assert_eq!(sandbox.installed(), ["biome 2.3.4"]);
}

/// Registries redirect to storage with signed addresses, which refuses requests that carry a password as well.
#[test]
fn a_password_of_netrc_for_the_host_that_a_registry_redirects_to_is_sent_with_no_request() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nruff = \"0.1.0\"\n");
    let netrc = format!("machine localhost login me password {TOKEN}\n");
    fs::write(sandbox.root().join("user/.netrc"), netrc).expect("a file");
    let moved = sandbox.publish("biome", "2.3.4", 10_000);
    let (other, address) = elsewhere(&moved.archive);
    sandbox.registry().server().serve(&moved.path, Reply::redirect(&address));
    sync_with_secret(&sandbox);
    let methods: Vec<String> = other.requests().iter().map(|request| request.method.clone()).collect();
    assert!(methods.contains(&"HEAD".into()) && methods.contains(&"GET".into()), "{methods:?}");
    assert!(!other.requests().iter().any(carries_secret), "{:?}", other.requests());
    assert_eq!(sandbox.installed(), ["biome 2.3.4"]);
}

#[test]
fn a_password_in_an_index_address_does_not_follow_a_wheel_to_another_host() {
    let sandbox = Sandbox::new().config("[tools]\nuv = \"0.9.0\"\nruff = \"0.1.0\"\n");
    let host = sandbox.registry().server().address().trim_start_matches("http://").to_owned();
    let sandbox = sandbox.variable("UV_DEFAULT_INDEX", &format!("http://me:{TOKEN}@{host}/simple/"));
    let name = format!("uv-0.9.0-py3-none-{}.whl", wheel_tag(Platform::current().expect("a platform")));
    let archive = wheel(&["uv", "uvx"].map(|program| script(&format!("uv-0.9.0.data/scripts/{program}"), "0.9.0")));
    sandbox.registry().pypi("uv", &name, &archive);
    let path = wheel_path(&name);
    let (other, address) = elsewhere(&archive);
    sandbox.registry().server().serve(&path, Reply::redirect(&address));
    let asked = sync_with_secret(&sandbox);
    assert!(asked.iter().any(|request| request.path == path && request.method == "GET" && carries_secret(request)));
    assert!(!other.requests().is_empty() && !other.requests().iter().any(carries_secret), "{:?}", other.requests());
    assert_eq!(sandbox.installed(), ["uv 0.9.0"]);
}
