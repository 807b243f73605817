//! Unusual surroundings, such as closed streams: the tool sees the same as if it had been started directly.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{let_it_settle, saying, shim};
use crate::support::sandbox::{Finished, Sandbox};

/// The tool through vx and through its shim, as shell commands.
const COMMAND_LINES: [&str; 2] = ["\"$VX\" say", "\"$VX_HOME/shims/say\""];

fn in_shell(sandbox: &Sandbox, line: &str) -> Finished {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    command.env("VX", env!("CARGO_BIN_EXE_vx"));
    sandbox.run(line, command).finish()
}

/// A project with shims, in which every route has been found once.
fn ready(script: &str) -> Sandbox {
    let sandbox = saying(script);
    sandbox.vx("shims").succeeds();
    let_it_settle();
    let _ = sandbox.start("say").finish();
    sandbox
}

#[test]
fn closed_standard_streams_keep_no_tool_from_running() {
    let sandbox = ready("cat; echo out; echo err >&2; exit 4");
    for way in COMMAND_LINES {
        for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
            in_shell(&sandbox, &format!("{way} {closed}")).exits_with(4);
        }
    }
    // Try again without a cached route.
    std::fs::remove_dir_all(sandbox.home().join("cache/routes")).expect("it goes");
    in_shell(&sandbox, &format!("{} <&- >&- 2>&-", COMMAND_LINES[0])).exits_with(4);
}

#[test]
fn a_missing_or_foreign_search_path_is_no_obstacle() {
    let sandbox = ready("echo \"$PATH\"");
    let own = sandbox.home().join("store/say/1.0.0/bin");
    for way in COMMAND_LINES {
        let unset = in_shell(&sandbox, &format!("unset PATH; {way}")).succeeds().stdout();
        assert!(unset.starts_with(&format!("{}:/", own.display())) && unset.trim().ends_with("/bin"), "{way}: {unset}");
        let foreign = in_shell(&sandbox, &format!("PATH=/nowhere; export PATH; {way}")).succeeds().stdout();
        assert_eq!(foreign, format!("{}:/nowhere\n", own.display()), "{way}");
    }
}

#[test]
fn a_tool_that_a_signal_ends_is_seen_to_end_so() {
    let sandbox = ready("kill -KILL $$");
    assert_eq!(sandbox.start("say").finish().signal(), Some(9));
    assert_eq!(shim(&sandbox, "say", &[]).signal(), Some(9));
}

#[test]
fn vx_among_the_links_runs_tools_and_does_everything_else() {
    let sandbox = ready("for word in \"$0\" \"$@\"; do printf '<%s>' \"$word\"; done");
    let call = |words: &[&str]| {
        let mut command = Command::new(sandbox.home().join("shims/vx"));
        command.args(words).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
        sandbox.run("shims/vx", command).finish()
    };
    let file = sandbox.home().join("store/say/1.0.0/bin/say");
    assert_eq!(call(&["say", "-x", "a b"]).succeeds().stdout(), format!("<{}><-x><a b>", file.display()));
    assert_eq!(call(&["which", "say"]).succeeds().stdout(), format!("{}\n", file.display()));
    assert_eq!(call(&["--version"]).succeeds().stdout(), sandbox.vx("--version").succeeds().stdout());
    call(&["sayy"]).refuses_with("`say`");
    call(&[]).exits_with(2);
}

#[test]
fn a_program_that_cannot_be_started_is_left_to_vx_by_its_name() {
    let sandbox = ready("echo a tool");
    let call = || {
        let mut command = Command::new(sandbox.home().join("shims/vx"));
        command.args(["say", "a word"]).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
        sandbox.run("shims/vx", command).finish()
    };
    let_it_settle();
    assert_eq!(call().succeeds().stdout(), "a tool\n");
    let file = sandbox.home().join("store/say/1.0.0/bin/say");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("it is there");
    let through_launcher = call();
    let through_vx = sandbox.vx("say a word");
    assert_eq!(through_launcher.stderr(), through_vx.stderr());
}

#[test]
fn a_tool_named_like_a_command_of_vx_is_run_by_its_link_and_never_in_place_of_the_command() {
    let sandbox = Sandbox::new();
    let line = super::scripted(&sandbox, "lock", "echo a tool");
    let sandbox = sandbox.config(&format!("[tools]\n{line}"));
    sandbox.vx("sync").succeeds();
    sandbox.vx("shims").succeeds();
    for _ in 0..2 {
        assert_eq!(shim(&sandbox, "lock", &[]).succeeds().stdout(), "a tool\n");
        let mut command = Command::new(sandbox.home().join("shims/vx"));
        command.args(["lock", "--check"]).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
        assert_ne!(sandbox.run("vx lock", command).finish().succeeds().stdout(), "a tool\n");
        let_it_settle();
    }
}
