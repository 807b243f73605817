//! Running fewer jobs once the system's limit of processes and threads is reached.

use std::time::{Duration, Instant};

use vx_shm::SlotState;

use super::{RunSupervisor, RunTaskStage, Task};

/// Pause before a job is tried again with fewer beside it.
const PAUSE: Duration = Duration::from_millis(250);
/// A job gets at most this many attempts. Each lowers the number of jobs at work, so only jobs that wait for each
/// other, and therefore run together, get this far.
const MOST_ATTEMPTS: u8 = 8;

impl RunSupervisor {
    /// Try a job again with fewer at work, after the system had no process or thread for it. Returns false if that
    /// can't help: the job ran alone, its attempts are used up, or the run is cancelled.
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

    /// Mark the jobs at work as crowded if there are several.
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

/// Marks an attempt during which other jobs were at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crowded {
    /// It had no other job beside it.
    No,
    /// Others were at work, too, at some time.
    Yes,
}
