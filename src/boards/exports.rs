//! The exports of a run: a trace, and a page of its timings, from the recording of its board.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use vx_base::files::replace_file::replace_file;
use vx_base::trouble::{Explain, TroubleKind};
use vx_run::{kept_recordings, recording_beside};
use vx_shm::BoardState;
use vx_shm::recording::{Recording, is_recording};
use vx_status::export::{RunTimeline, ToolTimeline, timings, trace};

use super::recordings;
use crate::boards::find::{self, BoardError};

/// The most earlier runs that a run is compared with.
const MOST_EARLIER: usize = 12;

/// The exports to make of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exports {
    /// The file for a trace.
    pub trace: Option<PathBuf>,
    /// The file for a page of timings.
    pub timings: Option<PathBuf>,
}

/// Why an export was not made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file cannot be written.
    #[error("cannot write `{}`: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// The run cannot be read.
    #[error(transparent)]
    Board(#[from] BoardError),
}

impl Explain for ExportError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Write { .. } => TroubleKind::Disk,
            Self::Board(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Write { .. } => Some("name a file in an existing directory that you can write to".into()),
            Self::Board(error) => error.hint(),
        }
    }
}

impl Exports {
    /// Returns whether no export is requested.
    pub fn is_empty(&self) -> bool {
        self.trace.is_none() && self.timings.is_none()
    }

    /// Check that the directory of each file exists, so that this failure does not come only at the end of a run.
    ///
    /// # Errors
    /// A directory is missing, or the path is itself a directory.
    pub fn check_places(&self) -> Result<(), ExportError> {
        for path in [&self.trace, &self.timings].into_iter().flatten() {
            if !directory_of(path).is_dir() || path.is_dir() {
                return Err(cannot_write(path)(io::ErrorKind::NotFound.into()));
            }
        }
        Ok(())
    }

    /// Make the exports of a run from this file, a recording or a board; returns the files written.
    ///
    /// # Errors
    /// The run cannot be read, or a file not written.
    pub fn write(&self, run: &Path) -> Result<Vec<PathBuf>, ExportError> {
        let mut written = Vec::new();
        if self.is_empty() {
            return Ok(written);
        }
        let course = course_of(run)?;
        if let Some(path) = &self.trace {
            replace_file(path, |file| trace(&course, file)).map_err(cannot_write(path))?;
            written.push(path.clone());
        }
        if let Some(path) = &self.timings {
            let page = timings(&course, &earlier(&course)?);
            replace_file(path, |file| file.write_all(page.as_bytes())).map_err(cannot_write(path))?;
            written.push(path.clone());
        }
        Ok(written)
    }
}

/// The course of a run: from this recording, or from the recording beside this board, else from the board itself.
fn course_of(path: &Path) -> Result<RunTimeline, BoardError> {
    if is_recording(path) {
        return Ok(RunTimeline::of_recording(recordings::open(path)?, None));
    }
    let snapshot = find::open_file(path)?.snapshot()?;
    let recorded = Recording::open(&recording_beside(path, &snapshot.board.id)).ok();
    let recorded = recorded.filter(|recording| recording.board_id() == snapshot.board.id);
    let goes_on = snapshot.board.state == BoardState::Running && !snapshot.board.abandoned();
    let now = goes_on.then_some(&snapshot);
    Ok(recorded
        .map_or_else(|| RunTimeline::of_reading(&snapshot), |recording| RunTimeline::of_recording(recording, now)))
}

/// The earlier runs of the same work whose recordings still exist, the newest first.
fn earlier(course: &RunTimeline) -> Result<Vec<RunTimeline>, BoardError> {
    // Leave out directories that cannot be read.
    let of_place = |place: &PathBuf| kept_recordings(place).unwrap_or_default();
    let recordings: Vec<PathBuf> = find::places()?.iter().flat_map(of_place).collect();
    let earlier = |recording: &Recording| {
        recording.board_id() != course.board.id && recording.created_unix_ns() < course.board.created_unix_ns
    };
    let read = recordings.iter().filter_map(|path| Recording::open(path).ok()).filter(earlier);
    let same =
        read.map(|recording| RunTimeline::of_recording(recording, None)).filter(|other| is_of_same_work(course, other));
    let mut same: Vec<RunTimeline> = same.filter(|other| other.tools.iter().any(ToolTimeline::worked)).collect();
    same.sort_by_key(|other| std::cmp::Reverse(other.board.created_unix_ns));
    same.truncate(MOST_EARLIER);
    Ok(same)
}

/// Whether both runs did the same work: of one kind, on most of the same keys, for the same project. If a board names
/// no project, as with `vx install TOOL` or a board of an earlier vx, the titles are compared instead.
fn is_of_same_work(one: &RunTimeline, other: &RunTimeline) -> bool {
    let is_same_subject = match (&one.board.project, &other.board.project) {
        (Some(project), Some(others)) => project == others && one.board.kind == other.board.kind,
        _ => one.board.title == other.board.title,
    };
    is_same_subject && other.has_tools_of(one)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> ExportError {
    move |error| ExportError::Write { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use vx_shm::{Kind, ProjectKey, SlotView, Snapshot};

    use super::*;

    fn course(title: &str, project: Option<u64>) -> RunTimeline {
        let mut snapshot = Snapshot { slots: vec![SlotView::default()], ..Snapshot::default() };
        snapshot.board.title = title.into();
        snapshot.board.kind = project.map(|_| Kind::Install);
        snapshot.board.project = project.map(|hash| ProjectKey { hash, text: "/the/same/beginning…".into() });
        RunTimeline::of_reading(&snapshot)
    }

    #[test]
    fn runs_are_compared_by_their_project_and_by_their_title_only_where_one_has_none() {
        assert!(is_of_same_work(&course("old name", Some(1)), &course("new name", Some(1))));
        assert!(!is_of_same_work(&course("app", Some(1)), &course("app", Some(2))), "two projects of one name");
        assert!(is_of_same_work(&course("app", Some(1)), &course("app", None)));
        assert!(!is_of_same_work(&course("app", Some(1)), &course("other", None)));
    }
}
