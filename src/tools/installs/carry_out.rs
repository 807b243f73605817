//! Carrying a plan out: the board, the run, its dumps and recordings, and everything that follows its end.
//!
//! The door provides the view of the run. The view is started once the run has started, and ended last, so that a
//! blocked terminal delays only its own output.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vx_base::paths::Home;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_plan::PlanStep;
use vx_run::history;
use vx_run::hold;
use vx_run::{Dumper, FlightRecorder, Jobs};
use vx_shm::{Board, BoardSubject, Reader};

use super::strays::end_strays_before_run;
use crate::boards::control::{ControlSocket, RunHand};
use crate::tools::installs::job::{InstallChild, InstallRun, start_run};
use crate::tools::shims;
use crate::workspace::board_place::BoardPlace;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::options::RunOptions;
use crate::workspace::frontend::run::{DeclarationLocations, LiveRun, Purpose, RunOutcome};
use crate::workspace::frontend::{Frontend, RunView};

/// The most installs at once if no limit is given and all of them wait for the network.
const MOST_JOBS: usize = 16;

/// A run to carry out.
pub struct RunAssignment<'a> {
    /// The work that the run is part of.
    pub purpose: Purpose,
    /// The board's title, and its project if it is for one.
    pub subject: BoardSubject<'a>,
    /// The home to install into.
    pub home: &'a Home,
    /// Its options.
    pub options: &'a RunOptions,
    /// The most installs at once, from the project's settings.
    pub configured_jobs: Option<usize>,
    /// The declarations of the tools.
    pub declared: DeclarationLocations,
}

/// A live run, with the threads that follow it.
struct StartedRun {
    run: LiveRun,
    board: Arc<Board>,
    control: ControlSocket,
    recorder: io::Result<FlightRecorder>,
    dumper: Option<io::Result<Dumper>>,
    reader: Option<Reader>,
}

/// Create every directory and check every place that a run needs, before any request to a source. Returns the place for
/// its board.
///
/// # Errors
/// A directory cannot be created, or a place is not suitable.
pub fn check_places(home: &Home, options: &RunOptions) -> Result<BoardPlace, WorkError> {
    let place = BoardPlace::find(home)?;
    for path in [home.store(), home.tmp(), home.locks(), home.downloads()] {
        std::fs::create_dir_all(&path).map_err(|cause| WorkError::Directory { path, cause })?;
    }
    if let Some(path) = &options.dump {
        std::fs::create_dir_all(path).map_err(|cause| WorkError::DumpDirectory { path: path.clone(), cause })?;
    }
    options.exports.check_places()?;
    Ok(place)
}

/// Carry these steps out to the end, and show them in this view.
///
/// # Errors
/// The run did not start. A tool that fails later is part of the outcome, not an error.
pub fn carry_out(
    steps: Vec<PlanStep>,
    assignment: &RunAssignment,
    mut view: Box<dyn RunView>,
    frontend: &dyn Frontend,
) -> Result<RunOutcome, WorkError> {
    let place = check_places(assignment.home, assignment.options)?;
    end_strays_before_run(assignment.home, frontend);
    let record = assignment.options.record.as_deref().map(make_recording).transpose()?;
    view.starting()?;
    let board = place.make_board(assignment.home, assignment.subject, steps.len(), frontend)?;
    let started = start(steps, assignment, board, record)?;
    view.started(&started.run)?;
    let mut outcome = finish(started, assignment);
    if let Err(trouble) = view.ended(&outcome) {
        outcome.troubles.push(trouble);
    }
    Ok(outcome)
}

/// Create the file for the recording that the user requested.
pub(crate) fn make_recording(path: &Path) -> Result<File, WorkError> {
    vx_shm::recording::create(path).map_err(|cause| WorkError::Recording { path: path.to_owned(), cause })
}

fn start(
    steps: Vec<PlanStep>,
    assignment: &RunAssignment,
    board: Board,
    record: Option<File>,
) -> Result<StartedRun, WorkError> {
    let options = assignment.options;
    let path = board.path().to_owned();
    let child = InstallChild::beside(&path).map_err(|cause| WorkError::Logs { board: path.clone(), cause })?;
    let limit = options.jobs.or(assignment.configured_jobs);
    let jobs = limit.map_or(Jobs::ToFill(MOST_JOBS), Jobs::AtMost);
    let (hold, held) = hold();
    let board = Arc::new(board);
    let run =
        InstallRun { child, board: Arc::clone(&board), steps, jobs, fail_fast: options.fail_fast, held: Some(held) };
    let handle = start_run(run)?;
    let control = ControlSocket::serve(&path, RunHand(handle.requests.clone()));
    let reader = Reader::open(&path).ok();
    let recorder = FlightRecorder::start(&path, record, handle.finished.clone());
    let dump = |into: &PathBuf| Dumper::start(&path, into.clone(), options.dump_every, handle.finished.clone());
    let dumper = options.dump.as_ref().map(dump);
    let mut expectations = history::expectations(assignment.home);
    expectations.at_once = limit.and_then(|jobs| u32::try_from(jobs).ok()).or(expectations.at_once);
    Ok(StartedRun {
        run: LiveRun {
            board: path,
            handle,
            hold,
            declared: DeclarationLocations::clone(&assignment.declared),
            expectations,
        },
        board,
        control,
        recorder,
        dumper,
        reader,
    })
}

/// Wait for the run's end, then finish its outputs: the last dump, the recordings and exports, the history, the shims.
fn finish(started: StartedRun, assignment: &RunAssignment) -> RunOutcome {
    let StartedRun { run: LiveRun { board: path, handle, hold, .. }, board, control, recorder, dumper, reader } =
        started;
    // From here on only a view can keep the run open.
    drop(hold);
    let options = assignment.options;
    let mut troubles = Vec::new();
    let _ = handle.finished.recv();
    control.finish();
    if let Some(Err(error)) = dumper.map(|dumper| dumper.and_then(Dumper::finish)) {
        troubles.push(Trouble::new(TroubleKind::Board, format!("cannot write the dumps: {error}")));
    }
    // Unless it was requested, a failed recording is not an error of the run.
    if let (Err(error), Some(file)) = (recorder.and_then(FlightRecorder::finish), &options.record) {
        let text = format!("cannot record to `{}`: {error}", file.display());
        troubles.push(Trouble::new(TroubleKind::Board, text));
    }
    if let Err(error) = options.exports.write(options.record.as_deref().unwrap_or(&path)) {
        troubles.push(Trouble::from_error(&error));
    }
    let end = handle.join();
    if let Some(reader) = reader {
        let limited = options.jobs.is_some() || assignment.configured_jobs.is_some();
        note_durations(reader, assignment.home, limited);
    }
    let shims = shims::renew(assignment.home);
    RunOutcome { purpose: assignment.purpose.clone(), board: path, kept: Some(board), end, shims, troubles }
}

/// Record the durations of the installs. They only improve the next estimate, so a failure here does not fail the run.
fn note_durations(mut reader: Reader, home: &Home, limited: bool) {
    if let Ok(last) = reader.snapshot() {
        let _ = history::record_run(home, &last, limited);
    }
}
