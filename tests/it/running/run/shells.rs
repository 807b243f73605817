//! Shells whose variables follow the project, and programs that get them once.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{remembered, saying};
use crate::support::sandbox::{Finished, Sandbox, text};

/// A project with a tool and variables that are hard to quote.
const HARD: &str = "it's \"$HOME\" `x` \\\\ é\t!";

fn project() -> Sandbox {
    let sandbox = saying("echo said");
    let config = sandbox.read("vx.toml");
    sandbox.write("vx.toml", &format!("{config}[env]\nMODE = \"test\"\nHARD = '''{HARD}'''\n"));
    super::let_it_settle();
    sandbox
}

/// The folder that holds the project's tool.
fn folder_of_say(sandbox: &Sandbox) -> String {
    let file = sandbox.vx("which say").succeeds().stdout();
    Path::new(file.trim()).parent().expect("a folder").display().to_string()
}

/// Run this in a shell; `None` if there is no such shell.
fn in_shell(sandbox: &Sandbox, shell: &str, options: &[&str], script: &str) -> Option<Finished> {
    Command::new(shell).arg("--version").output().ok()?;
    let mut command = Command::new(shell);
    command.args(options).arg(script).current_dir(sandbox.project()).env_clear().envs(sandbox.environment());
    command.env("VX", env!("CARGO_BIN_EXE_vx"));
    Some(sandbox.run(shell, command).finish())
}

#[test]
fn the_lines_printed_for_a_shell_set_exactly_the_projects_variables() {
    let sandbox = project();
    for (shell, options, set) in [
        ("bash", &["--norc", "-c"][..], "eval \"$($VX env --shell bash)\""),
        ("zsh", &["-f", "-c"], "eval \"$($VX env --shell zsh)\""),
        ("fish", &["--no-config", "-c"], "$VX env --shell fish | source"),
    ] {
        let Some(finished) = in_shell(&sandbox, shell, options, &format!("{set}; say; printf '%s' \"$HARD\"")) else {
            println!("left out: there is no {shell} on this machine");
            continue;
        };
        assert_eq!(finished.succeeds().stdout(), format!("said\n{HARD}"), "{shell}");
    }
    let object: Value = serde_json::from_str(&sandbox.vx("env --shell json").succeeds().stdout()).expect("JSON");
    assert_eq!((text(&object["HARD"]), text(&object["MODE"])), (HARD, "test"));
    assert!(text(&object["PATH"]).starts_with(&folder_of_say(&sandbox)));
    sandbox.vx("env --shell powershell").succeeds().prints("$env:HARD = 'it''s \"$HOME\" ");
}

#[test]
fn a_build_runner_gets_folders_and_variables_in_the_files_it_names() {
    let sandbox = project();
    sandbox.vx("env --shell github").refuses_with("GITHUB_PATH is not set");
    let (path, env) = (sandbox.root().join("path"), sandbox.root().join("env"));
    fs::write(&path, "/before").expect("a file");
    let sandbox =
        sandbox.variable("GITHUB_PATH", &path.display().to_string()).variable("GITHUB_ENV", &env.display().to_string());
    assert_eq!(sandbox.vx("env --shell github").succeeds().stdout(), "");
    assert_eq!(fs::read_to_string(&path).expect("a file"), format!("/before\n{}\n", folder_of_say(&sandbox)));
    let written = fs::read_to_string(&env).expect("a file");
    assert_eq!(written, format!("HARD<<vx_end\n{HARD}\nvx_end\nMODE<<vx_end\ntest\nvx_end\n"));
}

#[test]
fn an_activated_shell_follows_its_directory_and_takes_everything_back() {
    let sandbox = project();
    let steps = "before=$PATH; MODE=mine; export MODE; eval \"$($VX activate bash)\"; prompt() { eval \"$PROMPT_COMMAND\"; }\n\
         prompt; say; echo \"$MODE\"; cd /; prompt; echo \"$MODE ${HARD-unset}\"; [ \"$PATH\" = \"$before\" ] && echo same\n\
         cd \"$OLDPWD\"; prompt; say; printf '[env]\\nMODE = \"new\"\\n' > vx.toml; prompt; echo \"$MODE ${HARD-unset}\"\n\
         false; prompt; echo $?; command -v say || echo gone";
    let finished = in_shell(&sandbox, "bash", &["--norc", "-c"], steps).expect("there is a bash");
    assert_eq!(finished.succeeds().stdout(), "said\ntest\nmine unset\nsame\nsaid\nnew unset\n1\ngone\n");
    if let Some(finished) = in_shell(
        &sandbox,
        "zsh",
        &["-f", "-c"],
        "eval \"$($VX activate zsh)\"; echo $MODE; cd /; for hook in $precmd_functions; do $hook; done; echo ${MODE-unset}",
    ) {
        assert_eq!(finished.succeeds().stdout(), "new\nunset\n");
    }
    if let Some(finished) = in_shell(
        &sandbox,
        "fish",
        &["--no-config", "-c"],
        "$VX activate fish | source; echo $MODE; cd /; emit fish_prompt; set -q MODE; or echo unset",
    ) {
        assert_eq!(finished.succeeds().stdout(), "new\nunset\n");
    }
}

#[test]
fn a_prompt_where_nothing_changed_reads_the_memory_and_prints_nothing() {
    let sandbox = project();
    let script = "eval \"$($VX activate bash)\"; $VX activate --hook bash; echo \"state $VX_ACTIVE\"";
    let finished = in_shell(&sandbox, "bash", &["--norc", "-c"], script).expect("there is a bash").succeeds();
    let state = finished.stdout().trim().strip_prefix("state ").expect("nothing before").to_owned();
    assert_eq!((state.len(), remembered(&sandbox)), (16, 1));
    // vx.toml still has its old times but can no longer be read, so a program that reads it would fail now.
    let Ok(output) = Command::new("strace").arg("-V").output() else { return };
    assert!(output.status.success());
    let trace = sandbox.root().join("trace");
    let mut command = Command::new("strace");
    command.args([OsStr::new("-f"), OsStr::new("-o"), trace.as_os_str()]).arg(env!("CARGO_BIN_EXE_vx"));
    command.args(["activate", "--hook", "bash"]).current_dir(sandbox.project());
    command.env_clear().envs(sandbox.environment()).env("VX_ACTIVE", &state);
    assert_eq!(sandbox.run("strace", command).finish().succeeds().stdout(), "");
    let trace = fs::read_to_string(trace).expect("a trace");
    let opens = |line: &&str| line.contains("openat(") && line.contains("vx.");
    assert_eq!(trace.lines().filter(opens).count(), 0, "{trace}");
}

#[test]
fn a_project_that_cannot_be_read_is_reported_once_and_left() {
    let sandbox = project();
    let script = "eval \"$($VX activate bash)\"; echo \"$MODE\"; echo 'tools = ' > vx.toml\n\
                  eval \"$PROMPT_COMMAND\"; eval \"$PROMPT_COMMAND\"; echo \"${MODE-unset}\"";
    let finished = in_shell(&sandbox, "bash", &["--norc", "-c"], script).expect("there is a bash").succeeds();
    assert_eq!(finished.stdout(), "test\nunset\n");
    assert_eq!(finished.stderr().matches("vx.toml:1:").count(), 1, "{}", finished.stderr());
}

#[test]
fn every_place_of_a_program_is_shown_the_one_that_runs_first() {
    let sandbox = saying("echo said");
    let other = sandbox.root().join("elsewhere");
    fs::create_dir(&other).expect("a directory");
    fs::write(other.join("say"), "#!/bin/sh\n").expect("a file");
    fs::set_permissions(other.join("say"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("its mode");
    let sandbox = sandbox.variable("PATH", &format!("{}:/usr/bin:/bin", other.display()));
    let pinned = sandbox.vx("which say").succeeds().stdout();
    assert_eq!(sandbox.vx("which -a say").succeeds().stdout(), format!("{pinned}{}\n", other.join("say").display()));
    sandbox.vx("which -a sayy").fails_with("sayy");
}
