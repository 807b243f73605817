//! Requests for work, passed on to the process that runs it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use vx_base::paths::Home;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_rpc::{CallError, Params, RpcError};
use vx_shm::Snapshot;

use crate::boards::control::connect_to;
use crate::boards::find;
use crate::doors::daemon::protocol::fault::{fault, fault_from_trouble, in_directory};
use crate::serving::up::board_at_work;
use crate::workspace::frontend::NullFrontend;
use crate::workspace::project::{ProjectPlace, read_projects};

/// The prefixes of the methods that are passed on.
const PASSED: [&str; 4] = ["work/", "log/", "board/", "devserver/"];
/// The longest wait for an answer: stopping a plugin takes until all its processes have ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// The board of a request.
#[derive(Deserialize)]
struct ForwardedRequestTarget {
    board: Option<String>,
    directory: Option<PathBuf>,
    key: Option<String>,
}

/// The answer from the runner of the work that the parameters name; `None` if the method is not about work.
pub(super) fn pass(home: &Home, method: &str, params: Params<'_>) -> Option<Result<String, RpcError>> {
    PASSED.iter().any(|begin| method.starts_with(begin)).then(|| answer(home, method, params))
}

fn answer(home: &Home, method: &str, params: Params<'_>) -> Result<String, RpcError> {
    if method.ends_with("/follow") {
        let text = format!("`{method}` needs a direct connection to the runner");
        let hint = "subscribe to WorkChanged and Progress with `vx/subscribe`, or read `log/read` again";
        return Err(fault_from_trouble(Trouble::new(TroubleKind::Usage, text).hinted(hint)));
    }
    let ForwardedRequestTarget { board, directory, key } = params.read()?;
    let (path, snapshot) = match (&board, &directory) {
        (Some(board), _) => with_id(board)?,
        (None, Some(directory)) => of_services(home, directory)?,
        (None, None) => {
            return Err(RpcError::invalid_params(
                "the parameters do not fit: neither `board` nor `directory` is there",
            ));
        }
    };
    let slot = key.as_deref().and_then(|key| find::slot_of(&snapshot, key));
    let runner = slot.and_then(|slot| slot.runner).unwrap_or(snapshot.board.creator.pid);
    let mut params: Map<String, Value> = params.read()?;
    params.remove("board");
    params.remove("directory");
    let called = connect_to(&path, runner).and_then(|mut client| client.call(method, &Value::Object(params), PATIENCE));
    called.map(|answer| answer.to_string()).map_err(|error| match error {
        CallError::Refused(fault) => fault,
        other => fault_from_trouble(
            Trouble::new(TroubleKind::Busy, format!("process {runner} does not answer: {other}"))
                .hinted("its work may be over: `vx board ls` lists the boards"),
        ),
    })
}

/// The board with this identity, this file or this name.
fn with_id(wanted: &str) -> Result<(PathBuf, Snapshot), RpcError> {
    let known = find::readable_boards().map_err(|error| fault(&error))?;
    let found = known.into_iter().find(|(path, snapshot)| snapshot.board.id == wanted || path == Path::new(wanted));
    if let Some(found) = found {
        return Ok(found);
    }
    let path = find::find(Some(wanted)).map_err(|error| fault(&error))?;
    let mut reader = find::open_file(&path).map_err(|error| fault(&error))?;
    let snapshot = reader.snapshot().map_err(|error| fault(&find::BoardError::Read(error)))?;
    Ok((path, snapshot))
}

/// The board of the services of the project in this directory.
fn of_services(home: &Home, directory: &Path) -> Result<(PathBuf, Snapshot), RpcError> {
    in_directory(directory)?;
    let projects = read_projects(home, &ProjectPlace::Above(directory.to_owned()), &NullFrontend)
        .map_err(|error| fault(&error))?;
    let project =
        projects.projects.into_iter().next().map_or_else(|| directory.to_owned(), |project| project.directory);
    match board_at_work(&project) {
        Some(path) => with_id(&path.to_string_lossy()),
        None => {
            let text = format!("no service of `{}` is at work", project.display());
            Err(fault_from_trouble(
                Trouble::new(TroubleKind::NotFound, text).hinted("`vx up` starts them, or name a `board`"),
            ))
        }
    }
}
