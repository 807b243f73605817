//! The tools that only look: `boards`, `resolve`, `project`.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};
use vx_shm::Snapshot;
use vx_status::standing::{Standing, failure};

use super::answer::{Answer, trouble};
use super::place::Here;
use crate::project::Problem;
use crate::service::build_key;
use crate::trouble::Trouble;
use crate::work::boards::{self, BoardError};
use crate::work::frontend::Silent;
use crate::work::programs;
use crate::work::routes::Routes;
use crate::work::up::{self, ServiceState};
use crate::work::workspace::{Faults, Place, Workspace};

/// The most boards of an answer, and the most work of one.
const BOARDS: usize = 20;
const WORK: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Boards {
    board: Option<String>,
    #[serde(default)]
    running: bool,
}

impl Boards {
    pub(super) fn answer(self) -> Result<Answer, Trouble> {
        if let Some(name) = self.board {
            let path = boards::find(Some(&name)).map_err(|error| trouble(&error))?;
            let snapshot = boards::open_file(&path).and_then(|mut reader| Ok(reader.snapshot()?));
            return Ok(Answer::Facts(board(&path, &snapshot.map_err(|error: BoardError| trouble(&error))?, WORK)));
        }
        let all = boards::readable_boards().map_err(|error| trouble(&error))?;
        let at_work = |snapshot: &Snapshot| snapshot.board.state.name() == "running" && !snapshot.board.abandoned();
        let mut all: Vec<_> = all.into_iter().filter(|(_, snapshot)| !self.running || at_work(snapshot)).collect();
        let more = all.len().saturating_sub(BOARDS);
        all.truncate(BOARDS);
        let shown: Vec<Value> = all.iter().map(|(path, snapshot)| board(path, snapshot, 12)).collect();
        Ok(Answer::Facts(json!({ "boards": shown, "older_boards_left_out": more })))
    }
}

fn board(path: &std::path::Path, snapshot: &Snapshot, most: usize) -> Value {
    let state = if snapshot.board.abandoned() { "abandoned" } else { snapshot.board.state.name() };
    let work = snapshot.slots.iter().take(most).map(|slot| {
        let standing = Standing::of(slot);
        let mut row = json!({ "key": slot.key, "state": standing.word() });
        if standing.bad() {
            row["error"] = failure(slot, standing).text.to_string().into();
        }
        row
    });
    json!({
        "board": boards::name(path),
        "title": snapshot.board.title,
        "state": state,
        "work": work.collect::<Vec<_>>(),
        "work_left_out": snapshot.slots.len().saturating_sub(most),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resolve {
    name: String,
    directory: Option<PathBuf>,
}

impl Resolve {
    pub(super) fn answer(self, here: &Here) -> Result<Answer, Trouble> {
        let place = Place::AboveOrNone(here.directory(self.directory.as_deref())?);
        let found = programs::find(&here.home, &place, &self.name, &Silent).map_err(|error| trouble(&error))?;
        let routes = Routes::at(&place, here.home.clone()).map_err(|error| trouble(&error))?;
        let workspace = Workspace::open(here.home.clone(), &place, Faults::Keep, &Silent);
        let locked = workspace.ok().and_then(|it| it.lock.tools.get(&self.name).map(|locked| locked.version.clone()));
        let folders: Vec<_> = routes.folders(None).iter().map(|folder| folder.to_string_lossy().into_owned()).collect();
        Ok(Answer::Facts(json!({
            "executable": found.file.to_string_lossy(),
            "version": locked,
            "declared_in": found.declared_in.map(|file| file.to_string_lossy().into_owned()),
            "path": folders,
            "variables": routes.exports(),
        })))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    directory: Option<PathBuf>,
}

impl Project {
    pub(super) fn answer(self, here: &Here) -> Result<Answer, Trouble> {
        let place = here.place(self.directory.as_deref())?;
        let workspace = Workspace::open(here.home.clone(), &place, Faults::Keep, &Silent);
        let workspace = workspace.map_err(|error| trouble(&error))?;
        if let Some(fault) = &workspace.fault {
            return Err(Trouble::of(fault));
        }
        let project = &workspace.project;
        let absent = Routes::at(&place, here.home.clone()).map(|routes| routes.absent()).unwrap_or_default();
        let tool = |tool: &crate::project::ToolRequest| {
            json!({
                "name": tool.name,
                "wanted": tool.request.text(),
                "locked": workspace.lock.tools.get(&tool.name).map(|locked| locked.version.as_str()),
                "missing": absent.contains(&tool.name),
            })
        };
        let script = |script: &crate::project::scripts::Script| {
            json!({
                "name": script.name,
                "command": script.command,
                "description": script.description,
                "after": script.depends,
            })
        };
        let at_work = up::of_project(&project.directory).unwrap_or_default();
        let state = |name: &str| at_work.iter().find(|service| service.name == name).map(service);
        let services = project.services.iter().map(|service| {
            state(&service.name).unwrap_or_else(|| json!({ "name": service.name, "state": "not started" }))
        });
        Ok(Answer::Facts(json!({
            "file": project.path.to_string_lossy(),
            "tools": project.tools.iter().map(tool).collect::<Vec<_>>(),
            "scripts": project.scripts.iter().map(script).collect::<Vec<_>>(),
            "services": services.collect::<Vec<_>>(),
            "problems": project.warnings.iter().chain(&project.service_faults).map(problem).collect::<Vec<_>>(),
            "waits_for_consent": if workspace.consent.complete() { Vec::new() } else { workspace.consent.lines() },
        })))
    }
}

fn problem(problem: &Problem) -> Value {
    json!({ "line": problem.line, "column": problem.column, "message": problem.message, "advice": problem.advice })
}

/// A service with what helps a model further.
pub(super) fn service(service: &ServiceState) -> Value {
    let mut row = json!({ "name": service.name, "state": service.state, "ready": service.ready });
    let facts = [
        ("url", json!(service.url)),
        ("pid", json!(service.pid)),
        ("restarts", json!((service.restarts > 0).then_some(service.restarts))),
        ("message", json!(service.message)),
        ("error", json!(service.error)),
        ("hint", json!(service.hint)),
        ("supervised", json!((!service.supervised).then_some(false))),
    ];
    facts.into_iter().filter(|(_, fact)| !fact.is_null()).for_each(|(name, fact)| row[name] = fact);
    if let Some(build) = &service.build {
        row["build"] = json!({ "key": build_key(&service.name), "state": build.state, "error": build.error });
    }
    row
}
