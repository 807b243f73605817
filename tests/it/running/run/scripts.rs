//! `vx run`: scripts of vx.toml in their order, with their arguments, variables and directories.

use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{saying, scripted};
use crate::support::registry::archive::Entry;
use crate::support::sandbox::{Sandbox, eventually};

fn scripts(text: &str) -> Sandbox {
    Sandbox::new().config(&format!("[scripts]\n{text}"))
}

/// `vx run` with exactly these words.
fn run(sandbox: &Sandbox, words: &[&str]) -> crate::support::sandbox::Finished {
    let mut command = sandbox.command("run");
    command.args(words);
    sandbox.run("vx run", command).finish()
}

#[test]
fn arguments_pass_through_untouched_whatever_they_look_like() {
    let sandbox =
        scripts("show = \"printf '<%s>' {{args}} end\"\nplain = \"printf '<%s>'\"\nfirst = \"echo v{{arg1}}\"\n");
    let words = ["-p", "a b", "--list", "$HOME", "it's", "", "-H", "*"];
    let expected = "<-p><a b><--list><$HOME><it's><><-H><*>";
    assert_eq!(run(&sandbox, &[&["plain"], &words[..]].concat()).succeeds().stdout(), expected);
    assert_eq!(run(&sandbox, &[&["show", "--"], &words[..]].concat()).succeeds().stdout(), format!("{expected}<end>"));
    assert_eq!(run(&sandbox, &["plain", "--", "-H"]).succeeds().stdout(), "<-H>");
    assert_eq!(run(&sandbox, &["first", "1.2", "3"]).succeeds().stdout(), "v1.2\n");
    run(&sandbox, &["first"]).refuses_with("needs at least 1 argument, and has 0");
}

#[test]
fn dependencies_of_a_script_run_once_before_it_and_a_failure_stops_all() {
    let sandbox = scripts(
        "generate = \"echo generate\"\nbroken = \"echo broken; exit 7\"\n\
         lint = { command = \"echo lint {{args}}\", depends = [\"generate\"] }\n\
         build = { command = \"echo build\", depends = [\"generate\", \"lint\"] }\n\
         all = { depends = [\"build\", \"lint\"] }\n\
         stops = { command = \"echo never\", depends = [\"generate\", \"broken\", \"build\"] }\n\
         round = { command = \"echo\", depends = [\"again\"] }\nagain = { command = \"echo\", depends = [\"round\"] }\n",
    );
    assert_eq!(run(&sandbox, &["build", "x"]).succeeds().stdout(), "generate\nlint x\nbuild x\n");
    assert_eq!(run(&sandbox, &["all"]).succeeds().stdout(), "generate\nlint\nbuild\n");
    let stopped = run(&sandbox, &["stops"]).exits_with(7).says("`broken` did not succeed");
    assert_eq!(stopped.stdout(), "generate\nbroken\n");
    let refused = run(&sandbox, &["round"]).refuses_with("round -> again -> round");
    assert_eq!(refused.stdout(), "");
}

#[test]
fn the_list_as_json_keeps_a_command_with_blanks_apart_from_its_description() {
    let sandbox = scripts(
        "b = \"echo  two   blanks\"\na = { command = \"echo\", description = \"says  no\", depends = [\"b\"] }\n",
    );
    let listed: Value =
        serde_json::from_str(&run(&sandbox, &["--list", "--json"]).succeeds().stdout()).expect("a list");
    let b = json!({ "name": "b", "command": "echo  two   blanks", "description": null, "depends": [] });
    let a = json!({ "name": "a", "command": "echo", "description": "says  no", "depends": ["b"] });
    assert_eq!(listed, json!([b, a]));
    assert_eq!(run(&Sandbox::new().config(""), &["--list", "--json"]).succeeds().stdout(), "[]\n");
    run(&sandbox, &["--json"]).refuses_with("--list");
}

#[test]
fn variables_come_from_the_script_the_project_and_dotenv_files_in_that_order() {
    let sandbox = Sandbox::new().config(
        "[env]\nB = \"project\"\nA = \"project\"\n[scripts]\n\
         show = { command = \"echo $A $B $C $D $E $PWD\", env = { A = \"own {{project.name}}\" }, cwd = \"inner\" }\n",
    );
    sandbox.write(".env", "A=dot\nB=dot\nC=\"dot env\"\nD=dot\n");
    sandbox.write(".env.local", "D=local\n");
    std::fs::create_dir(sandbox.project().join("inner")).expect("a directory");
    let inner = sandbox.project().join("inner").canonicalize().expect("it is there");
    let sandbox = sandbox.variable("E", "outside").variable("C", "outside");
    let shown = run(&sandbox, &["show"]).succeeds().stdout();
    assert_eq!(shown, format!("own project project dot env local outside {}\n", inner.display()));
}

#[test]
fn an_unknown_script_or_word_is_refused_with_the_nearest() {
    let sandbox = scripts("build = \"echo {{project.nmae}}\"\nok = \"docker ps --format '{{.Names}}' || echo fine\"\n");
    run(&sandbox, &["biuld"]).refuses_with("there is no script `biuld`").says("did you mean `build`?");
    run(&sandbox, &["build"]).refuses_with("`{{project.nmae}}`, which stands for nothing").says("`project.name`");
    run(&sandbox, &[]).refuses_with("no script is named").says("build, ok");
    run(&sandbox, &["-H", "ok"]).succeeds().prints("{{.Names}}").prints("{{args}}");
    run(&sandbox, &["--list"]).succeeds().prints("build  echo {{project.nmae}}");
}

#[test]
fn tools_of_the_project_are_installed_first_and_run_by_their_names() {
    let sandbox = Sandbox::new();
    let line = scripted(&sandbox, "say", "echo said");
    let text = format!("[tools]\n{line}[scripts]\nspeak = \"say\"\n");
    let sandbox = sandbox.config(&format!("{text}[settings]\nauto_install = false\n"));
    run(&sandbox, &["speak"]).exits_with(127);
    sandbox.write("vx.toml", &text);
    let spoken = run(&sandbox, &["speak"]).succeeds().says("installed");
    assert_eq!(spoken.stdout(), "said\n");
    assert_eq!(run(&sandbox, &["speak"]).succeeds().stderr(), "");
}

#[test]
fn a_script_runs_without_the_tools_that_cannot_be_had_unless_it_is_strict() {
    let sandbox = Sandbox::new();
    let line = scripted(&sandbox, "say", "echo said");
    let text = format!("[tools]\n{line}nodee = \"22\"\nbiome = \"9\"\n[scripts]\nspeak = \"say\"\n");
    let sandbox = sandbox.config(&text).offers("biome", "2.3.4");
    run(&sandbox, &["--strict", "speak"]).exits_with(2).says("nodee");
    let spoken = run(&sandbox, &["speak"]).succeeds().says("2 of 3 tools did not install: ").says("warning:");
    assert_eq!(spoken.stdout(), "said\n");
    // The only tool left to install is not available.
    assert_eq!(run(&sandbox, &["speak"]).succeeds().stdout(), "said\n");
    run(&sandbox, &["--strict", "speak"]).exits_with(2).says("nodee");
    sandbox.write("vx.toml", &text.replace("nodee = \"22\"\n", ""));
    run(&sandbox, &["--strict", "speak"]).fails_with("1 of 1 tools did not install: biome");
    assert_eq!(run(&sandbox, &["speak"]).succeeds().stdout(), "said\n");
}

#[test]
fn the_last_script_takes_the_place_of_vx() {
    let sandbox =
        scripts("wait = { command = \"echo $$; exec sleep 20\", depends = [\"before\"] }\nbefore = \"true\"\n");
    let running = sandbox.start("run wait");
    let pid = running.pid();
    eventually("the script runs", || {
        sandbox.processes().into_iter().find(|process| process.pid == pid && process.command == "sleep 20")
    });
    running.signal(Signal::TERM);
    let finished = running.finish();
    assert_eq!((finished.signal(), finished.stdout().trim()), (Some(15), pid.to_string().as_str()));
}

#[test]
fn a_dependency_that_a_signal_ends_ends_vx_alike() {
    let sandbox = scripts("all = { command = \"echo never\", depends = [\"dies\"] }\ndies = \"kill -INT $$\"\n");
    let finished = run(&sandbox, &["all"]);
    assert_eq!((finished.signal(), finished.stdout().as_str()), (Some(2), ""));
}

#[test]
fn a_script_that_starts_vx_again_adds_nothing_to_the_search_path() {
    let sandbox = saying("echo \"$PATH\"");
    let vx = env!("CARGO_BIN_EXE_vx");
    let text = sandbox.read("vx.toml");
    sandbox.write("vx.toml", &format!("{text}[scripts]\nouter = \"say; {vx} say; {vx} run inner\"\ninner = \"say\"\n"));
    let shown = run(&sandbox, &["outer"]).succeeds().stdout();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines.len() == 3 && lines.iter().all(|line| *line == lines[0]), "{shown}");
}

#[test]
fn a_program_whose_interpreter_is_missing_is_reported_by_the_interpreter() {
    let sandbox = Sandbox::new();
    let archive =
        crate::support::registry::archive::tgz(&[Entry::file("package/bin/odd", 0o755, "#!/no/such/interpreter -x\n")]);
    let line = sandbox.addressed("odd", &archive, "");
    let sandbox = sandbox.config(&format!("[tools]\n{line}"));
    sandbox.vx("sync").succeeds();
    sandbox.vx("odd").fails_with("/no/such/interpreter");
    super::let_it_settle();
    sandbox.vx("odd").fails_with("/no/such/interpreter");
    sandbox.vx("shims").succeeds();
    super::shim(&sandbox, "odd", &[]).fails_with("/no/such/interpreter");
}

#[test]
fn man_pages_are_written_for_every_command() {
    let sandbox = Sandbox::new();
    sandbox.vx("man pages").succeeds();
    let page = |name: &str| std::fs::read_to_string(sandbox.project().join("pages").join(name)).expect("a page");
    assert!(page("vx.1").starts_with(".ie \\n(.g .ds Aq") && page("vx-run.1").contains("script\\-help"));
    let checked = Command::new("man").args(["--warnings", "-l"]).arg(sandbox.project().join("pages/vx-run.1")).output();
    if let Ok(output) = checked {
        assert!(output.status.success(), "{output:?}");
    }
}
