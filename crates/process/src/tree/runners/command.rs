//! A command in this process's own group and on its terminal, to which nothing changes by that: signals that are sent to
//! this process reach it, and it ends with this process.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;

use super::forward::SignalForwarder;
use super::step::{EndSignals, end};
use super::watchdog::Watchdog;
use crate::facts::group::Survivors;
use crate::tree::members::handle::{ProcessHandle, await_any};

/// A command that ends within this time has no watchdog, which would cost it more than it is good for.
const WATCHED_AFTER: Duration = Duration::from_millis(50);

/// The end of a command.
#[derive(Clone, Debug)]
pub struct CommandEnd {
    /// The command's own status.
    pub status: ExitStatus,
    /// The signal by which this process was asked to end, and ended the command with all below it.
    pub asked: Option<i32>,
    /// Those of them that are still there after all.
    pub left: Survivors,
}

impl CommandEnd {
    /// The status for this process's own end.
    pub fn to_pass_on(&self) -> ExitStatus {
        self.asked.map_or(self.status, ExitStatus::from_raw)
    }
}

/// Run a command to its end. Its description is dropped once it runs, with the streams that it holds; then `started` is
/// called. The command is known by `mark`, a variable that nothing else has, if there is one.
///
/// A request to end this process (SIGTERM, SIGHUP) ends the command and those below it that have not left their parents;
/// a second one kills them. If this process is killed, a watchdog ends them.
pub(crate) fn run_command(
    mut command: Command,
    mark: Option<&(OsString, OsString)>,
    started: impl FnOnce(),
) -> io::Result<CommandEnd> {
    let (signals, mut requests) = (SignalForwarder::listen()?, EndSignals::listen()?);
    let child = command.spawn();
    drop(command);
    let mut child = child?;
    let pid = Pid::from_child(&child);
    let Ok(Some(handle)) = ProcessHandle::open(pid) else {
        started();
        return Ok(CommandEnd { status: child.wait()?, asked: None, left: Survivors::default() });
    };
    let handle = Arc::new(handle);
    // Without a thread for it the command still runs.
    let forwarded = signals.to(Arc::clone(&handle));
    started();
    let wait = |patience| await_any([handle.as_fd(), requests.signals.as_fd()].into_iter(), patience);
    let (mut seen, mut watchdog) = (wait(Some(WATCHED_AFTER)), None);
    if !seen.contains(&true) {
        watchdog = Watchdog::start(pid, mark);
        seen = wait(None);
    }
    let left = if seen[1] { end(pid, &requests)? } else { Survivors::default() };
    let status = child.wait()?;
    drop((forwarded, watchdog));
    requests.close();
    Ok(CommandEnd { status, asked: requests.signal(), left })
}
