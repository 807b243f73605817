//! Stopping children: on request, and at their deadline.
//!
//! A request first asks a child to stop. The child is killed if it goes on for too long, or on a second request.

use std::time::{Duration, Instant};

use vx_shm::{Ending, SlotState};
use vx_status::source::RequestFailure;

use super::{RunSupervisor, RunTaskStage, SupervisedChild, Task, blocked};
use crate::supervision::verdict::ChildStopReason;

/// Time between asking a child to stop and killing it.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// Why a request about another slot is not carried out.
pub(super) const NOT_OURS: &str = "it is no part of this run";

/// Ways to stop a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChildStopMode {
    /// Asked the first time, killed the second.
    Again,
    /// Asked, however often.
    Ask,
    /// Killed at once.
    Kill,
}

impl RunSupervisor {
    /// Kill the children whose deadline has passed.
    pub(super) fn kill_what_is_late(&mut self) {
        let now = Instant::now();
        for task in &mut self.tasks {
            if let RunTaskStage::Running(at_work) = &mut task.stage
                && let SupervisedChild { process, stop, kill_at, .. } = &mut **at_work
                && kill_at.is_some_and(|at| at <= now)
            {
                process.kill();
                *kill_at = None;
                if *stop == ChildStopReason::No {
                    *stop = ChildStopReason::Late;
                }
            }
        }
    }

    /// Stop the job of this slot. A board may also show slots of other processes, which this run cannot stop.
    pub(super) fn cancel(&mut self, key: String, manner: ChildStopMode) -> Result<(), RequestFailure> {
        match self.task_of(&key) {
            Some(index) => {
                self.cancel_one(index, manner);
                Ok(())
            }
            None => Err(RequestFailure::NotStopped { key, why: NOT_OURS.into() }),
        }
    }

    /// Stop everything.
    pub(super) fn cancel_all(&mut self, manner: ChildStopMode) {
        self.cancelled = true;
        self.cancel_where(manner, |_| true);
    }

    pub(super) fn cancel_where(&mut self, manner: ChildStopMode, wanted: impl Fn(&Task) -> bool) {
        for index in 0..self.tasks.len() {
            if wanted(&self.tasks[index]) {
                self.cancel_one(index, manner);
            }
        }
    }

    fn cancel_one(&mut self, index: usize, manner: ChildStopMode) {
        match &mut self.tasks[index].stage {
            RunTaskStage::Preparing | RunTaskStage::Ready(_) => self.end(index, &Ending::new(SlotState::Cancelled)),
            RunTaskStage::Running(at_work) if at_work.stop == ChildStopReason::No && manner != ChildStopMode::Kill => {
                at_work.process.ask_to_stop();
                at_work.stop = ChildStopReason::Cancelled;
                at_work.kill_at = Some(Instant::now() + STOP_GRACE);
                at_work.look_at = Some(Instant::now() + blocked::PATIENCE);
            }
            RunTaskStage::Running(at_work) if manner != ChildStopMode::Ask => {
                at_work.process.kill();
                at_work.stop = ChildStopReason::Killed;
            }
            // The attempt that has ended was the last one.
            RunTaskStage::Resting { state, .. } => self.tasks[index].stage = RunTaskStage::Ended(*state),
            RunTaskStage::Running(_) | RunTaskStage::Ended(_) => {}
        }
    }
}
