//! `vx run`: the scripts of vx.toml, with the project's tools in front of the search path.

mod absent;
mod on_board;
mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vx_base::trouble::Explain;
use vx_process::end_alike;
use vx_process::replace;
use vx_project::{Project, scripts};

use crate::doors::cli::args::RunScriptArguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED, USAGE};
use crate::doors::cli::output::print;
use crate::doors::cli::screens::frontend::{CommandLineFrontend, exit_code};
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::project;
use crate::running::scripts::{self as work, PreparedScripts, ScriptRunError, ScriptStep};
use crate::workspace::frontend::Frontend;
use crate::workspace::project::ProjectPlace;

/// Run `vx run`.
pub(in crate::doors::cli) fn run(directory: Option<&Path>, asked: &RunScriptArguments) -> CommandResult {
    let words = asked.words.iter().map(|word| word.to_str().map(str::to_owned));
    let words: Option<Vec<String>> = words.collect();
    let mut words = words.ok_or_else(|| CommandFailure::usage("an argument is not UTF-8, and scripts are text"))?;
    let elsewhere = words.first_mut().filter(|_| directory.is_none()).and_then(take_directory);
    let project = project(elsewhere.as_deref().or(directory))?;
    let Some((name, arguments)) = words.split_first().filter(|(name, _)| !asked.list && !name.is_empty()) else {
        return if asked.list { show::list(&project, asked.json) } else { Err(nothing_named(&project)) };
    };
    let wants_help = asked.script_help || matches!(arguments, [only] if only == "-H" || only == "--script-help");
    let arguments = match arguments {
        [first, rest @ ..] if first == "--" => rest,
        all => all,
    };
    let named = elsewhere.as_deref().or(directory).is_some();
    let order = scripts::order(&project.scripts, name).map_err(|error| absent::failure(&project, named, &error))?;
    if wants_help {
        show::help(&order);
        return Ok(ExitCode::SUCCESS);
    }
    if let [before @ .., _] = order.as_slice()
        && !before.is_empty()
    {
        let names: Vec<&str> = before.iter().map(|script| script.name.as_str()).collect();
        print::message(format_args!("`{name}` runs after {}", names.join(", ")));
    }
    // A run is shown on standard error, to keep standard output for the script.
    let (home, strict) = (workspace::home()?, asked.strict);
    let command_line = CommandLineFrontend::full_screen(asked.tui);
    // Check for a terminal before anything is installed.
    if asked.tui {
        drop(command_line.view().map_err(|_| CommandFailure::silent(USAGE))?);
    }
    let steps = match work::prepare(&project, &home, &order, arguments, strict, &command_line)? {
        PreparedScripts::Ready(steps) => steps,
        PreparedScripts::NotInstalled(outcome) => return Ok(exit_code(&outcome)),
    };
    if let Some(how) = on_board::wanted(asked) {
        let place = ProjectPlace::At(project.directory.clone());
        return on_board::run(&place, &steps, &how, &command_line);
    }
    match work::run_all_but_last(&steps) {
        Err(ref error @ ScriptRunError::Failed { exit, .. }) => {
            print::error(error, error.hint());
            Ok(ExitCode::from(end_alike(exit)))
        }
        Err(error) => Err(error.into()),
        Ok(None) => Ok(ExitCode::SUCCESS),
        Ok(Some(last)) => Ok(become_step(last)?),
    }
}

/// Split off the directory of a script that is named by a path, such as `../build`; the name stays in `word`.
fn take_directory(word: &mut String) -> Option<PathBuf> {
    let is_path = ["./", "../", "/"].iter().any(|start| word.starts_with(start));
    let (directory, name) = word.rsplit_once('/').filter(|_| is_path)?;
    let directory = PathBuf::from(format!("{directory}/"));
    *word = name.to_owned();
    Some(directory)
}

fn become_step(step: &ScriptStep) -> Result<ExitCode, ScriptRunError> {
    std::env::set_current_dir(&step.directory)
        .and_then(|()| replace(step.program(), &step.arguments(), &step.variables))
        .map_err(|error| step.not_started(error))
}

fn nothing_named(project: &Project) -> CommandFailure {
    let names: Vec<&str> = project.scripts.iter().map(|script| script.name.as_str()).collect();
    CommandFailure::usage("no script is named").hint(match names.as_slice() {
        [] => format!("add one to [scripts] in `{}`", project.path.display()),
        names => format!("`{}` has {}", project.path.display(), names.join(", ")),
    })
}

impl From<ScriptRunError> for CommandFailure {
    fn from(error: ScriptRunError) -> Self {
        match error {
            ScriptRunError::Work(error) => error.into(),
            ScriptRunError::Script(_) | ScriptRunError::Variables { .. } => Self::hinted(USAGE, &error),
            error => Self::hinted(FAILED, &error),
        }
    }
}
