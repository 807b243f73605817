//! The owner's side of a tree: start the runner, request the tree's end, receive the report.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::adoption::{RUNNER_PATIENCE, RUNNERS, collect_runner, end_orphans};
use super::marked::end_marked;
use super::protocol::{GO, RunnerOrder, RunnerReport, TreeEnd, end_line};
use crate::tree::members::handle::{ProcessHandle, await_any};
use crate::tree::members::mark::{TREE_MARK, TreeMark};

/// A program to start as the leader of a tree.
#[derive(Debug)]
pub struct TreeLaunch {
    /// The `vx` program, to be started as the tree's runner.
    pub runner: PathBuf,
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables to set beside the inherited ones.
    pub environment: Vec<(OsString, OsString)>,
    /// Inherited variables to remove, unless `environment` sets them.
    pub removed: Vec<OsString>,
    /// Its working directory; `None` for that of this process.
    pub directory: Option<PathBuf>,
    /// Its standard input; `None` for an empty one. It stays open in this process until the program has started.
    pub stdin: Option<OwnedFd>,
    /// The standard output of the program, and of all processes below it.
    pub stdout: Stdio,
    /// The standard error, where the runner also names the processes that the program left behind.
    pub stderr: Stdio,
    /// Time for processes that a successful program has left behind to end by themselves.
    pub linger: Duration,
    /// Time for processes to end after they were asked to, before they are killed.
    pub grace: Duration,
    /// Let it use the network; if false, it is cut off where the system allows that.
    pub network: bool,
}

/// A started tree. Dropping it ends the tree.
#[derive(Debug)]
pub struct ProcessTree {
    runner: ProcessHandle,
    socket: UnixStream,
    received: Vec<u8>,
    /// The program's standard input, until the program has started.
    stdin: Option<OwnedFd>,
    /// The mark that all processes of the tree inherit.
    mark: TreeMark,
    over: bool,
}

impl ProcessTree {
    /// Start a tree.
    ///
    /// # Errors
    /// The runner cannot be started. If the program cannot be started, [`wait`](Self::wait) returns that error.
    pub fn start(launch: TreeLaunch) -> io::Result<Self> {
        let TreeLaunch { runner, program, arguments, linger, grace, network, .. } = launch;
        let (socket, other) = UnixStream::pair()?;
        socket.set_nonblocking(true)?;
        let stdin = launch.stdin.as_ref().map(AsRawFd::as_raw_fd);
        let program = program.into();
        let order = RunnerOrder { owner: std::process::id(), linger, grace, network, stdin, program, arguments };
        let mut command = Command::new(runner);
        launch.removed.iter().for_each(|name| _ = command.env_remove(name));
        let mark = TreeMark::new();
        command.arg0("vx").args(order.words()).envs(launch.environment).env(TREE_MARK, mark.value());
        command.stdin(OwnedFd::from(other)).stdout(launch.stdout).stderr(launch.stderr);
        if let Some(directory) = launch.directory {
            command.current_dir(directory);
        }
        // Start and register it under one lock: an unregistered child of this process that leads a session counts as an
        // orphan.
        let mut runners = RUNNERS.lock();
        let mut child = command.spawn()?;
        let pid = Pid::from_child(&child);
        match ProcessHandle::open(pid).and_then(|handle| handle.ok_or(ErrorKind::NotFound.into())) {
            Ok(runner) => {
                runners.push(pid);
                // If the runner was killed already, the write fails, and `wait` reports its end.
                let _ = (&socket).write_all(GO);
                Ok(Self { runner, socket, received: Vec::new(), stdin: launch.stdin, mark, over: false })
            }
            Err(error) => {
                let _ = child.kill().and_then(|()| child.wait());
                Err(error)
            }
        }
    }

    /// The runner's process id.
    pub fn runner(&self) -> u32 {
        self.runner.pid.as_raw_pid().cast_unsigned()
    }

    /// Wait for the end of the tree, for `patience` at most. The end is returned once.
    ///
    /// # Errors
    /// The program was not started, or the runner was killed. In the latter case the rest of the tree is ended:
    /// processes with the tree's mark, and orphans that this process has adopted, if it adopts.
    pub fn wait(&mut self, patience: Duration) -> io::Result<Option<TreeEnd>> {
        let deadline = Instant::now() + patience;
        while !self.over {
            let left = deadline.saturating_duration_since(Instant::now());
            if !await_any([self.socket.as_fd()].into_iter(), Some(left))[0] {
                return Ok(None);
            }
            if self.receive() {
                self.over = true;
                return self.finish().map(Some);
            }
        }
        Ok(None)
    }

    /// Wait until the program has started, for as long as a runner may take for that.
    ///
    /// # Errors
    /// The program cannot be started, or the runner was killed.
    pub fn await_start(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + RUNNER_PATIENCE;
        while !self.received.contains(&b'\n') {
            let left = deadline.saturating_duration_since(Instant::now());
            if !await_any([self.socket.as_fd()].into_iter(), Some(left))[0] {
                return Err(ErrorKind::TimedOut.into());
            }
            if self.receive() {
                break;
            }
        }
        let first = self.reports().next();
        match first {
            Some(RunnerReport::Started) => {
                self.stdin = None;
                Ok(())
            }
            _ => {
                self.over = true;
                self.finish().and(Err(ErrorKind::NotConnected.into()))
            }
        }
    }

    /// Returns whether the runner has reported the end of the program. The rest of the tree may still be running.
    pub fn leader_ended(&self) -> bool {
        self.reports().any(|report| matches!(report, RunnerReport::LeaderEnded))
    }

    /// Ask the whole tree to end within this grace. [`wait`](Self::wait) returns its end.
    pub fn ask_to_end(&self, grace: Duration) {
        // If the runner is gone, the write fails; its reports are read anyway.
        let _ = (&self.socket).write_all(end_line(grace).as_bytes());
    }

    /// Kill a runner that does not answer.
    pub fn kill_runner(&self) {
        self.runner.signal(Signal::KILL);
    }

    /// Ask the whole tree to end within this grace, and wait until it has.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn end(&mut self, grace: Duration) -> io::Result<Option<TreeEnd>> {
        self.ask_to_end(grace);
        match self.wait(grace + RUNNER_PATIENCE)? {
            None if !self.over => {
                self.kill_runner();
                self.wait(RUNNER_PATIENCE)
            }
            end => Ok(end),
        }
    }

    /// Read what has arrived. Returns whether the socket was closed, so that no more will come.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match (&self.socket).read(&mut buffer) {
            Ok(0) => true,
            Ok(read) => {
                self.received.extend_from_slice(&buffer[..read]);
                false
            }
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }

    /// The reports that have arrived completely.
    fn reports(&self) -> impl Iterator<Item = RunnerReport> + '_ {
        self.received.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
    }

    /// Collect the runner, whose end has closed the socket, and return its last report.
    fn finish(&mut self) -> io::Result<TreeEnd> {
        await_any([self.runner.as_fd()].into_iter(), Some(RUNNER_PATIENCE));
        collect_runner(&self.runner);
        match self.reports().last() {
            Some(RunnerReport::Ended(end)) => Ok(end),
            Some(RunnerReport::NotStarted { errno }) => Err(io::Error::from_raw_os_error(errno)),
            _ => {
                let left = end_marked(&self.mark).and(end_orphans());
                let more = if left.is_none() { String::new() } else { format!("; {left}") };
                Err(io::Error::other(format!("the runner of its processes was killed{more}")))
            }
        }
    }
}

/// Becomes readable when [`ProcessTree::wait`] has something to process.
impl AsFd for ProcessTree {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for ProcessTree {
    fn drop(&mut self) {
        if !self.over {
            let _ = self.end(Duration::ZERO);
        }
    }
}
