//! A script's own board: creating and closing it.

use std::path::{Path, PathBuf};

use vx_run::channel::free_board_path;
use vx_run::collect_boards;
use vx_shm::{Board, BoardState, ClaimError, SlotState, Snapshot};

use super::error::ReportError;
use super::owners::{owners, read, refused, with_callers};
use crate::boards::find;

/// The longest name of a board, in bytes. With its extension it is no longer than the names of runs' boards, which the
/// limit on the directory's path leaves room for.
const LONGEST_NAME: usize = 24;

/// A board to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewBoard {
    /// Its name; without one, its owner's process id names it.
    pub name: Option<String>,
    /// Its title; by default its name, or else the name of the working directory.
    pub title: Option<String>,
    /// The number of its slots.
    pub slots: u32,
}

/// Create a board for the calling script, or for the process `owner`. Returns the board's file.
///
/// # Errors
/// The name is taken or not valid, or the board cannot be made.
pub fn create(new: &NewBoard, owner: Option<u32>) -> Result<PathBuf, ReportError> {
    let owners = owners(owner)?;
    let directory = find::directory()?;
    // If a board cannot be removed now, the next call tries again.
    let _ = collect_boards(&directory);
    let path = match &new.name {
        Some(name) => named(&directory, name)?,
        None => free_board_path(&directory, owners[0]),
    };
    let title = new.title.as_ref().or(new.name.as_ref()).cloned().unwrap_or_else(working_directory_name);
    Ok(Board::create_for(&path, &title, new.slots, owners[0])?.path().to_owned())
}

/// The file for a board with this name. An ended board with the same name is removed.
fn named(directory: &Path, name: &str) -> Result<PathBuf, ReportError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let number = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if name.len() > LONGEST_NAME || name.starts_with(['.', '-']) || number || !name.bytes().all(plain) {
        return Err(ReportError::Name { name: name.to_owned(), most_bytes: LONGEST_NAME });
    }
    let path = directory.join(format!("{name}.board"));
    match vx_shm::remove_over(&path) {
        Ok(_) => Ok(path),
        Err(error) => Err(ReportError::Remove { path, error }),
    }
}

fn working_directory_name() -> String {
    let directory = std::env::current_dir().unwrap_or_default();
    directory.file_name().map_or_else(|| "script".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Close a script's board in this state, or in the state that its slots imply. Returns the keys of the slots that have
/// not ended.
///
/// Closing a closed board does nothing, since a trap at the script's exit often closes it a second time.
///
/// # Errors
/// There is no such board, or it belongs to another process.
pub fn close(board: Option<&str>, state: Option<BoardState>, owner: Option<u32>) -> Result<Vec<String>, ReportError> {
    let owners = owners(owner)?;
    let path = find::find_own(board, None, &with_callers(&owners))?;
    let board = match Board::take_charge(&path, &owners) {
        Err(ClaimError::Closed) => return Ok(Vec::new()),
        taken => taken.map_err(|error| refused(&path, error))?,
    };
    let snapshot = read(&path)?;
    board.close(state.unwrap_or_else(|| outcome(&snapshot)));
    Ok(snapshot.slots.into_iter().filter(|slot| !slot.state.ended()).map(|slot| slot.key).collect())
}

/// The outcome of a board, derived from its slots.
fn outcome(snapshot: &Snapshot) -> BoardState {
    let any = |wanted: fn(SlotState) -> bool| snapshot.slots.iter().any(|slot| wanted(slot.state));
    match () {
        () if any(|state| !state.good() && state != SlotState::Cancelled) => BoardState::Failed,
        () if any(|state| state == SlotState::Cancelled) => BoardState::Cancelled,
        () => BoardState::Done,
    }
}
