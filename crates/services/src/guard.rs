//! The guard of one service: a process of its own, which starts the service, checks whether it is ready, restarts it by
//! its policy, and stops it with all that it started.
//!
//! The guard is the writer of the service's slot. It takes its order once, through its standard input. A signal asks it
//! to stop the service, a second one to kill it; the end of its supervisor counts as the first. Its exit code means
//! nothing: the supervisor reads the end on the slot, and a guard that wrote no end has died.

mod build;
mod checks;
mod health;
mod life;

use std::io::{self, PipeReader};
use std::sync::Arc;
use std::time::{Duration, Instant};

use vx_base::paths::runtime_directory;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{Exit, GuardProcess, Survivors};
use vx_project::services::Restart;
use vx_run::channel::{ChildCause, ChildError, ChildPurpose, PATIENCE, ServiceChannelChild};
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{Ending, Health, SlotState};
use vx_status::vocabulary::service::{BACKING_OFF, STARTING, STOPPING};

use super::output::ServiceOutput;
use crate::declared::order::{GuardAssignment, ServiceOrder};
use crate::declared::restarts::Restarts;

/// Time between two beats of a guard. Guards mostly sleep, and each beat wakes one up.
const BEAT: Duration = Duration::from_secs(5);
/// Last lines of the output to show below an error.
const LAST_LINES: usize = 8;

/// Guard the service of this channel until it has ended for good, or build it. Either end is written to the slot.
///
/// # Errors
/// There is no such slot, no order arrives for it, or this process can't become a guard.
pub fn run(channel: &str) -> Result<(), ChildError> {
    guard(channel).map_err(|cause| cause.of_child(ChildPurpose::Service))
}

fn guard(channel: &str) -> Result<(), ChildCause> {
    let mut guard = GuardProcess::begin()?;
    let child = ServiceChannelChild::connect(channel, &runtime_directory()?, Some(BEAT))?;
    if child.abandoned() {
        let _ = child.into_slot().end(Ending::new(SlotState::Cancelled));
        return Ok(());
    }
    let slot = child.into_slot();
    let assignment: GuardAssignment = match ServiceChannelChild::receive(io::stdin(), PATIENCE) {
        Ok(assignment) => assignment,
        Err(error) => {
            let _ = slot.end(Ending::failed(Trouble::from_error(&error).to_cell()));
            return Err(error.into());
        }
    };
    let order = match assignment {
        GuardAssignment::Serve(order) => *order,
        GuardAssignment::Build(order) => return Ok(build::build(&mut guard, &order, slot)?),
    };
    let (output, wake) = ServiceOutput::new(slot, &order.log, order.log_bytes)?;
    let mut keeper = Keeper { guard: &mut guard, order, output, wake, restarts: Restarts::default() };
    let ending = keeper.keep();
    if let Some(slot) = keeper.output.take_slot() {
        // A slot that cannot be ended by its writer is ended by the supervisor.
        let _ = slot.end(ending);
    }
    Ok(())
}

/// The guard at work.
struct Keeper<'a> {
    guard: &'a mut GuardProcess,
    order: ServiceOrder,
    output: Arc<ServiceOutput>,
    wake: PipeReader,
    restarts: Restarts,
}

/// The end of one process of the service, with all that it started.
enum ServiceProcessEnd {
    /// It was asked to stop, and nothing of it is left.
    Stopped,
    /// It was ended, for whatever reason, and these processes are still there although they were killed.
    Left(Survivors),
    /// It ended by itself.
    Ended(Exit),
    /// It was not ready in time, and was ended.
    NotReady(String),
    /// Its health checks failed while it was at work, and it was ended.
    Ill(String),
    /// It was not started: a file is no longer what the project's user agreed to.
    Changed(Trouble),
    /// It cannot be started at all.
    NotStarted(io::Error),
}

impl Keeper<'_> {
    /// Run the service until it has ended for good.
    fn keep(&mut self) -> Ending {
        let mut attempt = self.order.attempt;
        loop {
            self.output.on_slot(|slot| {
                slot.attempt(attempt);
                slot.enter(STARTING, None);
                slot.set_health(Health::Starting);
                slot.message("");
            });
            let end = self.live();
            if let Some(ending) = self.ending_of(&end) {
                return ending;
            }
            let Some(pause) = self.restarts.next(Instant::now()) else {
                return self.failed(&format!("{}, after {}", in_words(&end), Restarts::bound()));
            };
            if self.rests(&end, pause) {
                return Ending::new(SlotState::Cancelled);
            }
            attempt = attempt.saturating_add(1);
        }
    }

    /// Decide the service's end, if no restart follows this end of its process.
    fn ending_of(&self, end: &ServiceProcessEnd) -> Option<Ending> {
        match (end, self.order.restart) {
            (ServiceProcessEnd::Stopped, _) => Some(Ending::new(SlotState::Cancelled)),
            // No restart follows: the service would then run beside the processes that are left.
            (ServiceProcessEnd::Left(_), _) => {
                let trouble = Trouble::new(TroubleKind::Killed, in_words(end));
                Some(Ending::failed(trouble.hinted("find out what it waits for; it ends with that wait").to_cell()))
            }
            (ServiceProcessEnd::Changed(trouble), _) => Some(Ending::failed(trouble.to_cell())),
            (ServiceProcessEnd::NotStarted(error), _) => {
                let program = self.order.command.first().map(String::as_str).unwrap_or_default();
                let text = format!("`{program}` cannot be started: {error}");
                Some(Ending::failed(Trouble::new(TroubleKind::Program, text).to_cell()))
            }
            (ServiceProcessEnd::Ended(exit), Restart::Never | Restart::OnFailure) if exit.success() => {
                Some(Ending { exit_code: Some(0), ..Ending::new(SlotState::Done) })
            }
            (ServiceProcessEnd::Ended(exit), Restart::Never) => Some(Ending { ..self.failed_with(*exit) }),
            (ServiceProcessEnd::NotReady(_) | ServiceProcessEnd::Ill(_), Restart::Never) => {
                Some(self.failed(&in_words(end)))
            }
            _ => None,
        }
    }

    fn failed_with(&self, exit: Exit) -> Ending {
        let (exit_code, signal) = match exit {
            Exit::Code(code) => (Some(code), None),
            Exit::Signal(signal) => (None, Some(signal)),
        };
        Ending { exit_code, signal, ..self.failed(&in_words(&ServiceProcessEnd::Ended(exit))) }
    }

    fn failed(&self, text: &str) -> Ending {
        let lines = self.output.last_lines(LAST_LINES);
        Ending::failed(Trouble::new(TroubleKind::Exit, text).detailed(lines).to_cell())
    }

    /// Wait for the next start; true if the service was asked to stop in the meantime.
    fn rests(&mut self, end: &ServiceProcessEnd, pause: Duration) -> bool {
        let message = format!("{}; starts again in {} s", in_words(end), pause.as_secs_f32());
        self.output.on_slot(|slot| {
            // The reason first, so that a reader which sees the step finds it.
            slot.message(&message);
            slot.set_health(Health::WaitingToRestart);
            slot.enter(BACKING_OFF, None);
        });
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            if self.guard.wait(None, &self.wake, Some(left)).is_some() {
                return true;
            }
            self.output.woken(&self.wake);
        }
    }

    fn stopping(&self) {
        self.output.on_slot(|slot| {
            slot.enter(STOPPING, None);
            slot.set_health(Health::Unknown);
        });
    }
}

fn in_words(end: &ServiceProcessEnd) -> String {
    match end {
        ServiceProcessEnd::Stopped => "stopped".to_owned(),
        ServiceProcessEnd::Left(left) => format!("killed, and {left}"),
        ServiceProcessEnd::Ended(Exit::Code(0)) => "it ended".to_owned(),
        ServiceProcessEnd::Ended(exit @ Exit::Code(_)) => format!("it failed: {exit}"),
        ServiceProcessEnd::Ended(exit @ Exit::Signal(_)) => format!("it was ended by {exit}"),
        ServiceProcessEnd::NotReady(why) => format!("it was not ready in time: {why}"),
        ServiceProcessEnd::Ill(why) => format!("it stopped working: {why}"),
        ServiceProcessEnd::Changed(trouble) => trouble.text.clone(),
        ServiceProcessEnd::NotStarted(error) => error.to_string(),
    }
}
