//! Durations of installs on this machine, kept small in the home's cache, for the estimate of the next ones.
//!
//! One file, written whole beside its place and renamed into it at the end of a run, by the run's parent. Of two runs
//! that end at once, the last writer wins: the notes of the other run are lost, and nothing else. A file that is
//! damaged, foreign or too large counts as missing, and the next run makes a new one.

mod document;
mod run;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use vx_base::files::replace_file::replace_file;
use vx_base::files::small_file::read_small;
use vx_base::paths::Home;
use vx_shm::Snapshot;
use vx_status::source::Expectations;

use document::HistoryDocument;

/// A larger file is not read.
const MOST_BYTES: usize = 128 * 1024;

/// Expect the next run to be like earlier runs in this home; empty if there were none.
pub fn expectations(home: &Home) -> Expectations {
    read(&home.history()).expectations()
}

/// Record the durations of a run, given its last reading. Only installs that succeeded count. The number of installs at
/// work at once counts only if the run chose it itself (`fixed_at_once` is false) and had more to do.
pub fn record_run(home: &Home, last: &Snapshot, fixed_at_once: bool) -> io::Result<()> {
    let Some(mut run) = run::run_durations(last) else { return Ok(()) };
    run.at_once = run.at_once.filter(|_| !fixed_at_once);
    let path = home.history();
    let mut kept = read(&path);
    kept.add_run(run);
    write(&path, &kept.encode(MOST_BYTES))
}

fn read(path: &Path) -> HistoryDocument {
    read_small(path, MOST_BYTES as u64).and_then(|bytes| HistoryDocument::decode(&bytes)).unwrap_or_default()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(directory)?;
    replace_file(path, |file| file.write_all(bytes))
}

#[cfg(test)]
mod tests;
