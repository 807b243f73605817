//! Requests for lists and for archives follow the same rules: proxies and their exceptions, redirects, and time limits.

use super::*;
use crate::support::registry::archive::{script, tgz};
use crate::support::registry::npm_path;
use crate::support::server::{Request, Server};

/// An address at which nothing listens.
fn dead() -> String {
    Server::start().address().to_owned()
}

fn port(sandbox: &Sandbox) -> String {
    sandbox.registry().server().address().rsplit(':').next().expect("a port").to_owned()
}

/// A project with one tool of a registry's list and one of an address.
fn listed_and_addressed() -> Sandbox {
    let sandbox = Sandbox::new().offers("esbuild", "0.27.0");
    let line = sandbox.addressed("hello", &tgz(&[script("x/bin/hello", "1.0.0")]), "");
    sandbox.config(&format!("[tools]\nesbuild = \"0.27.0\"\n{line}"))
}

#[test]
fn the_exceptions_of_a_proxy_hold_for_lists_and_for_archives() {
    for exceptions in
        ["a.invalid , 127.0.0.1", "a.invalid 127.0.0.1", "127.0.0.0/8", "127.0.0.1:PORT", "127.0.0.0/8:PORT"]
    {
        let sandbox = listed_and_addressed();
        let port = port(&sandbox);
        let sandbox = sandbox.variable("http_proxy", &dead()).variable("NO_PROXY", &exceptions.replace("PORT", &port));
        let synced = sync(&sandbox);
        assert_eq!(synced.code(), Some(0), "NO_PROXY=\"{exceptions}\": {synced:?}");
    }
    let sandbox = listed_and_addressed().variable("http_proxy", &dead());
    let sandbox = sandbox.variable("NO_PROXY", "127.0.0.2 127.0.0.1:1");
    sync(&sandbox).fails_with("2 of 2 tools did not install");
}

/// Returns whether the request has credentials.
fn is_signed_in(request: &Request) -> bool {
    request.header("authorization").is_some()
}

#[test]
fn a_redirect_on_the_same_host_keeps_the_credentials_of_an_archive_and_another_host_does_not_get_them() {
    let archive = tgz(&[script("x/bin/hello", "1.0.0")]);
    for (elsewhere, code) in [(false, 0), (true, 1)] {
        let sandbox = Sandbox::new();
        let line = sandbox.addressed("hello", &archive, "").replace("http://", "http://me:planted@");
        sandbox.write("vx.toml", &format!("[tools]\n{line}"));
        let server = sandbox.registry().server();
        let target = server.url("/files/moved.tgz");
        // The same server under another name is another host.
        let target = if elsewhere { target.replace("127.0.0.1", "localhost") } else { target };
        let to = target.clone();
        server.serve(
            "/files/hello.tgz",
            Reply::choose(move |request| match is_signed_in(request) {
                true => Reply::redirect(&to),
                false => Reply::status(401),
            }),
        );
        let body = archive.clone();
        server.serve(
            "/files/moved.tgz",
            Reply::choose(move |request| match is_signed_in(request) {
                true => Reply::ok(body.clone()),
                false => Reply::status(401),
            }),
        );
        let synced = sync(&sandbox);
        assert_eq!(synced.code(), Some(code), "{target}: {synced:?}");
        let asked = server.requests_for("/files/moved.tgz");
        assert!(!asked.is_empty() && asked.iter().all(|request| is_signed_in(request) != elsewhere), "{target}");
    }
}

#[test]
fn the_time_limits_of_a_run_hold_for_lists() {
    let sandbox = Sandbox::new().config("[tools]\nesbuild = \"0.27.0\"\n").offers("esbuild", "0.27.0");
    let list = npm_path("@esbuild/linux-x64");
    let document = vec![b' '; 4_000];
    sandbox.registry().server().serve(&list, Reply::json(document.clone()).silent_after(10));
    let begun = Instant::now();
    sandbox.vx("sync --plain --stall-timeout 300ms").fails_with("sent nothing for 0.3 s");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    sandbox.registry().server().serve(&list, Reply::json(document).slow(100));
    let begun = Instant::now();
    let said = sandbox.vx("sync --plain --timeout 1s").fails_with("did not answer in full within 1 s");
    said.says("larger `--timeout`");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
