//! The command line: what each command does with the floors below, and what it prints.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

mod args;
mod board;
mod boards;
mod carry_out;
mod doctor;
mod failure;
mod install;
mod install_child;
mod interrupts;
mod lock;
mod outdated;
mod print;
mod releases;
mod search;
mod show;
mod store;
mod sync;
mod terminal;
mod top;
mod views;
mod which;
mod workspace;

use args::{Arguments, Command};

/// Run the program with the process's own arguments.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
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
        Command::List { json } => store::list(json),
        Command::Which { tool } => which::run(project, &tool),
        Command::Search { text } => search::run(&text),
        Command::Board { command } => board::run(command),
        Command::Top { board, choose } => top::run(board.as_deref(), choose),
        Command::Cache { command } => store::cache(command),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "vx", &mut script);
            print::data(String::from_utf8_lossy(&script).trim_end());
            Ok(ExitCode::SUCCESS)
        }
    };
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
    fn the_version_stands_behind_the_last_part_of_the_name() {
        assert_eq!(tool_and_version("node@22.1.0"), ("node", Some("22.1.0")));
        assert_eq!(tool_and_version("node"), ("node", None));
        assert_eq!(tool_and_version("@scope/x@1"), ("@scope/x", Some("1")));
        assert_eq!(tool_and_version("@scope/x"), ("@scope/x", None));
        assert_eq!(tool_and_version(""), ("", None));
    }
}
