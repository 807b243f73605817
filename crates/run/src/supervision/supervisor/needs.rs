//! The jobs that others depend on.

use vx_base::trouble::{Trouble, TroubleKind};
use vx_shm::{Ending, SlotState};

use super::{RunSupervisor, RunTaskStage, Task};
use crate::supervision::job::{JobDependency, JobDependencyState};
use crate::trouble_cell::TroubleCell;

impl RunSupervisor {
    /// Returns whether a task is ready and its needs are met. This waits even for a need that only has to begin: a task
    /// started earlier would take a turn from the task that it waits for.
    pub(super) fn may_start(&self, index: usize) -> bool {
        let task = &self.tasks[index];
        matches!(task.stage, RunTaskStage::Ready(_)) && task.needs.iter().all(|need| self.is_met(need))
    }

    fn is_met(&self, need: &JobDependency) -> bool {
        let Some(needed) = self.needed(need) else { return true };
        match (need.until, &needed.stage) {
            (JobDependencyState::Begun, stage) => {
                matches!(stage, RunTaskStage::Running(_) | RunTaskStage::Resting { .. } | RunTaskStage::Ended(_))
            }
            (JobDependencyState::Done, RunTaskStage::Ended(state)) => state.good(),
            (JobDependencyState::Done, _) => false,
        }
    }

    fn needed(&self, need: &JobDependency) -> Option<&Task> {
        self.task_of(&need.key).map(|index| &self.tasks[index])
    }

    /// Returns whether a running task can end only after this one. Then this one may start beyond the limit, since
    /// tasks that wait for it could hold all turns.
    pub(super) fn is_awaited(&self, index: usize) -> bool {
        let running = self.tasks.iter().filter(|task| matches!(task.stage, RunTaskStage::Running(_)));
        running.flat_map(|task| &task.needs).any(|need| need.key == self.tasks[index].key)
    }

    /// End the tasks that need a job which did not end well, and in turn the tasks that need those.
    pub(super) fn end_hopeless(&mut self) {
        let hopeless = |supervisor: &Self| {
            let waiting = |task: &&Task| matches!(task.stage, RunTaskStage::Ready(_));
            let mut waiting = supervisor.tasks.iter().enumerate().filter(|(_, task)| waiting(task));
            waiting.find_map(|(index, task)| {
                Some((index, task.needs.iter().find(|need| supervisor.failed(need))?.clone()))
            })
        };
        while let Some((index, need)) = hopeless(self) {
            let error =
                Trouble::new(TroubleKind::Cancelled, format_args!("not started: `{}` did not succeed", need.key));
            self.end(index, &Ending { error: Some(error.to_cell()), ..Ending::new(SlotState::Cancelled) });
        }
    }

    fn failed(&self, need: &JobDependency) -> bool {
        let ended =
            self.needed(need).is_some_and(|task| matches!(task.stage, RunTaskStage::Ended(state) if !state.good()));
        need.until == JobDependencyState::Done && ended
    }
}
