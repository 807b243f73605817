//! `vx TOOL …` and `vx x`: execute the pinned program, after installing it if it is missing.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use vx_base::paths::Home;
use vx_process::missing_interpreter;
use vx_process::replace;
use vx_project::tool_and_version;

use crate::doors::cli::args::RunToolArguments;
use crate::doors::cli::output::commands::COMMANDS;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::words;
use crate::doors::cli::screens::frontend::{CommandLineFrontend, exit_code};
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place_or_none;
use crate::tools::route::{self, Invocation};
use crate::tools::tool::{Namesake, Naming, ToolError, ToolOptions, ToolOutcome, find_program, find_version};
use crate::workspace::project::ProjectPlace;

/// Execute this program at once if its route is known in this directory. Returns otherwise.
pub(in crate::doors::cli) fn take_shortcut(name: &OsStr, arguments: &[OsString]) {
    let invocation = Home::from_environment().ok().and_then(|home| route::shortcut(&home, name));
    if let Some(invocation) = invocation {
        // If the file cannot be run, continue with the full search.
        let _ = replace(&invocation.file, arguments, &invocation.variables);
    }
}

/// Run `vx TOOL …`. A word that is another manager's command, or a typo, runs nothing.
pub(in crate::doors::cli) fn external(project: Option<&Path>, words: &[OsString]) -> CommandResult {
    let (name, arguments) = words.split_first().ok_or_else(|| CommandFailure::usage("no tool is named"))?;
    let name = name
        .to_str()
        .ok_or_else(|| CommandFailure::usage(format!("no tool is called `{}`", name.to_string_lossy())))?;
    if COMMANDS.contains(&name) {
        // It would have been taken for a command if this program had it.
        return Err(CommandFailure::usage(match cfg!(unix) {
            true => format!("this vx was built without the command `{name}`"),
            false => format!("`vx {name}` is not available on this system: it needs Unix sockets"),
        }));
    }
    match find(&workspace::home()?, &place_or_none(project)?, (name, None), Naming::Word, MissingToolPolicy::Install) {
        Err(error) => Err(unknown_word(error, arguments)),
        Ok(found) => run(&found, arguments),
    }
}

/// Run `vx x`.
pub(in crate::doors::cli) fn explicit(project: Option<&Path>, asked: &RunToolArguments) -> CommandResult {
    let (tool, version) = tool_and_version(&asked.tool);
    if version.is_none() && project.is_none() {
        take_shortcut(OsStr::new(tool), &asked.arguments);
    }
    let naming = if asked.shim { Naming::Link } else { Naming::Program };
    let missing = if asked.no_install { MissingToolPolicy::Refuse } else { MissingToolPolicy::Install };
    run(&find(&workspace::home()?, &place_or_none(project)?, (tool, version), naming, missing)?, &asked.arguments)
}

/// What to do if a tool is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::doors::cli) enum MissingToolPolicy {
    /// Install it.
    Install,
    /// Fail.
    Refuse,
}

/// Find the program of this name, of that version if one is named.
pub(in crate::doors::cli) fn find(
    home: &Home,
    place: &ProjectPlace,
    (name, version): (&str, Option<&str>),
    naming: Naming,
    missing: MissingToolPolicy,
) -> Result<ToolOutcome, ToolError> {
    let options =
        ToolOptions { name, place, install: missing == MissingToolPolicy::Install, naming, reserved: &COMMANDS };
    // A run is shown on standard error, to keep standard output for the program.
    let frontend = CommandLineFrontend::default();
    match version {
        Some(version) => find_version(home, &options, version, &frontend),
        None => find_program(home, &options, &frontend),
    }
}

fn run(found: &ToolOutcome, arguments: &[OsString]) -> CommandResult {
    match found {
        ToolOutcome::Ready(invocation) => become_program(invocation, arguments),
        ToolOutcome::NotInstalled(outcome) => Ok(exit_code(outcome)),
    }
}

/// The failure for an unknown word, with a hint that depends on the word.
fn unknown_word(error: ToolError, arguments: &[OsString]) -> CommandFailure {
    let ToolError::Unknown { name, namesake, .. } = &error else { return error.into() };
    let advice = match namesake {
        Namesake::Script | Namesake::Package => None,
        Namesake::Version => Some(words::of_version(name, arguments)),
        Namesake::OnPath | Namesake::None => words::advice(name),
    };
    let advice = advice.map(|advice| match namesake {
        Namesake::OnPath => format!("{advice}; `vx x {name}` runs the program on PATH"),
        _ => advice,
    });
    match advice {
        Some(advice) => CommandFailure::from(error).hint(advice),
        None => error.into(),
    }
}

fn become_program(invocation: &Invocation, arguments: &[OsString]) -> CommandResult {
    let file = &invocation.file;
    replace(file, arguments, &invocation.variables).map_err(|error| match missing_interpreter(file, &error) {
        Some(missing) => {
            CommandFailure::failed(format!("cannot run `{}`: its interpreter `{missing}` is missing", file.display()))
                .hint(format!("install the program that `{missing}` belongs to"))
        }
        None => CommandFailure::failed(format!("cannot run `{}`: {error}", file.display()))
            .hint("`vx sync --force` installs it again"),
    })
}
