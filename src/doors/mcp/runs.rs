//! Runs that are carried out for a call: the tools `sync` and `run`.
//!
//! Such a run has a board like any other, so `wait_for`, `logs` and the user's own views show it. Cancelling the call
//! stops it.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::scripts::order;
use vx_run::{RunRequest, log_file, logs_of};
use vx_status::standing::{Standing, failure};

use super::answer::{McpToolResult, trouble};
use super::call::{Call, Unfinished};
use super::call_project::Here;
use super::wait::cut;
use crate::boards::find;
use crate::boards::logs;
use crate::running::scripts::{PreparedScripts, ScriptBoardOptions, prepare, run_on_board};
use crate::tools::installs::syncing::{SyncOptions, SyncOutcome, sync};
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::run::{LiveRun, RunOutcome};
use crate::workspace::frontend::{Frontend, NullFrontend, Refused, RunView};
use crate::workspace::project::{Faults, ProjectPlace, Workspace};

/// How many of a script's last lines the answer holds.
const LINES: usize = 60;
/// How long a run may take to stop.
const STOPPING: Duration = Duration::from_secs(12);

/// The run of a call, as far as it has started.
#[derive(Clone, Default)]
struct Live(Arc<Mutex<CallRunState>>);

#[derive(Default)]
struct CallRunState {
    board: Option<PathBuf>,
    requests: Option<Sender<RunRequest>>,
    /// Whether the run is to stop, even if it has not started yet.
    stopped: bool,
}

impl Live {
    fn stop(&self) {
        let mut progress = self.0.lock();
        progress.stopped = true;
        if let Some(requests) = &progress.requests {
            let _ = requests.try_send(RunRequest::StopAll);
        }
    }

    fn board(&self) -> Option<PathBuf> {
        self.0.lock().board.clone()
    }

    /// The states of the run's work.
    fn word(&self) -> String {
        let snapshot = self.board().and_then(|board| find::open_file(&board).ok()?.snapshot().ok());
        let Some(snapshot) = snapshot else { return "preparing".to_owned() };
        let each =
            snapshot.slots.iter().take(20).map(|slot| format!("{} is {}", slot.key, Standing::from_slot(slot).word()));
        each.collect::<Vec<_>>().join(", ")
    }
}

impl Frontend for Live {
    fn notice(&self, _: Notice) {}

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        Ok(Box::new(self.clone()))
    }
}

impl RunView for Live {
    fn starting(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn started(&mut self, run: &LiveRun) -> io::Result<()> {
        let mut progress = self.0.lock();
        progress.board = Some(run.board.clone());
        progress.requests = Some(run.handle.requests.clone());
        if progress.stopped {
            let _ = run.handle.requests.try_send(RunRequest::StopAll);
        }
        Ok(())
    }

    fn ended(self: Box<Self>, _: &RunOutcome) -> Result<(), Trouble> {
        Ok(())
    }
}

/// Carry this work out, and stop it if the call is cancelled.
fn carry_out<T: Send + 'static>(
    call: &Call,
    work: impl FnOnce(&Live) -> Result<T, Trouble> + Send + 'static,
) -> Result<(T, Live), Trouble> {
    let live = Live::default();
    let (own, shown) = (live.clone(), live.clone());
    let (at_work, over) = bounded::<Infallible>(0);
    let work = move || {
        let _at_work = at_work;
        work(&own)
    };
    match call.attend(None, move || shown.word(), work)? {
        Ok(done) => Ok((done?, live)),
        Err(Unfinished::Cancelled | Unfinished::TimeUp) => {
            live.stop();
            // The session must not end before the processes of its runs.
            let _ = over.recv_timeout(STOPPING);
            Err(cut())
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SyncToolCall {
    #[serde(default)]
    tools: Vec<String>,
    directory: Option<PathBuf>,
}

impl SyncToolCall {
    pub(super) fn answer(self, here: &Here, call: &Call) -> Result<McpToolResult, Trouble> {
        let (home, place) = (here.home.clone(), here.place(self.directory.as_deref())?);
        let options = SyncOptions { tools: self.tools, ..SyncOptions::default() };
        let (outcome, _) = carry_out(call, move |live| {
            sync(home, &place, &options, live).map_err(|error| Trouble::from_error(&error))
        })?;
        Ok(match outcome {
            SyncOutcome::UpToDate | SyncOutcome::Planned(_) => McpToolResult::Facts(json!({ "outcome": "up to date" })),
            SyncOutcome::Ran(outcome) => {
                let good = outcome.good();
                let word = if good { "installed" } else { "failed" };
                let facts = json!({
                    "outcome": word,
                    "board": find::name(&outcome.board),
                    "work": ends(&outcome.board),
                });
                match good {
                    true => McpToolResult::Facts(facts),
                    false => McpToolResult::Text(format!("not everything was installed\n{facts:#}"), true),
                }
            }
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunToolCall {
    script: String,
    #[serde(default)]
    arguments: Vec<String>,
    directory: Option<PathBuf>,
}

impl RunToolCall {
    pub(super) fn answer(self, here: &Here, call: &Call) -> Result<McpToolResult, Trouble> {
        let Self { script, arguments, directory } = self;
        let (home, place) = (here.home.clone(), here.place(directory.as_deref())?);
        let name = script.clone();
        let (outcome, live) = carry_out(call, move |live| {
            let workspace = Workspace::open(home.clone(), &place, Faults::Refuse, &NullFrontend);
            let workspace = workspace.map_err(|error| trouble(&error))?;
            agreed(&workspace)?;
            let project = &workspace.project;
            let steps = order(&project.scripts, &name).map_err(|error| trouble(&error))?;
            match prepare(project, &home, &steps, &arguments, true, live).map_err(|error| trouble(&error))? {
                PreparedScripts::NotInstalled(_) => Ok(None),
                PreparedScripts::Ready(steps) => {
                    let how = ScriptBoardOptions { at_once: 1, hidden: true, ..ScriptBoardOptions::default() };
                    let place = ProjectPlace::At(project.directory.clone());
                    let view = Box::new(live.clone());
                    run_on_board(&steps, (&place, &home), &how, view, live).map(Some).map_err(|error| trouble(&error))
                }
            }
        })?;
        let board = live.board().unwrap_or_default();
        let Some(end) = outcome else {
            let facts = json!({ "work": ends(&board) });
            return Ok(McpToolResult::Text(format!("a tool of the project did not install\n{facts:#}"), true));
        };
        let (head, good) = match &end.failed {
            Some((step, exit)) => (format!("`{step}` failed: {exit}"), false),
            None if end.cancelled => (format!("`{script}` was stopped by another request"), false),
            None => (format!("`{script}` has ended well"), true),
        };
        let head = format!("{head}; board {}", find::name(&board));
        Ok(McpToolResult::Text(format!("{head}\n{}", printed(&board)), !good))
    }
}

/// Check for consent: scripts act, so no agent may start them for a user who has not agreed to what the project does.
fn agreed(workspace: &Workspace) -> Result<(), Trouble> {
    if workspace.consent.complete() {
        return Ok(());
    }
    let text = format!("the user has not agreed to what `{}` does", workspace.project.path.display());
    Err(Trouble::new(TroubleKind::Consent, text)
        .detailed(workspace.consent.lines())
        .hinted(format!("ask the user to run `vx trust` in `{}`", workspace.project.directory.display())))
}

/// The work of a board, with its errors.
fn ends(board: &Path) -> Vec<Value> {
    let snapshot = find::open_file(board).ok().and_then(|mut reader| reader.snapshot().ok());
    let slots = snapshot.map(|snapshot| snapshot.slots).unwrap_or_default();
    let row = |slot: &vx_shm::SlotView| {
        let standing = Standing::from_slot(slot);
        let error = standing.bad().then(|| failure(slot, standing));
        json!({
            "key": slot.key,
            "standing": standing.word(),
            "error": error.as_ref().map(|error| error.text.to_string()),
            "hint": error.and_then(|error| error.hint.map(|hint| hint.to_string())),
        })
    };
    slots.iter().map(row).collect()
}

/// The last lines that the scripts on a board printed, with the lines of the requested script at the end.
fn printed(board: &Path) -> String {
    let snapshot = find::open_file(board).ok().and_then(|mut reader| reader.snapshot().ok());
    let keys: Vec<String> = snapshot.into_iter().flat_map(|it| it.slots).map(|slot| slot.key).collect();
    let several = keys.len() > 1;
    let mut lines = Vec::new();
    // The script that was asked for comes first on the board.
    for key in keys.iter().rev() {
        let tail = logs::tail(&log_file(&logs_of(board), key), LINES).unwrap_or_default();
        if several && !tail.is_empty() {
            lines.push(format!("[{key}]"));
        }
        lines.extend(tail);
    }
    lines.join("\n")
}
