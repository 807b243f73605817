//! What a project declares, and how much of it is installed or running.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vx_base::paths::Home;
use vx_project::trust::shown_command;
use vx_store::Store;
use vx_text::escaped;

use super::QuestionError;

use vx_services::build_key;

use crate::serving::up::{self, ServiceState};
use crate::tools::routes::Routes;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::NullFrontend;
use crate::workspace::project::{Faults, ProjectPlace, Workspace};

/// A project as its files declare it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ProjectState {
    /// Its `vx.toml`.
    pub file: PathBuf,
    /// The tools that it declares and inherits.
    pub tools: Vec<Tool>,
    /// Its scripts.
    pub scripts: Vec<Script>,
    /// Its services.
    pub services: Vec<Service>,
    /// Errors and warnings about its file. With an error, nothing else is known about the project.
    pub problems: Vec<Problem>,
    /// What waits for the user's consent; empty once that is given.
    pub waits_for_consent: Vec<String>,
}

/// A tool of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The requested version.
    pub wanted: String,
    /// The version in the lock.
    pub locked: Option<String>,
    /// The versions in the store.
    pub installed: Vec<String>,
    /// Whether it is not installed as the project wants it.
    pub missing: bool,
    /// Its line in the file, from 1; 0 for an inherited tool.
    pub line: u32,
}

/// A script of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Script {
    /// Its name.
    pub name: String,
    /// Its command; empty if it only runs other scripts.
    pub command: String,
    /// Its purpose.
    pub description: Option<String>,
    /// The scripts that have to succeed first.
    pub after: Vec<String>,
}

/// A service of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The word that people see; `not started` if it was never started.
    pub word: String,
    /// The state of its slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The standing of its slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<String>,
    /// Its step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Whether it can be used.
    pub ready: bool,
    /// False if it counts as ready without any check, only because it has run for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<bool>,
    /// Its address, once it can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The number of its restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u8>,
    /// One line about its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The next step after the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// False if its supervisor was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervised: Option<bool>,
    /// Its last build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
}

/// The last build of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Build {
    /// Its key on the board.
    pub key: String,
    /// The word that people see.
    pub word: String,
    /// Its error.
    pub error: Option<String>,
}

/// An error or a warning about a project's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Problem {
    /// Its line, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
    /// Its length in characters.
    pub length: u32,
    /// The problem as a text.
    pub message: String,
    /// How to correct it.
    pub advice: Option<String>,
    /// Whether it makes the file unusable.
    pub error: bool,
}

/// The project of this directory.
///
/// # Errors
/// There is no project, or its files cannot be read.
pub fn project(home: &Home, directory: &Path) -> Result<ProjectState, QuestionError> {
    let place = ProjectPlace::Above(directory.to_owned());
    let workspace = Workspace::open(home.clone(), &place, Faults::Keep, &NullFrontend)?;
    if let Some(WorkError::Project(vx_project::ProjectError::Wrong(errors))) = &workspace.fault {
        let problems = errors.problems.iter().map(|found| problem(found, true)).collect();
        return Ok(ProjectState::unusable(errors.path.clone(), problems));
    }
    if let Some(fault) = workspace.fault {
        return Err(QuestionError::Work(fault));
    }
    let project = &workspace.project;
    let absent = Routes::for_place(&place, home.clone()).map(|routes| routes.absent()).unwrap_or_default();
    let store = Store::new(home.clone()).list()?;
    let versions = |tool: &str| {
        let receipts = store.iter().map(|release| &release.receipt).filter(|receipt| receipt.tool == tool);
        receipts.map(|receipt| receipt.version.clone()).collect()
    };
    let tool = |tool: &vx_project::ToolRequest| Tool {
        name: tool.name.clone(),
        wanted: tool.request.text().to_owned(),
        locked: workspace.lock.tools.get(&tool.name).map(|locked| locked.version.clone()),
        installed: versions(&tool.name),
        missing: absent.contains(&tool.name),
        line: number(tool.line),
    };
    let script = |script: &vx_project::scripts::ProjectScript| Script {
        name: script.name.clone(),
        command: shown_command(&script.command),
        description: script.description.clone(),
        after: script.depends.clone(),
    };
    let at_work = up::of_project(&project.directory).unwrap_or_default();
    let service =
        |name: &str| at_work.iter().find(|service| service.name == name).map_or_else(|| not_started(name), state);
    let warnings = project.warnings.iter().map(|found| problem(found, project.service_faults.contains(found)));
    Ok(ProjectState {
        file: project.path.clone(),
        tools: project.tools.iter().map(tool).collect(),
        scripts: project.scripts.iter().map(script).collect(),
        services: project.services.iter().map(|declared| service(&declared.name)).collect(),
        problems: warnings.collect(),
        waits_for_consent: if workspace.consent.complete() { Vec::new() } else { workspace.consent.lines() },
    })
}

impl ProjectState {
    fn unusable(file: PathBuf, problems: Vec<Problem>) -> Self {
        let (tools, scripts, services, waits_for_consent) = Default::default();
        Self { file, tools, scripts, services, problems, waits_for_consent }
    }
}

fn problem(found: &vx_project::Problem, error: bool) -> Problem {
    let vx_project::Problem { message, advice, line, column, length, .. } = found.clone();
    // Escaped, because the texts quote a file that may be a stranger's, and people read them.
    let (message, advice) = (escaped(&message).into_owned(), advice.map(|advice| escaped(&advice).into_owned()));
    Problem { line: number(line), column: number(column), length: number(length), message, advice, error }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn not_started(name: &str) -> Service {
    Service { name: name.to_owned(), word: "not started".to_owned(), ..Service::default() }
}

/// A service on a board, with what helps its reader to go on.
pub fn state(service: &ServiceState) -> Service {
    Service {
        name: service.name.clone(),
        word: service.word.clone(),
        state: Some(service.slot.state.to_owned()),
        standing: Some(service.slot.standing.to_owned()),
        step: Some(service.slot.step.clone()),
        ready: service.ready,
        checked: (service.ready && !service.checked).then_some(false),
        url: service.url.clone(),
        pid: service.pid,
        restarts: Some(service.restarts).filter(|restarts| *restarts > 0),
        message: service.message.clone(),
        error: service.error.clone(),
        hint: service.hint.clone(),
        supervised: (!service.supervised).then_some(false),
        build: service.build.as_ref().map(|build| Build {
            key: build_key(&service.name),
            word: build.word.clone(),
            error: build.error.clone(),
        }),
    }
}
