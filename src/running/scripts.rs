//! Scripts of a project, run in order with the project's tools in front of the search path.
//!
//! Every script is expanded before the first runs, so that an error in the last one is found before anything is done.

mod environment;
mod error;
mod hand;
mod jobs;
mod on_board;

pub(crate) use environment::VariableFiles;
#[cfg(feature = "control")]
pub(crate) use environment::content as content_of_variables;
pub use error::ScriptRunError;
pub use on_board::{Joined, ScriptBoardOptions, StepsEnd, run_on_board};

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use vx_base::paths::Home;
use vx_process::foreground_tree;
use vx_project::Project;
use vx_project::scripts::{PlaceholderValues, ProjectScript, ScriptError, takes_arguments};

use crate::tools::installs::syncing::SyncOptions;
use crate::tools::routes::Routes;
use crate::tools::shell::system::{SHELL, quote};
use crate::tools::tool::{notice_strays, sync_missing};
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::run::RunOutcome;
use environment::{Variables, fixed_words};

/// A script ready to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScriptStep {
    /// The script's name.
    pub name: String,
    /// The command for the shell; empty if the script only has dependencies.
    pub command: String,
    /// The variables to set in addition to the inherited ones.
    pub variables: Vec<(OsString, OsString)>,
    /// The directory in which the command runs.
    pub directory: PathBuf,
    /// The names of the scripts that have to succeed first.
    pub depends: Vec<String>,
}

/// The outcome of preparing scripts.
#[derive(Debug)]
pub enum PreparedScripts {
    /// The steps, in their order.
    Ready(Vec<ScriptStep>),
    /// This run was to install missing tools. It failed, and scripts may not run without them; or it was cancelled.
    NotInstalled(RunOutcome),
}

/// Prepare these scripts of a project, in the order in which they are to run. The last script gets the arguments, and
/// so does each earlier script with a placeholder for them. Missing tools are installed first, if the project allows
/// it; the scripts run without tools that cannot be installed, unless `strict` is set.
///
/// # Errors
/// A script has an unknown placeholder, a file of variables cannot be read, or a run did not start.
pub fn prepare(
    project: &Project,
    home: &Home,
    order: &[&ProjectScript],
    arguments: &[String],
    strict: bool,
    frontend: &dyn Frontend,
) -> Result<PreparedScripts, ScriptRunError> {
    let mut routes = Routes::for_directory(&project.directory, home.clone())?;
    routes.tell(frontend);
    let absent = routes.absent_until_run();
    if !absent.is_empty() {
        let missing = SyncOptions { tools: absent, strict, for_script: !strict, ..SyncOptions::default() };
        if let Some(outcome) = sync_missing(home, &project.directory, &missing, frontend)?
            && (strict || !outcome.ran_to_its_end())
        {
            return Ok(PreparedScripts::NotInstalled(outcome));
        }
        routes = Routes::for_directory(&project.directory, home.clone())?;
    }
    notice_strays(&routes, frontend);
    let tools = routes.invocation(PathBuf::from(SHELL[0]), None).variables;
    let files = VariableFiles { home, consent: routes.consents().next(), frontend };
    // In the routes' project, the parts that may not act are removed.
    let project = routes.project().unwrap_or(project);
    let variables = files.of_project(project, tools)?;
    Ok(PreparedScripts::Ready(steps(project, home, order, arguments, &variables)?))
}

fn steps(
    project: &Project,
    home: &Home,
    order: &[&ProjectScript],
    arguments: &[String],
    variables: &Variables,
) -> Result<Vec<ScriptStep>, ScriptRunError> {
    let inherited = std::env::vars_os().chain(variables.clone());
    let environment = inherited.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let words = PlaceholderValues {
        fixed: fixed_words(project, home)?,
        environment: environment.collect(),
        arguments: Vec::new(),
        quote,
    };
    let asked = order.last().map(|script| &script.name);
    let step_of = |script: &&ProjectScript| {
        let takes = asked == Some(&script.name) || takes_arguments(&script.command);
        step(project, script, if takes { arguments } else { &[] }, &words, variables)
    };
    Ok(order.iter().map(step_of).collect::<Result<_, _>>()?)
}

fn step(
    project: &Project,
    script: &ProjectScript,
    arguments: &[String],
    words: &PlaceholderValues,
    variables: &Variables,
) -> Result<ScriptStep, ScriptError> {
    let arguments = script.args.iter().chain(arguments).cloned().collect();
    let mut plain = PlaceholderValues { arguments, quote: str::to_owned, ..words.clone() };
    let mut own = variables.clone();
    for (name, value) in &script.env {
        let value = plain.expand(&script.name, value)?;
        plain.environment.insert(name.clone(), value.clone());
        own.insert(name.into(), value.into());
    }
    let cwd = script.cwd.as_deref().unwrap_or_default();
    let directory = project.directory.join(plain.expand(&script.name, cwd)?);
    let command = PlaceholderValues { quote, ..plain }.command(&script.name, &script.command)?;
    let (name, depends) = (script.name.clone(), script.depends.clone());
    Ok(ScriptStep { name, command, variables: own.into_iter().collect(), directory, depends })
}

/// Run every step but the last, which is returned if it has a command: the door replaces its own process with it, so
/// that signals, terminal and exit code are the script's own.
///
/// # Errors
/// A step does not succeed, or its shell cannot be started.
pub fn run_all_but_last(steps: &[ScriptStep]) -> Result<Option<&ScriptStep>, ScriptRunError> {
    let Some((last, before)) = steps.split_last() else { return Ok(None) };
    for step in before.iter().filter(|step| !step.command.is_empty()) {
        let status = foreground_tree(step.program(), &step.arguments(), &step.variables, &step.directory)
            .map_err(|error| step.not_started(error))?;
        if !status.success() {
            return Err(ScriptRunError::Failed { name: step.name.clone(), exit: status.into() });
        }
    }
    Ok(Some(last).filter(|last| !last.command.is_empty()))
}

impl ScriptStep {
    /// The shell that runs the command.
    pub fn program(&self) -> &'static Path {
        Path::new(SHELL[0])
    }

    /// The arguments of the shell.
    pub fn arguments(&self) -> Vec<OsString> {
        vec![SHELL[1].into(), self.command.clone().into()]
    }

    /// The error of a shell that the system refused to start.
    pub fn not_started(&self, error: io::Error) -> ScriptRunError {
        ScriptRunError::NotStarted { name: self.name.clone(), directory: self.directory.clone(), error }
    }
}
