//! The command line: what each command does with the floors below, and what it prints.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

mod activate;
mod args;
mod board;
mod boards;
mod carry_out;
mod config;
mod doctor;
mod env;
mod export;
mod failure;
mod install;
mod install_child;
mod interrupts;
mod lock;
mod log_file;
mod look;
mod man;
mod outdated;
mod pager;
mod print;
mod put;
mod releases;
mod replay;
mod routes;
mod script;
mod search;
mod shell;
mod shims;
mod show;
mod store;
mod sync;
mod terminal;
mod tool;
mod top;
mod views;
mod which;
mod workspace;

use args::{Arguments, Command, RunToolArguments};

/// The names that are not tools': those of the commands. A tool of such a name is run with `vx x`.
const COMMANDS: [&str; 22] = [
    "sync",
    "install",
    "uninstall",
    "lock",
    "list",
    "which",
    "search",
    "board",
    "top",
    "cache",
    "x",
    "outdated",
    "doctor",
    "config",
    "shims",
    "run",
    "env",
    "activate",
    "exec-path",
    "man",
    "completions",
    "help",
];

/// Run the program with the process's own arguments.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = run_at_once(&words) {
        return code;
    }
    let arguments = Arguments::parse_from(words);
    let project = arguments.project.as_deref();
    let outcome = match arguments.command {
        Command::Sync(sync) => sync::run(project, &sync),
        Command::Install(install) => match &install.ipc_channel {
            Some(channel) => match install.tools.as_slice() {
                [tool] => return install_child::run(channel, tool),
                _ => Err(failure::Failure::usage("`--ipc-channel` installs exactly one tool")),
            },
            None => install::run(project, &install),
        },
        Command::Uninstall { tools } => store::uninstall(&tools),
        Command::Lock(lock) => lock::run(project, &lock),
        Command::Outdated(outdated) => outdated::run(project, &outdated),
        Command::Doctor(doctor) => doctor::run(project, &doctor),
        Command::Config(asked) => config::run(project, &asked),
        Command::List { json } => store::list(json),
        Command::Run(script) => script::run(project, &script),
        Command::Which { tool, all: false } => which::run(project, &tool),
        Command::Which { tool, all: true } => which::all(project, &tool),
        Command::ExecPath { tool } => env::folders(project, tool.as_deref()),
        Command::Env(asked) => env::run(project, &asked),
        Command::Activate(asked) => activate::run(&asked),
        Command::Man { directory } => man::run(&directory),
        Command::Search { text } => search::run(&text),
        Command::Board { command } => board::run(command),
        Command::Top { board, choose, speed, mouse } => top::run(board.as_deref(), choose, speed, !mouse.no_mouse),
        Command::Cache { command } => store::cache(command),
        Command::X(asked) => tool::explicit(&asked),
        Command::Tool(words) => tool::external(&words),
        Command::Shims(asked) => shims::run(&asked),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "vx", &mut script);
            print::data(String::from_utf8_lossy(&script).trim_end());
            Ok(ExitCode::SUCCESS)
        }
    };
    finish(outcome)
}

/// A tool's program needs no look at the command line: where it is known what it comes to, this process becomes it. A
/// link to vx that has the name of a program is that program.
fn run_at_once(words: &[OsString]) -> Option<ExitCode> {
    let own = Path::new(words.first()?).file_stem()?.to_string_lossy();
    if !own.starts_with("vx") {
        let asked =
            RunToolArguments { no_install: false, shim: true, tool: own.into_owned(), arguments: words[1..].to_vec() };
        return Some(finish(tool::explicit(&asked)));
    }
    let name = words.get(1)?;
    // At each prompt, where a shell follows its projects.
    if name == "activate" && words.get(2).is_some_and(|word| word == "--hook") && activate::is_current() {
        return Some(ExitCode::SUCCESS);
    }
    let is_word = |name: &str| !name.starts_with('-') && !COMMANDS.contains(&name);
    if name.to_str().is_none_or(is_word) {
        tool::take_shortcut(name, &words[2..]);
    }
    None
}

fn finish(outcome: failure::Outcome) -> ExitCode {
    let code = outcome.unwrap_or_else(failure::Failure::report);
    match print::lost() {
        Some(reason) => failure::Failure::failed(format!("cannot write to standard output: {reason}")).report(),
        None => code,
    }
}

/// A tool's name and the version behind its `@`, if there is one; a leading `@` belongs to the name.
fn tool_and_version(text: &str) -> (&str, Option<&str>) {
    match text.char_indices().skip(1).find(|(_, character)| *character == '@') {
        Some((at, _)) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_listed_as_one() {
        let mut named: Vec<String> =
            Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        named.push("help".into());
        named.sort();
        let mut listed = COMMANDS.map(str::to_owned).to_vec();
        listed.sort();
        assert_eq!(listed, named);
    }

    #[test]
    fn the_version_stands_behind_the_last_part_of_the_name() {
        assert_eq!(tool_and_version("node@22.1.0"), ("node", Some("22.1.0")));
        assert_eq!(tool_and_version("node"), ("node", None));
        assert_eq!(tool_and_version("@scope/x@1"), ("@scope/x", Some("1")));
        assert_eq!(tool_and_version("@scope/x"), ("@scope/x", None));
        assert_eq!(tool_and_version(""), ("", None));
    }
}
