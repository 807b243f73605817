//! `vx board wait`: waits until a run is over, or some of its work has reached a state.

use std::process::ExitCode;

use serde_json::{Value, json};
use vx_base::trouble::{Explain, TroubleKind};
use vx_project::services::keys_meant;
use vx_shm::Reader;

use crate::boards::find::{self, BoardError};
use crate::boards::follow;
use crate::boards::waiting::{WaitForError, WorkWaitCondition, WorkWaitState, wait_for};
use crate::doors::cli::args::WaitArguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::print;
#[cfg(feature = "control")]
use crate::serving::up::LivesOn;

/// The exit code when the time is up, the same as that of `timeout`.
const TIME_UP: u8 = 124;

/// Run `vx board wait`.
pub(super) fn run(asked: &WaitArguments) -> CommandResult {
    let mut reader = match (&asked.board, asked.wanted.first()) {
        (None, Some(first)) => find::open_file(&find::with_key(&first.key)?)?,
        (named, _) => find::open(named.as_deref())?,
    };
    if asked.wanted.is_empty() {
        let waited = follow::wait(&mut reader, asked.until, asked.timeout);
        if asked.json {
            let word = waited.as_ref().map_or_else(|error| word(error.kind()), |()| "reached");
            print::data(json!({ "outcome": word, "work": [] }));
        }
        return finish(waited);
    }
    let wanted = with_parts(&mut reader, &asked.wanted)?;
    #[cfg(feature = "control")]
    let board = reader.path().to_owned();
    #[cfg(feature = "control")]
    let lives = LivesOn(&board);
    #[cfg(not(feature = "control"))]
    let lives = Unsupervised;
    let waited = wait_for(&mut reader, &wanted, asked.timeout, &lives);
    if asked.json {
        print::data(document(&waited));
    }
    finish(waited.map(drop))
}

/// Without sockets there are no services, so no work has another life.
#[cfg(not(feature = "control"))]
struct Unsupervised;

#[cfg(not(feature = "control"))]
impl crate::boards::waiting::Lives for Unsupervised {
    fn goes_on(&self, _: &str) -> bool {
        false
    }

    fn ending(&self, _: &[(&str, u32)]) -> Vec<String> {
        Vec::new()
    }
}

/// Replace the name of a plugin by its services.
fn with_parts(reader: &mut Reader, wanted: &[WorkWaitCondition]) -> Result<Vec<WorkWaitCondition>, BoardError> {
    let snapshot = reader.snapshot().map_err(BoardError::Read)?;
    let keys = |wanted: &WorkWaitCondition| match keys_meant(&wanted.key, |key| find::slot_of(&snapshot, key).is_some())
    {
        keys if keys.is_empty() => vec![wanted.key.clone()],
        keys => keys,
    };
    let each = |wanted: &WorkWaitCondition| {
        let reached = wanted.reached;
        keys(wanted).into_iter().map(move |key| WorkWaitCondition { key, reached })
    };
    Ok(wanted.iter().flat_map(each).collect())
}

fn finish<E: Explain + std::fmt::Display>(waited: Result<(), E>) -> CommandResult {
    match waited {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.kind() == TroubleKind::Timeout => Err(CommandFailure::hinted(TIME_UP, &error)),
        Err(error) => Err(CommandFailure::hinted(crate::doors::cli::output::failure::FAILED, &error)),
    }
}

fn word(kind: TroubleKind) -> &'static str {
    if kind == TroubleKind::Timeout { "timeout" } else { "ended" }
}

fn document(waited: &Result<Vec<WorkWaitState>, WaitForError>) -> Value {
    let (outcome, states) = match waited {
        Ok(states) => ("reached", states.as_slice()),
        Err(error @ (WaitForError::Otherwise(states) | WaitForError::TimeUp(states))) => {
            (word(error.kind()), states.as_slice())
        }
        Err(WaitForError::Board(_)) => ("ended", &[][..]),
    };
    let row = |state: &WorkWaitState| {
        json!({
            "key": state.key,
            "word": state.word,
            "reached": state.reached,
            "error": state.error,
            "hint": state.hint,
            "log": state.log,
        })
    };
    json!({ "outcome": outcome, "work": states.iter().map(row).collect::<Vec<_>>() })
}
