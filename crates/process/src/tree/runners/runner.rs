//! The runner: a process between a tree and the tree's owner.
//!
//! It leads a session and is a subreaper, so every process that it adopts belongs to its tree. It waits for the end of
//! the program that it started, for a request from its owner, and for its owner's death, and ends only when the tree is
//! empty.

use std::ffi::OsString;
use std::fs::{File, read_dir, read_link};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, set_child_subreaper, setsid};

use super::requests::{RunnerRequests, TreeEndRequest};
use super::{step, watchdog};
use crate::facts::exit::Exit;
use crate::facts::group::{MemberProcess, Survivors};
use crate::tree::ending::TreeEnding;
use crate::tree::members::scan::Descendants;
use crate::tree::offline::leave_network;
use crate::tree::protocol::{GO, RUNNER, RunnerOrder, RunnerReport, TreeEnd};

/// The longest grace for a tree whose owner has died.
const ORPHAN_GRACE: Duration = Duration::from_millis(500);

/// The exit code for wrong usage.
const USAGE: u8 = 2;

/// Be the runner of a tree or the watchdog of a command, if this program was started as one; `words` is the command
/// line without the program's name. For a program on a terminal, the processes that `spared` returns, and those below
/// them, do not belong to the tree.
pub fn tree_runner(words: &[OsString], spared: fn() -> Vec<u32>) -> Option<ExitCode> {
    if words.first()? != RUNNER {
        return watchdog::run(words).or_else(|| step::run(words, spared));
    }
    Some(match RunnerOrder::parse(words).and_then(|order| Some((order, owner_socket()?))) {
        Some((order, socket)) => serve(&order, socket),
        // Not started by an owner, which gives its runner a socket as standard input.
        None => ExitCode::from(USAGE),
    })
}

/// The socket that this process was started with, duplicated to a descriptor that programs don't inherit.
fn owner_socket() -> Option<UnixStream> {
    let socket = UnixStream::from(rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3).ok()?);
    socket.peer_addr().is_ok().then_some(socket)
}

fn serve(order: &RunnerOrder, socket: UnixStream) -> ExitCode {
    let mut first = *GO;
    if (&socket).read_exact(&mut first).is_err() || first != *GO {
        return ExitCode::from(USAGE);
    }
    let said = |report: &RunnerReport| {
        let line = serde_json::to_string(report).map(|line| line + "\n").unwrap_or_default();
        // Ignore errors: the owner may have died.
        let _ = (&socket).write_all(line.as_bytes());
    };
    let last = match socket.try_clone().and_then(|socket| TreeRunner::start(order, socket)) {
        Ok(runner) => {
            said(&RunnerReport::Started);
            RunnerReport::Ended(runner.run(|| said(&RunnerReport::LeaderEnded)))
        }
        Err(error) => RunnerReport::NotStarted { errno: error.raw_os_error().unwrap_or(Errno::SRCH.raw_os_error()) },
    };
    let _ = socket.set_nonblocking(false);
    said(&last);
    ExitCode::SUCCESS
}

/// A running runner.
struct TreeRunner {
    ending: TreeEnding,
    requests: RunnerRequests,
    linger: Duration,
    grace: Duration,
}

impl TreeRunner {
    fn start(order: &RunnerOrder, socket: UnixStream) -> io::Result<Self> {
        let requests = RunnerRequests::from_owner(order.owner, socket)?;
        setsid()?;
        set_child_subreaper(Some(Pid::INIT))?;
        let mut descendants = Descendants::of_childless()?;
        if !order.network {
            leave_network();
        }
        let mut command = Command::new(&order.program);
        command.args(&order.arguments).stdin(stdin(order)?).process_group(0);
        let mut leader = command.spawn()?;
        // It is not collected before its tree is empty, so the id stays its own.
        if let Err(error) = descendants.lead_by(Pid::from_child(&leader)) {
            let _ = leader.kill().and_then(|()| leader.wait());
            return Err(error);
        }
        Ok(Self {
            ending: TreeEnding::from_descendants(descendants),
            requests,
            linger: order.linger,
            grace: order.grace,
        })
    }

    /// Run until the tree has ended. `leader_ended` is called when the program ends, unless the tree was asked to end
    /// before.
    fn run(mut self, leader_ended: impl FnOnce()) -> TreeEnd {
        let mut grace = self.await_leader();
        if grace.is_none() {
            leader_ended();
        }
        let (mut strays, mut held_output) = (Vec::new(), false);
        let empty = match grace {
            None => {
                let succeeded = self.leader_exit().is_some_and(Exit::success);
                let linger = if succeeded { self.linger } else { Duration::ZERO };
                let empty = self.await_rest(Instant::now() + linger, &mut grace);
                if !empty && grace.is_none() {
                    strays = self.ending.named();
                    held_output = strays.iter().any(|stray| holds_output(stray.pid));
                }
                empty
            }
            Some(_) => false,
        };
        let left = if empty { Survivors::default() } else { self.end(grace.unwrap_or(self.grace)) };
        report(&strays);
        let exit = self.leader_exit().unwrap_or(Exit::Code(1));
        self.ending.descendants.collect_leader();
        TreeEnd { exit, strays, left, held_output, counts: self.ending.counts }
    }

    /// Wait until the leader has ended, or for a request to end, whose grace is returned.
    fn await_leader(&mut self) -> Option<Duration> {
        loop {
            if self.leader_exit().is_some() {
                return None;
            }
            let leader = self.ending.descendants.leader_handle();
            if let Some(grace) = asked(self.requests.wait(leader.map(AsFd::as_fd), None), self.grace) {
                return Some(grace);
            }
        }
    }

    /// Wait until all other processes have ended, until the time `until` or a request to end, whose grace is stored.
    /// Returns whether they have ended.
    fn await_rest(&mut self, until: Instant, grace: &mut Option<Duration>) -> bool {
        loop {
            if self.ending.seen_empty() {
                return true;
            }
            let now = Instant::now();
            if now >= until || grace.is_some() {
                return false;
            }
            let pause = self.ending.pause().min(until - now);
            *grace = asked(self.requests.wait(self.ending.handles(), Some(pause)), self.grace);
        }
    }

    /// Ask all processes to end, wait, kill the rest. Returns the survivors.
    fn end(&mut self, grace: Duration) -> Survivors {
        let (requests, usual) = (&mut self.requests, self.grace);
        self.ending.end(grace, |ending, pause| asked(requests.wait(ending.handles(), Some(pause)), usual))
    }

    fn leader_exit(&self) -> Option<Exit> {
        let status = self.ending.descendants.leader_status()?;
        Some(match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => Exit::Code(1),
        })
    }
}

/// The grace that a request grants.
fn asked(request: Option<TreeEndRequest>, grace: Duration) -> Option<Duration> {
    request.map(|request| match request {
        TreeEndRequest::End(grace) => grace,
        TreeEndRequest::Signalled => grace,
        TreeEndRequest::OwnerGone => grace.min(ORPHAN_GRACE),
    })
}

/// The program's standard input: the owner's file, which the owner keeps open until the program has started.
fn stdin(order: &RunnerOrder) -> io::Result<Stdio> {
    let Some(number) = order.stdin else { return Ok(Stdio::null()) };
    Ok(File::open(format!("/proc/{}/fd/{number}", order.owner))?.into())
}

/// Returns whether a process holds this process's standard output or error open.
fn holds_output(pid: u32) -> bool {
    let own: Vec<PathBuf> =
        [1, 2].iter().filter_map(|number| read_link(format!("/proc/self/fd/{number}")).ok()).collect();
    let open = read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let mut open = open.filter_map(|entry| read_link(entry.path()).ok());
    open.any(|file| own.contains(&file))
}

/// Name the processes that the command left behind. The warning goes where its output goes: into the log.
fn report(strays: &[MemberProcess]) {
    if strays.is_empty() {
        return;
    }
    let named: Vec<String> = strays.iter().map(|stray| format!("{} (pid {})", stray.name, stray.pid)).collect();
    let text = format!("warning: the command left processes behind, which were ended: {}\n", named.join(", "));
    let _ = io::stderr().write_all(text.as_bytes());
}
