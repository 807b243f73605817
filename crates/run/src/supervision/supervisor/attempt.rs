//! One attempt at a job: prepared on another thread, and started when its turn comes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use std::{io, thread};

use parking_lot::Mutex;
use vx_base::gauge::{Gauge, GaugeStream};
use vx_base::system::parallel::in_parallel;
use vx_base::system::process_limit::ProcessLimit;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{OnLine, OutputHooks, OutputObserver, start_heard};
use vx_shm::{Ending, Reservation, Slot};

use super::process_limit::Crowded;
use super::{RunEvent, RunSupervisor, RunTaskStage, SupervisedChild, Task};
use crate::boards::board::RunBoard;
use crate::boards::log_files::log_file;
use crate::boards::numbers::SlotProgressWriter;
use crate::boards::written_slots::WrittenSlot;
use crate::supervision::job::{JobAttempt, JobSlotWriter, PreparedJob};
use crate::supervision::verdict::ChildStopReason;
use crate::trouble_cell::TroubleCell;

/// Jobs that are prepared side by side: most of them wait for a server.
const PREPARATIONS: usize = 16;

impl RunSupervisor {
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
                let _ = sender.send(RunEvent::Prepared { task, attempt, prepared });
            });
        })?;
        Ok(())
    }

    fn place(&self, task: &Task) -> JobAttempt {
        JobAttempt {
            board: self.board.path().to_owned(),
            reservation: task.reservation,
            mark: self.board.mark(task.reservation),
            log: self.logs.as_deref().map(|logs| log_file(logs, &task.key)),
            attempt: task.attempt,
        }
    }

    pub(super) fn take_prepared(&mut self, index: usize, attempt: u8, prepared: Result<Box<PreparedJob>, Trouble>) {
        let task = &mut self.tasks[index];
        // The task was cancelled in the meantime, and perhaps tried again.
        if !matches!(task.stage, RunTaskStage::Preparing) || task.attempt != attempt {
            return;
        }
        match prepared {
            Ok(prepared) => {
                task.needs.clone_from(&prepared.needs);
                task.stage = RunTaskStage::Ready(prepared);
            }
            Err(error) => {
                self.end(index, &Ending::failed(error.to_cell()));
                self.stop_after_failure_of(index);
            }
        }
    }

    pub(super) fn start(&mut self, index: usize) {
        let task = &mut self.tasks[index];
        let RunTaskStage::Ready(prepared) = std::mem::replace(&mut task.stage, RunTaskStage::Preparing) else { return };
        // A time beyond the range of the clock is no bound.
        let kill_at = prepared.kill_after.and_then(|patience| Instant::now().checked_add(patience));
        let sender = self.events.0.clone();
        let on_end = move |ended| drop(sender.send(RunEvent::ChildEnded { task: index, ended }));
        let slot = slot_of(self.board.path(), task).map(|slot| self.written.begin(task.reservation, slot));
        let look = slot.as_ref().zip(task.job.gauge()).map(|(slot, gauge)| looks(slot, gauge));
        let ears = OutputHooks { on_line: Some(ring(&self.board, task.reservation)), look };
        match start_heard(prepared.launch, ears, on_end) {
            Ok(process) => {
                let at_work = SupervisedChild {
                    process,
                    slot,
                    stop: ChildStopReason::No,
                    crowded: Crowded::No,
                    kill_at,
                    look_at: None,
                };
                task.stage = RunTaskStage::Running(Box::new(at_work));
            }
            Err(error) => {
                let ending = Ending::failed(not_started(&error).to_cell());
                self.written.end(self.tasks[index].reservation);
                if let Some(slot) = slot.and_then(|slot| slot.take_slot()) {
                    let _ = slot.end(ending.clone());
                }
                self.end(index, &ending);
                let at_limit = ProcessLimit::reached(&error).is_some();
                if !(at_limit && self.make_room_for(index, ending.state, Crowded::No)) {
                    self.stop_after_failure_of(index);
                }
            }
        }
    }
}

/// Claim the slot of a task that is about to start, if this process writes it. The task runs even if the slot can't be
/// claimed.
fn slot_of(board: &Path, task: &Task) -> Option<Slot> {
    let JobSlotWriter::Run(step) = task.job.slot().writer else { return None };
    let mut slot = Slot::claim(board, task.reservation.slot, task.reservation.generation).ok()?;
    slot.enter(step, None);
    Some(slot)
}

/// Copies the lines that a child prints to the log ring of its slot, so that a board alone shows the last of them.
fn ring(board: &Arc<dyn RunBoard>, reservation: Reservation) -> OnLine {
    let board = Arc::clone(board);
    // The board drops the line if the slot has begun another life: the line belongs to an earlier attempt.
    Box::new(move |line| board.log_line(reservation, line))
}

/// Makes the observers that read a child's progress from its streams. Whatever they read after its end is ignored.
fn looks(slot: &WrittenSlot, gauge: (Gauge, SlotProgressWriter)) -> Box<dyn FnMut() -> OutputObserver + Send> {
    let read = Arc::new(Mutex::new(gauge));
    let slot = slot.clone();
    Box::new(move || {
        let (slot, read, mut stream) = (slot.clone(), Arc::clone(&read), GaugeStream::default());
        Box::new(move |bytes| {
            let (gauge, numbers) = &mut *read.lock();
            gauge.feed(&mut stream, bytes, |reading| slot.read(numbers, &reading));
        })
    })
}

/// Explain that a job's process, or the thread that prepares it, can't be started.
pub(super) fn not_started(error: &io::Error) -> Trouble {
    match ProcessLimit::reached(error) {
        Some(limit) => {
            Trouble::new(TroubleKind::Limit, format_args!("cannot be started: {limit}")).hinted(limit.hint())
        }
        None => Trouble::new(TroubleKind::Program, format_args!("cannot start its process: {error}")),
    }
}

fn panicked() -> Trouble {
    Trouble::new(TroubleKind::Internal, "vx panicked while preparing this job")
}
