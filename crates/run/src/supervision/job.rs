//! One piece of work of a run, as its supervisor sees it: the slot, the process to start, and the meaning of its end.

use std::path::PathBuf;
use std::time::Duration;

use vx_base::gauge::Gauge;
use vx_base::trouble::Trouble;
use vx_process::{Ended, Launch};
use vx_shm::{Ending, Kind, Reservation, SlotState};

use super::verdict::{ChildStopReason, Unwritten, verdict};
use crate::boards::numbers::SlotProgressWriter;
use crate::channel::Mark;

/// A piece of work that is one process at a time: an install, a step of a script.
pub trait Job: Send + Sync {
    /// Describe the slot to reserve for it.
    fn slot(&self) -> JobSlot<'_>;

    /// Its end, if that is decided before the run begins: then nothing is prepared or started.
    fn decided(&self) -> Option<Decided> {
        None
    }

    /// Find everything that its process needs, which may take as long as a request. Called while other jobs are already
    /// at work, and again for each further attempt.
    ///
    /// # Errors
    /// The job cannot be started; its slot ends with this error.
    fn prepare(&self, place: &JobAttempt) -> Result<PreparedJob, Trouble>;

    /// For a slot that the run writes: the gauge that reads progress from the process's output, and the writer of its
    /// numbers.
    fn gauge(&self) -> Option<(Gauge, SlotProgressWriter)> {
        None
    }

    /// Judge how the process ended, from the end that it wrote to its slot, the reason it was asked to stop for, and
    /// its exit.
    fn judge(&self, written: Option<SlotState>, stop: ChildStopReason, ended: &Ended) -> Ending {
        verdict(written, stop, ended, Unwritten::IsFailure)
    }

    /// Returns whether its process ended because the system had no further process or thread. It is tried again with
    /// fewer jobs at work.
    fn lacks_room(&self, _ended: &Ended) -> bool {
        false
    }

    /// Decide the step after an attempt that ended without being asked to stop.
    fn after(&self, _ending: &Ending, _attempt: u8) -> After {
        After::Over
    }
}

/// The slot of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobSlot<'a> {
    /// The job's name, whose short form is the slot's key.
    pub name: &'a str,
    /// Its version; empty for none.
    pub version: &'a str,
    /// The kind of work.
    pub kind: Kind,
    /// The earlier job of the run that this job is a part of, by name.
    pub parent: Option<&'a str>,
    /// The amount of its work, if known before it begins.
    pub total: Option<u64>,
    /// The run succeeds without it.
    pub optional: bool,
    /// The process that writes to the slot.
    pub writer: JobSlotWriter,
    /// Its process writes the slot's log as well, because its output is meant for programs.
    pub own_log: bool,
}

/// The process that writes a job's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobSlotWriter {
    /// The job's own, which knows the board.
    Child,
    /// The run's: the job's process need not know of boards. The slot enters this step when the process starts.
    Run(vx_shm::Step),
}

/// The end of a job that is decided before the run begins.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The end.
    pub ending: Ending,
    /// Why another attempt would not change it.
    pub finally: &'static str,
}

/// The place of one attempt.
#[derive(Clone, Debug)]
pub struct JobAttempt {
    /// The file of the board.
    pub board: PathBuf,
    /// The slot, reserved for this attempt.
    pub reservation: Reservation,
    /// The mark that everything started for the slot carries.
    pub mark: Mark,
    /// The file for the output; `None` where there is no place for it.
    pub log: Option<PathBuf>,
    /// The number of the attempt, from 1.
    pub attempt: u8,
}

impl JobAttempt {
    /// Make the heading of this attempt's output in the log; `None` for the first, with which the log begins.
    pub fn heading(&self) -> Option<String> {
        (self.attempt > 1).then(|| format!("--- attempt {} ---", self.attempt))
    }
}

/// A job that is ready to start.
#[derive(Debug)]
pub struct PreparedJob {
    /// Its process.
    pub launch: Launch,
    /// The jobs that it depends on.
    pub needs: Vec<JobDependency>,
    /// The time after its start at which the process is killed.
    pub kill_after: Option<Duration>,
}

/// A dependency on another job; it counts as met if the run has no such job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobDependency {
    /// The key of the other job's slot.
    pub key: String,
    /// The condition that it has to meet.
    pub until: JobDependencyState,
}

/// The state of a job that another one needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobDependencyState {
    /// It has begun. The dependent process waits for the rest itself, and can end only after it.
    Begun,
    /// It has ended well. If it ends otherwise, the dependent job never starts.
    Done,
}

/// Decides between the end of a job and another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The end is the job's end.
    Over,
    /// Another attempt, after this time.
    Again(Duration),
}
