//! The parts of a project that need consent, and how long a consent holds.

use std::fs;

use super::{acted, cautious, evil, evil_tool, make_shims, shim_in, vx_in};
use crate::support::sandbox::Sandbox;

/// A sandbox whose project has a tool of the catalogue, and another with a post-install command.
fn with_command() -> Sandbox {
    let sandbox = cautious();
    let command = evil(&sandbox);
    let text = format!(
        "[tools]\nruff = \"0.15.1\"\nbiome = {{ version = \"2.3.4\", postinstall = \"{command}\" }}\n[env]\nMODE = \"test\"\n"
    );
    sandbox.config(&text)
}

#[test]
fn the_catalogues_tools_of_a_strangers_project_install_and_run_without_a_question() {
    let sandbox = cautious().config("[tools]\nruff = \"0.15.1\"\nbiome = \"2\"\n");
    let synced = sandbox.vx("sync").succeeds();
    assert!(!synced.stderr().contains("trust"), "{}", synced.stderr());
    assert!(sandbox.vx("ruff").succeeds().stdout().starts_with("ruff 0.15.1\n"));
    assert_eq!(sandbox.vx("biome").succeeds().stderr(), "");
}

#[test]
fn without_consent_the_rest_is_installed_and_the_tool_is_refused_with_the_next_step() {
    let sandbox = with_command();
    let synced = sandbox.vx("sync").refuses_with("`biome` needs your consent").says("installing biome runs: echo EVIL");
    synced.says("hint: `vx trust` lists everything");
    assert_eq!(sandbox.installed(), ["ruff 0.15.1"]);
    sandbox.vx("biome").refuses_with("`biome` needs your consent").says("`vx trust`");
    sandbox.vx("x biome").refuses_with("`biome` needs your consent");
    sandbox.vx("x biome@2.3.4").refuses_with("`biome` needs your consent");
    sandbox.vx("install biome").refuses_with("`biome` needs your consent");
    sandbox.vx("which biome").refuses_with("`biome` needs your consent");
    sandbox.vx("sync biome").refuses_with("`biome` needs your consent");
    let printed = sandbox.vx("ruff").succeeds().stdout();
    assert!(!printed.contains("MODE="), "{printed}");
    assert!(!acted(&sandbox));
    assert_eq!(sandbox.installed(), ["ruff 0.15.1"]);
}

#[test]
fn consent_lets_everything_act_until_it_is_taken_back() {
    let sandbox = with_command();
    sandbox.vx("trust --show").succeeds().prints("sets the variable MODE=test").prints("installing biome runs");
    sandbox.vx("sync").exits_with(2);
    sandbox.vx("trust --yes").succeeds().says("may act");
    sandbox.vx("sync").succeeds();
    assert!(acted(&sandbox));
    sandbox.vx("biome").succeeds().prints("MODE=test");
    sandbox.vx("trust --list").succeeds().prints(&sandbox.project().display().to_string());
    sandbox.vx("trust --yes").succeeds().says("you have agreed");
    sandbox.vx("trust --revoke").succeeds().says("took back");
    sandbox.vx("biome").refuses_with("consent");
    assert_eq!(sandbox.vx("trust --list").succeeds().stdout(), "");
    sandbox.vx("trust --revoke").succeeds().says("there is no consent");
}

#[test]
fn an_unrelated_edit_does_not_ask_again_and_a_changed_command_does_with_the_difference() {
    let sandbox = with_command();
    sandbox.vx("trust --yes").succeeds();
    let text = sandbox.read("vx.toml");
    sandbox.write("vx.toml", &format!("# mine\n{}", text.replace("ruff = \"0.15.1\"", "ruff = \"0.15\"")));
    sandbox.vx("sync").succeeds().keeps_silent_about("trust");
    assert!(acted(&sandbox));
    sandbox.write("vx.toml", &text.replace("echo EVIL", "echo EVIL again"));
    sandbox.vx("sync --force").exits_with(2);
    assert!(!acted(&sandbox));
    let shown = sandbox.vx("trust --show").succeeds();
    let lines: Vec<String> = shown.stdout().lines().map(str::to_owned).collect();
    assert!(lines.iter().any(|line| line.starts_with("- installing biome runs: echo EVIL >>")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("+ installing biome runs: echo EVIL again")), "{lines:?}");
    assert!(lines.iter().any(|line| line == "  sets the variable MODE=test"), "{lines:?}");
    // An earlier version that was agreed to may come back.
    sandbox.write("vx.toml", &text);
    sandbox.vx("biome").succeeds();
}

#[test]
fn a_file_that_a_command_names_is_part_of_it() {
    let sandbox = cautious();
    let script = sandbox.project().join("setup.sh");
    sandbox.write("setup.sh", &evil(&sandbox));
    let sandbox = {
        let text = format!("[tools]\nruff = {{ version = \"0.15.1\", postinstall = \"sh {}\" }}\n", script.display());
        sandbox.config(&text)
    };
    sandbox.vx("trust --yes").succeeds().says("with the present content of");
    sandbox.vx("sync").succeeds();
    assert!(acted(&sandbox));
    sandbox.write("setup.sh", &format!("{}; {}", evil(&sandbox), evil(&sandbox)));
    sandbox.vx("sync --force").exits_with(2);
    assert!(!acted(&sandbox));
}

#[test]
fn the_users_word_on_all_projects_counts_for_the_commands_that_inherit_it() {
    let with = |word: &str| with_command().variable("VX_TRUST", word);
    with("all").vx("biome").succeeds().prints("MODE=test");
    let none = with("none");
    none.vx("trust --yes").succeeds();
    none.vx("sync --trust").exits_with(2);
    none.vx("biome").refuses_with("consent");
    assert!(!acted(&none));
    with("maybe").vx("biome").refuses_with("VX_TRUST has the unknown value `maybe`").says("`none`, `ask` or `all`");
}

/// A sandbox with the environment in which a build service starts commands.
fn in_build_service() -> Sandbox {
    with_command().variable("CI", "true").variable("GITHUB_ACTIONS", "true")
}

#[test]
fn a_sync_in_a_build_service_is_consent_for_that_run_alone_and_says_so() {
    let sandbox = in_build_service();
    sandbox.vx("sync").succeeds().says("CI=true").says("installing biome runs: echo EVIL");
    assert!(acted(&sandbox));
    assert_eq!(fs::read_dir(sandbox.home().join("trust")).into_iter().flatten().count(), 0, "nothing is kept");
    sandbox.vx("biome").refuses_with("consent").says("VX_TRUST=all");
    let sandbox = sandbox.variable("CI", "").variable("GITHUB_ACTIONS", "");
    sandbox.vx("sync --force").exits_with(2);
    assert!(!acted(&sandbox), "another shell has agreed to nothing");
    for word in ["none", "ask"] {
        let sandbox = in_build_service().variable("VX_TRUST", word);
        sandbox.vx("sync").exits_with(2).keeps_silent_about("CI=true");
        assert!(!acted(&sandbox), "{word}");
    }
}

#[test]
fn ci_without_a_build_service_that_vx_knows_is_no_consent_and_the_refusal_names_the_way() {
    for value in ["true", "1"] {
        let sandbox = with_command().variable("CI", value).variable("GITHUB_ACTIONS", "");
        sandbox.vx("sync").refuses_with("`biome` needs your consent").says("`VX_TRUST=all`");
        assert!(!acted(&sandbox), "{value}");
    }
    let sandbox = with_command().variable("GITHUB_ACTIONS", "true");
    sandbox.vx("sync").refuses_with("consent").keeps_silent_about("VX_TRUST=all");
    assert!(!acted(&sandbox), "a build service sets CI");
}

#[test]
fn trust_where_nobody_can_answer_is_no_consent() {
    let sandbox = with_command();
    let refused = sandbox.vx("trust").refuses_with("nobody can answer").says("`vx trust --yes`");
    refused.says("installing biome runs: echo EVIL").says("sets the variable MODE=test");
    sandbox.vx("biome").refuses_with("consent");
    sandbox.vx("trust --yes").succeeds().says("installing biome runs: echo EVIL").says("may act");
    sandbox.vx("biome").succeeds().prints("MODE=test");
    assert!(acted(&sandbox));
    for other in ["--show", "--list", "--revoke"] {
        sandbox.vx(&format!("trust --yes {other}")).exits_with(2);
    }
}

#[test]
fn a_consent_can_be_given_with_the_command() {
    let sandbox = with_command();
    sandbox.vx("install biome --trust").succeeds();
    assert!(acted(&sandbox));
    sandbox.vx("sync").succeeds().keeps_silent_about("trust");
}

#[test]
fn folders_of_the_users_own_file_are_trusted_and_those_of_a_project_are_not() {
    let sandbox = with_command();
    let trust = format!("[trust]\nfolders = [\"{}\"]\n", sandbox.root().display());
    sandbox.write("vx.toml", &format!("{trust}{}", sandbox.read("vx.toml")));
    sandbox.vx("biome").refuses_with("consent");
    fs::write(sandbox.home().join("vx.toml"), trust).expect("a file");
    sandbox.vx("biome").succeeds().prints("MODE=test");
    assert!(acted(&sandbox));
    sandbox.vx("trust --yes").succeeds().says("in a folder that you trust");
    fs::write(sandbox.home().join("vx.toml"), "[trust]\nfolders = [\"work\"]\n").expect("a file");
    sandbox.vx("biome").refuses_with("is not an absolute path");
}

#[test]
fn variables_that_steer_programs_are_taken_only_if_the_users_own_file_names_them() {
    let sandbox = cautious();
    let sandbox = sandbox
        .config("[tools]\nruff = \"0.15.1\"\n[env]\nNODE_OPTIONS = \"-r x\"\nMODE = \"test\"\nLD_AUDIT = \"\"\n");
    sandbox.vx("trust --yes").succeeds();
    sandbox.vx("sync").succeeds();
    let printed = sandbox.vx("ruff").succeeds().stdout();
    assert!(printed.contains("MODE=test") && !printed.contains("NODE_OPTIONS") && !printed.contains("LD_AUDIT"));
    let own = "[trust]\nvariables = [\"NODE_OPTIONS\"]\n";
    fs::write(sandbox.home().join("vx.toml"), own).expect("a file");
    let printed = sandbox.vx("ruff").succeeds().stdout();
    assert!(!printed.contains("NODE_OPTIONS"), "now it is a part that was not agreed to");
    sandbox.vx("trust --yes").succeeds().says("NODE_OPTIONS=-r x");
    let printed = sandbox.vx("ruff").succeeds().stdout();
    assert!(printed.contains("NODE_OPTIONS=-r x") && !printed.contains("LD_AUDIT"), "{printed}");
}

#[test]
fn the_users_own_file_needs_no_consent() {
    let sandbox = cautious();
    let text = format!("[tools]\n{}[env]\nMODE = \"mine\"\nNODE_OPTIONS = \"-r y\"\n", evil_tool(&sandbox, "mine", ""));
    fs::write(sandbox.home().join("vx.toml"), text).expect("a file");
    vx_in(&sandbox, &sandbox.home(), "sync").succeeds();
    vx_in(&sandbox, sandbox.root(), "mine").succeeds().prints("EVIL");
    let printed = vx_in(&sandbox, sandbox.root(), "x ruff@0.15.1").succeeds().stdout();
    assert!(printed.contains("MODE=mine") && printed.contains("NODE_OPTIONS=-r y"), "{printed}");
}

#[test]
fn a_program_from_an_address_answers_in_its_own_project_alone() {
    let sandbox = cautious();
    let text = format!("[tools]\n{}", evil_tool(&sandbox, "node", ""));
    let sandbox = sandbox.config(&text);
    sandbox.vx("sync --trust").succeeds();
    sandbox.vx("node").succeeds().prints("EVIL");
    assert!(acted(&sandbox));
    make_shims(&sandbox);
    let elsewhere = sandbox.root().join("own");
    let sandbox = sandbox.variable("PATH", "/nowhere");
    vx_in(&sandbox, &elsewhere, "x --no-install node").fails_with("no vx.toml declares node");
    vx_in(&sandbox, &elsewhere, "which node").fails_with("no vx.toml here declares");
    shim_in(&sandbox, &elsewhere, "node").exits_with(1);
    assert!(!acted(&sandbox));
}

#[test]
fn a_lock_of_a_project_without_consent_keeps_its_entries() {
    let sandbox = with_command();
    sandbox.vx("sync --trust").succeeds();
    let lock = sandbox.read("vx.lock");
    sandbox.vx("trust --revoke").succeeds();
    sandbox.vx("sync").exits_with(2);
    assert_eq!(sandbox.read("vx.lock"), lock);
    sandbox.vx("lock").succeeds();
    assert_eq!(sandbox.read("vx.lock"), lock, "locking runs no command");
    sandbox.vx("sync --locked ruff").succeeds();
}

#[test]
fn a_script_that_is_typed_is_consent_to_it_and_its_dependencies_alone() {
    let sandbox = cautious();
    let text = "[tools]\nruff = \"0.15.1\"\n[env]\nMODE = \"test\"\n[python]\nvenv = \".venv\"\n\
                [scripts]\nfirst = \"echo first\"\nshow = { command = \"env; ruff\", depends = [\"first\"], env = { OWN = \"1\" } }\n";
    let sandbox = sandbox.config(text);
    fs::create_dir_all(sandbox.project().join(".venv/bin")).expect("a directory");
    sandbox.write(".env", "FROM_FILE=1\n");
    let printed = sandbox.vx("run show").succeeds().says("`show` runs after first").stdout();
    assert!(
        printed.starts_with("first\n") && printed.contains("OWN=1") && printed.contains("ruff 0.15.1"),
        "{printed}"
    );
    assert!(!printed.contains("MODE=") && !printed.contains("FROM_FILE") && !printed.contains(".venv"), "{printed}");
    sandbox.vx("trust --yes").succeeds();
    let printed = sandbox.vx("run show").succeeds().stdout();
    assert!(printed.contains("MODE=test") && printed.contains("FROM_FILE=1") && printed.contains(".venv"), "{printed}");
}
