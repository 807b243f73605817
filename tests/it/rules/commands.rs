//! The command reference in `docs/commands.md` is the program's own help.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use crate::support::sandbox::Sandbox;

const COMMANDS: [&str; 55] = [
    "",
    "sync",
    "install",
    "use",
    "trust",
    "uninstall",
    "lock",
    "sbom",
    "outdated",
    "doctor",
    "config",
    "list",
    "run",
    "which",
    "env",
    "activate",
    "search",
    "board",
    "board ls",
    "board dump",
    "board watch",
    "board wait",
    "board put",
    "board run",
    "board create",
    "board close",
    "board export",
    "board gc",
    "bridge",
    "top",
    "up",
    "down",
    "ps",
    "logs",
    "start",
    "stop",
    "retry",
    "restart",
    "rebuild",
    "turn",
    "daemon",
    "daemon start",
    "daemon stop",
    "daemon restart",
    "daemon status",
    "daemon run",
    "daemon logs",
    "daemon call",
    "daemon events",
    "mcp",
    "cache",
    "x",
    "shims",
    "man",
    "completions",
];

fn help(command: &str) -> String {
    let mut vx = Command::new(env!("CARGO_BIN_EXE_vx"));
    vx.args(command.split_whitespace()).arg("--help").env("NO_COLOR", "1").env("COLUMNS", "100");
    let output = vx.output().expect("vx starts");
    assert!(output.status.success(), "vx {command} --help: {output:?}");
    String::from_utf8(output.stdout).expect("text").lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn the_command_reference_is_the_programs_own_help() {
    let mut reference = String::from(
        "# Commands\n\nWritten by the test that checks it: `VX_UPDATE_DOCS=1 cargo test --test it commands`.\n",
    );
    for command in COMMANDS {
        let title = format!("vx {command}");
        write!(reference, "\n## `{}`\n```text\n{}```\n", title.trim(), help(command)).expect("text grows");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    if std::env::var_os("VX_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &reference).expect("the reference is written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == reference, "docs/commands.md is out of date: run VX_UPDATE_DOCS=1 cargo test --test it commands");
}

#[test]
fn every_command_is_in_the_reference() {
    for command in ["", "board", "cache", "daemon"] {
        for line in help(command).lines().skip_while(|line| *line != "Commands:").skip(1) {
            let Some(name) = line.split_whitespace().next() else { break };
            let whole = format!("{command} {name}");
            let listed = COMMANDS.contains(&whole.trim()) || command == "cache";
            assert!(listed, "`vx {}` is missing", whole.trim());
        }
    }
}

/// The options of `vx sync` that few people need.
const RARE: [&str; 11] = [
    "--no-mouse",
    "--fail-fast",
    "--timeout",
    "--stall-timeout",
    "--lowest-rate",
    "--strict",
    "--dump",
    "--dump-every",
    "--record",
    "--trace",
    "--timings",
];

#[test]
fn the_short_help_of_sync_fits_a_screen_and_leaves_out_only_the_rare_options() {
    let mut vx = Command::new(env!("CARGO_BIN_EXE_vx"));
    let output = vx.args(["sync", "-h"]).env("NO_COLOR", "1").env("COLUMNS", "80").output().expect("vx starts");
    let short = String::from_utf8(output.stdout).expect("text");
    assert!(short.lines().count() <= 40, "{short}");
    let named = |help: &str| -> Vec<String> {
        let words = help.lines().filter(|line| line.trim_start().starts_with('-')).flat_map(str::split_whitespace);
        words.filter(|word| word.starts_with("--")).map(|word| word.trim_end_matches(',').to_owned()).collect()
    };
    let (short, long) = (named(&short), named(&help("sync")));
    let left_out: Vec<&String> = long.iter().filter(|option| !short.contains(option)).collect();
    assert!(left_out.iter().all(|option| RARE.contains(&option.as_str())), "{left_out:?}");
    assert_eq!(left_out.len(), RARE.len(), "{left_out:?}");
}

#[test]
fn each_rare_option_of_sync_is_accepted() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2\"\n").offers("biome", "2.3.4");
    sandbox
        .vx("sync --no-mouse --fail-fast --timeout 90s --stall-timeout 30s --lowest-rate 1 --strict --dump dumps \
            --dump-every 500ms --record run.vxr --trace trace.json --timings timings.html")
        .succeeds();
    for file in ["dumps/final.vxb", "run.vxr", "trace.json", "timings.html"] {
        assert!(sandbox.project().join(file).exists(), "{file}");
    }
}

#[test]
fn help_is_a_command_too() {
    let vx = |words: &str| {
        let mut vx = Command::new(env!("CARGO_BIN_EXE_vx"));
        vx.args(words.split_whitespace()).env("NO_COLOR", "1").env("COLUMNS", "100").output().expect("vx starts")
    };
    for (asked, same) in [("help", "--help"), ("help sync", "sync --help"), ("help board put", "board put --help")] {
        let (asked, same) = (vx(asked), vx(same));
        assert!(asked.status.success() && asked.stderr.is_empty(), "{asked:?}");
        assert_eq!(String::from_utf8_lossy(&asked.stdout), String::from_utf8_lossy(&same.stdout));
    }
    let unknown = vx("help synk");
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(said.contains("`vx` has no command `synk`") && said.contains("did you mean `sync`?"), "{said}");
}
