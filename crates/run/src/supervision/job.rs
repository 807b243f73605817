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
    /// The slot to reserve for it.
    fn slot(&self) -> JobSlot<'_>;

    /// Its end, if that is decided before the run begins: then nothing is prepared or started.
    fn decided(&self) -> Option<Decided> {
        None
    }

    /// Find everything that its process needs; this may take the time of a request. It is called while other jobs are at
    /// work already, and again for each further attempt.
    ///
    /// # Errors
    /// It cannot be started; the slot ends with this.
    fn prepare(&self, place: &JobAttempt) -> Result<PreparedJob, Trouble>;

    /// The gauge that reads the progress of its process from what that prints, and the numbers that it is written as, for a
    /// slot that the run writes.
    fn gauge(&self) -> Option<(Gauge, SlotProgressWriter)> {
        None
    }

    /// Judge the end of its process, from the end that the process wrote to its slot, the reason for which it was asked to
    /// stop, and its exit.
    fn judge(&self, written: Option<SlotState>, stop: ChildStopReason, ended: &Ended) -> Ending {
        verdict(written, stop, ended, Unwritten::IsFailure)
    }

    /// True if its process ended because there was no other process or thread to be had. With fewer jobs at work it is tried
    /// again.
    fn lacks_room(&self, _ended: &Ended) -> bool {
        false
    }

    /// The step after the end of an attempt that was not asked to stop.
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
    /// The name of an earlier job of the run, which this one is a part of.
    pub parent: Option<&'a str>,
    /// The amount of its work, if that is known before it begins.
    pub total: Option<u64>,
    /// True if the run succeeds without it.
    pub optional: bool,
    /// The process that writes to the slot.
    pub writer: JobSlotWriter,
    /// True if its process writes the slot's log as well: what it prints is for programs.
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
    /// The reason that another attempt would not change it.
    pub finally: &'static str,
}

/// The place of one attempt.
#[derive(Clone, Debug)]
pub struct JobAttempt {
    /// The file of the board.
    pub board: PathBuf,
    /// The slot, reserved for this attempt.
    pub reservation: Reservation,
    /// The mark for everything that is started for the slot.
    pub mark: Mark,
    /// The file for the output; `None` where there is no place for it.
    pub log: Option<PathBuf>,
    /// The number of the attempt, from 1.
    pub attempt: u8,
}

impl JobAttempt {
    /// The heading of this attempt's output in the log; `None` for the first, with which the log begins.
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

/// A dependency on another job. One that the run does not have counts as met.
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
    /// It has begun. The dependent process waits for the rest by itself: it can only end after the other one.
    Begun,
    /// It has ended well. If it ends otherwise, the dependent job never starts.
    Done,
}

/// The step after the end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The end is the job's end.
    Over,
    /// Another attempt, after this time.
    Again(Duration),
}
