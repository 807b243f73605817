//! The tool `service`: start, stop, restart or rebuild a service, and wait until that is done.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::answer::{Answer, trouble};
use super::call::Call;
use super::look;
use super::place::Here;
use super::wait::{timeout, unfinished};
use crate::project::services::go_name;
use crate::service::service_of_key;
use crate::trouble::{Trouble, TroubleKind};
use crate::work::control::{Asked, Verb, ask};
use crate::work::frontend::Silent;
use crate::work::up::{self, UpPrepared};
use crate::work::workspace::{Faults, Place, Workspace};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    name: String,
    action: Action,
    timeout_seconds: Option<f64>,
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Action {
    Start,
    Stop,
    Restart,
    Rebuild,
}

impl Service {
    pub(super) fn answer(self, here: &Here, call: &Call) -> Result<Answer, Trouble> {
        let timeout = timeout(self.timeout_seconds)?;
        let place = here.place(self.directory.as_deref())?;
        let project = here.project(self.directory.as_deref())?;
        let (name, action) = (self.name, self.action);
        let keys = declared(here, &place, &name)?;
        let work = {
            let (here, project, name) = (here.clone(), project.clone(), name.clone());
            move || match action {
                Action::Start => start(&here, &place, &name),
                Action::Stop => request(&project, &name, Verb::Stop),
                Action::Restart => request(&project, &name, Verb::Restart),
                Action::Rebuild => request(&project, &name, Verb::Rebuild),
            }
        };
        let word = || states(&project, &keys).iter().map(said).collect::<Vec<_>>().join(", ");
        match call.attend(Some(timeout), word, work)? {
            Err(end) => unfinished(end, &format!("`{name}`")),
            Ok(done) => {
                done?;
                let services: Vec<_> = states(&project, &keys).iter().map(look::service).collect();
                Ok(Answer::Facts(serde_json::json!({ "outcome": "done", "services": services })))
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
    format!("{} is {}", service.name, service.state)
}

/// The services of the project that the name means: itself, or both of a plugin.
fn declared(here: &Here, place: &Place, name: &str) -> Result<Vec<String>, Trouble> {
    let workspace = Workspace::open(here.home.clone(), place, Faults::Refuse, &Silent);
    let workspace = workspace.map_err(|error| trouble(&error))?;
    up::services_named(&workspace, name)
}

fn start(here: &Here, place: &Place, name: &str) -> Result<(), Trouble> {
    let declared = match up::prepare(&here.home, place, true, &Silent).map_err(|error| trouble(&error))? {
        UpPrepared::Ready(declared) => declared,
        UpPrepared::NotInstalled(outcome) => {
            let text = "a tool of the project did not install, so no service was started";
            let board = crate::work::boards::name(&outcome.board);
            return Err(Trouble::new(TroubleKind::Dependency, text)
                .hinted(format!("`boards` with board `{board}` has the error; `sync` tries again")));
        }
    };
    let (supervisor, names) =
        up::want(&here.home, &declared, &[name.to_owned()], false, &Silent).map_err(|error| trouble(&error))?;
    up::await_ready(&supervisor.board, &names).map(drop).map_err(|error| trouble(&error))
}

/// Ask for the service of this project, and wait until that is done.
fn request(project: &Path, name: &str, verb: Verb) -> Result<(), Trouble> {
    let Some((board, mut keys)) = up::board_with(project, name) else {
        if verb == Verb::Stop {
            return Ok(());
        }
        return Err(Trouble::new(TroubleKind::NotFound, format!("the service `{name}` is not at work"))
            .hinted(format!("start it: `service` with name `{name}` and action `start`")));
    };
    if keys.len() > 1 && verb == Verb::Rebuild {
        // Only the back end of a plugin has a build.
        keys = vec![go_name(name)];
    }
    let named = board.to_string_lossy();
    for key in &keys {
        // A build that has ended before the request is not the one that it brings about.
        let before = up::build_life(&board, service_of_key(key));
        let asked = ask(verb, key, Some(&named)).map_err(|error| trouble(&error))?;
        let Asked { board, key, generation, has_ended, .. } = &asked;
        let awaited = match verb {
            Verb::Rebuild => up::await_build(board, service_of_key(key), before),
            Verb::Restart => up::await_next_life(board, key, *generation),
            _ if *has_ended => Ok(()),
            _ => up::await_end(board, key, *generation),
        };
        awaited.map_err(|error| trouble(&error))?;
    }
    Ok(())
}
