//! Fewer jobs at work where the system's limit of processes and threads is reached.

use std::time::{Duration, Instant};

use vx_shm::SlotState;

use super::{RunSupervisor, RunTaskStage, Task};

/// The pause before a job is tried again with fewer beside it.
const PAUSE: Duration = Duration::from_millis(250);
/// The most attempts of one job. Each lowers the number of jobs at work, so that only jobs that wait for each other, and
/// therefore run together, come so far.
const MOST_ATTEMPTS: u8 = 8;

impl RunSupervisor {
    /// Let this job, which there was no process or thread for, try again with fewer at work. False if the job ran alone: fewer
    /// jobs cannot help it.
    pub(super) fn make_room_for(&mut self, index: usize, state: SlotState, crowded: Crowded) -> bool {
        let running = |task: &&Task| matches!(task.stage, RunTaskStage::Running(_));
        let others = self.tasks.iter().filter(running).count();
        let preparing = self.tasks.iter().any(|task| matches!(task.stage, RunTaskStage::Preparing));
        let alone = crowded == Crowded::No && others == 0 && !preparing;
        if self.cancelled || alone || self.tasks[index].attempt >= MOST_ATTEMPTS {
            return false;
        }
        self.pace.lower_to(others.min(self.pace.limit().saturating_sub(1)));
        self.tasks[index].stage = RunTaskStage::Resting { again_at: Instant::now() + PAUSE, state };
        true
    }

    /// Note that the jobs at work share what the system gives.
    pub(super) fn note_crowd(&mut self) {
        let running = self.tasks.iter_mut().filter_map(|task| match &mut task.stage {
            RunTaskStage::Running(at_work) => Some(at_work),
            _ => None,
        });
        let mut running: Vec<_> = running.collect();
        if running.len() > 1 {
            running.iter_mut().for_each(|at_work| at_work.crowded = Crowded::Yes);
        }
    }
}

/// The company of a job in one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crowded {
    /// It had no other job beside it.
    No,
    /// Others were at work, too, at some time.
    Yes,
}
