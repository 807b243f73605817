//! Carrying a plan out: one child for each install, a limited number at a time; a child's end decides its result.
//!
//! One thread decides everything; the threads that wait for children, the dashboard and the signal handler only send it
//! events. A child that crashed or was killed cannot record its own end, so this thread writes it to the board.

mod asked;
mod cancel;
mod pace;
mod retry;
mod stuck;
mod verdict;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use vx_shm::{Board, BoardState, Ending, Reader, Reservation, SlotState, Snapshot, Work};
use vx_status::error_cell::ErrorCell;
use vx_status::source::RequestFailure;

use super::child::{InstallChild, start_install};
use super::parallel::in_parallel;
use super::step::{Action, Preparation, RunEnd, Step, StepEnd};
use crate::channel::slot_key;
use crate::config::InstallConfig;
use crate::process::{Adoption, Ended, Running, processor_time};
use crate::trouble::{Trouble, TroubleKind};
pub use pace::Jobs;
use pace::Pace;
use verdict::{Stop, verdict};

/// Time that a child is given beyond its own deadline before it is killed.
const DEADLINE_GRACE: Duration = Duration::from_secs(3);
/// Reports of failed requests that are kept for a reader; later ones are dropped.
const FAILURES_KEPT: usize = 64;
/// Configurations that are made side by side: most of them wait for a registry.
const PREPARATIONS: usize = 16;

/// A request to a run, from a view or a signal handler.
#[derive(Clone, Debug)]
pub enum Request {
    /// Stop the install on the slot with this key; the second request kills it.
    Cancel(String),
    /// Stop everything; the second request kills it.
    CancelAll,
    /// Try the failed tool of the slot with this key again while the run is at work.
    Retry(String),
    /// Stop the install on the slot with this key, no matter how often this is requested.
    Stop(String),
    /// Kill the install on the slot with this key.
    Kill(String),
    /// Stop everything, no matter how often this is requested.
    StopAll,
    /// A request whose failure goes to the one who made it.
    Answered(Box<Self>, Sender<Result<(), RequestFailure>>),
}

/// A run that has not started.
pub struct Run {
    /// The board, still empty.
    pub board: Arc<Board>,
    /// The steps, in the order of their start.
    pub steps: Vec<Step>,
    /// The program and the logs of the children.
    pub child: InstallChild,
    /// The limit of children at work at once.
    pub jobs: Jobs,
    /// Stop the rest at the first failure.
    pub fail_fast: bool,
}

/// A run at work.
pub struct RunHandle {
    /// Takes requests.
    pub requests: Sender<Request>,
    /// Requests that failed. A reader that falls behind loses the newest.
    pub failures: Receiver<RequestFailure>,
    /// Closes when the run is over.
    pub finished: Receiver<()>,
    thread: thread::JoinHandle<io::Result<RunEnd>>,
}

impl RunHandle {
    /// Wait for the end of the run.
    pub fn join(self) -> io::Result<RunEnd> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that runs the plan panicked")))
    }
}

/// Start a run on a thread of its own.
pub fn start_run(run: Run) -> io::Result<RunHandle> {
    let (requests, asked) = unbounded();
    let (failure, failures) = bounded(FAILURES_KEPT);
    let (alive, finished) = bounded(0);
    let thread = thread::Builder::new().name("run".into()).spawn(move || {
        let _adoption = Adoption::begin();
        let board = Arc::clone(&run.board);
        let end = Scheduler::new(run, failure).and_then(|scheduler| scheduler.carry_out(&asked));
        if end.is_err() {
            board.close(BoardState::Failed);
        }
        drop(alive);
        end
    })?;
    Ok(RunHandle { requests, failures, finished, thread })
}

struct Task {
    tool: String,
    version: String,
    optional: bool,
    reservation: Reservation,
    stage: Stage,
    /// The number of the attempt, from 1.
    attempt: u8,
    /// Makes its configuration; `None` if there is nothing to install.
    preparation: Option<Arc<Preparation>>,
    /// The tool that must be installed before this one can end; known once the configuration is.
    needs: Option<String>,
}

impl Task {
    /// The key of its slot.
    fn key(&self) -> Cow<'_, str> {
        slot_key(&self.tool)
    }
}

enum Stage {
    /// Its configuration is being made.
    Preparing,
    /// It waits for its turn.
    Ready(Box<InstallConfig>),
    Running {
        process: Running,
        stop: Stop,
        kill_at: Option<Instant>,
        /// The time to name the processes that do not stop.
        look_at: Option<Instant>,
    },
    Ended(SlotState),
}

/// A message from a thread of the run; `task` is an index into the tasks.
enum Event {
    /// The configuration for an attempt is made, or cannot be.
    Prepared { task: usize, attempt: u8, config: Result<Box<InstallConfig>, Trouble> },
    /// A child has ended.
    ChildEnded { task: usize, ended: Ended },
}

struct Scheduler {
    board: Arc<Board>,
    reader: Reader,
    snapshot: Snapshot,
    child: InstallChild,
    pace: Pace,
    fail_fast: bool,
    tasks: Vec<Task>,
    events: (Sender<Event>, Receiver<Event>),
    failures: Sender<RequestFailure>,
    cancelled: bool,
}

impl Scheduler {
    fn new(run: Run, failures: Sender<RequestFailure>) -> io::Result<Self> {
        let reader = Reader::open(run.board.path()).map_err(io::Error::other)?;
        let mut scheduler = Self {
            board: run.board,
            reader,
            snapshot: Snapshot::default(),
            child: run.child,
            pace: Pace::of(run.jobs),
            fail_fast: run.fail_fast,
            tasks: Vec::with_capacity(run.steps.len()),
            events: unbounded(),
            failures,
            cancelled: false,
        };
        for step in run.steps {
            scheduler.take_in(step)?;
        }
        scheduler.prepare_aside((0..scheduler.tasks.len()).collect())?;
        let failed = |task: &Task| matches!(task.stage, Stage::Ended(SlotState::Failed)) && !task.optional;
        if let Some(failed) = scheduler.tasks.iter().position(failed) {
            scheduler.stop_after_failure_of(failed);
        }
        Ok(scheduler)
    }

    /// Give a step its slot, and end the slot at once if no child is needed.
    fn take_in(&mut self, step: Step) -> io::Result<()> {
        let Step { tool, version, optional, action } = step;
        let key = slot_key(&tool);
        let work = Work { runner: Some(std::process::id()), ..Work::new(&key, &version, vx_shm::Kind::Install) };
        let reservation = self.board.reserve_as(&work).map_err(io::Error::other)?;
        let index = self.tasks.len();
        let stage = Stage::Preparing;
        self.tasks.push(Task {
            tool,
            version,
            optional,
            reservation,
            stage,
            attempt: 1,
            preparation: None,
            needs: None,
        });
        match action {
            Action::Install(preparation) => self.tasks[index].preparation = Some(Arc::new(preparation)),
            Action::Skip { reason } => {
                let reason = ErrorCell { text: reason.into(), ..ErrorCell::default() }.to_text();
                self.end(index, &Ending { error: Some(reason), ..Ending::new(SlotState::Skipped) });
            }
            Action::Fail { error } => self.end(index, &Ending::failed(error.to_cell())),
        }
        Ok(())
    }

    /// Make the configurations of these tasks side by side, on a thread that the end of the run does not wait for.
    fn prepare_aside(&self, tasks: Vec<usize>) -> io::Result<()> {
        let sender = self.events.0.clone();
        let preparation = |index: usize| {
            let Task { attempt, preparation, .. } = &self.tasks[index];
            Some((index, *attempt, Arc::clone(preparation.as_ref()?)))
        };
        let preparations: Vec<_> = tasks.into_iter().filter_map(preparation).collect();
        thread::Builder::new().name("preparations".into()).spawn(move || {
            in_parallel(preparations, PREPARATIONS, |(task, attempt, preparation)| {
                // After a panic no event would come, and the run would wait for this task for ever.
                let prepared = catch_unwind(AssertUnwindSafe(|| preparation()));
                let config = prepared.unwrap_or_else(|_| Err(panicked()));
                let config = config.map(Box::new);
                let _ = sender.send(Event::Prepared { task, attempt, config });
            });
        })?;
        Ok(())
    }

    fn carry_out(mut self, asked: &Receiver<Request>) -> io::Result<RunEnd> {
        loop {
            self.start_more();
            if self.tasks.iter().all(|task| matches!(task.stage, Stage::Ended(_))) {
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

    fn start_more(&mut self) {
        let mut running = self.tasks.iter().filter(|task| matches!(task.stage, Stage::Running { .. })).count();
        for index in 0..self.tasks.len() {
            if self.may_start(index) && (running < self.pace.limit() || self.is_awaited(index)) {
                self.start(index);
                self.pace.begin(Instant::now());
                running += usize::from(matches!(self.tasks[index].stage, Stage::Running { .. }));
            }
        }
    }

    /// True for a task that is ready and whose needed tool has begun. An earlier start would only take that tool's
    /// place.
    fn may_start(&self, index: usize) -> bool {
        let Task { stage: Stage::Ready(_), needs, .. } = &self.tasks[index] else { return false };
        let needed = needs.as_ref().and_then(|needed| self.tasks.iter().find(|task| task.tool == *needed));
        needed.is_none_or(|needed| matches!(needed.stage, Stage::Running { .. } | Stage::Ended(_)))
    }

    /// True if a running task can only end after this one. It may start beyond the limit: all turns could be taken by
    /// tasks that wait for it.
    fn is_awaited(&self, index: usize) -> bool {
        let running = self.tasks.iter().filter(|task| matches!(task.stage, Stage::Running { .. }));
        running.filter_map(|task| task.needs.as_ref()).any(|needed| *needed == self.tasks[index].tool)
    }

    fn start(&mut self, index: usize) {
        let task = &self.tasks[index];
        let Stage::Ready(config) = &task.stage else { return };
        // A deadline beyond the range of the clock is no deadline.
        let patience =
            config.deadline_ms.map(|deadline| Duration::from_millis(deadline).saturating_add(DEADLINE_GRACE));
        let kill_at = patience.and_then(|patience| Instant::now().checked_add(patience));
        let sender = self.events.0.clone();
        let on_end = move |ended| drop(sender.send(Event::ChildEnded { task: index, ended }));
        match start_install(&self.child, config, &self.board, task.reservation, on_end) {
            Ok(process) => self.tasks[index].stage = Stage::Running { process, stop: Stop::No, kill_at, look_at: None },
            Err(error) => {
                let error =
                    Trouble::new(TroubleKind::Program, format_args!("cannot start the installing process: {error}"));
                self.end(index, &Ending::failed(error.to_cell()));
                self.stop_after_failure_of(index);
            }
        }
    }

    fn await_event(&mut self, asked: &Receiver<Request>) {
        const NO_HURRY: Duration = Duration::from_secs(3600);
        let next = self.next_of_children().into_iter().chain(self.next_look()).min();
        let wait = next.map_or(NO_HURRY, |at| at.saturating_duration_since(Instant::now()));
        let events = self.events.1.clone();
        crossbeam_channel::select! {
            recv(events) -> event => event.into_iter().for_each(|event| self.take_event(event)),
            recv(asked) -> request => match request {
                Ok(request) => self.take_request(request),
                // All senders are gone: only the ends of children are left to wait for.
                Err(_) => events.recv_timeout(wait).into_iter().for_each(|event| self.take_event(event)),
            },
            default(wait) => {}
        }
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::ChildEnded { task, ended } => self.judge(task, &ended),
            Event::Prepared { task, attempt, config } => self.take_config(task, attempt, config),
        }
    }

    fn take_config(&mut self, index: usize, attempt: u8, config: Result<Box<InstallConfig>, Trouble>) {
        let task = &mut self.tasks[index];
        // The task was cancelled meanwhile, and perhaps tried again.
        if !matches!(task.stage, Stage::Preparing) || task.attempt != attempt {
            return;
        }
        match config {
            Ok(config) => {
                task.needs.clone_from(&config.needs);
                task.stage = Stage::Ready(Box::new(InstallConfig { attempt, ..*config }));
            }
            Err(error) => {
                self.end(index, &Ending::failed(error.to_cell()));
                self.stop_after_failure_of(index);
            }
        }
    }

    /// The next time at which a child has to be killed, or its group examined.
    fn next_of_children(&self) -> Option<Instant> {
        let times = self.tasks.iter().map(|task| match &task.stage {
            Stage::Running { kill_at, look_at, .. } => [*kill_at, *look_at],
            _ => [None; 2],
        });
        times.flatten().flatten().min()
    }

    /// The next time to measure how busy the children are; only tasks that wait for a turn make that worthwhile.
    fn next_look(&self) -> Option<Instant> {
        let waits = self.tasks.iter().any(|task| matches!(task.stage, Stage::Ready(_)));
        self.pace.next_look().filter(|_| waits)
    }

    fn look_how_busy(&mut self) {
        let running = self.tasks.iter().enumerate().filter_map(|(index, task)| match &task.stage {
            Stage::Running { process, .. } => Some((index, processor_time(process.pid()))),
            _ => None,
        });
        self.pace.look(Instant::now(), running);
    }

    /// A child ended and its group is gone: end its slot, unless the child did, and keep the result.
    fn judge(&mut self, index: usize, ended: &Ended) {
        let stop = match &self.tasks[index].stage {
            Stage::Running { stop, .. } => *stop,
            _ => return,
        };
        let ending = verdict(self.written_state(index), stop, ended);
        self.end(index, &ending);
        if matches!(ending.state, SlotState::Failed | SlotState::Died) {
            self.stop_after_failure_of(index);
        }
    }

    fn stop_after_failure_of(&mut self, index: usize) {
        if self.fail_fast && !self.tasks[index].optional {
            let asked = |task: &Task| matches!(task.stage, Stage::Running { stop: Stop::Cancelled | Stop::Killed, .. });
            self.cancel_where(cancel::Manner::Ask, |task| !asked(task));
        }
    }

    /// The final state that the child itself wrote; `None` if it wrote none.
    fn written_state(&mut self, index: usize) -> Option<SlotState> {
        let reservation = self.tasks[index].reservation;
        self.reader.refresh(&mut self.snapshot).ok()?;
        let slot = self.snapshot.slots.iter().find(|slot| slot.index == reservation.slot)?;
        (slot.generation == reservation.generation && slot.state.ended()).then_some(slot.state)
    }

    fn end(&mut self, index: usize, ending: &Ending) {
        // The outcome is kept in the task as well, so a board that cannot be written does not fail the run.
        let _ = self.board.end(self.tasks[index].reservation, ending);
        self.tasks[index].stage = Stage::Ended(ending.state);
    }

    fn summary(&self) -> RunEnd {
        let steps = self.tasks.iter().map(|task| StepEnd {
            tool: task.tool.clone(),
            version: task.version.clone(),
            optional: task.optional,
            state: match task.stage {
                Stage::Ended(state) => state,
                _ => SlotState::Failed,
            },
        });
        RunEnd { steps: steps.collect(), cancelled: self.cancelled }
    }
}

fn panicked() -> Trouble {
    Trouble::new(TroubleKind::Internal, "a panic while asking for its archives")
}
