//! The child of one turn of a batch: `vx turn-child --ipc-channel NAME`. It writes the turn's slot, its text, and its
//! result.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crossbeam_channel::{never, select, unbounded};
use vx_base::files::replace_file::replace_file;
use vx_base::paths::runtime_directory;
use vx_base::trouble::Trouble;
use vx_process::{Log, LogPolicy, interrupts, watch_parent};
use vx_run::channel::{ChildCause, ChildError, ChildPurpose, PATIENCE, ServiceChannelChild, is_on_unnamed_board};
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{Ending, Slot, SlotState};

use super::order::{TurnFiles, TurnOrder, TurnResult, TurnResultBuilder};
use crate::error::TurnError;
use crate::event::TurnEvent;
use crate::output::rendering::{Rendering, Shown};
use crate::request::TurnRequest;
use crate::turn::outcome::{AgentVerdict, TurnOutcome};
use crate::turn::spawn::{TurnHandle, spawn_turn_on};

/// Carry out the turn of this channel. `on_event` takes each event, and the outcome with the last.
///
/// # Errors
/// There is no such slot, no order arrives for it, or its agent could not be started.
pub fn run_child(
    channel: &str,
    on_event: &mut dyn FnMut(&TurnEvent, Option<&TurnOutcome>),
) -> Result<TurnOutcome, ChildError> {
    carry_out(channel, on_event).map_err(|cause| cause.of_child(ChildPurpose::Turn))
}

fn carry_out(
    channel: &str,
    on_event: &mut dyn FnMut(&TurnEvent, Option<&TurnOutcome>),
) -> Result<TurnOutcome, ChildCause> {
    let mut interrupted = interrupts()?;
    // Watch before reading the board: the board shows a parent that died earlier, and the watch one that dies later.
    let (gone, mut parent_gone) = unbounded::<()>();
    watch_parent(move || gone.send(()).unwrap_or_default())?;
    let directory = if is_on_unnamed_board(channel) { PathBuf::new() } else { runtime_directory()? };
    let child = ServiceChannelChild::connect(channel, &directory, None)?;
    if child.abandoned() {
        let _ = child.into_slot().end(Ending::new(SlotState::Cancelled));
        return Ok(TurnOutcome::Cancelled);
    }
    let slot = child.into_slot();
    let TurnOrder { request, files } = match ServiceChannelChild::receive(io::stdin(), PATIENCE) {
        Ok(order) => order,
        Err(error) => {
            let _ = slot.end(Ending::failed(Trouble::from_error(&error).to_cell()));
            return Err(error.into());
        }
    };
    let turn_id = request.turn_id.clone();
    let mut gathered = TurnResultBuilder::new(request.table().is_ok_and(|agent| agent.text));
    let (mut text, handle) = match start(&files, request, slot) {
        Ok(started) => started,
        Err(error) => {
            let reason = Some(error.to_string());
            keep(&files.result, &TurnResult { turn_id, outcome: "failed".into(), reason, ..TurnResult::default() })?;
            return Err(ChildCause::Work(Trouble::from_error(&error)));
        }
    };
    let (mut verdict, mut rendering) = (AgentVerdict::default(), Rendering::default());
    loop {
        select! {
            recv(handle.receiver) -> event => {
                let Ok(event) = event else { return Ok(TurnOutcome::Failed("its end is not known".into())) };
                let outcome = verdict.apply_event(&event);
                rendering.render(&event).into_iter().for_each(|shown| write(&mut text, shown));
                on_event(&event, outcome.as_ref());
                if let Some(result) = gathered.add_event(&event, outcome.as_ref()) {
                    let usage = handle.counts.usage();
                    keep(&files.result, &TurnResult { turn_id: turn_id.clone(), usage, ..result })?;
                }
                if let Some(outcome) = outcome {
                    return Ok(outcome);
                }
            }
            recv(parent_gone) -> asked => {
                // A closed channel means that there is no parent to watch.
                parent_gone = never();
                if asked.is_ok() {
                    let _ = handle.kill_tx.send(());
                }
            }
            recv(interrupted) -> asked => {
                let _ = handle.kill_tx.send(());
                if asked.is_err() {
                    interrupted = never();
                }
            }
        }
    }
}

/// Start the turn, with the log for its text. If that fails, the slot ends with the reason.
fn start(files: &TurnFiles, request: TurnRequest, slot: Slot) -> Result<(Log, TurnHandle), TurnError> {
    let text = match text_log(files) {
        Ok(text) => text,
        Err(cause) => {
            let error = TurnError::Log { path: files.text.clone(), cause };
            let _ = slot.end(Ending::failed(Trouble::from_error(&error).to_cell()));
            return Err(error);
        }
    };
    Ok((text, spawn_turn_on(request, slot)?))
}

/// Open the log for the text; after an earlier attempt, its text stays and a heading follows.
fn text_log(files: &TurnFiles) -> io::Result<Log> {
    let Some(heading) = &files.heading else { return Log::create(&files.text) };
    let mut log = Log::go_on(&files.text, LogPolicy::default())?;
    log.write(format!("{heading}\n").as_bytes());
    Ok(log)
}

fn write(log: &mut Log, shown: Shown) {
    match shown {
        Shown::Answer(text) => log.write(text.as_bytes()),
        Shown::Note(text) => log.write(format!("{text}\n").as_bytes()),
    }
}

fn keep(file: &Path, result: &TurnResult) -> io::Result<()> {
    let text = serde_json::to_string(result).map_err(io::Error::other)?;
    replace_file(file, |into| into.write_all(text.as_bytes()))
}
