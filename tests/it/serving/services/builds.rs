//! The builds of services: before the first start, after changes, and without harm to the service at work.

use std::fs;

use rustix::process::Signal;

use super::Services;
use crate::support::sandbox::{eventually, text};

/// A server whose source is copied as its program; a source with the word `bad` fails to build, with errors like Go's.
const BUILT: &str = r#"
[services.api]
build = ["sh", "-c", "echo b >> builds; if grep -q bad main.go; then echo './main.go:1:5: undefined: bad'; exit 1; fi; cp main.go $0/api.sh", "{target}"]
command = ["sh", "{target}/api.sh"]
directory = "api"
watch = ["*.go"]
errors = "go"
"#;

/// Change a watched file in one step, so that it is a single change even if this process is held up.
fn change(services: &Services, name: &str, text: &str) {
    let file = services.0.project().join(name);
    let new = file.with_extension("new");
    fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
    fs::write(&new, text).expect("a file");
    fs::rename(new, file).expect("it is there");
}

fn built() -> Services {
    let services = Services::of(BUILT);
    change(&services, "api/main.go", "echo one >> said; exec sleep 621");
    services
}

#[test]
fn a_service_is_built_before_it_starts_and_again_after_changes() {
    let services = built();
    services.0.vx("up api").succeeds();
    assert_eq!(services.0.read("api/builds"), "b\n");
    eventually("the program runs", || (services.0.read("api/said") == "one\n").then_some(()));
    change(&services, "api/main.go", "echo two >> said; exec sleep 622");
    eventually("the new program runs", || (!services.running("sleep 622").is_empty()).then_some(()));
    eventually("the old one is gone", || services.running("sleep 621").is_empty().then_some(()));
    assert_eq!(services.0.read("api/said"), "one\ntwo\n");
    assert_eq!(services.named("api")["build"]["word"], "built");
    // A restart on request needs no build.
    services.0.vx("restart api").succeeds();
    assert_eq!(services.0.read("api/builds"), "b\nb\n");
    services.0.vx("rebuild api").succeeds();
    assert_eq!(services.0.read("api/builds"), "b\nb\nb\n");
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_build_that_fails_names_its_mistakes_and_leaves_the_service_at_work() {
    let services = built();
    services.0.vx("up api").succeeds();
    let before = services.pid("api");
    change(&services, "api/main.go", "x = bad");
    let build = eventually("the build has failed", || {
        Some(services.named("api")["build"].clone()).filter(|build| build["word"] == "failed")
    });
    let mistake = &build["errors"][0];
    assert_eq!((text(&mistake["file"]), &mistake["line"], &mistake["column"]), ("api/main.go", &1.into(), &5.into()));
    assert_eq!(mistake["message"], "undefined: bad");
    assert!(text(&build["error"]).contains("api/main.go:1:5: undefined: bad"), "{build}");
    assert_eq!((services.pid("api"), services.state("api")), (before, "running".into()));
    let follower = services.0.start("logs -f api");
    let follows = |times| {
        let line = "api:build | ./main.go:1:5: undefined: bad";
        eventually("the log is followed", || (follower.said().matches(line).count() == times).then_some(()));
    };
    follows(1);
    services.0.vx("rebuild api").fails_with("api/main.go:1:5: undefined: bad");
    follows(2);
    follower.signal(Signal::TERM);
    follower.finish();
    change(&services, "api/main.go", "exec sleep 623");
    eventually("the mended program runs", || (!services.running("sleep 623").is_empty()).then_some(()));
    eventually("the mistakes are gone", || {
        let build = services.named("api")["build"].clone();
        (build["error"].is_null() && build["errors"].as_array().is_some_and(Vec::is_empty)).then_some(())
    });
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_service_whose_first_build_fails_has_failed_and_starts_once_it_is_mended() {
    let services = Services::of(&format!("{BUILT}\n[services.other]\ncommand = \"sleep 626\"\n"));
    change(&services, "api/main.go", "x = bad");
    services.0.vx("up --detach").fails_with("api/main.go:1:5: undefined: bad");
    assert_eq!(services.state("api"), "failed");
    change(&services, "api/main.go", "exec sleep 624");
    eventually("it runs", || (!services.running("sleep 624").is_empty()).then_some(()));
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn what_has_failed_in_the_foreground_is_tried_again_once_its_files_change_and_so_is_what_needs_it() {
    let needing = "[services.front]\ncommand = \"sleep 627\"\nneeds = [\"api\"]\n";
    let services = Services::of(&format!("{BUILT}\n{needing}"));
    change(&services, "api/main.go", "x = bad");
    let up = services.0.start("up");
    let said = |text: &str| eventually("the failure is named", || up.said().contains(text).then_some(()));
    said("`api` failed: the build failed: api/main.go:1:5: undefined: bad; it is tried again once its files change");
    eventually("what needs it has failed", || (services.state("front") == "failed").then_some(()));
    change(&services, "api/main.go", "exec sleep 624");
    eventually("both run", || {
        let run = ["sleep 624", "sleep 627"].iter().all(|part| !services.running(part).is_empty());
        run.then_some(())
    });
    up.signal(Signal::INT);
    up.finish().exits_with(130);
    services.are_gone();
}

#[test]
fn changes_during_a_build_make_one_more_and_a_stop_ends_it() {
    let services = Services::of(
        r#"
[services.api]
build = "echo b >> builds; until test -e go; do sleep 0.02; done"
command = "exec sleep 625"
shell = true
watch = ["*.src"]
"#,
    );
    services.0.write("go", "");
    services.0.vx("up api").succeeds();
    fs::remove_file(services.0.project().join("go")).expect("it was there");
    let builds = |number| {
        eventually("it is built", || (services.0.read("builds").lines().count() == number).then_some(()));
    };
    change(&services, "a.src", "1");
    builds(2);
    assert_eq!(services.state("api"), "running");
    let asked: Vec<_> = (0..3).map(|_| services.0.start("rebuild api")).collect();
    for call in &asked {
        eventually("the request is accepted", || call.said().contains("to rebuild `api`").then_some(()));
    }
    services.0.write("go", "");
    asked.into_iter().for_each(|call| drop(call.finish().succeeds()));
    assert_eq!(services.0.read("builds"), "b\nb\nb\n");
    fs::remove_file(services.0.project().join("go")).expect("it was there");
    change(&services, "a.src", "2");
    builds(4);
    services.0.vx("stop api").succeeds();
    services.are_gone();
}

#[test]
fn a_service_that_reloads_is_not_started_again() {
    let services = Services::of(
        r#"
[services.api]
build = "cp api.src {target}/made"
command = "trap 'cat {target}/made >> said' USR1; touch trapped; while :; do sleep 0.05; done"
shell = true
watch = ["*.src"]
ready = { file = "trapped" }
reload = "kill -USR1 $(cat pid)"
"#,
    );
    change(&services, "api.src", "one\n");
    services.0.vx("up api").succeeds();
    let pid = services.pid("api");
    services.0.write("pid", &pid.to_string());
    change(&services, "api.src", "two\n");
    eventually("it has the new build", || services.0.project().join("said").exists().then_some(()));
    eventually("it has read it", || (services.0.read("said") == "two\n").then_some(()));
    assert_eq!(services.pid("api"), pid);
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

/// A server that counts the requests to reload it, and refuses the third; it listens only on IPv6.
const POSTED: &str = r#"
import http.server, socket, sys

class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6

class Handler(http.server.BaseHTTPRequestHandler):
    posts = 0

    def do_POST(self):
        Handler.posts += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open("posts", "a") as posts:
            posts.write(f"{self.path} {len(body)}\n")
        self.send_response(503 if Handler.posts == 3 else 204)
        self.end_headers()

Server(("::1", int(sys.argv[1])), Handler).serve_forever()
"#;

#[test]
fn a_service_is_reloaded_by_a_request_and_one_that_refuses_it_goes_on_with_its_error_shown() {
    let services = Services::of(
        r#"
[services.api]
build = "cp api.src {target}/made"
command = "python3 -u server.py {port}"
port = "auto"
ready = { tcp = true }
watch = ["*.src"]
reload = "/reload?all"
"#,
    );
    services.0.write("server.py", POSTED);
    change(&services, "api.src", "0");
    services.0.vx("up api").succeeds();
    let pid = services.pid("api");
    let posts = |number: usize| {
        let path = services.0.project().join("posts");
        eventually("it is asked to reload", || {
            let said = fs::read_to_string(&path).unwrap_or_default();
            assert!(said.lines().count() <= number, "{said}");
            (said == "/reload?all 0\n".repeat(number)).then_some(())
        });
    };
    change(&services, "api.src", "1");
    posts(1);
    services.0.vx("rebuild api").succeeds();
    posts(2);
    services.0.vx("rebuild api").fails_with("503");
    posts(3);
    assert_eq!((services.pid("api"), services.state("api")), (pid, "ready".into()));
    services.0.vx("rebuild api").succeeds();
    posts(4);
    assert_eq!(services.named("api")["build"]["word"], "built");
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}
