//! Plugins in development: a table declares a front end and a back end, and its name means both.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::Services;
use crate::support::sandbox::{Sandbox, eventually, text};

/// Stands in for node: it records its arguments, and listens as vite does.
const NODE: &str = "#!/bin/sh\necho \"$@\" > vite.args\nexec python3 -u -m http.server \"$5\" --bind 127.0.0.1\n";
/// Stands in for go: a source with the word `bad` fails to build, with errors like Go's.
const GO: &str = "#!/bin/sh\necho \"$*\" >> go.args\nif grep -q bad main.go; then echo './main.go:1:5: undefined: bad'; exit 1; fi\ncp main.go \"$3\"\n";
pub(super) const PLUGIN: &str = r#"
[services.foo]
preset = "vite-go"
path = "plugins/foo"
reload = ["sh", "-c", "cat $0 >> reloads", "{target}/plugin"]

[services.app]
command = "sleep 641"
needs = ["foo"]
"#;

/// A project with one plugin, and the programs for it in front of `PATH`.
pub(super) fn plugin(config: &str) -> Services {
    let sandbox = Sandbox::new().config(config);
    let programs = sandbox.project().join("programs");
    fs::create_dir_all(&programs).expect("a directory");
    for (name, text) in [("node", NODE), ("go", GO)] {
        fs::write(programs.join(name), text).expect("a file");
        fs::set_permissions(programs.join(name), fs::Permissions::from_mode(0o755)).expect("a file");
    }
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("it is set"));
    let services = Services(sandbox.variable("PATH", &path));
    fs::create_dir_all(services.0.project().join("plugins/foo")).expect("a directory");
    services.0.write("plugins/foo/main.go", "one\n");
    services
}

#[test]
fn a_plugin_is_two_services_and_its_name_means_both() {
    let services = plugin(PLUGIN);
    services.0.vx("up app").succeeds();
    let (vite, go) = (services.named("foo-vite"), services.named("foo-go"));
    assert_eq!((text(&vite["word"]), text(&go["word"])), ("ready", "ready"));
    let port = vite["port"].as_u64().expect("a port");
    let expected =
        format!("node_modules/vite/bin/vite.js --host 127.0.0.1 --port {port} --strictPort --clearScreen false\n");
    assert_eq!(services.0.read("plugins/foo/vite.args"), expected);
    assert_eq!(services.0.read("plugins/foo/reloads"), "one\n", "the first build is taken up, too");
    services.0.vx("rebuild foo").succeeds();
    assert_eq!(services.0.read("plugins/foo/reloads"), "one\none\n");
    let before = services.pid("foo-vite");
    fs::write(services.0.project().join("plugins/foo/main.go"), "two\n").expect("a file");
    eventually("the change is taken up", || {
        (services.0.read("plugins/foo/reloads") == "one\none\ntwo\n").then_some(())
    });
    assert_eq!(services.pid("foo-vite"), before, "a build leaves the front end alone");
    services.0.vx("stop foo").succeeds();
    assert_eq!((services.state("foo-vite"), services.state("foo-go")), ("stopped".into(), "stopped".into()));
    services.0.vx("start foo").succeeds();
    services.0.vx("board wait --for foo=ready").succeeds();
    services.0.vx("restart foo").succeeds();
    assert_eq!(services.named("foo-vite")["port"], port, "the port stays");
    let logs = services.0.vx("logs foo -n 1000").succeeds().stdout();
    assert!(logs.contains("foo-vite") && !logs.contains("app"), "{logs}");
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_back_end_that_does_not_build_leaves_the_front_end_at_work_and_is_built_after_the_mend() {
    let services = plugin(PLUGIN);
    services.0.write("plugins/foo/main.go", "bad\n");
    services.0.vx("up foo").fails_with("plugins/foo/main.go:1:5: undefined: bad");
    assert_eq!(services.state("foo-go"), "failed");
    eventually("the front end is ready", || (services.state("foo-vite") == "ready").then_some(()));
    fs::write(services.0.project().join("plugins/foo/main.go"), "good\n").expect("a file");
    eventually("it is built", || (services.state("foo-go") == "ready").then_some(()));
    eventually("it is taken up", || (services.0.read("plugins/foo/reloads") == "good\n").then_some(()));
    services.0.vx("down").succeeds();
}

#[test]
fn the_faults_of_a_preset_are_shown_with_their_places() {
    let sandbox = Sandbox::new().config(
        "[services.a]\npreset = \"vite\"\npath = \"a\"\ncommand = \"x\"\n[services.b]\npreset = \"vite-go\"\n[services.c]\npreset = \"vite-go\"\npath = \"/c\"\n[services.d]\npreset = \"vite-go\"\npath = \"d\"\n[services.d-go]\ncommand = \"x\"\nneeds = [\"d\", \"d-vite\"]\n",
    );
    let failed = sandbox.vx("config --check").exits_with(2).stderr();
    for fault in [
        "vx.toml:2:10: error: `preset` of [services.a] is `vite`",
        "known are vite-go",
        "vx.toml:4:1: error: [services.a] has no key `command`",
        "vx.toml:5:11: error: [services.b] has no path",
        "vx.toml:9:8: error: `path` of [services.c] is `/c`",
        "error: the preset of [services.d] makes a service `d-go`, which is declared, too",
    ] {
        assert!(failed.contains(fault), "{fault}\n{failed}");
    }
}

#[test]
fn both_services_of_a_plugin_need_the_consent_for_its_table() {
    let sandbox = Sandbox::new().config(PLUGIN).variable("VX_TRUST", "");
    let refused = sandbox.vx("up foo").refuses_with("need your consent").stderr();
    assert!(refused.contains("services.foo.path = plugins/foo"), "{refused}");
    assert_eq!(sandbox.processes(), []);
}
