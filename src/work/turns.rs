//! A batch of turns: each a child of this program, all on one board.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vx_status::source::Expectations;

use super::carry_out::own_board;
use super::control::{Control, RunHand};
use super::error::WorkError;
use super::frontend::{Frontend, RunView};
use super::run::{Declared, LiveRun, Purpose, RunOutcome};
use crate::paths::Home;
use crate::run::{FlightRecorder, Job, Jobs, Run, hold, log_file, logs_of, start_run};
use crate::trouble::{Trouble, TroubleKind};
use crate::turn::{TurnFiles, TurnJob, TurnOrder, TurnResult};

/// Turns to run.
pub struct Batch {
    /// The turns. Each has a name of its own.
    pub turns: Vec<TurnOrder>,
    /// The most turns at once.
    pub at_once: usize,
    /// The directory for the results, and for everything that the agents print.
    pub dump: Option<PathBuf>,
}

/// The end of a batch.
#[derive(Debug)]
pub struct BatchEnd {
    /// The results, in the order of the turns.
    pub results: Vec<TurnResult>,
    /// The batch was asked to stop.
    pub cancelled: bool,
    /// The errors of the files and views of the run, which did not affect the turns.
    pub troubles: Vec<Trouble>,
}

/// Run these turns to their ends, and show them in this view.
///
/// # Errors
/// The run did not begin.
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
    let board = own_board(home, &format!("{} turns", names.len()), names.len(), frontend)?;
    let path = board.path().to_owned();
    let logs = logs_of(&path);
    fs::create_dir_all(&logs).map_err(|cause| WorkError::Logs { board: path.clone(), cause })?;
    let program = std::env::current_exe()?;
    let job = |turn| Arc::new(TurnJob::new(turn, program.clone())) as Arc<dyn Job>;
    let (hold, held) = hold();
    let handle = start_run(Run {
        board: Arc::new(board),
        jobs: batch.turns.into_iter().map(job).collect(),
        logs: logs.clone(),
        at_once: Jobs::AtMost(batch.at_once.max(1)),
        fail_fast: false,
        held: Some(held),
    })?;
    let control = Control::serve(&path, RunHand(handle.requests.clone()));
    let recorder = FlightRecorder::start(&path, None, handle.finished.clone());
    let run =
        LiveRun { board: path, handle, hold, declared: Declared::default(), expectations: Expectations::default() };
    view.started(&run)?;
    let LiveRun { board, handle, hold, .. } = run;
    // From here on only a view can keep the run open.
    drop(hold);
    let _ = handle.finished.recv();
    control.finish();
    // The recording of a run that nobody asked for is no reason to fail it.
    let _ = recorder.map(FlightRecorder::finish);
    let outcome =
        RunOutcome { purpose: Purpose::Turns, board, end: handle.join(), shims: Ok(()), troubles: Vec::new() };
    let results: Vec<TurnResult> = names.iter().map(|name| result_of(&logs, name)).collect();
    let mut troubles: Vec<Trouble> = view.ended(&outcome).err().into_iter().collect();
    if let Some(Err(error)) = batch.dump.map(|into| dump(&into, &logs, &results)) {
        troubles.push(Trouble::new(TroubleKind::Disk, format_args!("cannot write the results: {error}")));
    }
    Ok(BatchEnd { results, cancelled: outcome.end?.cancelled, troubles })
}

fn files(logs: &Path, name: &str) -> TurnFiles {
    TurnFiles::beside(log_file(logs, &crate::channel::slot_key(name)), None)
}

/// The result that the process of a turn has left.
fn result_of(logs: &Path, name: &str) -> TurnResult {
    let kept = fs::read(files(logs, name).result).ok().and_then(|text| serde_json::from_slice(&text).ok());
    kept.unwrap_or_else(|| TurnResult { turn_id: name.to_owned(), outcome: "lost".into(), ..TurnResult::default() })
}

/// Write the results into this directory, and what each agent printed beside them.
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
