//! Projects are inherited: a `vx.toml` further up supplies what the nearer one doesn't set.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::let_it_settle;
use crate::support::sandbox::{Finished, Sandbox, text};

/// A sandbox with a project and, below it, one in `packages/app`.
fn monorepo(above: &str, below: &str) -> Sandbox {
    let sandbox = Sandbox::new().config(above).offers("node", "20.1.0").offers("node", "22.23.3").offers("uv", "0.9.1");
    fs::create_dir_all(app(&sandbox)).expect("a directory");
    fs::write(app(&sandbox).join("vx.toml"), below).expect("a file");
    sandbox
}

fn app(sandbox: &Sandbox) -> PathBuf {
    sandbox.project().join("packages/app")
}

fn in_app(sandbox: &Sandbox, words: &str) -> Finished {
    in_directory(sandbox, &app(sandbox), words)
}

fn in_directory(sandbox: &Sandbox, directory: &Path, words: &str) -> Finished {
    let mut command = sandbox.command(words);
    command.current_dir(directory);
    sandbox.run(&format!("vx {words}"), command).finish()
}

const NODE: &str = "[tools]\nnode = \"22\"\n";
const UV: &str = "[tools]\nuv = \"0.9\"\n";

#[test]
fn a_sync_installs_what_the_project_inherits_and_each_project_keeps_its_own_lock() {
    let sandbox = monorepo(NODE, UV);
    in_app(&sandbox, "sync").succeeds().says("wrote vx.lock").says("project/vx.lock`");
    assert_eq!(sandbox.installed(), ["node 22.23.3", "uv 0.9.1"]);
    let (above, below) = (sandbox.read("vx.lock"), sandbox.read("packages/app/vx.lock"));
    assert!(above.contains("node") && !above.contains("uv"), "{above}");
    assert!(below.contains("uv") && !below.contains("node"), "{below}");
    in_app(&sandbox, "sync").succeeds().says("nothing to do: 2 tools are up to date").keeps_silent_about("wrote");
    in_app(&sandbox, "sync --locked").succeeds();
    in_app(&sandbox, "lock --check").succeeds();
    let listed = sandbox.vx("list").succeeds().stdout();
    let projects: Vec<&str> = listed.lines().map(|line| line.rsplit(' ').next().unwrap_or_default()).collect();
    assert_eq!(projects, [sandbox.project().display().to_string(), app(&sandbox).display().to_string()]);
}

#[test]
fn inherited_tools_are_there_by_every_door() {
    let sandbox = monorepo(NODE, UV);
    in_app(&sandbox, "sync").succeeds();
    in_app(&sandbox, "shims").succeeds();
    for _ in 0..2 {
        assert_eq!(in_app(&sandbox, "node --version").succeeds().stdout(), "22.23.3\n");
        assert_eq!(in_app(&sandbox, "x uv -- --version").succeeds().stdout(), "0.9.1\n");
        let_it_settle();
    }
    let path = in_app(&sandbox, "which npm").succeeds().says("declared in").says("project/vx.toml").stdout();
    assert!(path.contains("node/22.23.3"), "{path}");
    in_app(&sandbox, "which uv").succeeds().keeps_silent_about("declared in");
    let variables: Value =
        serde_json::from_str(&in_app(&sandbox, "env --shell json").succeeds().stdout()).expect("JSON");
    let of_home = |folder: &PathBuf| folder.starts_with(sandbox.home());
    let folders: Vec<PathBuf> = std::env::split_paths(text(&variables["PATH"])).take_while(of_home).collect();
    assert!(folders.len() == 2, "{folders:?}");
    for release in ["uv/0.9.1", "node/22.23.3"] {
        assert!(folders.iter().any(|folder| folder.display().to_string().contains(release)), "{release}: {folders:?}");
    }
}

#[test]
fn a_missing_inherited_tool_is_installed_by_the_lock_of_its_own_project() {
    let sandbox = monorepo("[tools]\nnode = \"20\"\n", UV);
    sandbox.vx("lock").succeeds();
    let sandbox = sandbox.offers("node", "20.9.0");
    let lock = sandbox.read("vx.lock");
    assert_eq!(in_app(&sandbox, "node --version").succeeds().says("installed").stdout(), "20.1.0\n");
    assert_eq!(sandbox.read("vx.lock"), lock);
    assert_eq!(sandbox.installed(), ["node 20.1.0"]);
    in_app(&sandbox, "install node").succeeds();
    assert_eq!(sandbox.installed(), ["node 20.1.0"], "`vx install` goes by the same request and lock");
}

#[test]
fn the_nearer_project_has_the_word_on_each_tool_variable_and_setting() {
    let above = "[tools]\nnode = \"22\"\nuv = \"0.9\"\n[env]\nONE = \"above\"\nTWO = \"above\"\n[settings]\nauto_install = false\njobs = 3\n";
    let below = "[tools]\nnode = \"20\"\n[env]\nTWO = \"below\"\n[settings]\njobs = 2\n";
    let sandbox = monorepo(above, below);
    in_app(&sandbox, "uv --version").fails_with("auto_install = false");
    in_app(&sandbox, "sync").succeeds();
    assert_eq!(sandbox.installed(), ["node 20.1.0", "uv 0.9.1"]);
    assert!(!sandbox.read("vx.lock").contains("node"), "the other node is none of this project's");
    let env = in_app(&sandbox, "env --shell json").succeeds().stdout();
    assert!(env.contains("\"ONE\": \"above\"") && env.contains("\"TWO\": \"below\""), "{env}");
    assert!(!env.contains("node/22"), "{env}");
    let config = in_app(&sandbox, "config").succeeds().stdout();
    let line = |key: &str| config.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    for (key, value, file) in [
        ("settings.auto_install", "false", "project/vx.toml:8"),
        ("settings.jobs", "2", "app/vx.toml:6"),
        ("tools.node", "20", "app/vx.toml:2"),
        ("tools.uv", "0.9", "project/vx.toml:3"),
        ("env.ONE", "above", "project/vx.toml:5"),
        ("env.TWO", "below", "app/vx.toml:4"),
    ] {
        let line = line(key);
        assert!(line.contains(value) && line.ends_with(file), "{key}: {line}");
    }
    assert_eq!(config.matches("tools.node").count(), 1, "{config}");
}

#[test]
fn scripts_see_inherited_tools_and_variables_and_are_not_inherited() {
    let above = "[tools]\nnode = \"22\"\n[env]\nONE = \"above\"\n[scripts]\nup = \"echo up\"\n";
    let sandbox = monorepo(above, "[scripts]\nshow = \"node --version; echo $ONE\"\n");
    let shown = in_app(&sandbox, "run show").succeeds().says("installed").stdout();
    assert_eq!(shown, "22.23.3\nabove\n");
    in_app(&sandbox, "run up").refuses_with("there is no script `up`");
    assert_eq!(in_app(&sandbox, "run ../../up").succeeds().stdout(), "up\n", "but for those that are called by path");
    in_app(&sandbox, "run ../up").refuses_with("there is no vx.toml in").says("name the directory that holds it");
    let file = sandbox.project().join("vx.toml").display().to_string();
    in_app(&sandbox, "run up").says(&format!("`vx run ../../up` runs the one in `{file}`"));
    let list = format!("`vx run --project {} --list`", sandbox.project().display());
    in_app(&sandbox, "run ../../nosuch").refuses_with("there is no script `nosuch`").says(&list);
    in_app(&sandbox, "run ../../").refuses_with("no script is named").says(&format!("`{file}` has up"));
}

#[test]
fn a_lock_further_up_is_refused_only_for_the_tools_that_are_inherited_and_with_the_way_to_mend_it() {
    let sandbox = monorepo("[tools]\nnode = \"22\"\nuv = \"0.9\"\n", UV);
    sandbox.vx("lock").succeeds();
    in_app(&sandbox, "sync").succeeds();
    sandbox.write("vx.toml", NODE);
    in_app(&sandbox, "sync --locked").succeeds();
    fs::rename(sandbox.project().join("vx.lock"), sandbox.root().join("vx.lock")).expect("it moves");
    let hint = format!("run `vx lock` in `{}`, or leave out `--frozen`", sandbox.project().display());
    in_app(&sandbox, "sync --frozen --force").exits_with(1).says(&hint);
    fs::rename(sandbox.root().join("vx.lock"), sandbox.project().join("vx.lock")).expect("it moves");
    sandbox.vx("sync --locked").refuses_with("vx.lock does not fit vx.toml").says("run `vx lock` and commit");
    sandbox.write("vx.toml", "[tools]\nnode = \"20\"\n");
    let command = format!("vx lock --project {}", sandbox.project().display());
    let refused = in_app(&sandbox, "sync --locked").refuses_with("vx.lock does not fit vx.toml");
    refused.says(&format!("run `{command}` and commit its vx.lock"));
    in_app(&sandbox, command.trim_start_matches("vx ")).succeeds();
    in_app(&sandbox, "sync --locked").succeeds();
}

#[test]
fn two_paths_to_a_project_or_a_home_are_one() {
    let sandbox = monorepo(NODE, UV);
    let link = sandbox.root().join("link");
    std::os::unix::fs::symlink(app(&sandbox), &link).expect("a link");
    for path in [app(&sandbox).join("../app"), link, PathBuf::from("packages/app")] {
        sandbox.vx(&format!("sync --project {}", path.display())).succeeds();
    }
    assert_eq!(sandbox.vx("list").succeeds().stdout().matches("packages/app").count(), 1);
    fs::write(sandbox.root().join("vx.toml"), "[tools]\nnode = \"20\"\n").expect("a file");
    fs::write(sandbox.home().join("vx.toml"), UV).expect("a file");
    let link = sandbox.root().join("home-link");
    std::os::unix::fs::symlink(sandbox.home(), &link).expect("a link");
    let home = sandbox.home();
    for path in [&home, &home.join("../home"), &link] {
        for (named, used) in [(path, &home), (&home, path)] {
            let mut command = sandbox.command(&format!("which --project {} node", named.display()));
            command.env("VX_HOME", used).env("PATH", "/nowhere");
            let asked = format!("vx which --project {} with {}", named.display(), used.display());
            sandbox.run(&asked, command).finish().fails_with("no vx.toml here declares `node`");
        }
    }
}

#[test]
fn a_named_directory_without_a_project_is_refused_by_every_door() {
    let sandbox = monorepo(NODE, UV);
    in_app(&sandbox, "sync").succeeds();
    let empty = sandbox.project().join("packages");
    for words in ["node --version", "x node -- --version", "env", "which --all node", "which node", "config"] {
        let words = format!("--project {} {words}", empty.display());
        let text = format!("there is no vx.toml in `{}`", empty.display());
        in_app(&sandbox, &words).refuses_with(&text).says("name the directory that holds it");
    }
    let words = format!("--project {}/../packages/app which --all node", empty.display());
    in_directory(&sandbox, &empty, &words).succeeds().prints("node/22.23.3");
}

#[test]
fn a_route_is_found_anew_where_other_directories_are_for_temporary_files() {
    let sandbox = monorepo(NODE, UV).variable("PATH", "/nowhere");
    in_app(&sandbox, "sync").succeeds();
    for _ in 0..2 {
        let_it_settle();
        assert_eq!(in_app(&sandbox, "node --version").succeeds().stdout(), "22.23.3\n");
    }
    let above = sandbox.project().display().to_string();
    in_app(&sandbox.variable("TMPDIR", &above), "node --version").fails_with("no vx.toml declares node");
}

#[test]
fn a_root_inherits_nothing() {
    let sandbox = monorepo(NODE, &format!("[project]\nroot = true\n{UV}"));
    in_app(&sandbox, "sync").succeeds();
    assert_eq!(sandbox.installed(), ["uv 0.9.1"]);
    in_app(&sandbox, "sync node").refuses_with("`node` is not in");
    let sandbox = sandbox.variable("PATH", "/nowhere");
    in_app(&sandbox, "node").fails_with("no vx.toml declares node");
}

#[test]
fn a_file_above_that_comes_changes_or_goes_is_seen_by_the_next_call() {
    let sandbox = monorepo(NODE, UV);
    in_app(&sandbox, "sync").succeeds();
    let middle = sandbox.project().join("packages/vx.toml");
    fs::write(&middle, "[tools]\nnode = \"20\"\n").expect("a file");
    in_directory(&sandbox, &sandbox.project().join("packages"), "sync").succeeds();
    fs::remove_file(&middle).expect("it goes");
    in_app(&sandbox, "shims").succeeds();
    let shim = || {
        let mut command = std::process::Command::new(sandbox.home().join("shims/node"));
        command.arg("--version").current_dir(app(&sandbox)).env_clear().envs(sandbox.environment());
        sandbox.run("node", command).finish().succeeds().stdout()
    };
    for round in 0..3 {
        let_it_settle();
        assert_eq!((shim(), shim()), ("22.23.3\n".into(), "22.23.3\n".into()), "round {round}");
        let_it_settle();
        fs::write(&middle, "[tools]\nnode = \"20\"\n").expect("a file");
        assert_eq!((shim(), shim()), ("20.1.0\n".into(), "20.1.0\n".into()), "round {round}");
        let_it_settle();
        assert_eq!(shim(), "20.1.0\n", "round {round}");
        fs::remove_file(&middle).expect("it goes");
    }
}

#[test]
fn a_broken_file_further_up_is_reported_once_by_a_shell_until_it_is_mended() {
    let sandbox = monorepo("[env]\nONE = \"1\"\n", UV);
    let_it_settle();
    let script = "eval \"$($VX activate bash)\"; echo \"$ONE\"; echo 'tools = ' > ../../vx.toml\n\
                  eval \"$PROMPT_COMMAND\"; eval \"$PROMPT_COMMAND\"; echo \"${ONE-unset}\"\n\
                  echo '[env]' > ../../vx.toml; echo 'ONE = 2' >> ../../vx.toml; eval \"$PROMPT_COMMAND\"; echo \"$ONE\"";
    let mut command = std::process::Command::new("bash");
    command.args(["--norc", "-c", script]).current_dir(app(&sandbox)).env_clear().envs(sandbox.environment());
    command.env("VX", env!("CARGO_BIN_EXE_vx"));
    let finished = sandbox.run("bash", command).finish().succeeds();
    assert_eq!(finished.stdout(), "1\nunset\n2\n");
    assert_eq!(finished.stderr().matches("vx.toml:1:").count(), 1, "{}", finished.stderr());
}

#[test]
fn another_program_needs_its_runner_and_finds_the_inherited_one() {
    let sandbox = monorepo(NODE, "[tools]\nprettier = \"3\"\n").offers("prettier", "3.6.0");
    in_app(&sandbox, "sync").succeeds();
    assert_eq!(sandbox.installed(), ["node 22.23.3", "prettier 3.6.0"]);
}

#[test]
fn a_lock_further_up_that_cannot_be_written_does_not_stop_a_sync() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = monorepo(NODE, UV);
    let mode = |mode| fs::set_permissions(sandbox.project(), fs::Permissions::from_mode(mode)).expect("a mode");
    mode(0o555);
    let mut command = sandbox.command("sync");
    command.current_dir(app(&sandbox));
    if rustix::process::geteuid().is_root() {
        // File modes don't restrict root, so another user syncs.
        use std::os::unix::process::CommandExt;
        give_away(sandbox.root());
        command.uid(65_534).gid(65_534);
    }
    let finished = sandbox.run("vx sync", command).finish();
    mode(0o755);
    finished.succeeds().says("wrote vx.lock").says("cannot be written").keeps_silent_about("project/vx.lock` written");
    assert_eq!(sandbox.read("vx.lock"), "");
    assert!(sandbox.read("packages/app/vx.lock").contains("uv"));
}

#[test]
fn a_record_for_auditors_names_the_inherited_tools_that_it_leaves_out() {
    let sandbox = monorepo(NODE, UV);
    in_app(&sandbox, "sync").succeeds();
    let record = in_app(&sandbox, "sbom").succeeds();
    let record = record.says("project/vx.toml` declares node").says("run the command in that directory");
    assert!(record.stdout().contains("\"uv\"") && !record.stdout().contains("\"node\""));
    sandbox.vx("sbom").succeeds().keeps_silent_about("that directory");
}

/// Give a directory with all that is in it to another user.
fn give_away(path: &Path) {
    std::os::unix::fs::lchown(path, Some(65_534), Some(65_534)).expect("root may");
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.path().is_dir() && !entry.path().is_symlink() {
            give_away(&entry.path());
        } else {
            std::os::unix::fs::lchown(entry.path(), Some(65_534), Some(65_534)).expect("root may");
        }
    }
}
