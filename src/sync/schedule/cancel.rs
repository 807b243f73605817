//! The end of children before their own: on request, and when their time is up.
//!
//! A child is asked first. It is killed if it goes on for too long, or on a second request.

use std::time::{Duration, Instant};

use vx_shm::{Ending, SlotState};
use vx_status::source::RequestFailure;

use super::verdict::Stop;
use super::{Scheduler, Stage, Task, stuck};

/// Time between asking a child to stop and killing it.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// How children are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Asked the first time, killed the second.
    Again,
    /// Asked, however often.
    Ask,
    /// Killed at once.
    Kill,
}

impl Scheduler {
    /// Kill the children that did not end in the time that they had.
    pub(super) fn kill_what_is_late(&mut self) {
        let now = Instant::now();
        for task in &mut self.tasks {
            if let Stage::Running { process, stop, kill_at, .. } = &mut task.stage
                && kill_at.is_some_and(|at| at <= now)
            {
                process.kill();
                *kill_at = None;
                if *stop == Stop::No {
                    *stop = Stop::Late;
                }
            }
        }
    }

    /// Stop the tool of this slot. A board may also show slots of other processes, which this run cannot stop.
    pub(super) fn cancel(&mut self, key: String, manner: Manner) -> Result<(), RequestFailure> {
        if !self.tasks.iter().any(|task| task.key() == key) {
            return Err(RequestFailure::NotStopped { key, why: "this run does not install it".into() });
        }
        self.cancel_where(manner, |task| task.key() == key);
        Ok(())
    }

    /// Stop everything.
    pub(super) fn cancel_all(&mut self, manner: Manner) {
        self.cancelled = true;
        self.cancel_where(manner, |_| true);
    }

    pub(super) fn cancel_where(&mut self, manner: Manner, wanted: impl Fn(&Task) -> bool) {
        for index in 0..self.tasks.len() {
            let task = &mut self.tasks[index];
            if !wanted(task) {
                continue;
            }
            match &mut task.stage {
                Stage::Preparing | Stage::Ready(_) => self.end(index, &Ending::new(SlotState::Cancelled)),
                Stage::Running { process, stop: stop @ Stop::No, kill_at, look_at } if manner != Manner::Kill => {
                    process.ask_to_stop();
                    *stop = Stop::Cancelled;
                    *kill_at = Some(Instant::now() + STOP_GRACE);
                    *look_at = Some(Instant::now() + stuck::PATIENCE);
                }
                Stage::Running { process, stop, .. } if manner != Manner::Ask => {
                    process.kill();
                    *stop = Stop::Killed;
                }
                Stage::Running { .. } | Stage::Ended(_) => {}
            }
        }
    }
}
