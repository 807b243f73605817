//! Jobs that are shell scripts, without installs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use vx_base::trouble::Trouble;
use vx_process::{ChildGroup, Ended, Launch, OutputMode, Stdin};
use vx_shm::{Board, Ending, Kind, SlotState, SlotView, Snapshot};
use vx_status::source::Settled;
use vx_status::vocabulary::task;

use super::{RunPlan, start_run};
use crate::{
    After, ChildStopReason, Job, JobAttempt, JobDependency, JobDependencyState, JobSlot, JobSlotWriter, Jobs,
    PreparedJob, RunEnd, RunHandle, RunHoldMonitor, RunRequest, Unwritten,
};
use crate::{hold, verdict};

const PATIENCE: Duration = Duration::from_secs(30);

/// A script on a slot of its own.
#[derive(Clone, Default)]
struct Script {
    name: &'static str,
    text: String,
    needs: Vec<&'static str>,
    parent: Option<&'static str>,
    /// Attempts in all.
    attempts: u8,
}

impl Job for Script {
    fn slot(&self) -> JobSlot<'_> {
        let writer = JobSlotWriter::Run(task::RUNNING);
        JobSlot {
            name: self.name,
            version: "",
            kind: Kind::Task,
            parent: self.parent,
            total: None,
            optional: false,
            writer,
            own_log: false,
        }
    }

    fn prepare(&self, _: &JobAttempt) -> Result<PreparedJob, Trouble> {
        let launch = Launch {
            program: PathBuf::from("/bin/sh"),
            arguments: vec!["-c".into(), self.text.clone().into()],
            inherited: None,
            environment: Vec::new(),
            directory: None,
            stdin: Stdin::Null,
            output: OutputMode::Lines,
            log: None,
            pass_on: false,
            keep_bytes: 1024,
            group: ChildGroup::Own,
        };
        let need = |key: &&str| JobDependency { key: (*key).to_owned(), until: JobDependencyState::Done };
        Ok(PreparedJob { launch, needs: self.needs.iter().map(need).collect(), kill_after: None })
    }

    fn judge(&self, written: Option<SlotState>, stop: ChildStopReason, ended: &Ended) -> Ending {
        verdict(written, stop, ended, Unwritten::IsExit)
    }

    fn after(&self, ending: &Ending, attempt: u8) -> After {
        if ending.state.good() || attempt >= self.attempts {
            After::Over
        } else {
            After::Again(Duration::from_millis(5))
        }
    }
}

struct Running {
    directory: tempfile::TempDir,
    board: Arc<Board>,
    handle: RunHandle,
}

/// A run of these scripts, which find `$root`, a directory, replaced.
fn run(scripts: &[Script]) -> Running {
    run_held(scripts, None)
}

fn run_held(scripts: &[Script], held: Option<RunHoldMonitor>) -> Running {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().display().to_string();
    let board = Arc::new(Board::create(&directory.path().join("run.board"), "run", 8).expect("a board"));
    let job = |script: &Script| Arc::new(Script { text: script.text.replace("$root", &root), ..script.clone() }) as _;
    let jobs: Vec<Arc<dyn Job>> = scripts.iter().map(job).collect();
    let logs = Some(directory.path().to_owned());
    let run = RunPlan { board: board.clone(), jobs, logs, at_once: Jobs::AtMost(4), fail_fast: false, held };
    Running { handle: start_run(run).expect("a run"), board, directory }
}

impl Running {
    /// The end of the run, its board, and the directory.
    fn finish(self) -> (RunEnd, Snapshot, tempfile::TempDir) {
        let end = self.handle.join().expect("the run ends");
        (end, self.board.reader().expect("a reader").snapshot().expect("a reading"), self.directory)
    }

    fn await_file(&self, name: &str) {
        let (path, begun) = (self.directory.path().join(name), std::time::Instant::now());
        while !path.exists() {
            assert!(begun.elapsed() < PATIENCE, "no {name}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A reading in which the board's first slot is as wanted.
fn await_slot(board: &Board, wanted: impl Fn(&SlotView) -> bool) -> Snapshot {
    let begun = std::time::Instant::now();
    loop {
        let snapshot = board.reader().expect("a reader").snapshot().expect("a reading");
        if snapshot.slots.first().is_some_and(&wanted) {
            return snapshot;
        }
        assert!(begun.elapsed() < PATIENCE, "it stays {snapshot:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn script(name: &'static str, text: &str, needs: &[&'static str]) -> Script {
    Script { name, text: text.to_owned(), needs: needs.to_vec(), parent: None, attempts: 1 }
}

fn states(end: &RunEnd) -> Vec<SlotState> {
    end.steps.iter().map(|step| step.state).collect()
}

fn text_of(directory: &Path, name: &str) -> String {
    std::fs::read_to_string(directory.join(name)).unwrap_or_default()
}

#[test]
fn a_job_starts_only_after_those_that_it_needs_have_ended_well() {
    let order = |name: &str| format!("echo {name} >> $root/order");
    // The dependent ones come first in the run.
    let scripts = [
        script("last", &order("last"), &["left", "right"]),
        script("left", &format!("while [ ! -e $root/right ]; do sleep 0.01; done; {}", order("left")), &["first"]),
        script("right", &format!("{}; touch $root/right", order("right")), &["first"]),
        script("first", &format!("sleep 0.1; {}", order("first")), &[]),
    ];
    let (end, _, directory) = run(&scripts).finish();
    assert_eq!(states(&end), [SlotState::Done; 4]);
    assert_eq!(text_of(directory.path(), "order"), "first\nright\nleft\nlast\n");
}

#[test]
fn what_needs_a_failed_job_is_not_started_and_says_why() {
    let scripts = [
        script("last", "touch $root/last", &["middle"]),
        script("middle", "touch $root/middle", &["first"]),
        script("first", "echo broken >&2; exit 3", &[]),
        script("other", "true", &[]),
    ];
    let (end, snapshot, directory) = run(&scripts).finish();
    use SlotState::{Cancelled, Done, Failed};
    assert_eq!(states(&end), [Cancelled, Cancelled, Failed, Done]);
    assert!(!end.success() && !end.cancelled);
    assert!(!directory.path().join("middle").exists() && !directory.path().join("last").exists());
    let error = |slot: usize| snapshot.slots[slot].error.clone().unwrap_or_default();
    assert!(error(1).contains("not started: `first` did not succeed"), "{}", error(1));
    assert!(error(2).contains("failed: exit code 3") && error(2).contains("broken"), "{}", error(2));
}

#[test]
fn a_job_that_wants_another_attempt_gets_it_and_the_last_end_counts() {
    let moody = "echo x >> $root/tries; test $(wc -l < $root/tries) -ge 3";
    let (end, snapshot, directory) = run(&[Script { attempts: 5, ..script("moody", moody, &[]) }]).finish();
    assert_eq!(states(&end), [SlotState::Done]);
    assert_eq!((snapshot.slots[0].attempt, text_of(directory.path(), "tries").as_str()), (3, "x\nx\nx\n"));
    let (end, snapshot, _directory) = run(&[Script { attempts: 2, ..script("bad", "exit 1", &[]) }]).finish();
    assert_eq!((states(&end), snapshot.slots[0].attempt), (vec![SlotState::Failed], 2));
}

#[test]
fn the_last_lines_of_a_job_are_on_the_board() {
    let (_, snapshot, directory) = run(&[script("talks", "for n in 1 2 3; do echo line $n; done", &[])]).finish();
    let reader = vx_shm::Reader::open(&directory.path().join("run.board")).expect("a reader");
    assert_eq!(reader.log_tail(snapshot.slots[0].index, 2), ["line 2", "line 3"]);
    assert_eq!(snapshot.slots[0].log_writer, Some(std::process::id()));
}

#[test]
fn a_job_at_work_is_shown_so_and_a_kill_asks_nothing() {
    let deaf =
        script("deaf", "trap 'touch $root/asked' TERM; touch $root/ready; while :; do sleep 600 & wait; done", &[]);
    let running = run(&[deaf, Script { parent: Some("deaf"), ..script("part", "true", &[]) }]);
    running.await_file("ready");
    let snapshot = await_slot(&running.board, |slot| slot.step == task::RUNNING);
    assert_eq!((snapshot.slots[0].state, snapshot.slots[0].step), (SlotState::Live, task::RUNNING));
    assert_eq!(snapshot.slots[1].parent, Some(snapshot.slots[0].index));
    // The run ends with `deaf`, and answers nothing after that.
    running.handle.requests.send(RunRequest::Kill("gone".into())).expect("the run listens");
    let failure = running.handle.failures.recv_timeout(PATIENCE).expect("an answer");
    assert!(format!("{failure:?}").contains("it is no part of this run"), "{failure:?}");
    running.handle.requests.send(RunRequest::Kill("deaf".into())).expect("the run listens");
    let (end, _, directory) = running.finish();
    assert_eq!(states(&end), [SlotState::Cancelled, SlotState::Done]);
    assert!(!directory.path().join("asked").exists(), "it was asked to end first");
}

#[test]
fn a_request_to_stop_ends_a_job_between_two_attempts() {
    struct Patient(Script);
    impl Job for Patient {
        fn slot(&self) -> JobSlot<'_> {
            self.0.slot()
        }
        fn prepare(&self, place: &JobAttempt) -> Result<PreparedJob, Trouble> {
            self.0.prepare(place)
        }
        fn after(&self, _: &Ending, _: u8) -> After {
            After::Again(Duration::from_secs(3600))
        }
    }
    let directory = tempfile::tempdir().expect("a directory");
    let board = Arc::new(Board::create(&directory.path().join("run.board"), "run", 8).expect("a board"));
    let jobs: Vec<Arc<dyn Job>> = vec![Arc::new(Patient(script("rests", "exit 1", &[])))];
    let logs = Some(directory.path().to_owned());
    let run = RunPlan { board: board.clone(), jobs, logs, at_once: Jobs::AtMost(1), fail_fast: true, held: None };
    let handle = start_run(run).expect("a run");
    await_slot(&board, |slot| slot.state.ended());
    handle.requests.send(RunRequest::CancelAll).expect("the run listens");
    let end = handle.join().expect("the run ends");
    assert!(end.cancelled && states(&end) == [SlotState::Failed], "{end:?}");
}

#[test]
fn a_run_that_is_kept_open_tries_a_failed_job_again_after_the_last_has_ended() {
    let (hold, held) = hold();
    let running = run_held(&[script("moody", "test -e $root/mended", &[])], Some(held));
    await_settled(&hold, Settled::Badly);
    assert_eq!(running.handle.finished.try_recv(), Err(crossbeam_channel::TryRecvError::Empty), "it is kept open");
    std::fs::write(running.directory.path().join("mended"), "").expect("a file");
    running.handle.requests.send(RunRequest::Retry("moody".into())).expect("the run listens");
    await_settled(&hold, Settled::Well);
    drop(hold);
    let (end, snapshot, _directory) = running.finish();
    assert!(end.success() && states(&end) == [SlotState::Done], "{end:?}");
    assert_eq!((snapshot.slots[0].attempt, snapshot.board.state), (2, vx_shm::BoardState::Done));
}

#[test]
fn a_run_that_is_cancelled_is_not_kept_open() {
    let (hold, held) = hold();
    let running = run_held(&[script("patient", "sleep 97", &[])], Some(held));
    await_slot(&running.board, |slot| slot.state == SlotState::Live);
    running.handle.requests.send(RunRequest::CancelAll).expect("the run listens");
    let (end, ..) = running.finish();
    assert!(end.cancelled && hold.settled() == Some(Settled::Badly), "{end:?}");
}

fn await_settled(hold: &crate::RunHold, wanted: Settled) {
    let begun = std::time::Instant::now();
    while hold.settled() != Some(wanted) {
        assert!(begun.elapsed() < PATIENCE, "it stays {:?}", hold.settled());
        std::thread::sleep(Duration::from_millis(5));
    }
}
