//! A run of installs.

use std::io;
use std::sync::Arc;

use vx_plan::PlanStep;
use vx_run::{Job, Jobs, RunHandle, RunHoldMonitor};
use vx_shm::Board;

use super::InstallJob;
use super::child::InstallChild;

/// A run of installs that has not started.
pub struct InstallRun {
    /// The board, still empty.
    pub board: Arc<Board>,
    /// The steps, in the order of their start.
    pub steps: Vec<PlanStep>,
    /// The program and the logs of the children.
    pub child: InstallChild,
    /// The limit on children that work at once.
    pub jobs: Jobs,
    /// Stop the rest at the first failure.
    pub fail_fast: bool,
    /// Keeps the run open after its last install; `None` for a run that ends with it.
    pub held: Option<RunHoldMonitor>,
}

/// Start a run on a separate thread.
pub fn start_run(run: InstallRun) -> io::Result<RunHandle> {
    let InstallRun { board, steps, child: InstallChild { program, logs }, jobs: at_once, fail_fast, held } = run;
    let job = |step| Arc::new(InstallJob::new(step, program.clone())) as Arc<dyn Job>;
    vx_run::start_run(vx_run::RunPlan {
        board,
        jobs: steps.into_iter().map(job).collect(),
        logs,
        at_once,
        fail_fast,
        held,
    })
}
