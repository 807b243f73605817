//! `vx board put`, `create` and `close`: a script's own words on a board.
//!
//! Each call is a process of its own and gone a moment later, so what it writes belongs to the script that called it: the
//! script's process is the slot's owner, and the only sign that somebody still stands behind it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vx_shm::{
    Board, BoardState, ClaimError, CreateError, Ending, Kind, Reader, ReserveError, Slot, SlotState, Snapshot,
};

use super::args::{CloseArguments, CreateArguments, Done, EndState, PutArguments};
use super::failure::{FAILED, Failure, Outcome};
use super::{boards, print};
use crate::channel::free_board_path;
use crate::paths::runtime_directory;
use crate::process::callers;
use crate::sync::collect_boards;

/// The longest name of a board: with its extension no longer than those of runs, whose length their directory allows for.
const LONGEST_NAME: usize = 24;

/// Run `vx board put`.
pub(super) fn put(arguments: &PutArguments) -> Outcome {
    check(arguments)?;
    let owners = owners(arguments.owner)?;
    let board = boards::to_write(arguments.board.as_deref(), Some(&arguments.key), &with_callers(&owners))?;
    let version = arguments.version.as_deref().unwrap_or("");
    // A second end of a slot, as a trap at the script's exit brings it, changes nothing.
    let anew = arguments.state.is_none();
    let slot = match Slot::on_behalf(&board, &arguments.key, version, Kind::Task, &owners, anew) {
        Err(ClaimError::Ended { state, .. }) => {
            if arguments.state.is_some_and(|asked| asked.0 != state) {
                print::note(format_args!("`{}` has ended before: {state}", arguments.key));
            }
            return Ok(ExitCode::SUCCESS);
        }
        claimed => claimed.map_err(|error| refused(&board, &error))?,
    };
    if !version.is_empty() {
        check_version(&board, &slot, version)?;
    }
    say(slot, arguments)
}

fn check(arguments: &PutArguments) -> Result<(), Failure> {
    let good = arguments.state.is_some_and(|state| state.0.good());
    if arguments.error.is_some() && good {
        return Err(Failure::usage("`--error` goes with `--state failed` or `--state cancelled`")
            .hint("`--message` says anything else"));
    }
    if arguments.key.is_empty() {
        return Err(Failure::usage("a slot needs a key"));
    }
    Ok(())
}

fn say(mut slot: Slot, arguments: &PutArguments) -> Outcome {
    if let Some(message) = &arguments.message {
        slot.message(message);
    }
    if let Some(details) = &arguments.details {
        slot.details(details);
    }
    if let Some(phase) = arguments.phase.filter(|phase| slot.phase() != Some(phase.0)) {
        slot.enter(phase.0, arguments.total);
    }
    if arguments.done.is_some() || arguments.total.is_some() {
        let done = match arguments.done {
            None => slot.done(),
            Some(Done::At(done)) => done,
            Some(Done::More(more)) => slot.done().saturating_add(more),
        };
        slot.publish_of(done, arguments.total.or(slot.total()));
    }
    if let Some(EndState(state)) = arguments.state {
        let ending = Ending { error: arguments.error.clone(), ..Ending::new(state) };
        slot.end(ending).map_err(Failure::failed)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A slot's version is written when it is claimed and never again.
fn check_version(board: &Path, slot: &Slot, version: &str) -> Result<(), Failure> {
    let snapshot = read(board)?;
    let own = snapshot.slots.iter().find(|view| view.index == slot.index());
    match own {
        // A long version was cut, and says so.
        Some(view) if view.version != version && !version.starts_with(view.version.trim_end_matches('…')) => {
            let text = format!("the version of `{}` is `{}`, and stays", view.key, view.version);
            Err(Failure::failed(text).hint("end the slot and begin a new one, or leave `--version` out"))
        }
        _ => Ok(()),
    }
}

/// Why a slot was not to be had; a key in use says whose it is.
fn refused(board: &Path, error: &ClaimError) -> Failure {
    let failure = Failure::failed(error);
    if let ClaimError::Place(ReserveError::KeyInUse { slot, .. }) = error {
        let snapshot = read(board).unwrap_or_default();
        let owner = snapshot.slots.iter().find(|view| view.index == *slot).and_then(|view| view.pid);
        let whose = owner.map_or_else(|| "it waits for its process".to_owned(), |pid| format!("it is process {pid}'s"));
        return failure.hint(format!("{whose}: choose another key, or wait until it has ended"));
    }
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Run `vx board create`.
pub(super) fn create(arguments: &CreateArguments) -> Outcome {
    let owners = owners(arguments.owner)?;
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    // A board that cannot be removed stays for the next call to try again.
    let _ = collect_boards(&directory);
    let path = match &arguments.name {
        Some(name) => named(&directory, name)?,
        None => free_board_path(&directory, owners[0]),
    };
    let title = match arguments.title.as_ref().or(arguments.name.as_ref()) {
        Some(title) => title.clone(),
        None => here(),
    };
    let board = Board::create_for(&path, &title, arguments.slots, owners[0]).map_err(|error| {
        let hint = match &error {
            CreateError::Exists { .. } => Some("somebody is still at work on it: choose another name".to_owned()),
            error => error.hint(),
        };
        hint.into_iter().fold(Failure::failed(error), Failure::hint)
    })?;
    print::data(board.path().display());
    Ok(ExitCode::SUCCESS)
}

/// The file of a board with this name; the board of that name that is over makes room for it.
fn named(directory: &Path, name: &str) -> Result<PathBuf, Failure> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let number = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if name.len() > LONGEST_NAME || name.starts_with(['.', '-']) || number || !name.bytes().all(plain) {
        let text =
            format!("`{name}` cannot name a board: use at most {LONGEST_NAME} letters, digits, `-`, `_` and `.`");
        return Err(Failure::usage(text).hint("a number alone would be taken for a process id"));
    }
    let path = directory.join(format!("{name}.board"));
    vx_shm::remove_over(&path)
        .map_err(|error| Failure::failed(format!("cannot remove the old board `{}`: {error}", path.display())))?;
    Ok(path)
}

/// The name of the working directory.
fn here() -> String {
    let directory = std::env::current_dir().unwrap_or_default();
    directory.file_name().map_or_else(|| "script".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Run `vx board close`.
pub(super) fn close(arguments: &CloseArguments) -> Outcome {
    let owners = owners(arguments.owner)?;
    let path = boards::to_write(arguments.board.as_deref(), None, &with_callers(&owners))?;
    let board = match Board::take_charge(&path, &owners) {
        Err(ClaimError::Closed) => return Ok(ExitCode::SUCCESS), // As a trap at the script's exit brings it.
        taken => taken.map_err(|error| refused(&path, &error))?,
    };
    let snapshot = read(&path)?;
    for slot in snapshot.slots.iter().filter(|slot| !slot.state.ended()) {
        let key: String = slot.key.chars().filter(|character| !character.is_control()).collect();
        print::warning(format_args!("`{key}` has not ended"));
    }
    board.close(arguments.state.map_or_else(|| outcome(&snapshot), |state| state.0));
    Ok(ExitCode::SUCCESS)
}

/// What the slots of a board say about the whole.
fn outcome(snapshot: &Snapshot) -> BoardState {
    let any = |wanted: fn(SlotState) -> bool| snapshot.slots.iter().any(|slot| wanted(slot.state));
    match () {
        () if any(|state| !state.good() && state != SlotState::Cancelled) => BoardState::Failed,
        () if any(|state| state == SlotState::Cancelled) => BoardState::Cancelled,
        () => BoardState::Done,
    }
}

/// Whose work it is, nearest first; never nobody.
fn owners(named: Option<u32>) -> Result<Vec<u32>, Failure> {
    let owners = named.map_or_else(callers, |owner| vec![owner]);
    if owners.is_empty() {
        let hint = "name the process whose work it is with `--owner`";
        return Err(Failure::failed("cannot tell which process called this").hint(hint));
    }
    Ok(owners)
}

/// Whose board it may be when none is named: also that of who calls in another's name.
fn with_callers(owners: &[u32]) -> Vec<u32> {
    owners.iter().copied().chain(callers()).collect()
}

fn read(board: &Path) -> Result<Snapshot, Failure> {
    let mut reader = Reader::open(board).map_err(Failure::failed)?;
    reader.snapshot().map_err(Failure::failed)
}
