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
    pub(super) fn cancel(&mut self, key: String) {
        if self.tasks.iter().any(|task| task.key() == key) {
            self.cancel_where(|task| task.key() == key);
        } else {
            // The view may be gone or slow; this report is not essential.
            let _ =
                self.failures.try_send(RequestFailure::NotStopped { key, why: "this run does not install it".into() });
        }
    }

    pub(super) fn cancel_where(&mut self, wanted: impl Fn(&Task) -> bool) {
        for index in 0..self.tasks.len() {
            let task = &mut self.tasks[index];
            if !wanted(task) {
                continue;
            }
            match &mut task.stage {
                Stage::Preparing | Stage::Ready(_) => self.end(index, &Ending::new(SlotState::Cancelled)),
                Stage::Running { process, stop: stop @ Stop::No, kill_at, look_at } => {
                    process.ask_to_stop();
                    *stop = Stop::Cancelled;
                    *kill_at = Some(Instant::now() + STOP_GRACE);
                    *look_at = Some(Instant::now() + stuck::PATIENCE);
                }
                Stage::Running { process, stop, .. } => {
                    process.kill();
                    *stop = Stop::Killed;
                }
                Stage::Ended(_) => {}
            }
        }
    }
}
