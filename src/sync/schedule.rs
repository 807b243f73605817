//! Carrying a plan out: a child per install, so many at a time, each judged by its end.
//!
//! One thread decides everything; the threads that wait for children, the dashboard and the signal handler only send it
//! events. It writes to the board what a child cannot say itself: how it ended when it did not end well.

mod pace;
mod retry;
mod stuck;
mod verdict;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use vx_shm::{Board, BoardState, Ending, Reader, Reservation, SlotState, Snapshot};

use super::child::{InstallChild, start_install};
use super::parallel::in_parallel;
use super::step::{Action, Preparation, RunEnd, Step, StepEnd};
use crate::config::InstallConfig;
use crate::process::{Ended, Running, processor_time};
pub use pace::Jobs;
use pace::Pace;
use verdict::{Stop, verdict};

/// How long a child that was asked to stop may take before it is killed.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// How long after its own deadline a child that did not keep it is killed.
const DEADLINE_GRACE: Duration = Duration::from_secs(3);
/// How many answers are kept for whoever asked.
const ANSWERS: usize = 64;
/// How many configurations are made side by side: most wait for a registry's answer.
const PREPARATIONS: usize = 16;

/// What others may ask of a run.
#[derive(Clone, Debug)]
pub enum Request {
    /// Stop one tool's install; asked twice, kill it.
    Cancel(String),
    /// Stop everything; asked twice, kill it.
    CancelAll,
    /// Try one tool again that came to nothing, while the run goes on.
    Retry(String),
}

/// What a run has to say about what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The tool is not tried again, and why.
    Refused {
        /// The tool.
        tool: String,
        /// Why not.
        why: String,
    },
    /// The tool is not stopped, and why.
    NotStopped {
        /// The tool.
        tool: String,
        /// Why not.
        why: String,
    },
    /// The tool was asked to stop, and somebody does not.
    Blocked {
        /// The tool.
        tool: String,
        /// Who, and why.
        by: String,
    },
}

/// What a run needs.
pub struct Run {
    /// The board, with nothing on it yet.
    pub board: Arc<Board>,
    /// The steps, in the order in which to start them.
    pub steps: Vec<Step>,
    /// How to start a child.
    pub child: InstallChild,
    /// How many children may be at work at once.
    pub jobs: Jobs,
    /// Whether the first failure stops the rest.
    pub fail_fast: bool,
}

/// A run at work.
pub struct RunHandle {
    /// Takes requests to stop.
    pub requests: Sender<Request>,
    /// What came of them, where that is not seen on the board. What nobody takes is dropped once there is much of it.
    pub answers: Receiver<Answer>,
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
    let (answer, answers) = bounded(ANSWERS);
    let (alive, finished) = bounded(0);
    let thread = thread::Builder::new().name("run".into()).spawn(move || {
        let board = Arc::clone(&run.board);
        let end = Scheduler::new(run, answer).and_then(|scheduler| scheduler.carry_out(&asked));
        if end.is_err() {
            board.close(BoardState::Failed);
        }
        drop(alive);
        end
    })?;
    Ok(RunHandle { requests, answers, finished, thread })
}

struct Task {
    tool: String,
    version: String,
    reservation: Reservation,
    stage: Stage,
    /// Which attempt this is, from 1.
    attempt: u8,
    /// Makes its configuration; `None` where there is nothing to install.
    preparation: Option<Arc<Preparation>>,
    /// The tool that has to be there before it can end, once that is known.
    needs: Option<String>,
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
        /// When to look who does not stop.
        look_at: Option<Instant>,
    },
    Ended(SlotState),
}

/// What the threads of the run tell it; tasks go by their place.
enum Event {
    /// The configuration for an attempt is made, or cannot be.
    Prepared { task: usize, attempt: u8, config: Result<Box<InstallConfig>, String> },
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
    answers: Sender<Answer>,
    cancelled: bool,
}

impl Scheduler {
    fn new(run: Run, answers: Sender<Answer>) -> io::Result<Self> {
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
            answers,
            cancelled: false,
        };
        for step in run.steps {
            scheduler.take_in(step)?;
        }
        scheduler.prepare_aside((0..scheduler.tasks.len()).collect())?;
        if scheduler.tasks.iter().any(|task| matches!(task.stage, Stage::Ended(SlotState::Failed))) {
            scheduler.stop_after_failure();
        }
        Ok(scheduler)
    }

    /// Give a step its slot, and settle it where no child is needed.
    fn take_in(&mut self, step: Step) -> io::Result<()> {
        let Step { tool, version, action } = step;
        let reservation = self.board.reserve(&tool, &version, vx_shm::Kind::Install).map_err(io::Error::other)?;
        let index = self.tasks.len();
        let stage = Stage::Preparing;
        self.tasks.push(Task { tool, version, reservation, stage, attempt: 1, preparation: None, needs: None });
        match action {
            Action::Install(preparation) => self.tasks[index].preparation = Some(Arc::new(preparation)),
            Action::Skip { reason } => {
                self.end(index, &Ending { error: Some(reason), ..Ending::new(SlotState::Skipped) });
            }
            Action::Fail { error } => self.end(index, &Ending::failed(error)),
        }
        Ok(())
    }

    /// Make the configurations of these tasks side by side, on a thread that is left behind when the run ends before it.
    fn prepare_aside(&self, tasks: Vec<usize>) -> io::Result<()> {
        let sender = self.events.0.clone();
        let preparation = |index: usize| {
            let Task { attempt, preparation, .. } = &self.tasks[index];
            Some((index, *attempt, Arc::clone(preparation.as_ref()?)))
        };
        let preparations: Vec<_> = tasks.into_iter().filter_map(preparation).collect();
        thread::Builder::new().name("preparations".into()).spawn(move || {
            in_parallel(preparations, PREPARATIONS, |(task, attempt, preparation)| {
                // A task whose configuration never comes would be waited for without end.
                let prepared = catch_unwind(AssertUnwindSafe(|| preparation()));
                let config = prepared.unwrap_or_else(|_| Err("a panic while asking for its archives".into()));
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
            self.tell_who_does_not_stop();
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

    /// Whether a task is ready; one that waits for another tool's install does not take that one's turn.
    fn may_start(&self, index: usize) -> bool {
        let Task { stage: Stage::Ready(_), needs, .. } = &self.tasks[index] else { return false };
        let needed = needs.as_ref().and_then(|needed| self.tasks.iter().find(|task| task.tool == *needed));
        needed.is_none_or(|needed| matches!(needed.stage, Stage::Running { .. } | Stage::Ended(_)))
    }

    /// Whether a running task can only end after this one: it has a turn beyond all others, which may all be taken by such
    /// tasks.
    fn is_awaited(&self, index: usize) -> bool {
        let running = self.tasks.iter().filter(|task| matches!(task.stage, Stage::Running { .. }));
        running.filter_map(|task| task.needs.as_ref()).any(|needed| *needed == self.tasks[index].tool)
    }

    fn start(&mut self, index: usize) {
        let task = &self.tasks[index];
        let Stage::Ready(config) = &task.stage else { return };
        // A deadline too far off to be told is none.
        let patience =
            config.deadline_ms.map(|deadline| Duration::from_millis(deadline).saturating_add(DEADLINE_GRACE));
        let kill_at = patience.and_then(|patience| Instant::now().checked_add(patience));
        let sender = self.events.0.clone();
        let on_end = move |ended| drop(sender.send(Event::ChildEnded { task: index, ended }));
        match start_install(&self.child, config, self.board.path(), task.reservation, on_end) {
            Ok(process) => self.tasks[index].stage = Stage::Running { process, stop: Stop::No, kill_at, look_at: None },
            Err(error) => {
                let error = format!("cannot start the installing process: {error}");
                self.end(index, &Ending::failed(error));
                self.stop_after_failure();
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
                Ok(Request::Cancel(tool)) => self.cancel(tool),
                Ok(Request::CancelAll) => {
                    self.cancelled = true;
                    self.cancel_where(|_| true);
                }
                Ok(Request::Retry(tool)) => self.retry(&tool),
                // Nobody can ask any more: only the children's ends are left to wait for.
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

    fn take_config(&mut self, index: usize, attempt: u8, config: Result<Box<InstallConfig>, String>) {
        let task = &mut self.tasks[index];
        // Cancelled meanwhile, and perhaps tried again.
        if !matches!(task.stage, Stage::Preparing) || task.attempt != attempt {
            return;
        }
        match config {
            Ok(config) => {
                task.needs.clone_from(&config.needs);
                task.stage = Stage::Ready(Box::new(InstallConfig { attempt, ..*config }));
            }
            Err(error) => {
                self.end(index, &Ending::failed(error));
                self.stop_after_failure();
            }
        }
    }

    /// When the next child is to be killed, or looked at.
    fn next_of_children(&self) -> Option<Instant> {
        let times = self.tasks.iter().map(|task| match &task.stage {
            Stage::Running { kill_at, look_at, .. } => [*kill_at, *look_at],
            _ => [None; 2],
        });
        times.flatten().flatten().min()
    }

    /// When to look how busy the children are: while some wait for their turn.
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

    fn kill_what_is_late(&mut self) {
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

    /// Stop the tool, or say why not: a board may show the slots of others, too.
    fn cancel(&mut self, tool: String) {
        if self.tasks.iter().any(|task| task.tool == tool) {
            self.cancel_where(|task| task.tool == tool);
        } else {
            // Nobody may be left to read it.
            let _ = self.answers.try_send(Answer::NotStopped { tool, why: "this run does not install it".into() });
        }
    }

    fn cancel_where(&mut self, wanted: impl Fn(&Task) -> bool) {
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

    /// A child ended and its group is gone: say so on its slot, unless it already did, and remember how.
    fn judge(&mut self, index: usize, ended: &Ended) {
        let stop = match &self.tasks[index].stage {
            Stage::Running { stop, .. } => *stop,
            _ => return,
        };
        let ending = verdict(self.written_state(index), stop, ended);
        self.end(index, &ending);
        if matches!(ending.state, SlotState::Failed | SlotState::Died) {
            self.stop_after_failure();
        }
    }

    fn stop_after_failure(&mut self) {
        if self.fail_fast {
            let asked = |task: &Task| matches!(task.stage, Stage::Running { stop: Stop::Cancelled | Stop::Killed, .. });
            self.cancel_where(|task| !asked(task));
        }
    }

    /// The terminal state that the child itself wrote, if it did.
    fn written_state(&mut self, index: usize) -> Option<SlotState> {
        let reservation = self.tasks[index].reservation;
        self.reader.refresh(&mut self.snapshot).ok()?;
        let slot = self.snapshot.slots.iter().find(|slot| slot.index == reservation.slot)?;
        (slot.generation == reservation.generation && slot.state.ended()).then_some(slot.state)
    }

    fn end(&mut self, index: usize, ending: &Ending) {
        // A board that cannot be written is no reason to lose the run: its outcome is kept here as well.
        let _ = self.board.end(self.tasks[index].reservation, ending);
        self.tasks[index].stage = Stage::Ended(ending.state);
    }

    fn summary(&self) -> RunEnd {
        let steps = self.tasks.iter().map(|task| StepEnd {
            tool: task.tool.clone(),
            version: task.version.clone(),
            state: match task.stage {
                Stage::Ended(state) => state,
                _ => SlotState::Failed,
            },
        });
        RunEnd { steps: steps.collect(), cancelled: self.cancelled }
    }
}
