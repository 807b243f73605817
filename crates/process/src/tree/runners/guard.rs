//! A runner that starts and restarts its program itself: the guard of a service.
//!
//! It is a subreaper, so all that its program starts stays below it. It runs one program at a time, as the leader of a
//! group; the next one is started only once the tree of the last one is empty.

use std::ffi::OsString;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, set_child_subreaper};

use super::requests::{RunnerRequests, TreeEndRequest};
use crate::facts::exit::Exit;
use crate::facts::group::{MemberProcess, Survivors};
use crate::tree::ending::TreeEnding;
use crate::tree::members::scan::Descendants;

/// A program to start below a guard.
#[derive(Debug)]
pub struct GuardedProgram {
    /// The program's file, or its name on the search path of `environment`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables to set beside the inherited ones.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub directory: PathBuf,
    /// Its standard input stays open until it ends, though nothing is written to it: some servers and watchers exit
    /// when their input ends. If false, its standard input is empty.
    pub holds_input: bool,
}

/// Why a guard should end its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardAsked {
    /// A signal asks it to.
    Stop,
    /// The process that started the guard is gone.
    ParentGone,
}

/// This process as a guard. There is one for each process, for as long as the process lives.
pub struct GuardProcess {
    requests: RunnerRequests,
}

impl GuardProcess {
    /// From now on, signals count as requests, this process adopts orphans, and the end of its parent is noticed.
    ///
    /// # Errors
    /// The system refuses.
    pub fn begin() -> io::Result<Self> {
        let requests = RunnerRequests::from_parent()?;
        set_child_subreaper(Some(Pid::INIT))?;
        Ok(Self { requests })
    }

    /// Start a program. The returned pipe carries its standard output and error.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, program: &GuardedProgram) -> io::Result<(GuardedTree, PipeReader)> {
        let mut descendants = Descendants::of_childless()?;
        let (reader, writer): (PipeReader, PipeWriter) = io::pipe()?;
        let mut command = Command::new(&program.program);
        command.args(&program.arguments).envs(program.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(&program.directory).process_group(0);
        let input = if program.holds_input { Some(io::pipe()?) } else { None };
        let (stdin, input) = input.map_or((Stdio::null(), None), |(reader, writer)| (reader.into(), Some(writer)));
        command.stdin(stdin).stdout(writer.try_clone()?).stderr(writer);
        let mut leader = command.spawn()?;
        // It is not collected before its tree is empty, so the id stays its own.
        if let Err(error) = descendants.lead_by(Pid::from_child(&leader)) {
            let _ = leader.kill().and_then(|()| leader.wait());
            return Err(error);
        }
        let pid = leader.id();
        Ok((GuardedTree { pid, ending: TreeEnding::from_descendants(descendants), _input: input }, reader))
    }

    /// Wait for a request, for data in `wake`, or for the end of a process of the program, for `patience` at most.
    pub fn wait(
        &mut self,
        program: Option<&GuardedTree>,
        wake: &PipeReader,
        patience: Option<Duration>,
    ) -> Option<GuardAsked> {
        let ends = program.map(GuardedTree::awaited).unwrap_or_default();
        asked(self.requests.wait(ends.into_iter().chain([wake.as_fd()]), patience))
    }

    /// End a program and all below it: send this signal, wait for `grace`, then kill. Another request cuts the grace
    /// short. Returns the survivors.
    pub fn end(&mut self, program: &mut GuardedTree, signal: i32, grace: Duration) -> Survivors {
        program.ending.ask_with(signal_of(signal));
        let requests = &mut self.requests;
        program
            .ending
            .end(grace, |ending, pause| asked(requests.wait(ending.handles(), Some(pause))).map(|_| Duration::ZERO))
    }
}

fn asked(request: Option<TreeEndRequest>) -> Option<GuardAsked> {
    request.map(|request| match request {
        TreeEndRequest::End(_) | TreeEndRequest::Signalled => GuardAsked::Stop,
        TreeEndRequest::OwnerGone => GuardAsked::ParentGone,
    })
}

fn signal_of(number: i32) -> Signal {
    Signal::from_named_raw(number).unwrap_or(Signal::TERM)
}

/// A program below a guard, with all that it started.
pub struct GuardedTree {
    pid: u32,
    ending: TreeEnding,
    /// The writing end of its standard input; the system closes it if the guard is killed.
    _input: Option<PipeWriter>,
}

impl GuardedTree {
    /// The program's process id, which is also the id of its group.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The program's exit code or signal, once it has ended.
    pub fn exit(&self) -> Option<Exit> {
        let status = self.ending.descendants.leader_status()?;
        Some(match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => Exit::Code(1),
        })
    }

    /// Returns whether no process of it is left, after as many scans as that takes.
    pub fn is_empty(&mut self) -> bool {
        self.ending.is_empty()
    }

    /// The living processes that the last scan found.
    pub fn left(&self) -> Vec<MemberProcess> {
        self.ending.named()
    }

    /// Collect the program, whose tree is empty.
    pub fn collect(mut self) {
        self.ending.descendants.collect_leader();
    }

    /// Handles to wait for: the program's, or once it has ended, those of the processes that it left.
    fn awaited(&self) -> Vec<BorrowedFd<'_>> {
        match self.exit() {
            None => self.ending.descendants.leader_handle().map(AsFd::as_fd).into_iter().collect(),
            Some(_) => self.ending.handles().collect(),
        }
    }
}
