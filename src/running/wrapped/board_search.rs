//! Finds the board that a wrapped command joins: the board of the calling script, if it has one.
//!
//! Searching delays the command, so a board is opened only if, by its name, a caller may have made it: the boards of
//! runs are named by their process, and a script may choose any other name.

use std::path::PathBuf;

use vx_process::callers;
use vx_process::is_there;
use vx_run::BOARDS_KEPT;
use vx_run::channel::{Mark, process_of_board};
use vx_shm::{Reader, Snapshot};

use crate::boards::find::{self, BoardError};

/// The result of the search for a board to join.
pub(super) enum BoardSearchResult {
    /// This board.
    Board(PathBuf),
    /// There is no board to join.
    None {
        /// Whether there are so many boards that old ones must be removed.
        crowded: bool,
    },
}

/// The board of `VX_BOARD`, else that of the nearest caller that has one. If a run has set `VX_BOARD` for the processes
/// it started, `VX_BOARD` comes last, since a board that the script made itself is nearer.
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

/// Whether there are so many boards that old ones must be removed.
pub(super) fn crowded() -> Result<bool, BoardError> {
    names().map(|names| is_crowd(&names))
}

fn is_crowd(names: &[String]) -> bool {
    names.len() > 2 * BOARDS_KEPT
}

/// The names of all boards.
fn names() -> Result<Vec<String>, BoardError> {
    let entries = std::fs::read_dir(find::directory()?)?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter(|name| name.ends_with(".board")).collect())
}

/// The board among these that belongs to one of the callers.
fn of_callers(names: &[&str]) -> Result<Option<PathBuf>, BoardError> {
    // Most boards belong to processes that have ended, and looking up the callers takes longer than everything else
    // here.
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
