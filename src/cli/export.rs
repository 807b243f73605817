//! `vx board export`, and the same at the end of a run: a trace and a page of timings.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vx_shm::recording::{Recording, is_recording};
use vx_shm::{BoardState, Reader, Snapshot};

use super::args::ExportArguments;
use super::failure::{FAILED, Failure, Outcome};
use super::{boards, print, replay};
use crate::export::{Course, timings, trace};
use crate::paths::runtime_directory;
use crate::replace_file::replace_file;
use crate::sync::{kept_recordings, recording_beside};

/// With how many earlier runs a run is compared at most.
const MOST_EARLIER: usize = 12;

/// Run `vx board export`.
pub(super) fn run(board: Option<&str>, into: &ExportArguments) -> Outcome {
    let course = course_of(&boards::find(board)?)?;
    for written in write(&course, into)? {
        print::note(format_args!("wrote `{}`", written.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Make what is asked for from what was recorded of a board, or from the recording that was made of it elsewhere.
pub(super) fn at_the_end(board: &Path, record: Option<&Path>, into: &ExportArguments) -> Result<(), Failure> {
    if into.trace.is_none() && into.timings.is_none() {
        return Ok(());
    }
    write(&course_of(record.unwrap_or(board))?, into).map(drop)
}

/// Whether there is a place for what is asked for, so that nobody learns after a run that there is none.
pub(super) fn check_places(into: &ExportArguments) -> Result<(), Failure> {
    for path in [&into.trace, &into.timings].into_iter().flatten() {
        let directory = directory_of(path);
        if !directory.is_dir() || path.is_dir() {
            return Err(cannot_write(path, &io::Error::from(io::ErrorKind::NotFound)));
        }
    }
    Ok(())
}

/// What a recording tells, or what was recorded of a board, or else what the board itself says.
fn course_of(path: &Path) -> Result<Course, Failure> {
    if is_recording(path) {
        return Ok(Course::of_recording(replay::open(path)?, None));
    }
    let mut reader: Reader = boards::open_at(path)?;
    let mut snapshot = Snapshot::default();
    reader.refresh(&mut snapshot).map_err(Failure::failed)?;
    let recorded = Recording::open(&recording_beside(path, &snapshot.board.id)).ok();
    let recorded = recorded.filter(|recording| recording.board_id() == snapshot.board.id);
    let goes_on = snapshot.board.state == BoardState::Running && !snapshot.board.abandoned();
    let now = goes_on.then_some(&snapshot);
    Ok(recorded.map_or_else(|| Course::of_reading(&snapshot), |recording| Course::of_recording(recording, now)))
}

fn write(course: &Course, into: &ExportArguments) -> Result<Vec<PathBuf>, Failure> {
    let mut written = Vec::new();
    if let Some(path) = &into.trace {
        replace_file(path, |file| trace(course, file)).map_err(|error| cannot_write(path, &error))?;
        written.push(path.clone());
    }
    if let Some(path) = &into.timings {
        let page = timings(course, &earlier(course)?);
        replace_file(path, |file| file.write_all(page.as_bytes())).map_err(|error| cannot_write(path, &error))?;
        written.push(path.clone());
    }
    Ok(written)
}

/// The earlier runs of the same project that recordings are kept of, the newest first.
fn earlier(course: &Course) -> Result<Vec<Course>, Failure> {
    let directory = runtime_directory().map_err(|error| Failure::hinted(FAILED, &error))?;
    // Without the directory there is nothing to compare with.
    let recordings = kept_recordings(&directory).unwrap_or_default();
    let earlier = |recording: &Recording| {
        recording.board_id() != course.board.id && recording.created_unix_ns() < course.board.created_unix_ns
    };
    let read = recordings.iter().filter_map(|path| Recording::open(path).ok()).filter(earlier);
    // A board says what its project is called, not where it is.
    let same = |other: &Course| other.board.title == course.board.title && other.has_tools_of(course);
    let same = read.map(|recording| Course::of_recording(recording, None)).filter(same);
    let mut same: Vec<Course> = same.filter(|other| other.tools.iter().any(crate::export::Tool::worked)).collect();
    same.sort_by_key(|other| std::cmp::Reverse(other.board.created_unix_ns));
    same.truncate(MOST_EARLIER);
    Ok(same)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot write `{}`: {error}", path.display()))
        .hint("name a file in a directory that is there and that you can write to")
}
