//! `vx help`: the help of a command.

use std::ffi::OsString;

use clap::CommandFactory;
use vx_base::nearest::nearest;

use crate::doors::cli::args::Arguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};

/// Show the help of the command with these words, or of `vx` itself without any.
pub(in crate::doors::cli) fn run(words: &[OsString]) -> CommandResult {
    let mut asked = vec![OsString::from("vx")];
    let mut command = Arguments::command();
    for word in words {
        let name = word.to_string_lossy();
        let Some(found) = command.find_subcommand(&*name) else { return Err(unknown(&command, &asked, &name)) };
        command = found.clone();
        asked.push(word.clone());
    }
    asked.push("--help".into());
    match Arguments::command().try_get_matches_from(asked) {
        Err(help) => help.exit(),
        Ok(_) => Err(CommandFailure::failed("the help cannot be shown")),
    }
}

fn unknown(command: &clap::Command, asked: &[OsString], name: &str) -> CommandFailure {
    let asked: Vec<_> = asked.iter().map(|word| word.to_string_lossy()).collect();
    let known = command.get_subcommands().map(clap::Command::get_name);
    let hint = match nearest(name, known).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`vx --help` lists the commands".to_owned(),
    };
    CommandFailure::usage(format!("`{}` has no command `{name}`", asked.join(" "))).hint(hint)
}
