//! The next step after a bare word that is neither a command nor a tool.
//!
//! Other managers and earlier versions of vx name their commands differently; for such a word the hint is the
//! counterpart in this vx. Otherwise a command is suggested only if the word is one typo away from it and the command
//! neither starts, stops nor removes anything: people run what is suggested.

use std::ffi::OsString;

use vx_base::nearest::near_misses;
use vx_project::tool_and_version;

use super::commands::COMMANDS;
use crate::tools::shell::system::quote;

/// Commands that are never suggested. `help` is one letter away from a tool (`helm`), and the usual hint names it
/// anyway.
const NEVER_PROPOSED: [&str; 14] = [
    "up",
    "down",
    "start",
    "stop",
    "retry",
    "restart",
    "rebuild",
    "uninstall",
    "trust",
    "turn",
    "turn-child",
    "service-child",
    "service-supervisor",
    "help",
];

/// The next step after this word, if it can be known from the word.
pub(in crate::doors::cli) fn advice(word: &str) -> Option<String> {
    if let Some(known) = of_other_managers(word) {
        return Some(known.to_owned());
    }
    let proposed = COMMANDS.into_iter().filter(|command| !NEVER_PROPOSED.contains(command));
    near_misses(word, proposed).first().map(|near| format!("did you mean `{near}`?"))
}

/// The next step after a tool with its version, and these arguments.
pub(in crate::doors::cli) fn of_version(word: &str, arguments: &[OsString]) -> String {
    let (tool, version) = tool_and_version(word);
    let words: Vec<String> = arguments.iter().map(|argument| quote(&argument.to_string_lossy())).collect();
    let words = if words.is_empty() { String::new() } else { format!(" -- {}", words.join(" ")) };
    format!("`vx x {tool}@{}{words}` runs that version", quote(version.unwrap_or_default()))
}

/// The counterpart of a command that other managers or earlier versions have.
fn of_other_managers(word: &str) -> Option<&'static str> {
    Some(match word {
        "init" | "new" | "create" => "`vx use node@22`, or any other tool, creates a vx.toml in this directory",
        "add" => "`vx use node@22` installs a tool and declares it in vx.toml",
        "setup" | "bootstrap" => "`vx sync` installs the tools that vx.toml declares",
        "upgrade" | "update" => {
            "`vx lock --upgrade` chooses the newest versions that vx.toml allows, `vx sync` installs them"
        }
        "remove" | "rm" | "unuse" => "remove the tool's line from vx.toml; nothing else declares it",
        "prune" | "gc" | "clean" => {
            "nothing prunes: `vx list` shows the releases, and `vx uninstall TOOL@VERSION` removes one"
        }
        "exec-path" => "`vx env` prints the environment of the project's tools, with their folders in front of PATH",
        "ls" => "`vx list` lists the releases that are installed",
        "exec" => "`vx x TOOL -- ARGUMENTS` runs a tool or a program on PATH",
        "shell" => "`vx activate` prints the code that makes a shell use the project's tools",
        "script" | "tasks" | "dev" | "test" | "build" | "lint" => {
            "`vx run` runs the scripts of vx.toml; `vx run --list` lists them"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_managers_are_answered_with_what_does_the_same() {
        for (word, answer) in [
            ("init", "`vx use node@22`"),
            ("upgrade", "`vx lock --upgrade`"),
            ("update", "`vx lock --upgrade`"),
            ("prune", "nothing prunes"),
            ("setup", "`vx sync`"),
            ("ls", "`vx list`"),
            ("exec-path", "`vx env`"),
        ] {
            assert!(advice(word).is_some_and(|advice| advice.contains(answer)), "{word}");
        }
    }

    #[test]
    fn no_word_is_answered_with_a_command_that_starts_or_ends_something() {
        for word in
            ["upp", "upgrade", "dwon", "stopp", "setup", "prune", "strat", "restrat", "uninstal", "trun", "shutdown"]
        {
            let advice = advice(word).unwrap_or_default();
            assert!(
                !NEVER_PROPOSED.iter().any(|never| advice.contains(&format!("mean `{never}`"))),
                "{word}: {advice}"
            );
        }
        assert_eq!(advice("snyc").as_deref(), Some("did you mean `sync`?"));
        assert_eq!(advice("shutdown"), None);
    }

    #[test]
    fn a_version_of_a_tool_is_run_by_vx_x() {
        let arguments = ["--version".into(), "a b".into()];
        let expected = format!("`vx x node@20 -- --version {}` runs that version", quote("a b"));
        assert_eq!(of_version("node@20", &arguments), expected);
        assert_eq!(of_version("node@20", &[]), "`vx x node@20` runs that version");
        assert_eq!(advice("@scope"), None);
    }
}
