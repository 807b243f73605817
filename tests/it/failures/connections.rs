//! Connections that fail: certificates, proxies, silence and resets, each with an error that names the cause.

use std::fs;

use super::*;
use crate::support::registry::archive::{filler, script, tgz};
use crate::support::registry::npm_path;
use crate::support::server::{Secured, Server};

/// A project with a tool of a list and one of an address, both behind TLS.
pub(super) fn behind_tls() -> (Sandbox, Secured) {
    let sandbox = Sandbox::new().offers("esbuild", "0.27.0");
    let secured = Secured::before(sandbox.registry().server());
    let line = sandbox.addressed("hello", &tgz(&[script("x/bin/hello", "1.0.0")]), "");
    let line = line.replace(sandbox.registry().server().address(), &secured.url(""));
    let sandbox = sandbox.config(&format!("[tools]\nesbuild = \"0.27.0\"\n{line}"));
    let sandbox = sandbox.variable("NPM_CONFIG_REGISTRY", &secured.url("/npm/"));
    fs::write(sandbox.root().join("issuer.pem"), secured.issuer()).expect("a file");
    (sandbox, secured)
}

/// Check that the lines about both tools, that of a list and that of an address, have this text.
fn both_say(finished: &Finished, text: &str) {
    for tool in ["esbuild: failed: ", "hello 1.0.0: failed: "] {
        let named = finished.stderr().lines().any(|line| line.starts_with(tool) && line.contains(text));
        assert!(named, "{tool}{text}: {finished:?}");
    }
}

#[test]
fn an_unknown_issuer_is_named_with_the_settings_that_name_issuers() {
    let (sandbox, _secured) = behind_tls();
    let said = sync(&sandbox).fails_with("2 of 2 tools did not install");
    let said = said.says("its certificate is from an unknown issuer");
    let said = said.says("SSL_CERT_FILE").says("`cafile` in .npmrc").says("`cert` in pip.conf");
    both_say(&said, "an unknown issuer");
    said.keeps_silent_about("check the network");
}

#[test]
fn an_issuer_that_a_setting_names_is_trusted_for_lists_and_archives() {
    type Setting = fn(Sandbox, &str) -> Sandbox;
    let settings: [(&str, Setting); 6] = [
        ("SSL_CERT_FILE", |sandbox, path| sandbox.variable("SSL_CERT_FILE", path)),
        ("NODE_EXTRA_CA_CERTS", |sandbox, path| sandbox.variable("NODE_EXTRA_CA_CERTS", path)),
        ("REQUESTS_CA_BUNDLE", |sandbox, path| sandbox.variable("REQUESTS_CA_BUNDLE", path)),
        ("PIP_CERT", |sandbox, path| sandbox.variable("PIP_CERT", path)),
        ("cafile", |sandbox, path| {
            sandbox.write(".npmrc", &format!("cafile = \"{path}\"\n"));
            sandbox
        }),
        ("cert", |sandbox, path| {
            let directory = sandbox.root().join("user/.config/pip");
            fs::create_dir_all(&directory).expect("a directory");
            fs::write(directory.join("pip.conf"), format!("[global]\ncert = {path}\n")).expect("a file");
            sandbox
        }),
    ];
    for (name, set) in settings {
        let (sandbox, _secured) = behind_tls();
        let path = sandbox.root().join("issuer.pem").display().to_string();
        let sandbox = set(sandbox, &path);
        let synced = sync(&sandbox);
        assert_eq!(synced.code(), Some(0), "{name}: {synced:?}");
        sandbox.is_clean();
    }
}

#[test]
fn a_registry_whose_certificate_is_not_to_be_checked_is_used_and_no_other_host() {
    let (sandbox, secured) = behind_tls();
    sandbox.write(".npmrc", "strict-ssl = false\n");
    sync(&sandbox).succeeds();
    // The same port under another name is another host.
    let config = sandbox
        .read("vx.toml")
        .replace(&secured.url("/files"), &secured.url("/files").replace("127.0.0.1", "localhost"));
    sandbox.write("vx.toml", &config);
    fs::remove_dir_all(sandbox.home()).expect("it goes");
    sync(&sandbox).fails_with("1 of 2 tools did not install: hello").says("an unknown issuer");
}

#[test]
fn a_projects_own_settings_about_certificates_need_consent() {
    let (sandbox, _secured) = behind_tls();
    let tools = "[tools]\nesbuild = \"0.27.0\"\n";
    sandbox.write("vx.toml", tools);
    let sandbox = sandbox.variable("VX_TRUST", "");
    let issuer = sandbox.root().join("issuer.pem").display().to_string();
    for settings in ["strict-ssl = false\n".to_owned(), format!("cafile = {issuer}\n")] {
        sandbox.write(".npmrc", &settings);
        let withheld = sync(&sandbox).fails_with("1 of 1 tools did not install");
        let _ = withheld.says("an unknown issuer").says(".npmrc");
    }
    sandbox.vx("trust --yes").succeeds();
    sync(&sandbox).succeeds();
}

#[test]
fn a_setting_that_names_no_certificates_is_named() {
    let (sandbox, _secured) = behind_tls();
    sandbox.write(".npmrc", "cafile = /nowhere/ca.pem\n");
    sync(&sandbox).fails_with(".npmrc names `/nowhere/ca.pem`, which cannot be read").says("correct this setting");
}

#[test]
fn a_proxy_that_fails_is_named_as_the_proxy() {
    let dead = Server::start().address().to_owned();
    let refusing = Server::start();
    for (proxy, reason) in [(dead.as_str(), "connection refused"), (refusing.address(), "responded 404")] {
        let sandbox = Sandbox::new().offers("esbuild", "0.27.0");
        let line = sandbox.addressed("hello", &tgz(&[script("x/bin/hello", "1.0.0")]), "");
        let sandbox = sandbox.config(&format!("[tools]\nesbuild = \"0.27.0\"\n{line}"));
        let sandbox = sandbox.variable("http_proxy", &proxy.replace("http://", "http://me:planted@"));
        let said = sync(&sandbox).fails_with("2 of 2 tools did not install").says(reason).says("NO_PROXY");
        let named = format!("the proxy `{proxy}` of http_proxy fails");
        both_say(&said, &named);
        said.keeps_silent_about("planted");
    }
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0");
    let sandbox = sandbox.variable("http_proxy", "socks5://127.0.0.1:9");
    sync(&sandbox).fails_with("http_proxy does not name a usable proxy");
}

#[test]
fn silence_and_a_reset_of_a_registry_are_told_apart() {
    for (reply, text) in [
        (Reply::json("{}").silent_after(0), "sent nothing for 0.3 s"),
        (Reply::json("{\"versions\":{}}").reset_after(3), "broke: connection "),
    ] {
        let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0");
        sandbox.registry().server().serve(&npm_path("@esbuild/linux-x64"), reply);
        sync(&sandbox).fails_with(text);
    }
}

#[test]
fn what_was_received_over_a_safe_connection_that_broke_is_kept() {
    let archive = tgz(&[script("x/bin/hello", "1.0.0"), filler("x/share/filler", 50_000)]);
    let sandbox = Sandbox::new();
    let secured = Secured::before(sandbox.registry().server());
    let server = sandbox.registry().server().address().to_owned();
    let line = sandbox.addressed("hello", &archive, "").replace(&server, &secured.url(""));
    let replies = [Reply::ok(archive.clone()).reset_after(20_000), Reply::ok(archive)];
    sandbox.registry().server().serve("/files/hello.tgz", Reply::sequence(replies));
    let path = sandbox.root().join("issuer.pem");
    fs::write(&path, secured.issuer()).expect("a file");
    let sandbox = sandbox.config(&format!("[tools]\n{line}")).variable("SSL_CERT_FILE", &path.display().to_string());
    sync(&sandbox).succeeds();
    let asked = sandbox.registry().server().requests_for("/files/hello.tgz");
    let ranges: Vec<_> =
        asked.iter().filter(|request| request.method == "GET").map(|one| one.header("range")).collect();
    assert!(matches!(ranges.as_slice(), [None, Some(range)] if range.starts_with("bytes=")), "{ranges:?}");
    sandbox.is_clean();
}

#[test]
fn an_archive_without_a_digest_is_not_said_to_go_on_where_it_stopped() {
    let archive = tgz(&[script("x/bin/hello", "1.0.0"), filler("x/share/filler", 50_000)]);
    let sandbox = Sandbox::new();
    let line = sandbox.addressed("hello", &archive, "");
    let (before, rest) = line.split_once("sha256 = ").expect("a digest");
    let (_, after) = rest.split_once(", ").expect("more settings");
    sandbox.write("vx.toml", &format!("[tools]\n{before}{after}"));
    let replies = [Reply::ok(archive.clone()).reset_after(20_000), Reply::ok(archive).reset_after(0)];
    sandbox.registry().server().serve("/files/hello.tgz", Reply::sequence(replies));
    let said = sandbox.vx("lock").exits_with(1).says("try again").says(" bytes received");
    said.keeps_silent_about("goes on where it stopped");
}
