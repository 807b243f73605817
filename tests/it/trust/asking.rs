//! The question for consent on a terminal, and the single line where nobody can answer.

use std::fs;
use std::process::Command;

use super::{acted, cautious, evil, evil_tool, make_shims, shim_in};
#[cfg(target_os = "linux")]
use crate::support::pty::OnTerminal;
use crate::support::sandbox::Sandbox;

fn with_command() -> Sandbox {
    let sandbox = cautious();
    let text = format!(
        "[tools]\nruff = {{ version = \"0.15.1\", postinstall = \"{}\" }}\n[env]\nMODE = \"a\\u001b[2Jb\"\n",
        evil(&sandbox)
    );
    sandbox.config(&text)
}

/// Run vx on a terminal with this answer. Returns its exit code and its screen.
#[cfg(target_os = "linux")]
fn answered(sandbox: &Sandbox, words: &str, answer: &str) -> (Option<i32>, String) {
    let mut terminal = OnTerminal::start(sandbox.command(words));
    terminal.await_screen("it asks", |screen| screen.contains("[y/N]"));
    terminal.press(answer);
    terminal.ends()
}

#[cfg(target_os = "linux")]
#[test]
fn a_sync_on_a_terminal_lists_the_parts_and_asks_once() {
    let sandbox = with_command();
    let (code, text) = answered(&sandbox, "sync --plain", "n\r");
    assert_eq!(code, Some(2), "{text}");
    assert!(!acted(&sandbox));
    let (code, text) = answered(&sandbox, "sync --plain", "y\r");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("installing ruff runs: echo EVIL") && text.contains("sets the variable MODE=a"), "{text}");
    assert!(!text.contains("\u{1b}[2J"), "no control character of the project's: {text:?}");
    assert_eq!(text.matches("[y/N]").count(), 1, "{text}");
    assert!(acted(&sandbox));
    let (code, text) = OnTerminal::start(sandbox.command("sync --plain")).ends();
    assert!(code == Some(0) && !text.contains("[y/N]"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_changed_command_is_asked_about_with_the_difference() {
    let sandbox = with_command();
    answered(&sandbox, "trust", "y\r");
    sandbox.write("vx.toml", &sandbox.read("vx.toml").replace("echo EVIL", "echo EVIL more"));
    let (code, text) = answered(&sandbox, "sync --plain", "\r");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("- installing ruff runs: echo EVIL >>"), "{text}");
    assert!(text.contains("+ installing ruff runs: echo EVIL more"), "{text}");
    assert!(!acted(&sandbox));
}

#[cfg(target_os = "linux")]
#[test]
fn what_changes_while_the_question_stands_is_not_what_was_agreed_to() {
    let sandbox = cautious();
    let script = sandbox.project().join("setup.sh");
    sandbox.write("setup.sh", "true");
    let text = format!("[tools]\nruff = {{ version = \"0.15.1\", postinstall = \"sh {}\" }}\n", script.display());
    let sandbox = sandbox.config(&text);
    let mut terminal = OnTerminal::start(sandbox.command("sync --plain"));
    terminal.await_screen("it asks", |screen| screen.contains("[y/N]"));
    sandbox.write("setup.sh", &evil(&sandbox));
    terminal.press("y\r");
    let (code, text) = terminal.ends();
    assert!(code == Some(2) && text.contains("has changed since it was shown"), "{text}");
    // A changed vx.toml is not read again: the run uses what was shown.
    sandbox.write("setup.sh", "true");
    let mut terminal = OnTerminal::start(sandbox.command("sync --plain"));
    terminal.await_screen("it asks", |screen| screen.contains("[y/N]"));
    sandbox.write("vx.toml", &text_with(&evil(&sandbox)));
    terminal.press("y\r");
    let (code, text) = terminal.ends();
    assert_eq!(code, Some(0), "{text}");
    assert!(!acted(&sandbox));
    sandbox.vx("sync --force").exits_with(2);
    assert!(!acted(&sandbox));
}

#[cfg(target_os = "linux")]
fn text_with(command: &str) -> String {
    format!("[tools]\nruff = {{ version = \"0.15.1\", postinstall = \"{command}\" }}\n")
}

#[cfg(target_os = "linux")]
#[test]
fn only_sync_install_and_trust_ask_even_on_a_terminal() {
    let sandbox = with_command();
    for words in
        ["ruff", "x ruff", "env --shell bash", "activate --hook bash", "which ruff", "run --list", "lock", "doctor"]
    {
        let (_, text) = OnTerminal::start(sandbox.command(words)).ends();
        assert!(!text.contains("[y/N]"), "{words}: {text}");
    }
    let (code, text) = OnTerminal::start(sandbox.command("install biome --plain")).ends();
    assert!(code == Some(0) && !text.contains("[y/N]"), "a tool that needs no consent: {text}");
    assert_eq!(answered(&sandbox, "install ruff --plain", "n\r").0, Some(2));
    assert!(!acted(&sandbox));
}

#[test]
fn the_line_is_said_once_in_a_shell_and_again_in_the_next() {
    let sandbox = with_command();
    make_shims(&sandbox);
    sandbox.write("vx.toml", "[tools]\nruff = \"0.15.1\"\n[env]\nMODE = \"x\"\n");
    sandbox.vx("sync").succeeds();
    let _ = fs::remove_dir_all(sandbox.home().join("cache/told"));
    super::let_it_settle();
    let said = || shim_in(&sandbox, &sandbox.project(), "ruff").succeeds().stderr().matches("vx trust").count();
    assert_eq!((said(), said(), said()), (1, 0, 0));
    let in_session = || {
        let mut command = Command::new("setsid");
        command.arg("-w").arg(sandbox.home().join("shims/ruff")).current_dir(sandbox.project());
        command.env_clear().envs(sandbox.environment());
        sandbox.run("setsid ruff", command).finish().succeeds().stderr().matches("vx trust").count()
    };
    assert_eq!((in_session(), in_session()), (1, 1), "each is a session of its own");
}

#[test]
fn locking_refuses_a_tool_that_needs_consent_with_exit_code_2_and_locks_the_others() {
    let sandbox = cautious();
    let tool = evil_tool(&sandbox, "strange", "");
    sandbox.write("vx.toml", &format!("[tools]\nbiome = \"2.3.4\"\n{tool}"));
    sandbox.vx("lock").refuses_with("strange").says("vx trust").says("wrote vx.lock");
    let lock = sandbox.read("vx.lock");
    assert!(lock.contains("biome") && !lock.contains("strange"), "{lock}");
    sandbox.write("vx.toml", &format!("[tools]\n{tool}"));
    sandbox.vx("lock").refuses_with("strange");
    sandbox.vx("lock strange").refuses_with("strange");
}

#[cfg(target_os = "linux")]
#[test]
fn of_many_parts_the_command_stands_right_above_the_question() {
    let sandbox = cautious();
    let variables: String = (0..300).map(|number| format!("V{number} = \"x\"\n")).collect();
    let command = evil(&sandbox);
    let tool = format!("ruff = {{ version = \"0.15.1\", postinstall = \"{command}\" }}");
    let sandbox = sandbox.config(&format!("[tools]\n{tool}\n[env]\n{variables}"));
    let (code, text) = answered(&sandbox, "sync --plain", "n\r");
    assert_eq!(code, Some(2), "{text}");
    let before = text.split("May it do this?").next().expect("a question");
    let last = before.lines().rev().find(|line| !line.trim().is_empty()).expect("a line");
    assert!(last.contains("installing ruff runs: echo EVIL"), "{text}");
    assert!(before.contains("292 more variables") && !before.contains("V299="), "{text}");
    sandbox.vx("trust --show").succeeds().prints("V299=x");
}

#[cfg(target_os = "linux")]
#[test]
fn a_variable_that_is_new_is_shown_below_many_that_were_agreed_to() {
    let sandbox = cautious();
    let variables: String = (0..20).map(|number| format!("V{number} = \"x\"\n")).collect();
    sandbox.write("vx.toml", &format!("[env]\n{variables}"));
    sandbox.vx("trust --yes").succeeds();
    sandbox.write("vx.toml", &format!("[env]\n{variables}ZED = \"evil\"\n"));
    let (_, text) = answered(&sandbox, "trust", "n\r");
    assert!(text.contains("+ sets the variable ZED=evil") && text.contains("12 more variables"), "{text}");
}
