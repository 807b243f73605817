//! The tool `wait_for`: a wait that can be cancelled and repeated, since its answer is on the board.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::services::keys_meant;

use super::answer::{McpToolResult, trouble};
use super::call::{Call, Unfinished};
use super::call_project::Here;
use crate::boards::find::{self, BoardError};
use crate::boards::waiting::{Reached, WaitForError, WorkWaitCondition, WorkWaitState, wait_for};
use crate::serving::up;
use crate::workspace::frontend::NullFrontend;
use crate::workspace::project::{Faults, Workspace};

/// The default wait of a call, and the longest.
const USUAL_SECONDS: f64 = 60.0;
const MOST_SECONDS: f64 = 3600.0;
/// The interval for checking whether the client still wants the answer.
const PIECE: Duration = Duration::from_millis(250);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitFor {
    names: Vec<String>,
    #[serde(default)]
    state: McpWaitCondition,
    board: Option<String>,
    timeout_seconds: Option<f64>,
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum McpWaitCondition {
    #[default]
    Ready,
    Done,
    Ended,
}

/// The timeout of a call.
pub(super) fn timeout(seconds: Option<f64>) -> Result<Duration, Trouble> {
    let seconds = seconds.unwrap_or(USUAL_SECONDS);
    if !(0.0..=MOST_SECONDS).contains(&seconds) {
        let text = format!("`timeout_seconds` is from 0 to {MOST_SECONDS}, not {seconds}");
        return Err(Trouble::new(TroubleKind::Usage, text).hinted("wait in several calls"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// The board of the work with this name, and the keys that the name stands for there.
pub(super) fn whereabouts(
    here: &Here,
    name: &str,
    board: Option<&str>,
    directory: Option<&Path>,
) -> Result<(PathBuf, Vec<String>), Trouble> {
    if directory.is_some() {
        here.directory(directory)?;
    }
    let project = || here.project(directory).ok();
    if board.is_none()
        && let Some(found) = project().and_then(|project| up::board_with(&project, name))
    {
        return Ok(found);
    }
    let path = match board {
        Some(board) => find::find(Some(board)),
        None => find::with_key(name),
    };
    let path = path.map_err(|error| trouble(&error))?;
    let keys = keys_on(&path, name)?;
    if !keys.is_empty() {
        return Ok((path, keys));
    }
    // Work that is over may be on an older board.
    let last = || find::last_with_key(name).ok().flatten().filter(|_| board.is_none());
    if let Some(path) = last() {
        let keys = keys_on(&path, name)?;
        return Ok((path, keys));
    }
    let place = match board {
        Some(_) => format!("the board `{}`", find::name(&path)),
        None => "any board".to_owned(),
    };
    Err(Trouble::new(TroubleKind::NotFound, format!("there is no work `{name}` on {place}"))
        .hinted("`boards` lists all work, `project` what is declared"))
}

/// The keys that the name stands for on the board in this file.
fn keys_on(path: &Path, name: &str) -> Result<Vec<String>, Trouble> {
    let snapshot = find::open_file(path).and_then(|mut reader| Ok(reader.snapshot()?));
    let snapshot = snapshot.map_err(|error: BoardError| trouble(&error))?;
    Ok(keys_meant(name, |key| find::slot_of(&snapshot, key).is_some()))
}

impl WaitFor {
    pub(super) fn answer(self, here: &Here, call: &Call) -> Result<McpToolResult, Trouble> {
        let deadline = Instant::now() + timeout(self.timeout_seconds)?;
        let reached = match self.state {
            // A caller that gives a timeout also waits for failed work to be repaired.
            McpWaitCondition::Ready if self.timeout_seconds.is_some() => Reached::Ready,
            McpWaitCondition::Ready => Reached::ReadySoon,
            McpWaitCondition::Done => Reached::Done,
            McpWaitCondition::Ended => Reached::Ended,
        };
        let [first, ..] = self.names.as_slice() else {
            return Err(Trouble::new(TroubleKind::Usage, "`names` holds at least one name"));
        };
        let board = loop {
            match whereabouts(here, first, self.board.as_deref(), self.directory.as_deref()) {
                Ok((board, _)) => break board,
                Err(error) if !self.may_come(here, first) => return Err(error),
                Err(_) if Instant::now() >= deadline => return Ok(not_started(&self.names)),
                Err(_) if call.is_cancelled() => return Err(cut()),
                Err(_) => thread::sleep(PIECE),
            }
        };
        let mut wanted = Vec::new();
        for name in &self.names {
            let (_, keys) = whereabouts(here, name, Some(&board.to_string_lossy()), None)?;
            wanted.extend(keys.into_iter().map(|key| WorkWaitCondition { key, reached }));
        }
        wait(call, &board, &wanted, deadline)
    }

    /// Whether this is a service of the project, which may be started at any time.
    fn may_come(&self, here: &Here, name: &str) -> bool {
        let place = self.board.is_none().then(|| here.place(self.directory.as_deref()).ok()).flatten();
        let workspace =
            place.and_then(|place| Workspace::open(here.home.clone(), &place, Faults::Keep, &NullFrontend).ok());
        workspace.is_some_and(|workspace| up::services_named(&workspace, name).is_ok_and(|names| !names.is_empty()))
    }
}

fn not_started(names: &[String]) -> McpToolResult {
    let row = |name: &String| json!({ "key": name, "word": "not started", "reached": false });
    McpToolResult::Facts(json!({
        "outcome": "timeout",
        "work": names.iter().map(row).collect::<Vec<_>>(),
        "next": "it was never started: call `service`, if this server offers it, or ask the user to run `vx up`",
    }))
}

/// Wait for this work, and report its outcome.
pub(super) fn wait(
    call: &Call,
    board: &Path,
    wanted: &[WorkWaitCondition],
    deadline: Instant,
) -> Result<McpToolResult, Trouble> {
    let mut reader = find::open_file(board).map_err(|error| trouble(&error))?;
    let mut said = Instant::now();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match wait_for(&mut reader, wanted, Some(left.min(PIECE)), &up::LivesOn(board)) {
            Ok(states) => return Ok(McpToolResult::Facts(facts("reached", &states))),
            Err(WaitForError::TimeUp(states)) if left.is_zero() => {
                let mut facts = facts("timeout", &states);
                facts["next"] = "the work goes on: call `wait_for` again, or look at `logs`".into();
                return Ok(McpToolResult::Facts(facts));
            }
            Err(WaitForError::TimeUp(states)) => {
                if call.is_cancelled() {
                    return Err(cut());
                }
                if said.elapsed() >= Duration::from_secs(1) {
                    said = Instant::now();
                    call.say(|| words(&states));
                }
            }
            Err(error) => return Err(trouble(&error)),
        }
    }
}

/// The error for a call whose client no longer waits. It is never sent.
pub(super) fn cut() -> Trouble {
    Trouble::new(TroubleKind::Cancelled, "the call was cancelled")
}

/// The result of a wait that was cancelled or timed out.
pub(super) fn unfinished(end: Unfinished, what: &str) -> Result<McpToolResult, Trouble> {
    match end {
        Unfinished::Cancelled => Err(cut()),
        Unfinished::TimeUp => Ok(McpToolResult::Facts(json!({
            "outcome": "timeout",
            "next": format!("{what} goes on: call `wait_for`, or look at `logs`"),
        }))),
    }
}

fn facts(outcome: &str, states: &[WorkWaitState]) -> serde_json::Value {
    let row = |state: &WorkWaitState| {
        let mut row = json!({ "key": state.key, "word": state.word, "reached": state.reached });
        if let Some(error) = state.error.as_ref().filter(|_| !state.reached) {
            row["error"] = error.as_str().into();
        }
        row
    };
    json!({ "outcome": outcome, "work": states.iter().map(row).collect::<Vec<_>>() })
}

fn words(states: &[WorkWaitState]) -> String {
    let each =
        states.iter().map(|state| format!("{} is {}", state.key, state.word.as_deref().unwrap_or("not there yet")));
    each.collect::<Vec<_>>().join(", ")
}
