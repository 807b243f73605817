//! The board that a wrapped command joins: that of the script which calls it, if the script has one.
//!
//! Looking costs the command time, so a board is opened only if its name says that a caller may have made it: the boards
//! of runs are named by their process, and any other name may be a script's choice.

use std::path::PathBuf;

use vx_process::callers;
use vx_process::is_there;
use vx_run::BOARDS_KEPT;
use vx_run::channel::{Mark, process_of_board};
use vx_shm::{Reader, Snapshot};

use crate::boards::find::{self, BoardError};

/// The board to join.
pub(super) enum BoardSearchResult {
    /// This one.
    Board(PathBuf),
    /// None.
    None {
        /// True if so many boards are there that old ones have to go.
        crowded: bool,
    },
}

/// The board of `VX_BOARD`, else that of the nearest caller that has one. `VX_BOARD` counts last where a run has set it
/// for what it started: a board of the script's own is nearer.
pub(super) fn find() -> Result<BoardSearchResult, BoardError> {
    let mark = Mark::own().filter(Mark::is_whole);
    let named = std::env::var(Mark::BOARD).ok().filter(|named| !named.is_empty());
    if let Some(named) = named.filter(|_| mark.is_none()) {
        return find::find(Some(&named)).map(BoardSearchResult::Board);
    }
    let names = names()?;
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let found = of_callers(&all)?.or_else(|| mark.map(|mark| mark.board().to_owned()));
    Ok(found.map_or(BoardSearchResult::None { crowded: is_crowd(&names) }, BoardSearchResult::Board))
}

/// True if so many boards are there that old ones have to go.
pub(super) fn crowded() -> Result<bool, BoardError> {
    names().map(|names| is_crowd(&names))
}

fn is_crowd(names: &[String]) -> bool {
    names.len() > 2 * BOARDS_KEPT
}

/// The names of the boards that are there.
fn names() -> Result<Vec<String>, BoardError> {
    let entries = std::fs::read_dir(find::directory()?)?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter(|name| name.ends_with(".board")).collect())
}

/// The board of one of the callers among these.
fn of_callers(names: &[&str]) -> Result<Option<PathBuf>, BoardError> {
    // Most boards are of processes that have ended, and looking up the callers takes longer than all else here.
    if names.iter().all(|name| process_of_board(name).is_some_and(|pid| !is_there(pid))) {
        return Ok(None);
    }
    let (directory, callers) = (find::directory()?, callers());
    let may_be_theirs = |name: &&&str| process_of_board(name).is_none_or(|pid| callers.contains(&pid));
    let read = |name: &&str| -> Option<(PathBuf, Snapshot)> {
        let path = directory.join(name);
        let snapshot = Reader::open(&path).ok()?.snapshot().ok()?;
        Some((path, snapshot))
    };
    let mut found: Vec<(PathBuf, Snapshot)> = names.iter().filter(may_be_theirs).filter_map(read).collect();
    found.sort_by_key(|(_, snapshot)| std::cmp::Reverse(snapshot.board.created_unix_ns));
    Ok(find::of_processes(&found, None, &callers))
}
