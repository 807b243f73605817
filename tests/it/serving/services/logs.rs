//! The output of services: how much of it is kept, and where it is shown.

use std::fs;

use rustix::process::Signal;

use super::Services;
use crate::support::sandbox::{eventually, text};

#[test]
fn a_log_is_as_long_as_its_table_says_and_the_last_full_file_is_kept() {
    let services = Services::of(
        "[services.a]\ncommand = \"seq -f %0100g 30000; echo the end; exec sleep 600\"\nshell = true\nlog_bytes = 1048576\n",
    );
    services.0.vx("up a").succeeds();
    let lines = eventually("all is printed", || {
        let said = services.0.vx("logs a -n 100000").stdout();
        said.ends_with("a | the end\n").then(|| said.lines().count())
    });
    // A line has 126 bytes with its time.
    assert!((7_500..17_500).contains(&lines), "{lines}");
    let log = services.named("a")["log"].clone();
    let bytes = |name: &str| fs::metadata(name).expect("a file of the log").len();
    assert!(bytes(text(&log)) <= 1024 * 1024 && bytes(&format!("{}.1", text(&log))) <= 1024 * 1024);
    services.0.vx("down").succeeds();
    services.are_gone();
}

#[test]
fn a_log_is_followed_before_the_first_start_of_its_service() {
    let services = Services::of(
        "[services.a]\ncommand = \"echo one; exec sleep 600\"\nshell = true\n\
         [services.b]\ncommand = \"echo two; exec sleep 601\"\nshell = true\n",
    );
    services.0.vx("logs -f c").fails_with("there is no log of a service `c`").says("there are a, b");
    let all = services.0.start("logs -f");
    let one = services.0.start("logs -f b");
    for follower in [&all, &one] {
        eventually("it waits", || follower.said().contains("once `vx up` starts them").then_some(()));
    }
    services.0.vx("up a").succeeds();
    eventually("the first is followed", || all.said().contains("a | one").then_some(()));
    services.0.vx("up b").succeeds();
    eventually("a later one is followed", || one.said().contains("b | two").then_some(()));
    eventually("by both", || all.said().contains("b | two").then_some(()));
    assert!(!one.said().contains("a | one"), "{}", one.said());
    for follower in [all, one] {
        follower.signal(Signal::TERM);
        follower.finish();
    }
    services.0.vx("down").succeeds();
    services.are_gone();
}

/// A program that ends with an uncaught error, which another error caused.
const RAISES: &str = r#"
class NotFound(Exception):
    __module__ = "shop"

print("starts", flush=True)
try:
    {}["x"]
except KeyError:
    raise NotFound from None
"#;

#[test]
fn the_errors_of_a_log_are_whole_records() {
    let services = Services::of(
        r#"
[services.web]
command = "python3 -u app.py"
restart = "never"
[services.api]
build = ["sh", "-c", "echo '# shop/api'; echo './main.go:12:3: undefined: x'; exit 1"]
command = "sleep 600"
[services.short]
command = "echo '[E] no route'; echo '[I] fine'; exec sleep 601"
shell = true
"#,
    );
    services.0.write("app.py", RAISES);
    services.0.vx("up web").exits_with(1);
    services.0.vx("up api").exits_with(1);
    services.0.vx("up short").succeeds();
    let errors = |name: &str| services.0.vx(&format!("logs {name} --level error")).succeeds().stdout();
    let web = errors("web");
    let expected =
        ["web | Traceback (most recent call last):", "line 9, in <module>", "raise NotFound", "web | shop.NotFound"];
    assert!(expected.iter().all(|line| web.contains(line)) && !web.contains("starts"), "{web}");
    assert_eq!(errors("api"), "api:build | ./main.go:12:3: undefined: x\n");
    assert_eq!(errors("short"), "short | [E] no route\n");
    services.0.vx("down").succeeds();
    services.are_gone();
}
