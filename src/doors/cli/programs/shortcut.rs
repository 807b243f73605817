//! The calls that are answered before the command line is parsed: programs whose route is known, a shell's prompt, and
//! the runner of a process tree.

use std::ffi::OsString;
use std::process::ExitCode;

use vx_process::{own_name, tree_runner};

use super::tool;
use crate::boards::find::holders;
use crate::doors::cli::args::RunToolArguments;
use crate::doors::cli::output::commands::COMMANDS;
use crate::doors::cli::output::failure::CommandResult;
use crate::tools::activation::is_current;

/// Execute a tool's program without parsing the command line, if the route cache has it. A link to vx with the name of
/// a program means that program.
pub(in crate::doors::cli) fn try_execute(words: &[OsString]) -> Option<CommandResult> {
    let own = own_name(words.first()?)?;
    if !own.starts_with("vx") {
        let asked =
            RunToolArguments { no_install: false, shim: true, tool: own.into_owned(), arguments: words[1..].to_vec() };
        return Some(tool::explicit(None, &asked));
    }
    let name = words.get(1)?;
    if let Some(code) = tree_runner(&words[1..], holders) {
        return Some(Ok(code));
    }
    // An activated shell calls this at each prompt.
    if name == "activate" && words.get(2).is_some_and(|word| word == "--hook") && is_current() {
        return Some(Ok(ExitCode::SUCCESS));
    }
    let is_word = |name: &str| !name.starts_with('-') && !COMMANDS.contains(&name);
    if name.to_str().is_none_or(is_word) {
        tool::take_shortcut(name, &words[2..]);
    }
    None
}
