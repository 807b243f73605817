//! A command that ends with 0 once a service is ready.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use vx_process::start;
use vx_process::{ChildGroup, Ended, Launch, OutputMode, RunningChild, Stdin};

/// Longest time for one run of the command; then it is killed, and run again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between the end of a run and the next.
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes of its output to keep, to explain a failure.
const KEEP_BYTES: usize = 2 * 1024;

/// A command, ready to be started. It gets no input, and its output is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandCheck {
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables to set beside the inherited ones.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub directory: PathBuf,
}

impl fmt::Debug for CommandCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment of a service may hold credentials.
        f.debug_struct("CommandCheck").field("program", &self.program).field("arguments", &self.arguments).finish()
    }
}

/// Runs the command again and again until it ends with 0. Dropping this ends a run under way.
pub(super) struct CommandRun {
    check: CommandCheck,
    run: Option<CommandCheckAttempt>,
    next: Option<Instant>,
    why: String,
}

struct CommandCheckAttempt {
    running: RunningChild,
    ended: Receiver<Ended>,
    deadline: Instant,
}

impl CommandRun {
    pub(super) fn new(check: CommandCheck) -> Self {
        let why = format!("`{}` has not ended yet", check.program.display());
        Self { check, run: None, next: None, why }
    }

    /// The time until the next run.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }

    pub(super) fn poll(&mut self, now: Instant) -> Result<(), String> {
        if self.run.is_none() && self.next.is_none_or(|next| now >= next) {
            self.next = None;
            self.start(now);
        }
        let Some(run) = &self.run else { return Err(self.why.clone()) };
        match run.ended.try_recv() {
            Ok(ended) if ended.exit.success() => {
                self.run = None;
                return Ok(());
            }
            Ok(ended) => {
                let last = ended.tail.lines().pop().map(|line| format!(": {line}")).unwrap_or_default();
                let program = self.check.program.display();
                (self.run, self.why) = (None, format!("`{program}` ended with {}{last}", ended.exit));
                self.next = Some(now + PAUSE);
            }
            Err(TryRecvError::Empty) if now >= run.deadline => run.running.kill(),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => (self.run, self.next) = (None, Some(now + PAUSE)),
        }
        Err(self.why.clone())
    }

    fn start(&mut self, now: Instant) {
        let CommandCheck { program, arguments, environment, directory } = self.check.clone();
        let launch = Launch {
            program,
            arguments,
            inherited: None,
            environment,
            directory: Some(directory),
            stdin: Stdin::Null,
            output: OutputMode::Merged,
            log: None,
            pass_on: false,
            keep_bytes: KEEP_BYTES,
            group: ChildGroup::Own,
        };
        let (sender, ended) = bounded(1);
        match start(launch, None, move |end| drop(sender.send(end))) {
            Ok(running) => self.run = Some(CommandCheckAttempt { running, ended, deadline: now + PATIENCE }),
            Err(error) => {
                self.why = format!("`{}` does not start: {error}", self.check.program.display());
                self.next = Some(now + PAUSE);
            }
        }
    }
}

impl fmt::Debug for CommandRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandRun").field("check", &self.check).field("why", &self.why).finish_non_exhaustive()
    }
}

impl Drop for CommandRun {
    fn drop(&mut self) {
        if let Some(run) = &self.run {
            run.running.kill();
            // The message arrives once the whole group is gone, so nothing outlives the probe.
            let _ = run.ended.recv();
        }
    }
}
