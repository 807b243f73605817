//! A batch of turns, each in a child process of this program, all on one board.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vx_agents::{TurnFiles, TurnJob, TurnRequest, TurnResult};
use vx_base::paths::Home;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::own_program;
use vx_run::channel::slot_key;
use vx_run::hold;
use vx_run::{FlightRecorder, Job, Jobs, RunPlan, log_file, make_logs, start_run};
use vx_shm::{BoardSubject, Kind};
use vx_status::source::Expectations;

use crate::boards::control::{ControlSocket, RunHand};
use crate::workspace::board_place::BoardPlace;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::run::{DeclarationLocations, LiveRun, Purpose, RunOutcome};
use crate::workspace::frontend::{Frontend, RunView};

/// Turns to run.
pub struct Batch {
    /// The turns. Their ids are all different.
    pub turns: Vec<TurnRequest>,
    /// The most turns at once.
    pub at_once: usize,
    /// The key of the project that they are for.
    pub project: Option<String>,
    /// The directory for the results, and for everything that the agents print.
    pub dump: Option<PathBuf>,
}

/// The end of a batch.
#[derive(Debug)]
pub struct BatchEnd {
    /// The results, in the order of the turns.
    pub results: Vec<TurnResult>,
    /// Whether the batch was asked to stop.
    pub cancelled: bool,
    /// The errors of the files and views of the run, which did not affect the turns.
    pub troubles: Vec<Trouble>,
}

/// Run these turns to their ends, and show them in this view.
///
/// # Errors
/// The run did not start.
pub fn run_batch(
    batch: Batch,
    home: &Home,
    mut view: Box<dyn RunView>,
    frontend: &dyn Frontend,
) -> Result<BatchEnd, WorkError> {
    if let Some(path) = &batch.dump {
        fs::create_dir_all(path).map_err(|cause| WorkError::DumpDirectory { path: path.clone(), cause })?;
    }
    view.starting()?;
    let names: Vec<String> = batch.turns.iter().map(|turn| turn.turn_id.clone()).collect();
    let title = format!("{} turns", names.len());
    let subject = BoardSubject { title: &title, kind: Some(Kind::Turn), project: batch.project.as_deref() };
    let board = Arc::new(BoardPlace::find(home)?.make_board(home, subject, names.len(), frontend)?);
    let path = board.path().to_owned();
    let logs = make_logs(&path).map_err(|cause| WorkError::Logs { board: path.clone(), cause })?;
    // If the board has no directory, the turns' files are kept in a temporary one for as long as the batch lasts.
    let spare = if logs.is_none() { Some(tempfile::tempdir()?) } else { None };
    let place = logs.clone().or_else(|| spare.as_ref().map(|spare| spare.path().to_owned())).unwrap_or_default();
    let program = own_program()?;
    let job = |turn: TurnRequest| {
        let files = files(&place, &turn.turn_id);
        Arc::new(TurnJob::new(turn, files, program.clone())) as Arc<dyn Job>
    };
    let (hold, held) = hold();
    let handle = start_run(RunPlan {
        board: Arc::clone(&board) as _,
        jobs: batch.turns.into_iter().map(job).collect(),
        logs,
        at_once: Jobs::AtMost(batch.at_once.max(1)),
        fail_fast: false,
        held: Some(held),
    })?;
    let control = ControlSocket::serve(&path, RunHand(handle.requests.clone()));
    let recorder = FlightRecorder::start(&path, None, handle.finished.clone());
    let run = LiveRun {
        board: path,
        handle,
        hold,
        declared: DeclarationLocations::default(),
        expectations: Expectations::default(),
    };
    view.started(&run)?;
    let LiveRun { board: path, handle, hold, .. } = run;
    // From here on only a view can keep the run open.
    drop(hold);
    let _ = handle.finished.recv();
    control.finish();
    // Nobody asked for this recording, so its failure is not a failure of the run.
    let _ = recorder.map(FlightRecorder::finish);
    let (purpose, end) = (Purpose::Turns, handle.join());
    let outcome = RunOutcome { purpose, board: path, kept: Some(board), end, shims: Ok(()), troubles: Vec::new() };
    let results: Vec<TurnResult> = names.iter().map(|name| result_of(&place, name)).collect();
    let mut troubles: Vec<Trouble> = view.ended(&outcome).err().into_iter().collect();
    if let Some(Err(error)) = batch.dump.map(|into| dump(&into, &place, &results)) {
        troubles.push(Trouble::new(TroubleKind::Disk, format_args!("cannot write the results: {error}")));
    }
    Ok(BatchEnd { results, cancelled: outcome.end?.cancelled, troubles })
}

fn files(logs: &Path, name: &str) -> TurnFiles {
    TurnFiles::beside(log_file(logs, &slot_key(name)))
}

/// The result that the process of a turn has left.
fn result_of(logs: &Path, name: &str) -> TurnResult {
    let kept = fs::read(files(logs, name).result).ok().and_then(|text| serde_json::from_slice(&text).ok());
    kept.unwrap_or_else(|| TurnResult { turn_id: name.to_owned(), outcome: "lost".into(), ..TurnResult::default() })
}

/// Write the results into this directory, and each agent's output beside them.
fn dump(into: &Path, logs: &Path, results: &[TurnResult]) -> io::Result<()> {
    let mut file = fs::File::create(into.join("results.jsonl"))?;
    for result in results {
        writeln!(file, "{}", serde_json::to_string(result).map_err(io::Error::other)?)?;
        let raw = files(logs, &result.turn_id).raw;
        if let (true, Some(name)) = (raw.exists(), raw.file_name()) {
            fs::copy(&raw, into.join(name))?;
        }
    }
    Ok(())
}
