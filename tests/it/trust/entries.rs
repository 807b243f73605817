//! Every way in which a person enters a project without having agreed to anything.

use std::fs;
use std::process::Command;

use super::{shim_in, vx_in};
#[cfg(target_os = "linux")]
use crate::support::pty::OnTerminal;
use crate::support::sandbox::{Finished, Sandbox};
use crate::support::skipped::skipped;

/// The commands of vx that read a project. Those that write its lock come last.
const COMMANDS: [&str; 32] = [
    "ruff",
    "biome",
    "x ruff",
    "x ruff@0.15.1",
    "run hello",
    "run --list",
    "env --shell bash",
    "env --shell zsh",
    "env --shell fish",
    "env --shell powershell",
    "env --shell json",
    "activate bash",
    "activate --hook bash",
    "activate --hook zsh",
    "activate --hook fish",
    "activate --hook powershell",
    "completions bash",
    "completions zsh",
    "completions fish",
    "which ruff",
    "which --all ruff",
    "list",
    "doctor --offline",
    "outdated",
    "lock --check",
    "sbom",
    "sync --check",
    "install ruff",
    "lock",
    "doctor --fix --offline",
    "sync --frozen",
    "sync",
];

/// The outputs of each entry.
pub(super) fn outputs(sandbox: &Sandbox) -> Vec<(String, Finished)> {
    let project = sandbox.project();
    let mut outputs = Vec::new();
    for name in ["ruff", "biome"] {
        outputs.push((format!("shim {name}"), shim_in(sandbox, &project, name)));
    }
    outputs.extend(shells(sandbox));
    outputs.extend(COMMANDS.map(|words| (format!("vx {words}"), vx_in(sandbox, &project, words))));
    // Run them once more, with all caches filled.
    super::let_it_settle();
    for name in ["ruff", "biome"] {
        outputs.push((format!("shim {name}, once more"), shim_in(sandbox, &project, name)));
    }
    outputs
}

/// Shells with `vx activate` that enter the project and leave it, and print their variables in both places.
fn shells(sandbox: &Sandbox) -> Vec<(String, Finished)> {
    let bash = "eval \"$($VX activate bash)\"; cd \"$P\"; eval \"$PROMPT_COMMAND\"; eval \"$PROMPT_COMMAND\"; env; set; ruff\n\
                bash -c :; cd /; eval \"$PROMPT_COMMAND\"; env; true";
    let zsh = "eval \"$($VX activate zsh)\"; cd \"$P\"; _vx_hook; _vx_hook; env; set; ruff; cd /; _vx_hook; env; true";
    let fish = "$VX activate fish | source; cd $P; _vx_hook; _vx_hook; env; set; ruff; cd /; _vx_hook; env; true";
    let shells = [("bash", "--norc", bash), ("zsh", "-f", zsh), ("fish", "--no-config", fish)];
    let mut outputs = Vec::new();
    for (shell, option, script) in shells {
        if Command::new(shell).arg("--version").output().is_err() {
            skipped(format_args!("there is no {shell} on this machine"));
            continue;
        }
        let mut command = Command::new(shell);
        command.args([option, "-c", script]).current_dir(sandbox.root()).env_clear().envs(sandbox.environment());
        command.env("VX", env!("CARGO_BIN_EXE_vx")).env("P", sandbox.project());
        outputs.push((format!("activate in {shell}"), sandbox.run(shell, command).finish()));
    }
    outputs
}

/// An interactive bash that enters and leaves, and the dashboard, each on a terminal. Returns their output.
#[cfg(target_os = "linux")]
pub(super) fn screens(sandbox: &Sandbox) -> Vec<(String, String)> {
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-i"]).current_dir(sandbox.root()).env_clear().envs(sandbox.environment());
    bash.env("VX", env!("CARGO_BIN_EXE_vx")).env("P", sandbox.project()).env("PS1", "> ");
    let mut bash = OnTerminal::start(bash);
    bash.press("eval \"$($VX activate bash)\"\rcd \"$P\"\rtrue\renv | sort\rcd /\renv | sort\rexit 0\r");
    let mut top = OnTerminal::start(sandbox.command("top"));
    top.press("q");
    vec![("bash on a terminal".to_owned(), bash.ends().1), ("the dashboard".to_owned(), top.ends().1)]
}

/// The files that a build runner would get from `vx env --shell github`.
pub(super) fn github(sandbox: Sandbox) -> String {
    let files = ["path", "env"].map(|name| sandbox.root().join(name));
    let sandbox = sandbox
        .variable("GITHUB_PATH", &files[0].display().to_string())
        .variable("GITHUB_ENV", &files[1].display().to_string());
    sandbox.vx("env --shell github");
    files.iter().map(|file| fs::read_to_string(file).unwrap_or_default()).collect()
}
