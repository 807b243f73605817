//! One attempt at a job: it is prepared on a thread aside, and started when its turn has come.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;
use std::{io, thread};

use vx_shm::{Board, Ending, Reservation, Slot};

use super::{AtWork, Event, Stage, Supervisor, Task};
use crate::channel::Mark;
use crate::process::{OnLine, start};
use crate::run::job::{Place, Prepared, Writer};
use crate::run::log_files::log_file;
use crate::run::parallel::in_parallel;
use crate::run::verdict::Stop;
use crate::trouble::{Trouble, TroubleKind};

/// Jobs that are prepared side by side: most of them wait for a server.
const PREPARATIONS: usize = 16;

impl Supervisor {
    /// Prepare these tasks side by side, on a thread that the end of the run does not wait for.
    pub(super) fn prepare_aside(&self, tasks: Vec<usize>) -> io::Result<()> {
        if tasks.is_empty() {
            return Ok(());
        }
        let sender = self.events.0.clone();
        let preparation = |index: usize| (index, Arc::clone(&self.tasks[index].job), self.place(&self.tasks[index]));
        let preparations: Vec<_> = tasks.into_iter().map(preparation).collect();
        thread::Builder::new().name("preparations".into()).spawn(move || {
            in_parallel(preparations, PREPARATIONS, |(task, job, place)| {
                // After a panic no event would come, and the run would wait for this task for ever.
                let prepared =
                    catch_unwind(AssertUnwindSafe(|| job.prepare(&place))).unwrap_or_else(|_| Err(panicked()));
                let (prepared, attempt) = (prepared.map(Box::new), place.attempt);
                let _ = sender.send(Event::Prepared { task, attempt, prepared });
            });
        })?;
        Ok(())
    }

    fn place(&self, task: &Task) -> Place {
        Place {
            board: self.board.path().to_owned(),
            reservation: task.reservation,
            mark: Mark::of(&self.board, task.reservation),
            log: log_file(&self.logs, &task.key),
            attempt: task.attempt,
        }
    }

    pub(super) fn take_prepared(&mut self, index: usize, attempt: u8, prepared: Result<Box<Prepared>, Trouble>) {
        let task = &mut self.tasks[index];
        // The task was cancelled meanwhile, and perhaps tried again.
        if !matches!(task.stage, Stage::Preparing) || task.attempt != attempt {
            return;
        }
        match prepared {
            Ok(prepared) => {
                task.needs.clone_from(&prepared.needs);
                task.stage = Stage::Ready(prepared);
            }
            Err(error) => {
                self.end(index, &Ending::failed(error.to_cell()));
                self.stop_after_failure_of(index);
            }
        }
    }

    pub(super) fn start(&mut self, index: usize) {
        let task = &mut self.tasks[index];
        let Stage::Ready(prepared) = std::mem::replace(&mut task.stage, Stage::Preparing) else { return };
        // A time beyond the range of the clock is no bound.
        let kill_at = prepared.kill_after.and_then(|patience| Instant::now().checked_add(patience));
        let sender = self.events.0.clone();
        let on_end = move |ended| drop(sender.send(Event::ChildEnded { task: index, ended }));
        let on_line = ring(&self.board, task.reservation);
        match start(prepared.launch, Some(on_line), on_end) {
            Ok(process) => {
                let slot = slot_of(&self.board, task);
                let at_work = AtWork { process, slot, stop: Stop::No, kill_at, look_at: None };
                task.stage = Stage::Running(Box::new(at_work));
            }
            Err(error) => {
                let error = Trouble::new(TroubleKind::Program, format_args!("cannot start its process: {error}"));
                self.end(index, &Ending::failed(error.to_cell()));
                self.stop_after_failure_of(index);
            }
        }
    }
}

/// The slot of a task that has started, if this process writes it. The task runs all the same where it cannot be had.
fn slot_of(board: &Board, task: &Task) -> Option<Slot> {
    let Writer::Run(step) = task.job.slot().writer else { return None };
    let mut slot = Slot::claim(board.path(), task.reservation.slot, task.reservation.generation).ok()?;
    slot.enter(step, None);
    Some(slot)
}

/// The lines that a child prints go to the log ring of its slot, so that a board alone shows the last of them.
fn ring(board: &Arc<Board>, reservation: Reservation) -> OnLine {
    let board = Arc::clone(board);
    Box::new(move |line| {
        // Once the slot is in another life, the lines of an earlier one are not its own.
        if let Some(mut log) = board.log_writer(reservation) {
            log.line(line);
        }
    })
}

fn panicked() -> Trouble {
    Trouble::new(TroubleKind::Internal, "a panic while it was prepared")
}
