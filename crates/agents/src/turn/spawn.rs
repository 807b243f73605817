//! Starting a turn: everything is checked before the process is started, and a failed start leaves no process behind.

use std::ffi::OsString;
use std::io::{self, PipeWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, never, select, unbounded};
use serde_json::json;
use vx_base::files::search_path::{is_program, program_on_path};
use vx_base::trouble::Trouble;
use vx_process::{Log, Piped, PipedLaunch, own_runner};
use vx_run::channel::Mark;
use vx_shm::Slot;

use super::active::ActiveTurnEntry;
use super::queue::Queue;
use super::slot::TurnSlot;
use super::thread::{TurnThread, TurnWakePipe};
use crate::agent::Agent;
use crate::arguments::{AgentCommandLine, AgentInput, command_line};
use crate::error::TurnError;
use crate::event::TurnEvent;
use crate::output::counts::AgentOutputCounts;
use crate::output::reading::AgentOutputReader;
use crate::permission;
use crate::request::{Prompt, TurnRequest};

/// A turn under way.
#[derive(Debug)]
pub struct TurnHandle {
    /// The events, up to the terminal one. If this is dropped, the turn goes on.
    pub receiver: Receiver<TurnEvent>,
    /// Cancels the turn when something is sent, or when this is dropped.
    pub kill_tx: Sender<()>,
    /// The prompts of a conversation. Dropping it closes the agent's input, after which the agent ends.
    pub prompt_tx: Option<Sender<String>>,
    /// Everything that the agent starts is ended with it. False without a runner, which leaves only the agent's group.
    pub ends_whole_tree: bool,
    /// Numbers about what was not delivered.
    pub counts: Arc<AgentOutputCounts>,
}

/// Find an agent's program on a search path: the first executable file of this name.
///
/// # Errors
/// There is no such file.
pub fn find_agent(program: &str, path: &std::ffi::OsStr) -> Result<PathBuf, TurnError> {
    program_on_path(program, path).ok_or_else(|| TurnError::NotFound(program.to_owned()))
}

/// Start a turn. Its agent runs when this returns.
///
/// # Errors
/// The turn cannot be started. Then no event is sent, and no process is left.
pub fn spawn_turn(request: TurnRequest) -> Result<TurnHandle, TurnError> {
    let agent = checked(&request)?.clone();
    let slot = join(&request)?;
    spawn(&request, agent, slot)
}

/// Start a turn on a slot that is already claimed.
///
/// # Errors
/// As [`spawn_turn`]. The slot ends with the reason.
pub fn spawn_turn_on(request: TurnRequest, slot: Slot) -> Result<TurnHandle, TurnError> {
    let slot = TurnSlot::begin(slot);
    match checked(&request) {
        Ok(agent) => spawn(&request, agent.clone(), Some(slot)),
        Err(error) => {
            slot.not_started(&Trouble::from_error(&error));
            Err(error)
        }
    }
}

/// Check everything that can be checked before a process is started. Returns the agent's table.
fn checked(request: &TurnRequest) -> Result<&Agent, TurnError> {
    let agent = request.table()?;
    let (program, directory) = (&request.agent_bin, &request.cwd);
    if let Some(path) = [program, directory].into_iter().find(|path| !path.is_absolute()) {
        return Err(TurnError::NotAbsolute(path.clone()));
    }
    let start = |cause| TurnError::Start { program: program.clone(), cause };
    program.metadata().map_err(start)?;
    if !is_program(program) {
        return Err(start(io::ErrorKind::PermissionDenied.into()));
    }
    if !directory.is_dir() {
        return Err(TurnError::Directory(directory.clone()));
    }
    if request.env.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(TurnError::Nul { what: "a variable" });
    }
    permission::check(agent, request)?;
    Ok(agent)
}

/// Claim the turn's slot. If the board named by the environment can't be joined, the turn runs without a slot.
fn join(request: &TurnRequest) -> Result<Option<TurnSlot>, TurnError> {
    if let Some(board) = &request.board {
        let failed = |cause: vx_shm::ClaimError| TurnError::Board { board: board.clone(), cause: cause.to_string() };
        return TurnSlot::join(board, &request.turn_id, &request.agent).map(Some).map_err(failed);
    }
    let board = std::env::var_os(Mark::BOARD).filter(|board| !board.is_empty()).map(PathBuf::from);
    Ok(board.and_then(|board| TurnSlot::join(&board, &request.turn_id, &request.agent).ok()))
}

fn spawn(request: &TurnRequest, agent: Agent, mut slot: Option<TurnSlot>) -> Result<TurnHandle, TurnError> {
    let begun = begin(request, agent, &mut slot);
    if let (Err(error), Some(slot)) = (&begun, slot) {
        slot.not_started(&Trouble::from_error(error));
    }
    begun
}

/// Begin a turn. It takes the slot out of `slot` once nothing can fail any more.
fn begin(request: &TurnRequest, agent: Agent, slot: &mut Option<TurnSlot>) -> Result<TurnHandle, TurnError> {
    let (piped, input, log) = start(request, &agent, slot.as_ref())?;
    let ends_whole_tree = piped.is_whole_tree();
    let (sender, receiver) = unbounded();
    let (kill_tx, killed) = unbounded::<()>();
    let (over, is_over) = unbounded::<()>();
    let counts = Arc::<AgentOutputCounts>::default();
    let (wake, waker) = TurnWakePipe::new()?;
    // A conversation begins without a prompt.
    let asked = Arc::new(AtomicU64::new(u64::from(request.prompt != Prompt::Conversation)));
    let prompt_tx = feed(input, waker.try_clone()?, Arc::clone(&asked))?;
    thread::Builder::new().name("cancel".into()).spawn(move || {
        select! {
            recv(killed) -> _ => (&waker).write_all(&[TurnWakePipe::CANCEL]).unwrap_or_default(),
            recv(is_over) -> _ => {}
        }
    })?;
    let (hand_over, given) = bounded::<(TurnThread, Piped, TurnWakePipe)>(1);
    thread::Builder::new().name("turn".into()).spawn(move || {
        if let Ok((turn, piped, wake)) = given.recv() {
            turn.run(piped, wake);
        }
    })?;
    let listed = ActiveTurnEntry::new(&request.turn_id, &request.agent);
    let turn = TurnThread {
        queue: Queue::new(sender, Arc::clone(&counts)),
        reading: AgentOutputReader::for_agent(agent),
        slot: slot.take(),
        log,
        counts: Arc::clone(&counts),
        limits: request.limits,
        has_open_input: prompt_tx.is_some(),
        asked,
        listed,
        over,
    };
    // This can't fail: the thread waits for it.
    let _ = hand_over.send((turn, piped, wake));
    Ok(TurnHandle { receiver, kill_tx, prompt_tx, ends_whole_tree, counts })
}

type Started = (Piped, Option<(AgentInput, PipeWriter)>, Option<Log>);

/// Start the agent. The caller has to write its standard input, if there is any.
fn start(request: &TurnRequest, agent: &Agent, slot: Option<&TurnSlot>) -> Result<Started, TurnError> {
    let AgentCommandLine { words, input } = command_line(agent, request)?;
    let log_of = |path: &PathBuf| Log::create(path).map_err(|cause| TurnError::Log { path: path.clone(), cause });
    let log = request.log.as_ref().map(log_of).transpose()?;
    let board = request.board.clone().or_else(|| std::env::var_os(Mark::BOARD).map(PathBuf::from));
    let marks = slot.zip(board).map(|(slot, board)| slot.variables(&board)).unwrap_or_default();
    let own = request.env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let launch = PipedLaunch {
        runner: runner(request)?,
        program: request.agent_bin.clone(),
        arguments: words.into_iter().map(Into::into).collect(),
        environment: marks.into_iter().chain(own).collect(),
        removed: agent.unset.iter().map(Into::into).collect(),
        directory: request.cwd.clone(),
        has_input: input != AgentInput::Empty,
        linger: request.limits.linger,
        grace: request.limits.grace,
    };
    let program = request.agent_bin.clone();
    let mut piped = Piped::start(launch).map_err(|cause| TurnError::Start { program, cause })?;
    let input = piped.take_input().map(|writer| (input, writer));
    Ok((piped, input, log))
}

/// Choose the owner of the agent's tree.
fn runner(request: &TurnRequest) -> Result<Option<PathBuf>, TurnError> {
    match &request.runner {
        Some(none) if none.as_os_str().is_empty() => Ok(None),
        Some(runner) if is_program(runner) => Ok(Some(runner.clone())),
        Some(runner) => Err(TurnError::Runner(runner.clone())),
        None => {
            let on_path = || std::env::var_os("PATH").and_then(|path| program_on_path("vx", &path));
            Ok(own_runner().or_else(on_path))
        }
    }
}

/// Write the agent's input on another thread, since the agent may never read it, and count the prompts. Once the agent
/// has ended, the rest is dropped.
fn feed(
    input: Option<(AgentInput, PipeWriter)>,
    waker: PipeWriter,
    asked: Arc<AtomicU64>,
) -> io::Result<Option<Sender<String>>> {
    let Some((input, mut writer)) = input else { return Ok(None) };
    let (prompt_tx, prompts) = match input {
        AgentInput::Open => {
            let (sender, receiver) = unbounded::<String>();
            (Some(sender), receiver)
        }
        AgentInput::Empty | AgentInput::Text(_) => (None, never()),
    };
    thread::Builder::new().name("input".into()).spawn(move || {
        match input {
            AgentInput::Empty => {}
            AgentInput::Text(text) => drop(writer.write_all(text.as_bytes())),
            AgentInput::Open => {
                for prompt in prompts {
                    // Count a prompt before it can be answered. If the agent is gone, it counts as unanswered, too.
                    asked.fetch_add(1, Ordering::SeqCst);
                    let line = json!({"type": "user", "message": {"role": "user", "content": prompt}});
                    if writeln!(writer, "{line}").is_err() {
                        break;
                    }
                }
            }
        }
        drop(writer);
        let _ = (&waker).write_all(&[TurnWakePipe::INPUT_CLOSED]);
    })?;
    Ok(prompt_tx)
}
