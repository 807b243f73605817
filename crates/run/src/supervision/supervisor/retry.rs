//! Another attempt at a job while the others are at work, by the job's own policy or on request.
//!
//! A retry can be requested as long as any job is at work or waits for its turn, and then while a view keeps the run
//! open ([`super::super::hold`]). The result of the last attempt is the result of the job. The slot keeps its place on
//! the board and begins a new life.

use std::time::Instant;

use vx_base::system::process_limit::ProcessLimit;
use vx_shm::SlotState;

use super::attempt::not_started;
use super::process_limit::Crowded;
use super::{RunSupervisor, RunTaskStage};
use crate::trouble_cell::TroubleCell;

impl RunSupervisor {
    /// Reserve this slot again and prepare its job.
    ///
    /// # Errors
    /// Why that is not possible.
    pub(super) fn try_again(&mut self, key: &str) -> Result<(), String> {
        let index = self.task_of(key).ok_or(super::cancel::NOT_OURS)?;
        let task = &self.tasks[index];
        match task.stage {
            _ if self.cancelled => return Err("the run is being stopped".into()),
            RunTaskStage::Ended(state) if state.good() => return Err("it has already succeeded".into()),
            RunTaskStage::Ended(_) | RunTaskStage::Resting { .. } => {}
            _ => return Err("it is still at work".into()),
        }
        task.finally.map_or(Ok(()), |reason| Err(reason.to_owned()))?;
        self.begin(index)
    }

    /// Begin the attempts whose time has come.
    pub(super) fn begin_again(&mut self) {
        let now = Instant::now();
        for index in 0..self.tasks.len() {
            if let RunTaskStage::Resting { again_at, state } = self.tasks[index].stage
                && again_at <= now
                && self.begin(index).is_err()
            {
                // The slot is no longer this run's, so the end of the last attempt stands.
                self.tasks[index].stage = RunTaskStage::Ended(state);
            }
        }
    }

    /// Begin another attempt at this task.
    fn begin(&mut self, index: usize) -> Result<(), String> {
        let task = &self.tasks[index];
        let attempt = task.attempt.saturating_add(1);
        let total = task.job.slot().total;
        let again = self.board.reserve_again(task.reservation, attempt, total);
        let reservation = again.map_err(|error| error.to_string())?;
        let task = &mut self.tasks[index];
        (task.attempt, task.reservation, task.stage) = (attempt, reservation, RunTaskStage::Preparing);
        let Err(error) = self.prepare_aside(vec![index]) else { return Ok(()) };
        let trouble = not_started(&error);
        self.end(index, &vx_shm::Ending::failed(trouble.to_cell()));
        let at_limit = ProcessLimit::reached(&error).is_some();
        if at_limit && self.make_room_for(index, SlotState::Failed, Crowded::No) {
            return Ok(());
        }
        Err(trouble.to_string())
    }
}
