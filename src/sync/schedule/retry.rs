//! One more try at a tool that came to nothing, while the others go on.
//!
//! The run ends as ever once nothing is at work or waits for its turn: a try can be asked for until then, and what the last
//! one came to is what the tool came to. The slot keeps its place on the board and begins a new life.

use super::{Answer, Scheduler, Stage};

impl Scheduler {
    /// Take the tool's slot anew and prepare it again, or say why not.
    pub(super) fn retry(&mut self, tool: &str) {
        if let Err(why) = self.try_again(tool) {
            // Nobody may be left to read it.
            let _ = self.answers.try_send(Answer::Refused { tool: tool.to_owned(), why });
        }
    }

    fn try_again(&mut self, tool: &str) -> Result<(), String> {
        let index = self.tasks.iter().position(|task| task.tool == tool).ok_or("this run does not install it")?;
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
            self.end(index, &vx_shm::Ending::failed(format!("cannot be tried again: {error}")));
            error.to_string()
        })
    }
}
