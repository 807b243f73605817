//! `vx turn`: runs an agent once, prints its answer as it comes, and turns the outcome into an exit code.

mod agent;
mod batch;
mod json;
mod text;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, absolute};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use vx_agents::{
    AgentVerdict, Prompt, TurnError, TurnEvent, TurnHandle, TurnLimits, TurnOutcome, TurnRequest, active_turns,
    run_child, spawn_turn,
};
use vx_base::trouble::{Explain, TroubleKind};
use vx_process::{Interrupt, interrupts};

use crate::doors::cli::args::TurnArguments;
use crate::doors::cli::output::failure::{CANCELLED, CommandFailure, CommandResult as Ended, FAILED, USAGE};
use crate::doors::cli::output::print;
use crate::tools::route::Invocation;
use agent::Agents;

/// The exit code of a turn that took longer than allowed, the same as that of `timeout`.
const TIMED_OUT: u8 = 124;

/// The interval for checking whether a cancelled turn is over.
const LOOK: Duration = Duration::from_millis(20);
/// The time for the last events of a cancelled turn to be printed.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A form in which events are printed.
trait TurnPrinter {
    /// Print an event; the last one of a turn has its outcome.
    fn print(&mut self, event: &TurnEvent, outcome: Option<&TurnOutcome>);
}

/// Run `vx turn`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, asked: &TurnArguments) -> Ended {
    if let Some(file) = &asked.batch {
        return batch::run(project, asked, file);
    }
    if asked.prompt.is_none() && asked.input.is_none() {
        let hint = "give one with `-p TEXT`, or `-` to read it from standard input";
        return Err(CommandFailure::usage("there is no prompt").hint(hint));
    }
    let agents = Agents::for_project(project)?;
    let invocation = agents.program(&asked.agent, asked.program.as_deref())?;
    let request = TurnRequest { agent_table: agents.table(&asked.agent)?, ..request(asked, &invocation)? };
    // From here on a request to stop ends the agent, and then this process.
    let interrupted = interrupts()?;
    let handle = spawn_turn(request)?;
    end_in_time(interrupted, handle.kill_tx.clone())?;
    let as_json = asked.json || !asked.text && !std::io::stdout().is_terminal();
    let mut form: Box<dyn TurnPrinter> =
        if as_json { Box::new(json::TurnJsonPrinter) } else { Box::new(text::TurnTextPrinter::default()) };
    Ok(ExitCode::from(code_of(&follow(&handle, form.as_mut()))))
}

/// Run `vx turn-child`.
pub(in crate::doors::cli) fn child(channel: &str) -> Ended {
    let outcome = run_child(channel, &mut |event, outcome| json::TurnJsonPrinter.print(event, outcome));
    Ok(ExitCode::from(code_of(&outcome.map_err(|error| CommandFailure::hinted(FAILED, &error))?)))
}

fn code_of(outcome: &TurnOutcome) -> u8 {
    match outcome {
        TurnOutcome::Good => 0,
        TurnOutcome::Failed(_) => FAILED,
        TurnOutcome::TimedOut => TIMED_OUT,
        TurnOutcome::Cancelled => CANCELLED,
    }
}

/// The variables that make the agent find the project's tools.
fn variables(invocation: &Invocation) -> Vec<(String, String)> {
    let text = |value: &OsString| value.to_str().map(str::to_owned);
    invocation.variables.iter().filter_map(|(name, value)| text(name).zip(text(value))).collect()
}

fn request(asked: &TurnArguments, invocation: &Invocation) -> Result<TurnRequest, CommandFailure> {
    let prompt = match &asked.prompt {
        Some(prompt) => prompt.clone(),
        None => {
            let mut prompt = String::new();
            let unread = |error| CommandFailure::failed(format!("cannot read the prompt from standard input: {error}"));
            std::io::stdin().read_to_string(&mut prompt).map_err(unread)?;
            prompt
        }
    };
    Ok(TurnRequest {
        turn_id: format!("turn {}", std::process::id()),
        agent: asked.agent.clone(),
        resume_session_id: asked.resume.clone(),
        new_session_id: asked.session_id.clone(),
        model: asked.model.clone(),
        prompt: Prompt::Once(prompt),
        permission_mode: asked.permission_mode.clone(),
        env: variables(invocation).into_iter().chain(asked.env.iter().cloned()).collect(),
        limits: TurnLimits { timeout: asked.timeout, ..TurnLimits::default() },
        ..TurnRequest::new(absolute(&invocation.file)?, absolute(asked.cwd.as_deref().unwrap_or(".".as_ref()))?, "")
    })
}

/// Pass requests to stop on to the turn, on a separate thread, since a reader that takes nothing blocks the printing
/// thread. If it still blocks once the turn is over, this process exits without printing the rest.
fn end_in_time(interrupted: Receiver<Interrupt>, kill: Sender<()>) -> io::Result<()> {
    thread::Builder::new().name("interrupts".into()).spawn(move || {
        if interrupted.recv().is_err() {
            return;
        }
        let _ = kill.send(());
        while !active_turns().is_empty() {
            thread::sleep(LOOK);
        }
        thread::sleep(LAST_WORDS);
        std::process::exit(CANCELLED.into());
    })?;
    Ok(())
}

/// Print the events of a turn to its end.
fn follow(handle: &TurnHandle, form: &mut dyn TurnPrinter) -> TurnOutcome {
    let mut verdict = AgentVerdict::default();
    loop {
        let Ok(event) = handle.receiver.recv() else { return TurnOutcome::Failed("its end is not known".into()) };
        let outcome = verdict.apply_event(&event);
        form.print(&event, outcome.as_ref());
        if let Some(outcome) = outcome {
            warn_of_losses(handle);
            return outcome;
        }
        if print::closed() {
            let _ = handle.kill_tx.send(());
        }
    }
}

/// Warn about missing output: lines that could not be read, and events dropped because the reader was too far behind.
fn warn_of_losses(handle: &TurnHandle) {
    let unread = handle.counts.unread_lines();
    if unread > 0 {
        let lines = if unread == 1 { "1 line".to_owned() } else { format!("{unread} lines") };
        print::warning(format_args!("{lines} of the agent's output could not be read"));
    }
    let dropped = handle.counts.dropped_events();
    if dropped > 0 {
        print::warning(format_args!("{dropped} events were dropped: their reader was too far behind"));
    }
}

impl From<TurnError> for CommandFailure {
    fn from(error: TurnError) -> Self {
        let code = if error.kind() == TroubleKind::Usage { USAGE } else { FAILED };
        Self::hinted(code, &error)
    }
}
