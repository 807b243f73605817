//! A bare word is a command of vx, a tool of the catalogue or of the project, or an error: never a program that happens
//! to be on the search path.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::scripted;
use crate::support::sandbox::{Finished, Sandbox};

/// Words that are commands of other managers or programs of systems, and misspellings of both.
const WORDS: [&str; 26] = [
    "init", "ls", "test", "link", "shutdown", "watch", "upgrade", "env", "exec", "update", "add", "remove", "prune",
    "setup", "shell", "dev", "reboot", "halt", "sl", "tset", "inti", "snyc", "shutdwon", "jq", "sh", "make",
];

/// A sandbox in which each of `programs` comes first on the search path and leaves a file behind if it is run.
fn with_traps(programs: &[&str]) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let (folder, ran) = (sandbox.root().join("system"), sandbox.root().join("ran"));
    fs::create_dir(&folder).expect("a directory");
    fs::create_dir(&ran).expect("a directory");
    for program in programs {
        let file = folder.join(program);
        fs::write(&file, format!("#!/bin/sh\n: > '{}/{program}'\necho {program} of this system\n", ran.display()))
            .expect("a file");
        fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    let path = format!("{}:/usr/bin:/bin", folder.display());
    (sandbox.variable("PATH", &path), ran)
}

/// Run `vx` with these words in a directory that is in no project.
fn outside(sandbox: &Sandbox, words: &str) -> Finished {
    let mut command = sandbox.command(words);
    command.current_dir(sandbox.root());
    sandbox.run(&format!("vx {words}"), command).finish()
}

fn entries(folder: &PathBuf) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a directory").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_bare_word_runs_no_program_of_the_search_path() {
    let (sandbox, ran) = with_traps(&WORDS);
    for project in ["", "[tools]\n", "[tools]\nuv = \"0.9\"\n[scripts]\nbuild = \"true\"\n", "[tools\n"] {
        sandbox.write("vx.toml", project);
        for word in WORDS {
            for words in [word.to_owned(), format!("{word} 0"), format!("--project . {word}")] {
                // `env` is a command of vx, too.
                let code = sandbox.vx(&words).code();
                assert!(word == "env" || code == Some(2), "vx {words}: {code:?}");
            }
            outside(&sandbox, &format!("{word} now"));
        }
    }
    assert_eq!(entries(&ran), Vec::<String>::new(), "these ran");
}

#[test]
fn a_program_of_the_search_path_runs_behind_vx_x_or_by_a_declaration() {
    let (sandbox, ran) = with_traps(&["watch", "git", "just"]);
    assert_eq!(sandbox.vx("x watch -- now").succeeds().stdout(), "watch of this system\n");
    sandbox.write("vx.toml", "[tools]\njust = \"system\"\n");
    for name in ["just", "git"] {
        assert_eq!(sandbox.vx(name).succeeds().stdout(), format!("{name} of this system\n"));
    }
    assert_eq!(outside(&sandbox, "git").succeeds().stdout(), "git of this system\n");
    let line = scripted(&sandbox, "watch", "echo watch of the project");
    sandbox.write("vx.toml", &format!("[tools]\n{line}"));
    fs::remove_file(ran.join("watch")).expect("it ran before");
    assert_eq!(sandbox.vx("watch").succeeds().stdout(), "watch of the project\n");
    assert!(!ran.join("watch").exists());
}

#[test]
fn a_bare_word_is_answered_with_what_does_the_same() {
    let (sandbox, _) = with_traps(&["init", "watch"]);
    sandbox.write("vx.toml", "[scripts]\ntest = \"true\"\n");
    for (words, hint) in [
        ("init", "`vx use node@22`"),
        ("init", "`vx x init` runs the program on PATH"),
        ("watch", "`vx x watch` runs the program on PATH"),
        ("ls", "`vx list`"),
        ("upgrade", "`vx lock --upgrade`"),
        ("prune", "nothing prunes"),
        ("setup", "`vx sync`"),
        ("test", "`vx run test` runs the script"),
        ("node@20 --version", "`vx x node@20 -- --version`"),
        ("snyc", "did you mean `sync`?"),
        ("esbiuld", "did you mean `esbuild`?"),
    ] {
        let refused =
            sandbox.vx(words).refuses_with("is neither a command of vx nor a tool that vx.toml declares or vx knows");
        refused.says(hint).keeps_silent_about("`up`").keeps_silent_about("`stop`").keeps_silent_about("`run`");
    }
}

/// Tools that teams declare and the catalogue does not have.
const UNKNOWN: [&str; 68] = [
    "jq",
    "yq",
    "terraform",
    "ruby",
    "erlang",
    "elixir",
    "act",
    "actionlint",
    "lychee",
    "vale",
    "gitleaks",
    "git-cliff",
    "moon",
    "earthly",
    "direnv",
    "flutter",
    "dart",
    "java",
    "kubectl",
    "helm",
    "bat",
    "sd",
    "hk",
    "usage",
    "pkl",
    "cosign",
    "trivy",
    "syft",
    "grype",
    "tuist",
    "swiftlint",
    "swiftformat",
    "sourcery",
    "foundry",
    "anvil",
    "forge",
    "cast",
    "semgrep",
    "slither-analyzer",
    "svm-rs",
    "mockery",
    "goreleaser",
    "golangci-lint",
    "cargo-insta",
    "cargo-binstall",
    "cargo-llvm-cov",
    "cargo-nextest",
    "cargo-deny",
    "markdownlint-cli2",
    "ajv-cli",
    "stylelint",
    "eslint",
    "wrangler",
    "ast-grep",
    "httpie",
    "black",
    "yamllint",
    "poetry",
    "hyperfine",
    "taplo",
    "typos",
    "dprint",
    "zellij",
    "make",
    "gum",
    "mprocs",
    "age",
    "sops",
];

#[test]
fn an_unknown_tool_is_met_with_no_package_of_a_strangers_and_with_no_wrong_guess() {
    let sandbox = Sandbox::new();
    for name in UNKNOWN {
        for words in [format!("install {name}"), format!("use {name}@1"), name.to_owned(), format!("x {name}@1")] {
            let said = sandbox.vx(&words).exits_with(2).stderr();
            for offer in [format!("npm:{name}"), format!("pypi:{name}"), "did you mean".to_owned()] {
                assert!(!said.contains(&offer), "vx {words}: {said}");
            }
        }
        sandbox
            .vx(&format!("install {name}"))
            .refuses_with(&format!("`{name}` is not known to vx"))
            .says("\"npm:PACKAGE\"");
    }
    sandbox.vx("install ndoe").refuses_with("`ndoe` is not known to vx").says("did you mean `node`?");
}
