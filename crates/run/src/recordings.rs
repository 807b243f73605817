//! The recordings of the last runs: their names, a list of them, and the choice of those to remove.
//!
//! Recordings outlive their boards, so that a run can be compared with earlier ones; together they take little room.

pub(crate) mod dumper;
pub(crate) mod recorder;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use vx_shm::recording::is_recording;

/// A recording that no user asked for has at most this many bytes.
pub(super) const KEPT_RECORDING_BYTES: u64 = 1 << 20;
/// At most this many recordings are kept.
pub const RECORDINGS_KEPT: usize = 32;
/// All kept recordings together take at most this many bytes.
pub const RECORDINGS_KEPT_BYTES: u64 = 8 << 20;
/// Recordings are kept for this long.
pub(super) const RECORDINGS_KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

const EXTENSION: &str = "vxr";
/// Digits of a board's id that distinguish it from earlier boards of its name.
const ID_DIGITS: usize = 8;

/// Name the recording of the board in this file, which has this id.
pub fn recording_beside(board: &Path, id: &str) -> PathBuf {
    let stem = board.file_stem().unwrap_or_default().to_string_lossy();
    let id: String = id.chars().take(ID_DIGITS).collect();
    board.with_file_name(format!("{stem}-{id}.{EXTENSION}"))
}

/// Derive the file of the recorded board from the recording's name.
pub fn board_of_recording(recording: &Path) -> Option<PathBuf> {
    let stem = recording.file_stem()?.to_str()?;
    let (board, id) = stem.rsplit_once('-')?;
    let named = id.len() == ID_DIGITS && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    named.then(|| recording.with_file_name(format!("{board}.board")))
}

/// List the recordings beside the boards of a directory, the newest first.
pub fn kept_recordings(directory: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(found(directory)?.into_iter().map(|found| found.path).collect())
}

struct KeptRecording {
    path: PathBuf,
    modified: SystemTime,
    size_bytes: u64,
}

fn found(directory: &Path) -> io::Result<Vec<KeptRecording>> {
    let named = |path: &PathBuf| path.extension().is_some_and(|extension| extension == EXTENSION);
    let recordings = std::fs::read_dir(directory)?.flatten().map(|entry| entry.path()).filter(named);
    let look = |path: PathBuf| {
        let metadata = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
        let ours = board_of_recording(&path).is_some() && (metadata.len() == 0 || is_recording(&path));
        ours.then_some(KeptRecording { modified: metadata.modified().ok()?, size_bytes: metadata.len(), path })
    };
    let mut found: Vec<KeptRecording> = recordings.filter_map(look).collect();
    found.sort_by(|one, other| other.modified.cmp(&one.modified).then_with(|| one.path.cmp(&other.path)));
    Ok(found)
}

/// List the recordings that are too old, or for which there is no room beside newer ones; never one that is being
/// written.
pub(super) fn stale_recordings(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut count, mut bytes) = (0, 0);
    let stale = |found: &KeptRecording| {
        count += 1;
        bytes += found.size_bytes;
        let old = found.modified.elapsed().is_ok_and(|age| age > RECORDINGS_KEPT_FOR);
        (old || count > RECORDINGS_KEPT || bytes > RECORDINGS_KEPT_BYTES) && !being_written(&found.path)
    };
    Ok(found(directory)?.into_iter().filter(stale).map(|found| found.path).collect())
}

/// A recorder holds a lock on its file.
fn being_written(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::recording::{Recorder, create};
    use vx_shm::{BoardView, Snapshot};

    fn record(directory: &Path, number: u32) -> PathBuf {
        let board = BoardView { id: format!("{number:08x}{:024}", 0), capacity: 1, ..BoardView::default() };
        let path = recording_beside(&directory.join("vx-install-7.board"), &board.id);
        let snapshot = Snapshot { board, ..Snapshot::default() };
        Recorder::new(create(&path).unwrap(), 1 << 20, &snapshot).unwrap().end(&snapshot).unwrap();
        path
    }

    fn aged(path: &Path, seconds: u64) {
        let then = SystemTime::now() - Duration::from_secs(seconds);
        File::options().append(true).open(path).unwrap().set_modified(then).unwrap();
    }

    #[test]
    fn a_recordings_name_leads_back_to_its_board_and_other_names_lead_nowhere() {
        let board = Path::new("/run/vx-install-7.board");
        let recording = recording_beside(board, "0123456789abcdef0123456789abcdef");
        assert_eq!(recording, Path::new("/run/vx-install-7-01234567.vxr"));
        assert_eq!(board_of_recording(&recording).as_deref(), Some(board));
        for other in ["notes.vxr", "my-holidays.vxr", "x-0123456.vxr"] {
            assert_eq!(board_of_recording(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn too_old_too_many_and_too_big_go_and_the_newest_stay() {
        let directory = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..40).map(|number| record(directory.path(), number)).collect();
        paths.iter().enumerate().for_each(|(age, path)| aged(path, age as u64));
        aged(&paths[3], 8 * 24 * 3600);
        File::options().append(true).open(&paths[20]).unwrap().set_len(8 << 20).unwrap();
        aged(&paths[20], 20);
        let stale = stale_recordings(directory.path()).unwrap();
        assert!(stale.contains(&paths[3]), "too old");
        assert!((20..40).all(|age| stale.contains(&paths[age])), "no room: {stale:?}");
        assert!((0..20).filter(|age| *age != 3).all(|age| !stale.contains(&paths[age])), "{stale:?}");
    }

    #[test]
    fn a_recording_being_written_and_other_files_stay() {
        let directory = tempfile::tempdir().unwrap();
        let [written, other] =
            [recording_beside(&directory.path().join("a.board"), "00000000"), directory.path().join("b-00000000.vxr")];
        let held = create(&written).unwrap();
        std::fs::write(&other, "a user's notes").unwrap();
        [&written, &other].into_iter().for_each(|path| aged(path, 8 * 24 * 3600));
        assert_eq!(stale_recordings(directory.path()).unwrap(), Vec::<PathBuf>::new());
        drop(held);
        assert_eq!(stale_recordings(directory.path()).unwrap(), [written]);
    }
}
