//! The boards of runs: their names, and the removal of old ones.

pub(crate) mod board;
pub(crate) mod log_files;
pub(crate) mod numbers;
pub(crate) mod project;
pub(crate) mod written_slots;

use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use vx_shm::{Board, BoardSubject, CreateError, ReadError, Reader};

use super::recordings::stale_recordings;
use crate::boards::log_files::logs_of;
use crate::channel::free_board_path;

/// Boards of ended runs are kept for this long.
pub const BOARDS_KEPT_FOR: Duration = Duration::from_secs(3600);
/// At most this many boards of ended runs are kept.
pub const BOARDS_KEPT: usize = 32;

/// Names tried for a board before giving up.
const TRIES: usize = 64;

/// Make the board of this process's run; old boards are removed first.
pub fn create_board(directory: &Path, subject: BoardSubject<'_>, capacity: u32) -> Result<Board, CreateError> {
    // A board that cannot be removed stays for the next run to try again.
    let _ = collect_boards(directory);
    let create = || Board::create(&free_board_path(directory, std::process::id()), subject, capacity);
    let mut made = create();
    for _ in 1..TRIES {
        // Another thread of this process took the name in the meantime.
        let Err(CreateError::Exists { .. }) = made else { break };
        made = create();
    }
    made
}

/// Wait at most `longest` for a change of a board whose last reading had the outcome `read`.
///
/// On a truncated board [`Reader::wait_change`] returns at once, so after a failed reading this sleeps for the whole
/// time: a caller that keeps showing the last good reading doesn't spin.
pub fn await_change(reader: &Reader, read: &Result<bool, ReadError>, longest: Duration) {
    match read {
        Ok(_) => drop(reader.wait_change(longest)),
        Err(_) => thread::sleep(longest),
    }
}

/// Remove boards that are old or too many, with the logs beside them, logs whose board is gone, and recordings that are
/// old or take too much room.
pub fn collect_boards(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut removed = vx_shm::gc(directory, BOARDS_KEPT_FOR, BOARDS_KEPT)?;
    for logs in stray_logs(directory)? {
        let _ = std::fs::remove_dir_all(&logs);
    }
    // A socket that cannot be removed harms nothing: its process is gone.
    #[cfg(feature = "control")]
    let _ = vx_rpc::remove_stale(directory);
    removed.extend(stale_recordings(directory)?.into_iter().filter(|path| std::fs::remove_file(path).is_ok()));
    Ok(removed)
}

/// List the files that [`collect_boards`] would remove, without changing anything.
pub fn stale_boards(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut stale = vx_shm::stale(directory, BOARDS_KEPT_FOR, BOARDS_KEPT)?;
    stale.extend(stray_logs(directory)?);
    stale.extend(stale_recordings(directory)?);
    Ok(stale)
}

/// Directories of logs whose board is gone.
fn stray_logs(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let stray = |path: &PathBuf| {
        let logs = path.extension().is_some_and(|extension| extension == "logs");
        logs && logs_of(path) == *path && !path.with_extension("board").exists() && is_settled(path)
    };
    Ok(std::fs::read_dir(directory)?.flatten().map(|entry| entry.path()).filter(stray).collect())
}

/// Returns whether the directory is old enough to belong to no run that is just starting.
fn is_settled(path: &Path) -> bool {
    const STARTING: Duration = Duration::from_secs(10);
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > STARTING))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use vx_shm::Snapshot;

    use super::*;

    #[test]
    fn a_board_that_was_cut_is_looked_at_again_only_after_the_time_of_a_wait() {
        let directory = tempfile::tempdir().expect("a directory");
        let board = create_board(directory.path(), "".into(), 4).expect("a board");
        let mut reader = Reader::open(board.path()).expect("it opens");
        let file = std::fs::File::options().write(true).open(board.path()).expect("a file");
        file.set_len(64).expect("it is cut");
        let (read, begun) = (reader.refresh(&mut Snapshot::default()), Instant::now());
        await_change(&reader, &read, Duration::from_millis(200));
        assert!(read.is_err() && begun.elapsed() >= Duration::from_millis(200), "{read:?} {:?}", begun.elapsed());
    }
}
