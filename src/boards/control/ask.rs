//! Sending a request to the runner of a key, wherever it runs.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vx_base::trouble::{Explain, TroubleKind};
use vx_rpc::{CallError, RpcClient, RpcError, socket_of};
use vx_shm::{Kind, SlotView};

use super::hand::Verb;
use super::methods::PROTOCOL;
use super::report::ReportDocument;
use crate::boards::find::{self, BoardError};

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait for a runner to listen, and the time between two attempts.
const BEGINNING: Duration = Duration::from_secs(1);
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The board cannot be found or read.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// No board has such work.
    #[error("there is no work `{key}` on {}", board.as_ref().map_or_else(|| "a board at work".into(), |board| format!("`{}`", board.display())))]
    NoWork {
        /// The key.
        key: String,
        /// The board that was named.
        board: Option<PathBuf>,
        /// Whether a board of an ended run has such work.
        over: bool,
    },
    /// No process accepts requests for the work.
    #[error("`{key}` is read-only: no process takes requests for it")]
    ReadOnly {
        /// The key.
        key: String,
    },
    /// The process that runs the work does not answer.
    #[error("process {runner}, which runs `{key}`, does not answer: {cause}")]
    Runner {
        /// The key.
        key: String,
        /// The process.
        runner: u32,
        /// The cause.
        cause: CallError,
    },
    /// The process that runs the work refused.
    #[error("{}", .0.message)]
    Refused(RpcError),
}

impl Explain for ControlError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Board(error) => error.kind(),
            Self::NoWork { .. } => TroubleKind::NotFound,
            Self::ReadOnly { .. } => TroubleKind::Usage,
            Self::Runner { cause: CallError::TimeUp, .. } => TroubleKind::Timeout,
            Self::Runner { .. } => TroubleKind::Board,
            Self::Refused(fault) => {
                let named = fault.data.as_ref().and_then(|data| data.kind.parse().ok());
                named.unwrap_or(TroubleKind::Internal)
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Board(error) => error.hint(),
            Self::NoWork { over: true, .. } => Some(
                "its run is over and accepts no more requests: start it again, as with `vx sync` or its own command"
                    .into(),
            ),
            Self::NoWork { .. } => Some("`vx board ls` lists the boards".into()),
            Self::ReadOnly { .. } => {
                Some("only the script that reports it can stop it; work under `vx board run` accepts requests".into())
            }
            Self::Runner { runner, cause: CallError::TimeUp, .. } => Some(format!(
                "it may be suspended: continue it with `fg` or `kill -CONT {runner}`, or end it with `kill -KILL {runner}`"
            )),
            Self::Runner { .. } => Some("it may have ended meanwhile: `vx board ls` shows the boards at work".into()),
            Self::Refused(fault) => fault.data.as_ref().and_then(|data| data.hint.clone()),
        }
    }
}

/// A request that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedWorkRequest {
    /// The board's file.
    pub board: PathBuf,
    /// The slot's key.
    pub key: String,
    /// The process that accepted it.
    pub runner: u32,
    /// The slot's state before the request.
    pub state: String,
    /// The kind of the work.
    pub kind: Kind,
    /// The slot's life before the request.
    pub generation: u32,
    /// Whether the work had already ended.
    pub has_ended: bool,
}

/// Send a request for the work with this key: on the board with this name, else on the newest live board that has it.
///
/// # Errors
/// There is no such work, no process accepts requests for it, or the process refused.
pub fn ask(verb: Verb, key: &str, board: Option<&str>) -> Result<AcceptedWorkRequest, ControlError> {
    let (board, slot) = find(key, board)?;
    let runner = slot.runner.ok_or_else(|| ControlError::ReadOnly { key: slot.key.clone() })?;
    let answer = connect(&board, &slot, runner)
        .and_then(|mut client| client.call(&format!("work/{}", verb.name()), &json!({ "key": slot.key }), PATIENCE));
    match answer {
        Ok(answer) => {
            let state = answer["state"].as_str().unwrap_or_default().to_owned();
            Ok(AcceptedWorkRequest {
                board,
                key: slot.key,
                runner,
                state,
                kind: slot.kind,
                generation: slot.generation,
                has_ended: slot.state.ended(),
            })
        }
        Err(CallError::Refused(fault)) => Err(ControlError::Refused(fault)),
        Err(cause) => Err(ControlError::Runner { key: slot.key, runner, cause }),
    }
}

/// Send a report to the process that writes this slot. Returns the slot's state before the report.
///
/// # Errors
/// The process does not answer, or refuses.
pub fn report(board: &Path, slot: &SlotView, report: &ReportDocument) -> Result<String, ControlError> {
    let runner = slot.runner.ok_or_else(|| ControlError::ReadOnly { key: slot.key.clone() })?;
    let answer =
        connect(board, slot, runner).and_then(|mut client| client.call("work/report", &json!(report), PATIENCE));
    match answer {
        Ok(answer) => Ok(answer["state"].as_str().unwrap_or_default().to_owned()),
        Err(CallError::Refused(fault)) => Err(ControlError::Refused(fault)),
        Err(cause) => Err(ControlError::Runner { key: slot.key.clone(), runner, cause }),
    }
}

/// Connect to this runner and introduce this client. Waits a moment for a runner that does not listen yet.
pub(super) fn connect(board: &Path, slot: &SlotView, runner: u32) -> Result<RpcClient, CallError> {
    let socket = socket_of(board, runner);
    let deadline = Instant::now() + BEGINNING;
    let mut client = loop {
        match RpcClient::connect(&socket) {
            Err(CallError::Nobody(_)) if !slot.state.ended() && Instant::now() < deadline => {
                thread::sleep(BETWEEN_TRIES);
            }
            other => break other?,
        }
    };
    introduce(&mut client)?;
    Ok(client)
}

/// Connect to this runner of the board and introduce this client. Does not wait for a runner that does not listen yet.
///
/// # Errors
/// No process listens there, or it speaks another protocol.
pub fn connect_to(board: &Path, runner: u32) -> Result<RpcClient, CallError> {
    let mut client = RpcClient::connect(&socket_of(board, runner))?;
    introduce(&mut client)?;
    Ok(client)
}

fn introduce(client: &mut RpcClient) -> Result<(), CallError> {
    let introduction: Value =
        json!({ "client": "vx", "protocol": { "min": PROTOCOL, "max": PROTOCOL }, "notifications": false });
    client.call("initialize", &introduction, PATIENCE).map(drop)
}

/// The work with this key, and its board. Work that has not ended comes first, then the newest board.
fn find(key: &str, board: Option<&str>) -> Result<(PathBuf, SlotView), ControlError> {
    let missing = |board, over| ControlError::NoWork { key: key.to_owned(), board, over };
    if board.is_some() {
        let path = find::find(board)?;
        let snapshot = find::open_file(&path)?.snapshot().map_err(BoardError::Read)?;
        return match find::slot_of(&snapshot, key) {
            Some(slot) => Ok((path, slot.clone())),
            None => Err(missing(Some(path), false)),
        };
    }
    let (running, ended): (Vec<_>, Vec<_>) =
        find::readable_boards()?.into_iter().partition(|(_, snapshot)| find::at_work(snapshot));
    let mut having: Vec<(PathBuf, SlotView)> = running
        .into_iter()
        .filter_map(|(path, snapshot)| Some((path, find::slot_of(&snapshot, key)?.clone())))
        .collect();
    having.sort_by_key(|(_, slot)| slot.state.ended());
    let over = || ended.iter().any(|(_, snapshot)| find::slot_of(snapshot, key).is_some());
    having.into_iter().next().ok_or_else(|| missing(None, over()))
}
