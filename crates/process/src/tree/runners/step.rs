//! A program that shares this process's session and terminal: waited for, and ended with all below it on request.
//!
//! The runner of a tree leads a new session, but a program on a terminal must stay in the terminal's session. So its
//! runner stays in that session and in the group: a subreaper between this process and the program, which ends all
//! processes below it on request, or when this process has died. When the program ends by itself, nothing else is
//! ended: it may have started a daemon, which the next subreaper above then adopts.

mod runner;

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::low_level::{pipe, unregister};

use super::forward::{ignored, is_among};
use crate::facts::group::Survivors;
use crate::tree::adoption::RUNNER_PATIENCE;
use crate::tree::ending::TreeEnding;
use crate::tree::members::handle::{ProcessHandle, await_any};
use crate::tree::members::scan::Descendants;
use crate::tree::program;
pub(in crate::tree) use runner::run;

/// The first word of the runner's command line. No command and no tool begins with a dash.
const STEP: &str = "--run-step";

/// Time for a program to end when this process is asked to end.
const GRACE: Duration = Duration::from_secs(2);

/// The command that runs this program under a runner; without a runner in a program that embeds vx, or if the system
/// doesn't support them.
pub(crate) fn under_runner(program: &Path, arguments: &[OsString]) -> (Command, ChildRole) {
    let Some(runner) = program::runner() else {
        let mut command = Command::new(program);
        command.args(arguments);
        return (command, ChildRole::Program);
    };
    let mut command = Command::new(runner);
    command.arg0("vx").arg(STEP).arg(std::process::id().to_string()).arg(program).args(arguments);
    (command, ChildRole::Runner)
}

/// The part that the child of this process plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildRole {
    /// The program.
    Program,
    /// The program's runner.
    Runner,
}

/// Wait for the child's end. A request to end this process (SIGTERM, SIGHUP) ends the program and those below it;
/// without a runner, a second request kills them. The status is then that signal, whatever the child's status is.
pub(crate) fn wait_or_end(mut child: Child, below: ChildRole) -> io::Result<ExitStatus> {
    let pid = Pid::from_child(&child);
    let (Ok(Some(handle)), Ok(mut requests)) = (ProcessHandle::open(pid), EndSignals::listen()) else {
        return child.wait();
    };
    let asked = await_any([handle.as_fd(), requests.signals.as_fd()].into_iter(), None)[1];
    match below {
        _ if !asked => {}
        ChildRole::Program => drop(end(pid, &requests)?),
        ChildRole::Runner => {
            handle.signal(Signal::TERM);
            if !await_any([handle.as_fd()].into_iter(), Some(GRACE + RUNNER_PATIENCE))[0] {
                handle.signal(Signal::KILL);
            }
        }
    }
    let status = child.wait()?;
    requests.close();
    Ok(requests.signal().map_or(status, ExitStatus::from_raw))
}

/// Listens to signals that ask this process to end, while it waits.
pub(in crate::tree) struct EndSignals {
    pub(in crate::tree) signals: io::PipeReader,
    signal: Arc<AtomicUsize>,
    registered: Vec<SigId>,
}

impl EndSignals {
    /// Listen from now on. An ignored signal stays ignored, as `nohup` expects.
    pub(in crate::tree) fn listen() -> io::Result<Self> {
        let (signals, writer) = io::pipe()?;
        let ignored = ignored();
        let mut requests = Self { signals, signal: Arc::default(), registered: Vec::new() };
        let all = [(SIGTERM, SIGTERM as usize), (SIGHUP, SIGHUP as usize)];
        for (signal, number) in all.into_iter().filter(|(signal, _)| !is_among(*signal, ignored)) {
            // Handlers run in the order of their registration, so the number is stored before the pipe is written to.
            let stored = signal_hook::flag::register_usize(signal, Arc::clone(&requests.signal), number)?;
            requests.registered.push(stored);
            requests.registered.push(pipe::register(signal, writer.try_clone()?)?);
        }
        Ok(requests)
    }

    /// The signal of the last request.
    pub(in crate::tree) fn signal(&self) -> Option<i32> {
        i32::try_from(self.signal.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
    }

    /// Returns whether there was more than one request.
    fn repeated(&self) -> bool {
        rustix::io::ioctl_fionread(&self.signals).is_ok_and(|bytes| bytes > 1)
    }

    pub(in crate::tree) fn close(&mut self) {
        for id in self.registered.drain(..) {
            unregister(id);
        }
    }
}

impl Drop for EndSignals {
    fn drop(&mut self) {
        self.close();
    }
}

/// End the child and those of its descendants whose parents still live. Returns the survivors. The child is left for
/// the caller to collect.
pub(in crate::tree) fn end(pid: Pid, requests: &EndSignals) -> io::Result<Survivors> {
    let mut descendants = Descendants::by_rule(move |found, _| found == pid);
    descendants.lead_by(pid)?;
    let mut ending = TreeEnding::from_descendants(descendants);
    Ok(ending.end(GRACE, |ending, pause| {
        ending.await_member(pause);
        requests.repeated().then_some(Duration::ZERO)
    }))
}
