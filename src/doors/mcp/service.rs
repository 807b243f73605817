//! The tool `service`: start, stop, restart or rebuild a service, and wait until that is done.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::services::go_name;
use vx_services::declared::reading::Differing;

use super::answer::{McpToolResult, trouble};
use super::call::Call;
use super::call_project::Here;
use super::queries;
use super::wait::{timeout, unfinished};
use crate::boards::control::{AcceptedWorkRequest, Verb, ask};
use crate::serving::up::{self, AcceptedServiceRequest, ServiceRequestOutcome, UpPrepared, Wish};
use crate::workspace::frontend::NullFrontend;
use crate::workspace::frontend::run::RunOutcome;
use crate::workspace::project::{Faults, ProjectPlace, Workspace};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceToolCall {
    name: String,
    action: ServiceAction,
    timeout_seconds: Option<f64>,
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum ServiceAction {
    Start,
    Stop,
    Restart,
    Rebuild,
}

impl ServiceToolCall {
    pub(super) fn answer(self, here: &Here, call: &Call) -> Result<McpToolResult, Trouble> {
        let timeout = timeout(self.timeout_seconds)?;
        let place = here.place(self.directory.as_deref())?;
        let project = here.project(self.directory.as_deref())?;
        let (name, action) = (self.name, self.action);
        let keys = declared(here, &place, &name)?;
        let work = {
            let (here, project, name) = (here.clone(), project.clone(), name.clone());
            move || match action {
                ServiceAction::Start => start(&here, &place, &name),
                ServiceAction::Stop => stop(&project, &name),
                ServiceAction::Restart => begin(&here, &place, &project, &name, Verb::Restart),
                ServiceAction::Rebuild => begin(&here, &place, &project, &name, Verb::Rebuild),
            }
        };
        let word = || states(&project, &keys).iter().map(said).collect::<Vec<_>>().join(", ");
        match call.attend(Some(timeout), word, work)? {
            Err(end) => unfinished(end, &format!("`{name}`")),
            Ok(done) => {
                done?;
                let services: Vec<_> = states(&project, &keys).iter().map(queries::service).collect();
                Ok(McpToolResult::Facts(serde_json::json!({ "outcome": "done", "services": services })))
            }
        }
    }
}

fn states(project: &Path, keys: &[String]) -> Vec<up::ServiceState> {
    let mut all = up::of_project(project).unwrap_or_default();
    all.retain(|service| keys.contains(&service.name));
    all
}

fn said(service: &up::ServiceState) -> String {
    format!("{} is {}", service.name, service.word)
}

/// The services of the project that the name stands for: that service, or both services of a plugin.
fn declared(here: &Here, place: &ProjectPlace, name: &str) -> Result<Vec<String>, Trouble> {
    let workspace = Workspace::open(here.home.clone(), place, Faults::Refuse, &NullFrontend);
    let workspace = workspace.map_err(|error| trouble(&error))?;
    up::services_named(&workspace, name)
}

fn start(here: &Here, place: &ProjectPlace, name: &str) -> Result<(), Trouble> {
    let declared = match up::prepare(&here.home, place, true, &NullFrontend).map_err(|error| trouble(&error))? {
        UpPrepared::Ready(declared) => declared,
        UpPrepared::NotInstalled(outcome) => return Err(not_installed(&outcome)),
    };
    let names = [name.to_owned()];
    let wish = Wish { names: &names, lease: false, differing: Differing::Renewed };
    let wanted = up::want(&here.home, &declared, &wish, &NullFrontend).map_err(|error| trouble(&error))?;
    up::await_ready(&wanted).map(drop).map_err(|error| trouble(&error))
}

/// The error for a tool that did not install.
fn not_installed(outcome: &RunOutcome) -> Trouble {
    let text = "a tool of the project did not install, so no service was started";
    let board = crate::boards::find::name(&outcome.board);
    Trouble::new(TroubleKind::Dependency, text)
        .hinted(format!("call `boards` with board `{board}` for the error; `sync` tries again"))
}

/// Start services as the project's file declares them now.
fn again(here: &Here, place: &ProjectPlace, keys: &[String], verb: Verb) -> Result<(), Trouble> {
    let begun = match up::again(&here.home, place, verb, keys, &NullFrontend).map_err(|error| trouble(&error))? {
        ServiceRequestOutcome::Asked(begun) => begun,
        ServiceRequestOutcome::NotInstalled(outcome) => return Err(not_installed(&outcome)),
    };
    for AcceptedServiceRequest { asked, build } in begun {
        let awaited = match verb {
            Verb::Rebuild => up::await_build(&asked.board, &asked.key, build),
            _ => up::await_next_life(&asked.board, &asked.key, asked.generation),
        };
        awaited.map_err(|error| trouble(&error))?;
    }
    Ok(())
}

/// Restart or rebuild the service of this project, and wait until that is done.
fn begin(here: &Here, place: &ProjectPlace, project: &Path, name: &str, verb: Verb) -> Result<(), Trouble> {
    let Some((_, mut keys)) = up::board_with(project, name) else {
        return Err(Trouble::new(TroubleKind::NotFound, format!("the service `{name}` is not at work"))
            .hinted(format!("start it: `service` with name `{name}` and action `start`")));
    };
    if keys.len() > 1 && verb == Verb::Rebuild {
        // Only the back end of a plugin has a build.
        keys = vec![go_name(name)];
    }
    again(here, place, &keys, verb)
}

/// Stop the service of this project, and wait until that is done.
fn stop(project: &Path, name: &str) -> Result<(), Trouble> {
    let Some((board, keys)) = up::board_with(project, name) else { return Ok(()) };
    let named = board.to_string_lossy();
    for key in &keys {
        let AcceptedWorkRequest { board, key, generation, has_ended, .. } =
            ask(Verb::Stop, key, Some(&named)).map_err(|error| trouble(&error))?;
        if !has_ended {
            up::await_end(&board, &key, generation).map_err(|error| trouble(&error))?;
        }
    }
    Ok(())
}
