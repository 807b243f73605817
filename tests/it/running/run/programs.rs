//! The surroundings of a program that is run through vx: arguments, streams, signals, exit code, search path.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::process::Stdio;

use rustix::process::Signal;

use super::{let_it_settle, remembered, saying, scripted, shim};
use crate::support::sandbox::{Sandbox, eventually};

#[test]
fn a_missing_tool_is_installed_before_it_runs_and_prints_nothing_of_its_own() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n").offers("node", "22.23.3");
    let first = sandbox.vx("node --version").succeeds();
    assert_eq!(first.stdout(), "22.23.3\n", "the progress is on standard error");
    first.says("node").says("installed");
    let second = sandbox.vx("node --version").succeeds();
    assert_eq!((second.stdout().as_str(), second.stderr().as_str()), ("22.23.3\n", ""));
    assert_eq!(sandbox.vx("npx --version").succeeds().stdout(), "11.0.0\n", "a program of a tool is found by its name");
    assert!(sandbox.read("vx.lock").contains("22.23.3"));
}

#[test]
fn a_tool_that_must_not_be_installed_is_an_error() {
    let config = "[tools]\nnode = \"22\"\n[settings]\nauto_install = false\n";
    let sandbox = Sandbox::new().config(config).offers("node", "22.23.3");
    sandbox.vx("node --version").fails_with("auto_install = false").says("vx sync");
    sandbox.write("vx.toml", "[tools]\nnode = \"22\"\n");
    sandbox.vx("x --no-install node -- --version").fails_with("not installed").says("vx sync");
    assert_eq!(sandbox.installed(), Vec::<String>::new());
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_ones() {
    let sandbox = saying("echo hello");
    sandbox.vx("sayy").refuses_with("`sayy` is neither a command of vx").says("`say`");
    sandbox.vx("exec-path").refuses_with("`exec-path` is neither a command of vx").says("`vx env`");
    sandbox.vx("snyc").refuses_with("`sync`");
    sandbox.vx("nodee").refuses_with("`node`");
}

#[test]
fn arguments_and_exit_codes_pass_through_untouched() {
    let sandbox = saying("for word in \"$@\"; do printf '<%s>' \"$word\"; done; exit 7");
    let words: Vec<OsString> =
        vec!["--help".into(), "-x".into(), "".into(), "a b".into(), "--".into(), OsString::from_vec(vec![0xff, b'x'])];
    sandbox.vx("shims").succeeds();
    for round in 0..2 {
        let mut command = sandbox.command("say");
        command.args(&words);
        let direct = sandbox.run("vx say", command).finish().exits_with(7).stdout();
        assert_eq!(direct, "<--help><-x><><a b><-->\u{3c}\u{fffd}x>", "round {round}");
        assert_eq!(shim(&sandbox, "say", &words).exits_with(7).stdout(), direct);
        let_it_settle();
    }
    assert_eq!(remembered(&sandbox), 1);
}

#[test]
fn standard_input_goes_to_the_program() {
    let sandbox = saying("cat");
    let mut child = sandbox.command("say").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("vx starts");
    child.stdin.take().expect("a pipe").write_all(b"through").expect("it reads");
    assert_eq!(child.wait_with_output().expect("it ends").stdout, b"through");
}

#[test]
fn the_program_takes_the_place_of_vx_and_signals_are_its_own() {
    let sandbox = saying("trap 'exit 5' TERM; echo $$; : >ready; while :; do sleep 0.05; done");
    let running = sandbox.start("say");
    let pid = running.pid();
    eventually("the script runs", || {
        let ready = sandbox.project().join("ready").exists();
        sandbox
            .processes()
            .into_iter()
            .find(|process| ready && process.pid == pid && process.command.contains("bin/say"))
    });
    running.signal(Signal::TERM);
    let finished = running.finish().exits_with(5);
    assert_eq!(finished.stdout().trim(), pid.to_string());
}

#[test]
fn tools_of_the_project_stand_in_front_of_the_search_path_once() {
    let sandbox = Sandbox::new();
    let vx = env!("CARGO_BIN_EXE_vx");
    let lines = [
        scripted(&sandbox, "inner", "echo \"$PATH\"; echo \"$MODE\""),
        scripted(&sandbox, "outer", &format!("inner; {vx} inner")),
    ];
    let sandbox = sandbox.config(&format!("[tools]\n{}[env]\nMODE = \"test\"\n", lines.concat()));
    sandbox.vx("sync").succeeds();
    sandbox.vx("shims").succeeds();
    for _ in 0..2 {
        let direct = sandbox.vx("outer").succeeds().stdout();
        assert_eq!(shim(&sandbox, "outer", &[]).succeeds().stdout(), direct);
        let lines: Vec<&str> = direct.lines().collect();
        assert_eq!(lines[0], lines[2], "a call inside of a call adds nothing");
        let store = sandbox.home().join("store");
        let own = format!("{0}/inner/1.0.0/bin:{0}/outer/1.0.0/bin:", store.display());
        assert!(lines[0].starts_with(&own), "{direct}");
        assert_eq!(lines[0].matches(&own).count(), 1);
        assert_eq!((lines[1], lines[3]), ("test", "test"));
        let_it_settle();
    }
}

#[test]
fn a_version_can_be_named_whatever_the_project_declares() {
    let sandbox = Sandbox::new().config("[tools]\nnode = \"22\"\n").offers("node", "22.23.3").offers("node", "20.1.0");
    assert_eq!(sandbox.vx("x node@20 -- --version").succeeds().stdout(), "20.1.0\n");
    assert_eq!(sandbox.vx("x node -- --version").succeeds().stdout(), "22.23.3\n");
    assert_eq!(sandbox.vx("x node@20 --version").succeeds().stdout(), "20.1.0\n");
    sandbox.vx("x --no-install node@18 -- --version").fails_with("node@18 is not installed");
}

#[test]
fn a_link_to_an_undeclared_tool_runs_the_copy_behind_it_on_the_search_path() {
    let sandbox = saying("echo pinned");
    sandbox.vx("shims").succeeds();
    let other = sandbox.root().join("elsewhere");
    fs::create_dir(&other).expect("a directory");
    fs::write(other.join("say"), "#!/bin/sh\necho of this system\n").expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(other.join("say"), mode).expect("its mode");
    let path = format!("{}:{}:/usr/bin:/bin", sandbox.home().join("shims").display(), other.display());
    let call = |directory: &std::path::Path| {
        let mut command = std::process::Command::new(sandbox.home().join("shims/say"));
        command.current_dir(directory).env_clear().envs(sandbox.environment()).env("PATH", &path);
        sandbox.run("say", command).finish()
    };
    assert_eq!(call(&sandbox.project()).succeeds().stdout(), "pinned\n");
    assert_eq!(call(&other).succeeds().stdout(), "of this system\n");
    fs::remove_file(other.join("say")).expect("it goes");
    call(&other).refuses_with("`say` is neither a tool that vx.toml declares or vx knows nor a program on PATH");
}

#[test]
fn a_home_that_cannot_be_written_to_still_runs_its_tools() {
    let sandbox = saying("echo hello");
    let_it_settle();
    // Put a file in place of the directory, which stops even root.
    fs::create_dir_all(sandbox.home().join("cache")).expect("a directory");
    let _ = fs::remove_dir_all(sandbox.home().join("cache/routes"));
    fs::write(sandbox.home().join("cache/routes"), "").expect("a file");
    assert_eq!(sandbox.vx("say").succeeds().stdout(), "hello\n");
    assert_eq!(sandbox.vx("say").succeeds().stdout(), "hello\n");
}

#[test]
fn a_very_large_environment_reaches_the_program() {
    let sandbox = saying("env | grep -c '^FILL_'; true");
    sandbox.vx("shims").succeeds();
    let_it_settle();
    sandbox.vx("say").succeeds();
    let fill = (0..9_000).map(|at| (format!("FILL_{at}"), "x".repeat(100)));
    let fill: Vec<(String, String)> = fill.collect();
    let mut command = sandbox.command("say");
    command.envs(fill.clone());
    assert_eq!(sandbox.run("vx say", command).finish().succeeds().stdout(), "9000\n");
    let mut command = std::process::Command::new(sandbox.home().join("shims/say"));
    command.current_dir(sandbox.project()).env_clear().envs(sandbox.environment()).envs(fill);
    assert_eq!(sandbox.run("say", command).finish().succeeds().stdout(), "9000\n");
}
