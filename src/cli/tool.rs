//! `vx TOOL …` and `vx x`: execute the pinned program, after installing it if it is missing.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::args::RunToolArguments;
use super::commands::COMMANDS;
use super::failure::{Failure, Outcome};
use super::frontend::{CommandLine, exit_code};
use super::store;
use super::workspace::place_or_none;
use crate::paths::Home;
use crate::process::{missing_interpreter, replace};
use crate::project::tool_and_version;
use crate::route::{self, Invocation};
use crate::work::tool::{ToolOptions, ToolOutcome, find_program, find_version};
use crate::work::workspace::Place;

/// Execute this program at once if its route is known in this directory. Returns otherwise.
pub(super) fn take_shortcut(name: &OsStr, arguments: &[OsString]) {
    let invocation = Home::from_environment().ok().and_then(|home| route::shortcut(&home, name));
    if let Some(invocation) = invocation {
        // If the file cannot be run, continue with the full search.
        let _ = replace(&invocation.file, arguments, &invocation.variables);
    }
}

/// Run `vx TOOL …`.
pub(super) fn external(project: Option<&Path>, words: &[OsString]) -> Outcome {
    let (name, arguments) = words.split_first().ok_or_else(|| Failure::usage("no tool is named"))?;
    let name =
        name.to_str().ok_or_else(|| Failure::usage(format!("no tool is called `{}`", name.to_string_lossy())))?;
    run(&place_or_none(project)?, (name, None), arguments, true, false)
}

/// Run `vx x`.
pub(super) fn explicit(project: Option<&Path>, asked: &RunToolArguments) -> Outcome {
    let (tool, version) = tool_and_version(&asked.tool);
    if version.is_none() && project.is_none() {
        take_shortcut(OsStr::new(tool), &asked.arguments);
    }
    run(&place_or_none(project)?, (tool, version), &asked.arguments, !asked.no_install, asked.shim)
}

fn run(
    place: &Place,
    (name, version): (&str, Option<&str>),
    arguments: &[OsString],
    install: bool,
    shim: bool,
) -> Outcome {
    match find(place, (name, version), install, shim)? {
        ToolOutcome::Ready(invocation) => become_program(&invocation, arguments),
        ToolOutcome::NotInstalled(outcome) => Ok(exit_code(&outcome)),
    }
}

/// Find the program of this name, of that version if one is named; a missing one is installed if `install` is true.
pub(super) fn find(
    place: &Place,
    (name, version): (&str, Option<&str>),
    install: bool,
    shim: bool,
) -> Result<ToolOutcome, Failure> {
    let options = ToolOptions { name, place, install, shim, reserved: &COMMANDS };
    // A run is shown on standard error, to keep standard output for the program.
    let (home, frontend) = (store::home()?, CommandLine::default());
    Ok(match version {
        Some(version) => find_version(&home, &options, version, &frontend)?,
        None => find_program(&home, &options, &frontend)?,
    })
}

fn become_program(invocation: &Invocation, arguments: &[OsString]) -> Outcome {
    let file = &invocation.file;
    replace(file, arguments, &invocation.variables).map_err(|error| match missing_interpreter(file, &error) {
        Some(missing) => {
            Failure::failed(format!("cannot run `{}`: there is no `{missing}`, which it is for", file.display()))
                .hint(format!("install what `{missing}` belongs to"))
        }
        None => Failure::failed(format!("cannot run `{}`: {error}", file.display()))
            .hint("`vx sync --force` installs it again"),
    })
}
