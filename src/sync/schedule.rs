//! Carrying a plan out: a child per install, so many at a time, each judged by its end.
//!
//! One thread decides everything; the threads that wait for children, the dashboard and the signal handler only send it
//! events. It writes to the board what a child cannot say itself: how it ended when it did not end well.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use vx_shm::{Board, BoardState, Ending, Reader, Reservation, SlotState, Snapshot};

use super::child::{InstallChild, start_install};
use super::step::{Action, RunEnd, Step, StepEnd};
use crate::process::{Ended, Exit, Running};

/// How long a child that was asked to stop may take before it is killed.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// How long after its own deadline a child that did not keep it is killed.
const DEADLINE_GRACE: Duration = Duration::from_secs(3);
/// How many lines of a child's last words stand for an error it did not explain.
const LAST_LINES: usize = 6;

/// What others may ask of a run.
#[derive(Clone, Debug)]
pub enum Request {
    /// Stop one tool's install; asked twice, kill it.
    Cancel(String),
    /// Stop everything; asked twice, kill it.
    CancelAll,
}

/// What a run needs.
pub struct Run {
    /// The board, with nothing on it yet.
    pub board: Arc<Board>,
    /// The steps, in the order in which to start them.
    pub steps: Vec<Step>,
    /// How to start a child.
    pub child: InstallChild,
    /// How many children may be at work at once; at least one.
    pub jobs: usize,
    /// Whether the first failure stops the rest.
    pub fail_fast: bool,
}

/// A run at work.
pub struct RunHandle {
    /// Takes requests to stop.
    pub requests: Sender<Request>,
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
    let (alive, finished) = crossbeam_channel::bounded(0);
    let thread = thread::Builder::new().name("run".into()).spawn(move || {
        let end = Scheduler::new(run)?.carry_out(&asked);
        drop(alive);
        end
    })?;
    Ok(RunHandle { requests, finished, thread })
}

struct Task {
    step: Step,
    reservation: Reservation,
    stage: Stage,
}

enum Stage {
    Queued,
    Running { process: Running, stop: Stop, kill_at: Option<Instant> },
    Ended(SlotState),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    No,
    Cancelled,
    Late,
    Killed,
}

/// A child, by its place among the tasks, has ended.
struct ChildEnded {
    task: usize,
    ended: Ended,
}

struct Scheduler {
    board: Arc<Board>,
    reader: Reader,
    snapshot: Snapshot,
    child: InstallChild,
    jobs: usize,
    fail_fast: bool,
    tasks: Vec<Task>,
    ends: (Sender<ChildEnded>, Receiver<ChildEnded>),
    cancelled: bool,
}

impl Scheduler {
    fn new(run: Run) -> io::Result<Self> {
        let mut tasks = Vec::with_capacity(run.steps.len());
        for step in run.steps {
            let reservation =
                run.board.reserve(&step.tool, &step.version, vx_shm::Kind::Install).map_err(io::Error::other)?;
            tasks.push(Task { step, reservation, stage: Stage::Queued });
        }
        let reader = Reader::open(run.board.path()).map_err(io::Error::other)?;
        Ok(Self {
            board: run.board,
            reader,
            snapshot: Snapshot::default(),
            child: run.child,
            jobs: run.jobs.max(1),
            fail_fast: run.fail_fast,
            tasks,
            ends: unbounded(),
            cancelled: false,
        })
    }

    fn carry_out(mut self, asked: &Receiver<Request>) -> io::Result<RunEnd> {
        self.settle_what_needs_no_child();
        loop {
            self.start_more();
            if self.tasks.iter().all(|task| matches!(task.stage, Stage::Ended(_))) {
                break;
            }
            self.await_event(asked);
            self.kill_what_is_late();
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

    fn settle_what_needs_no_child(&mut self) {
        for index in 0..self.tasks.len() {
            let ending = match &self.tasks[index].step.action {
                Action::Install(_) => continue,
                Action::Skip { reason } => Ending { error: Some(reason.clone()), ..Ending::new(SlotState::Skipped) },
                Action::Fail { error } => Ending::failed(error.clone()),
            };
            self.end(index, &ending);
        }
    }

    fn start_more(&mut self) {
        let mut running = self.tasks.iter().filter(|task| matches!(task.stage, Stage::Running { .. })).count();
        for index in 0..self.tasks.len() {
            if running >= self.jobs {
                return;
            }
            if matches!(self.tasks[index].stage, Stage::Queued) {
                self.start(index);
                running += usize::from(matches!(self.tasks[index].stage, Stage::Running { .. }));
            }
        }
    }

    fn start(&mut self, index: usize) {
        let task = &self.tasks[index];
        let Action::Install(config) = &task.step.action else { return };
        let kill_at =
            config.deadline_ms.map(|deadline| Instant::now() + Duration::from_millis(deadline) + DEADLINE_GRACE);
        let sender = self.ends.0.clone();
        let on_end = move |ended| drop(sender.send(ChildEnded { task: index, ended }));
        match start_install(&self.child, config, self.board.path(), task.reservation, on_end) {
            Ok(process) => self.tasks[index].stage = Stage::Running { process, stop: Stop::No, kill_at },
            Err(error) => {
                let error = format!("cannot start the installing process: {error}");
                self.end(index, &Ending::failed(error));
            }
        }
    }

    fn await_event(&mut self, asked: &Receiver<Request>) {
        let wait =
            self.next_kill().map_or(Duration::from_secs(3600), |at| at.saturating_duration_since(Instant::now()));
        let ends = self.ends.1.clone();
        crossbeam_channel::select! {
            recv(ends) -> ended => if let Ok(ended) = ended { self.judge(ended) },
            recv(asked) -> request => match request {
                Ok(Request::Cancel(tool)) => self.cancel_where(|task| task.step.tool == tool),
                Ok(Request::CancelAll) => {
                    self.cancelled = true;
                    self.cancel_where(|_| true);
                }
                // Nobody can ask any more: only the children's ends are left to wait for.
                Err(_) => self.await_end(&ends, wait),
            },
            default(wait) => {}
        }
    }

    fn await_end(&mut self, ends: &Receiver<ChildEnded>, wait: Duration) {
        match ends.recv_timeout(wait) {
            Ok(ended) => self.judge(ended),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }

    fn next_kill(&self) -> Option<Instant> {
        self.tasks
            .iter()
            .filter_map(|task| match &task.stage {
                Stage::Running { kill_at, .. } => *kill_at,
                _ => None,
            })
            .min()
    }

    fn kill_what_is_late(&mut self) {
        let now = Instant::now();
        for task in &mut self.tasks {
            if let Stage::Running { process, stop, kill_at } = &mut task.stage
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

    fn cancel_where(&mut self, wanted: impl Fn(&Task) -> bool) {
        for index in 0..self.tasks.len() {
            let task = &mut self.tasks[index];
            if !wanted(task) {
                continue;
            }
            match &mut task.stage {
                Stage::Queued => self.end(index, &Ending::new(SlotState::Cancelled)),
                Stage::Running { process, stop: stop @ Stop::No, kill_at } => {
                    process.ask_to_stop();
                    *stop = Stop::Cancelled;
                    *kill_at = Some(Instant::now() + STOP_GRACE);
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
    fn judge(&mut self, ChildEnded { task: index, ended }: ChildEnded) {
        let stop = match &self.tasks[index].stage {
            Stage::Running { stop, .. } => *stop,
            _ => return,
        };
        let written = self.written_state(index);
        let state = match (written, stop, ended.exit) {
            (Some(state), _, exit) if state != SlotState::Done || exit.success() => state,
            (_, Stop::Cancelled | Stop::Killed, _) => SlotState::Cancelled,
            (_, Stop::Late, _) => SlotState::Failed,
            (_, Stop::No, Exit::Signal(_)) => SlotState::Died,
            (_, Stop::No, Exit::Code(_)) => SlotState::Failed,
        };
        let (exit_code, signal) = match ended.exit {
            Exit::Code(code) => (Some(code), None),
            Exit::Signal(signal) => (None, Some(signal)),
        };
        let error = (written.is_none() && state != SlotState::Cancelled).then(|| unexplained(&ended, stop));
        self.end(index, &Ending { error, exit_code, signal, ..Ending::new(state) });
        if self.fail_fast && matches!(state, SlotState::Failed | SlotState::Died) {
            self.cancel_where(|task| {
                !matches!(task.stage, Stage::Running { stop: Stop::Cancelled | Stop::Killed, .. })
            });
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
            tool: task.step.tool.clone(),
            version: task.step.version.clone(),
            state: match task.stage {
                Stage::Ended(state) => state,
                _ => SlotState::Failed,
            },
        });
        RunEnd { steps: steps.collect(), cancelled: self.cancelled }
    }
}

fn unexplained(ended: &Ended, stop: Stop) -> String {
    if stop == Stop::Late {
        return "killed: it did not end by its deadline\nhint: allow more time with `--timeout`".into();
    }
    let mut text = match ended.exit {
        Exit::Signal(_) => format!("killed by {}", ended.exit),
        Exit::Code(_) => format!("ended with {} before it said how it went", ended.exit),
    };
    let lines = ended.tail.lines();
    for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
        text.push('\n');
        text.push_str(line);
    }
    text
}
