//! Carrying jobs out: one process for each, a limited number at a time; a process's end decides its job's.
//!
//! One thread decides everything; the threads that wait for children, the dashboard and the signal handler only send it
//! events. A child that crashed or was killed cannot record its own end, so this thread writes it to the board.

mod attempt;
mod blocked;
mod cancel;
mod needs;
mod process_limit;
mod requests;
mod retry;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use crossbeam_channel::{Receiver, Sender, bounded, never, unbounded};
use vx_base::trouble::Trouble;
use vx_process::{Ended, OrphanAdoption, RunningChild, processor_time};
use vx_shm::{BoardState, Ending, Reader, Reservation, SlotState, SlotWork, Snapshot};
use vx_status::source::{RequestFailure, Settled};

use super::concurrency::{InstallConcurrency, Jobs};
use super::control::{RunHandle, RunRequest};
use super::end::{JobEnd, RunEnd};
use super::hold::RunHoldMonitor;
use super::job::{After, Job, JobDependency, JobSlot, PreparedJob};
use super::verdict::ChildStopReason;
use crate::boards::board::RunBoard;
use crate::boards::written_slots::{WrittenSlot, WrittenSlots};
use crate::channel::slot_key;
use process_limit::Crowded;

/// Reports of failed requests that are kept for a reader; later ones are dropped.
const FAILURES_KEPT: usize = 64;

/// A run that has not started.
pub struct RunPlan {
    /// The board, still without the run's slots.
    pub board: Arc<dyn RunBoard>,
    /// The jobs, in the order of their start.
    pub jobs: Vec<Arc<dyn Job>>,
    /// The directory for the logs of the children; `None` where there is no place for it.
    pub logs: Option<PathBuf>,
    /// The limit of children at work at once.
    pub at_once: Jobs,
    /// Stop the rest at the first failure.
    pub fail_fast: bool,
    /// Keeps the run open after its last job; `None` for a run that ends with it.
    pub held: Option<RunHoldMonitor>,
}

/// Start a run on a thread of its own.
pub fn start_run(run: RunPlan) -> io::Result<RunHandle> {
    let (requests, asked) = unbounded();
    let (failure, failures) = bounded(FAILURES_KEPT);
    let (alive, finished) = bounded(0);
    let written = WrittenSlots::default();
    let slots = written.clone();
    let (taking_in, all_taken_in) = bounded::<Infallible>(0);
    let thread = thread::Builder::new().name("run".into()).spawn(move || {
        let _adoption = OrphanAdoption::begin();
        let board = Arc::clone(&run.board);
        let supervisor = RunSupervisor::new(run, failure, slots);
        drop(taking_in);
        let end = supervisor.and_then(|supervisor| supervisor.carry_out(&asked));
        if end.is_err() {
            board.close(BoardState::Failed);
        }
        drop(alive);
        end
    })?;
    // A view that starts after this sees all jobs from its first reading on.
    let _ = all_taken_in.recv();
    Ok(RunHandle { requests, failures, finished, written, thread })
}

struct Task {
    job: Arc<dyn Job>,
    key: String,
    optional: bool,
    reservation: Reservation,
    stage: RunTaskStage,
    /// The number of the attempt, from 1.
    attempt: u8,
    /// Why another attempt would not change its end.
    finally: Option<&'static str>,
    /// The jobs that it depends on; known once it is prepared.
    needs: Vec<JobDependency>,
}

enum RunTaskStage {
    /// It is being prepared.
    Preparing,
    /// It waits for its turn.
    Ready(Box<PreparedJob>),
    Running(Box<SupervisedChild>),
    /// An attempt has ended like this, and another one follows.
    Resting {
        again_at: Instant,
        state: SlotState,
    },
    Ended(SlotState),
}

/// A child at work.
struct SupervisedChild {
    process: RunningChild,
    /// The slot, if this process writes it.
    slot: Option<WrittenSlot>,
    stop: ChildStopReason,
    crowded: Crowded,
    kill_at: Option<Instant>,
    /// When to name the processes that do not stop.
    look_at: Option<Instant>,
}

/// A message from a thread of the run; `task` is an index into the tasks.
enum RunEvent {
    /// An attempt is prepared, or cannot be.
    Prepared { task: usize, attempt: u8, prepared: Result<Box<PreparedJob>, Trouble> },
    /// A child has ended.
    ChildEnded { task: usize, ended: Ended },
}

struct RunSupervisor {
    board: Arc<dyn RunBoard>,
    reader: Reader,
    snapshot: Snapshot,
    logs: Option<PathBuf>,
    pace: InstallConcurrency,
    fail_fast: bool,
    tasks: Vec<Task>,
    events: (Sender<RunEvent>, Receiver<RunEvent>),
    failures: Sender<RequestFailure>,
    written: WrittenSlots,
    cancelled: bool,
    held: Option<RunHoldMonitor>,
}

impl RunSupervisor {
    fn new(run: RunPlan, failures: Sender<RequestFailure>, written: WrittenSlots) -> io::Result<Self> {
        let reader = Reader::open(run.board.path()).map_err(io::Error::other)?;
        let mut supervisor = Self {
            board: run.board,
            reader,
            snapshot: Snapshot::default(),
            logs: run.logs,
            pace: InstallConcurrency::from_jobs(run.at_once),
            fail_fast: run.fail_fast,
            tasks: Vec::with_capacity(run.jobs.len()),
            events: unbounded(),
            failures,
            written,
            cancelled: false,
            held: run.held,
        };
        for job in run.jobs {
            supervisor.take_in(job)?;
        }
        let to_prepare = |(index, task): (usize, &Task)| matches!(task.stage, RunTaskStage::Preparing).then_some(index);
        supervisor.prepare_aside(supervisor.tasks.iter().enumerate().filter_map(to_prepare).collect())?;
        let failed = |task: &Task| matches!(task.stage, RunTaskStage::Ended(SlotState::Failed)) && !task.optional;
        if let Some(failed) = supervisor.tasks.iter().position(failed) {
            supervisor.stop_after_failure_of(failed);
        }
        Ok(supervisor)
    }

    /// Give a job its slot, and end the slot at once if the job's end is already decided.
    fn take_in(&mut self, job: Arc<dyn Job>) -> io::Result<()> {
        let JobSlot { name, version, kind, parent, total, optional, own_log, .. } = job.slot();
        let key = slot_key(name).into_owned();
        let parent = parent.and_then(|parent| self.task_of(&slot_key(parent)));
        let parent = parent.map(|parent| self.tasks[parent].reservation.slot);
        let own = Some(std::process::id());
        let work = SlotWork {
            parent,
            total,
            runner: own,
            log_writer: own.filter(|_| !own_log),
            ..SlotWork::new(&key, version, kind)
        };
        let reservation = self.board.reserve(&work)?;
        let decided = job.decided();
        let (stage, needs, index) = (RunTaskStage::Preparing, Vec::new(), self.tasks.len());
        let finally = decided.as_ref().map(|decided| decided.finally);
        self.tasks.push(Task { job, key, optional, reservation, stage, attempt: 1, finally, needs });
        if let Some(decided) = decided {
            self.end(index, &decided.ending);
        }
        Ok(())
    }

    /// Find the index of the task with this key.
    fn task_of(&self, key: &str) -> Option<usize> {
        self.tasks.iter().position(|task| task.key == key)
    }

    fn carry_out(mut self, asked: &Receiver<RunRequest>) -> io::Result<RunEnd> {
        loop {
            self.begin_again();
            self.end_hopeless();
            self.start_more();
            if self.is_over() {
                break;
            }
            self.await_event(asked);
            self.look_how_busy();
            self.kill_what_is_late();
            self.report_blocked();
        }
        let end = self.summary();
        let state = match (end.cancelled, end.success()) {
            (true, _) => BoardState::Cancelled,
            (_, true) => BoardState::Done,
            (_, false) => BoardState::Failed,
        };
        self.board.close(state);
        Ok(end)
    }

    /// Returns whether every job has ended, and nothing keeps the run open for another attempt at one.
    fn is_over(&self) -> bool {
        let all_ended = self.tasks.iter().all(|task| matches!(task.stage, RunTaskStage::Ended(_)));
        let settled = all_ended.then(|| if self.summary().success() { Settled::Well } else { Settled::Badly });
        let kept_open = self.held.as_ref().is_some_and(|held| held.keeps_open(settled));
        all_ended && (self.cancelled || !kept_open)
    }

    fn start_more(&mut self) {
        let mut running = self.tasks.iter().filter(|task| matches!(task.stage, RunTaskStage::Running { .. })).count();
        for index in 0..self.tasks.len() {
            if self.may_start(index) && (running < self.pace.limit() || self.is_awaited(index)) {
                self.start(index);
                self.pace.begin(Instant::now());
                running += usize::from(matches!(self.tasks[index].stage, RunTaskStage::Running { .. }));
            }
        }
        self.note_crowd();
    }

    fn await_event(&mut self, asked: &Receiver<RunRequest>) {
        const NO_HURRY: Duration = Duration::from_secs(3600);
        let next = self.next_of_tasks().into_iter().chain(self.next_look());
        let next = next.chain(self.held.as_ref().and_then(RunHoldMonitor::until)).min();
        let wait = next.map_or(NO_HURRY, |at| at.saturating_duration_since(Instant::now()));
        let events = self.events.1.clone();
        let released = self.held.as_ref().map_or_else(never, RunHoldMonitor::gone);
        crossbeam_channel::select! {
            recv(released) -> _ => {}
            recv(events) -> event => event.into_iter().for_each(|event| self.take_event(event)),
            recv(asked) -> request => match request {
                Ok(request) => self.take_request(request),
                // All senders are gone: only the ends of children are left to wait for.
                Err(_) => events.recv_timeout(wait).into_iter().for_each(|event| self.take_event(event)),
            },
            default(wait) => {}
        }
    }

    fn take_event(&mut self, event: RunEvent) {
        match event {
            RunEvent::ChildEnded { task, ended } => self.judge(task, &ended),
            RunEvent::Prepared { task, attempt, prepared } => self.take_prepared(task, attempt, prepared),
        }
    }

    /// Find the next time at which a child has to be killed, its group examined, or an attempt begun.
    fn next_of_tasks(&self) -> Option<Instant> {
        let times = self.tasks.iter().map(|task| match &task.stage {
            RunTaskStage::Running(at_work) => [at_work.kill_at, at_work.look_at],
            RunTaskStage::Resting { again_at, .. } => [Some(*again_at), None],
            _ => [None; 2],
        });
        times.flatten().flatten().min()
    }

    /// Find the next time to measure how busy the children are; only tasks that wait for a turn make that worthwhile.
    fn next_look(&self) -> Option<Instant> {
        let waits = self.tasks.iter().any(|task| matches!(task.stage, RunTaskStage::Ready(_)));
        self.pace.next_look().filter(|_| waits)
    }

    fn look_how_busy(&mut self) {
        let running = self.tasks.iter().enumerate().filter_map(|(index, task)| match &task.stage {
            RunTaskStage::Running(at_work) => Some((index, processor_time(at_work.process.pid()))),
            _ => None,
        });
        self.pace.measure(Instant::now(), running);
    }

    /// A child ended and its group is gone: end its slot, unless the child did, and keep the result.
    fn judge(&mut self, index: usize, ended: &Ended) {
        let RunTaskStage::Running(at_work) = &mut self.tasks[index].stage else { return };
        // Take the slot first, so that no report ends it after its state was read.
        let (stop, slot) = (at_work.stop, at_work.slot.take().and_then(|slot| slot.take_slot()));
        let crowded = at_work.crowded;
        let written = self.written_state(index);
        let task = &mut self.tasks[index];
        self.written.end(task.reservation);
        let ending = task.job.judge(written, stop, ended);
        let after = if stop == ChildStopReason::No { task.job.after(&ending, task.attempt) } else { After::Over };
        let lacks_room = stop == ChildStopReason::No && task.job.lacks_room(ended);
        if let Some(slot) = slot {
            // A slot that cannot be ended by its writer is ended below.
            let _ = slot.end(ending.clone());
        }
        self.end(index, &ending);
        match after {
            _ if lacks_room && self.make_room_for(index, ending.state, crowded) => {}
            After::Again(delay) if !self.cancelled => {
                self.tasks[index].stage =
                    RunTaskStage::Resting { again_at: Instant::now() + delay, state: ending.state };
            }
            _ if matches!(ending.state, SlotState::Failed | SlotState::Died) => self.stop_after_failure_of(index),
            _ => {}
        }
    }

    fn stop_after_failure_of(&mut self, index: usize) {
        if self.fail_fast && !self.tasks[index].optional {
            let asked = |task: &Task| matches!(&task.stage, RunTaskStage::Running(at_work) if at_work.stop.was_asked());
            self.cancel_where(cancel::ChildStopMode::Ask, |task| !asked(task));
        }
    }

    /// Read the final state that the child itself wrote; `None` if it wrote none.
    fn written_state(&mut self, index: usize) -> Option<SlotState> {
        let reservation = self.tasks[index].reservation;
        self.reader.refresh(&mut self.snapshot).ok()?;
        let slot = self.snapshot.slots.iter().find(|slot| slot.index == reservation.slot)?;
        (slot.generation == reservation.generation && slot.state.ended()).then_some(slot.state)
    }

    fn end(&mut self, index: usize, ending: &Ending) {
        self.board.end(self.tasks[index].reservation, ending);
        self.tasks[index].stage = RunTaskStage::Ended(ending.state);
    }

    fn summary(&self) -> RunEnd {
        let steps = self.tasks.iter().map(|task| {
            let JobSlot { name, version, optional, .. } = task.job.slot();
            let state = match task.stage {
                RunTaskStage::Ended(state) => state,
                _ => SlotState::Failed,
            };
            JobEnd { name: name.to_owned(), version: version.to_owned(), optional, state }
        });
        RunEnd { steps: steps.collect(), cancelled: self.cancelled }
    }
}
