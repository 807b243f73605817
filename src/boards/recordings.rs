//! The recordings of runs: reading a recording or one moment of it, and listing those of the last runs.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vx_run::kept_recordings;
use vx_shm::Snapshot;
use vx_shm::recording::Recording;

use crate::boards::find::{self, BoardError};

/// One recording in the directory of the boards.
#[derive(Debug)]
pub struct ListedRecording {
    /// Its file.
    pub path: PathBuf,
    /// Its last reading and its length, or the error of reading it.
    pub reading: Result<(Snapshot, Duration), BoardError>,
}

/// Read a recording.
///
/// # Errors
/// The file is not a recording, or has no complete reading.
pub fn open(path: &Path) -> Result<Recording, BoardError> {
    Ok(Recording::open(path)?)
}

/// The recordings of the last runs, the newest first.
///
/// # Errors
/// A directory cannot be read.
pub fn list() -> Result<Vec<ListedRecording>, BoardError> {
    let listed = |path: PathBuf| ListedRecording { reading: last_reading(&path), path };
    let mut all = Vec::new();
    for place in find::places()? {
        all.extend(kept_recordings(&place)?.into_iter().map(listed));
    }
    let created = |one: &ListedRecording| one.reading.as_ref().map_or(i64::MIN, |(seen, _)| seen.board.created_unix_ns);
    all.sort_by_key(|one| Reverse(created(one)));
    Ok(all)
}

fn last_reading(path: &Path) -> Result<(Snapshot, Duration), BoardError> {
    let mut playback = open(path)?.playback();
    playback.seek(u64::MAX);
    Ok((playback.last().clone(), Duration::from_nanos(playback.recording().length_ns())))
}

/// The board as it was at this time after its creation, or at the end of the recording. For a time outside of the
/// recording, its nearest moment.
///
/// # Errors
/// The file is not a readable recording.
pub fn moment(path: &Path, after: Option<Duration>) -> Result<Snapshot, BoardError> {
    let recording = open(path)?;
    let (first_ns, last_ns) = recording.span_ns();
    let asked_ns = after.map_or(u64::MAX, |after| {
        recording.created_at_ns().saturating_add(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX))
    });
    let at_ns = asked_ns.clamp(first_ns, last_ns);
    let mut playback = recording.playback();
    playback.seek(at_ns);
    let mut snapshot = Snapshot::default();
    playback.show_at(at_ns, &mut snapshot);
    Ok(snapshot)
}
