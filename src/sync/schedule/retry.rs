//! Another attempt at a failed tool, while the others are at work.
//!
//! A retry can be requested as long as any install is at work or waits for its turn; the run does not wait for one. The
//! result of the last attempt is the result of the tool. The slot keeps its place on the board and begins a new life.

use super::{Scheduler, Stage};
use crate::trouble::{Trouble, TroubleKind};

impl Scheduler {
    /// Reserve this slot again and prepare its install.
    ///
    /// # Errors
    /// The reason why that is not possible.
    pub(super) fn try_again(&mut self, key: &str) -> Result<(), String> {
        let index = self.tasks.iter().position(|task| task.key() == key).ok_or("this run does not install it")?;
        let task = &self.tasks[index];
        match task.stage {
            _ if self.cancelled => return Err("everything was asked to stop".into()),
            Stage::Ended(state) if state.good() => return Err("it is there".into()),
            Stage::Ended(_) => {}
            _ => return Err("it is still at work".into()),
        }
        if task.preparation.is_none() {
            return Err("no release was found for it: only a new run looks again".into());
        }
        let attempt = task.attempt.saturating_add(1);
        let reservation = self.board.reserve_again(task.reservation, attempt).map_err(|error| error.to_string())?;
        let task = &mut self.tasks[index];
        (task.attempt, task.reservation, task.stage) = (attempt, reservation, Stage::Preparing);
        self.prepare_aside(vec![index]).map_err(|error| {
            let error = Trouble::new(TroubleKind::Internal, format_args!("cannot be tried again: {error}"));
            self.end(index, &vx_shm::Ending::failed(error.to_cell()));
            error.to_string()
        })
    }
}
