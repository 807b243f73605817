//! The read-only tools `boards`, `resolve` and `project`.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};
use vx_base::trouble::Trouble;
use vx_shm::Snapshot;
use vx_status::slot_document::SlotDocument;
use vx_status::standing::{Standing, failure};

use super::answer::{McpToolResult, trouble};
use super::call_project::Here;
use crate::boards::find::{self, BoardError};
use crate::doors::questions;
use crate::serving::up::ServiceState;
use crate::tools::programs;
use crate::tools::routes::Routes;
use crate::workspace::frontend::NullFrontend;
use crate::workspace::project::{Faults, ProjectPlace, Workspace};

/// The most boards in an answer, and the most work on one board.
const BOARDS: usize = 20;
const WORK: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoardsToolCall {
    board: Option<String>,
    #[serde(default)]
    running: bool,
}

impl BoardsToolCall {
    pub(super) fn answer(self) -> Result<McpToolResult, Trouble> {
        if let Some(name) = self.board {
            let path = find::find(Some(&name)).map_err(|error| trouble(&error))?;
            let snapshot = find::open_file(&path).and_then(|mut reader| Ok(reader.snapshot()?));
            return Ok(McpToolResult::Facts(board(
                &path,
                &snapshot.map_err(|error: BoardError| trouble(&error))?,
                WORK,
            )));
        }
        let all = find::readable_boards().map_err(|error| trouble(&error))?;
        let at_work = |snapshot: &Snapshot| snapshot.board.state.name() == "running" && !snapshot.board.abandoned();
        let mut all: Vec<_> = all.into_iter().filter(|(_, snapshot)| !self.running || at_work(snapshot)).collect();
        let more = all.len().saturating_sub(BOARDS);
        all.truncate(BOARDS);
        let shown: Vec<Value> = all.iter().map(|(path, snapshot)| board(path, snapshot, 12)).collect();
        Ok(McpToolResult::Facts(json!({ "boards": shown, "older_boards_left_out": more })))
    }
}

fn board(path: &std::path::Path, snapshot: &Snapshot, most: usize) -> Value {
    let state = if snapshot.board.abandoned() { "abandoned" } else { snapshot.board.state.name() };
    let work = snapshot.slots.iter().take(most).map(|slot| {
        let SlotDocument { key, state, standing, step, .. } = SlotDocument::new(&snapshot.board, slot);
        let mut row = json!({ "key": key, "state": state, "standing": standing, "step": step });
        let found = Standing::from_slot(slot);
        if found.bad() {
            row["error"] = failure(slot, found).text.to_string().into();
        }
        row
    });
    json!({
        "board": find::name(path),
        "title": snapshot.board.title,
        "state": state,
        "work": work.collect::<Vec<_>>(),
        "work_left_out": snapshot.slots.len().saturating_sub(most),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolveToolCall {
    name: String,
    directory: Option<PathBuf>,
}

impl ResolveToolCall {
    pub(super) fn answer(self, here: &Here) -> Result<McpToolResult, Trouble> {
        let place = ProjectPlace::AboveOrNone(here.directory(self.directory.as_deref())?);
        let found = programs::find(&here.home, &place, &self.name, &NullFrontend).map_err(|error| trouble(&error))?;
        let routes = Routes::for_place(&place, here.home.clone()).map_err(|error| trouble(&error))?;
        let workspace = Workspace::open(here.home.clone(), &place, Faults::Keep, &NullFrontend);
        let locked = workspace.ok().and_then(|it| it.lock.tools.get(&self.name).map(|locked| locked.version.clone()));
        let folders: Vec<_> = routes.folders(None).iter().map(|folder| folder.to_string_lossy().into_owned()).collect();
        let own = || routes.release_with(&self.name).and_then(|_| routes.project()).map(|project| project.path.clone());
        let declared_in = found.declared_in.or_else(own);
        Ok(McpToolResult::Facts(json!({
            "executable": found.file.to_string_lossy(),
            "version": locked,
            "declared_in": declared_in.map(|file| file.to_string_lossy().into_owned()),
            "path": folders,
            "variables": routes.exports(),
        })))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectToolCall {
    directory: Option<PathBuf>,
}

impl ProjectToolCall {
    pub(super) fn answer(self, here: &Here) -> Result<McpToolResult, Trouble> {
        let directory = here.directory(self.directory.as_deref())?;
        let state = questions::project(&here.home, &directory).map_err(|error| trouble(&error))?;
        Ok(McpToolResult::Facts(json!(state)))
    }
}

/// A service, with what helps a model to go on.
pub(super) fn service(service: &ServiceState) -> Value {
    json!(questions::state(service))
}
