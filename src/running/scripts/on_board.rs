//! Runs steps as jobs on a board, to their end.
//!
//! The board is this run's own, or the board of the work that called vx. Its own board is recorded like that of any
//! run.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use vx_base::paths::Home;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::Exit;
use vx_project::ProgressForms;
use vx_run::channel::Mark;
use vx_run::hold;
use vx_run::{FlightRecorder, Job, Jobs, JoinedBoard, RunBoard, RunPlan, make_logs, start_run};
use vx_shm::{Board, BoardState, BoardSubject, Kind, Reader};
use vx_status::source::Expectations;

use super::hand::StepsHand;
use super::jobs::{StepJob, turns};
use super::{ScriptRunError, ScriptStep};
use crate::boards::control::{ControlSocket, RunHand};
use crate::boards::find;
use crate::running::wrapped::forms_of;
use crate::tools::installs::carry_out::make_recording;
use crate::workspace::board_place::BoardPlace;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::run::{DeclarationLocations, LiveRun, Purpose, RunOutcome};
use crate::workspace::frontend::{Frontend, RunView};
use crate::workspace::project::ProjectPlace;

/// How steps run on a board.
#[derive(Clone, Debug, Default)]
pub struct ScriptBoardOptions {
    /// The file for a recording of the board.
    pub record: Option<PathBuf>,
    /// The most steps at once.
    pub at_once: usize,
    /// Whether a view has the terminal.
    pub hidden: bool,
    /// The board of another process to join.
    pub joined: Option<Joined>,
}

/// A board to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    board: PathBuf,
    /// The slot of the work that called vx.
    parent: Option<u32>,
}

/// The end of steps.
#[derive(Debug)]
pub struct StepsEnd {
    /// The first step that failed, and the end of its shell.
    pub failed: Option<(String, Exit)>,
    /// Whether the steps were cancelled: asked to stop, or not all run although none failed.
    pub cancelled: bool,
    /// The errors of the files and views of the run, which did not affect the steps.
    pub troubles: Vec<Trouble>,
}

impl Joined {
    /// The board that `VX_BOARD` names: the user's choice, or the board of the work that called vx. `None` without the
    /// variable.
    ///
    /// # Errors
    /// No work can be put on that board.
    pub fn from_environment() -> Option<Result<Self, Trouble>> {
        let named = std::env::var(Mark::BOARD).ok().filter(|named| !named.is_empty())?;
        Some(Self::named(&named))
    }

    fn named(named: &str) -> Result<Self, Trouble> {
        let mark = Mark::own().filter(Mark::is_whole);
        let board = find::find(Some(named)).map_err(|error| Trouble::from_error(&error))?;
        let snapshot = Reader::open(&board).map_err(|error| Trouble::new(TroubleKind::Board, error))?.snapshot();
        let state = snapshot.map_err(|error| Trouble::new(TroubleKind::Board, error))?.board.state;
        if state != BoardState::Running {
            return Err(Trouble::new(TroubleKind::Board, format_args!("the board `{}` is over", board.display())));
        }
        let parent = mark.filter(|mark| mark.board() == board).map(|mark| mark.reservation().slot);
        Ok(Self { board, parent })
    }
}

/// Run these steps of the project in this place as jobs on a board, and show the run in this view.
///
/// # Errors
/// The run did not start.
pub fn run_on_board(
    steps: &[ScriptStep],
    (project, home): (&ProjectPlace, &Home),
    how: &ScriptBoardOptions,
    mut view: Box<dyn RunView>,
    frontend: &dyn Frontend,
) -> Result<StepsEnd, ScriptRunError> {
    let record = how.record.as_deref().map(make_recording).transpose()?;
    view.starting()?;
    let forms = |name: &str| {
        let forms = forms_of(project, home, name, frontend);
        forms.map_err(|error| frontend.notice(Notice::Failed(error.into()))).unwrap_or_default()
    };
    let jobs = jobs(steps, how, forms);
    let title = steps.last().map_or("", |step| &step.name);
    let (board, own): (Arc<dyn RunBoard>, Option<Arc<Board>>) = match &how.joined {
        Some(Joined { board, parent }) => (Arc::new(JoinedBoard::new(board.clone(), *parent)), None),
        None => {
            let place = BoardPlace::find(home).map_err(WorkError::from)?;
            let (title, project) = (format!("run {title}"), project.project_key());
            let subject = BoardSubject { title: &title, kind: Some(Kind::Task), project: project.as_deref() };
            let board = place.make_board(home, subject, jobs.len(), frontend)?;
            let board = Arc::new(board);
            (Arc::clone(&board) as _, Some(board))
        }
    };
    let path = board.path().to_owned();
    let logs = make_logs(&path).map_err(|cause| WorkError::Logs { board: path.clone(), cause })?;
    let at_work = jobs.iter().map(|job| Arc::clone(job) as Arc<dyn Job>).collect();
    let handle = start_run(RunPlan {
        board,
        jobs: at_work,
        logs,
        at_once: Jobs::AtMost(how.at_once.max(1)),
        fail_fast: true,
        held: None,
    })?;
    let control = ControlSocket::serve(
        &path,
        StepsHand { run: RunHand(handle.requests.clone()), written: handle.written.clone(), board: path.clone() },
    );
    let recorder = own.as_ref().map(|_| FlightRecorder::start(&path, record, handle.finished.clone()));
    // A script's run ends with its steps, so no view may hold it open.
    let (hold, declared) = (hold().0, DeclarationLocations::default());
    let run = LiveRun { board: path, handle, hold, declared, expectations: Expectations::default() };
    view.started(&run)?;
    let _ = run.handle.finished.recv();
    control.finish();
    let mut troubles = Vec::new();
    if let (Some(Err(error)), Some(file)) = (recorder.map(|it| it.and_then(FlightRecorder::finish)), &how.record) {
        let text = format!("cannot record to `{}`: {error}", file.display());
        troubles.push(Trouble::new(TroubleKind::Board, text));
    }
    let LiveRun { board, handle, .. } = run;
    let (purpose, end) = (Purpose::Steps, handle.join());
    let outcome = RunOutcome { purpose, board, kept: own, end, shims: Ok(()), troubles };
    let shown = view.ended(&outcome);
    let RunOutcome { end, mut troubles, .. } = outcome;
    troubles.extend(shown.err());
    Ok(end_of(&jobs, end?.cancelled, troubles))
}

/// The jobs of the steps. The last step comes first on the board, and the steps that it waits for are shown as parts of
/// it.
fn jobs(steps: &[ScriptStep], how: &ScriptBoardOptions, forms: impl Fn(&str) -> ProgressForms) -> Vec<Arc<StepJob>> {
    let mut turns = turns(steps, how.at_once > 1, how.hidden);
    let asked = steps.last().filter(|step| !step.command.is_empty()).map(|step| step.name.clone());
    if asked.is_some() {
        turns.rotate_right(1);
    }
    let job = |turn: super::jobs::Turn<'_>| {
        let parent = asked.clone().filter(|asked| *asked != turn.step.name);
        let (step, needs, streams) = (turn.step.clone(), turn.needs, turn.streams);
        let forms = forms(&step.name);
        Arc::new(StepJob { step, needs, streams, parent, forms, end: Mutex::default() })
    };
    turns.into_iter().map(job).collect()
}

/// The end of the steps is that of the first step that failed by itself. Steps that were stopped because of it fail,
/// too, but later in this order.
fn end_of(jobs: &[Arc<StepJob>], cancelled: bool, troubles: Vec<Trouble>) -> StepsEnd {
    let ends = || jobs.iter().filter_map(|job| Some((&job.step.name, (*job.end.lock())?)));
    let mut bad: Vec<_> = ends().filter(|(_, end)| !end.exit.success()).collect();
    bad.sort_by_key(|(_, end)| end.asked);
    let failed = bad.first().map(|(name, end)| ((*name).clone(), end.exit));
    let all_ran = ends().count() == jobs.len();
    StepsEnd { cancelled: cancelled || (failed.is_none() && !all_ran), failed, troubles }
}
