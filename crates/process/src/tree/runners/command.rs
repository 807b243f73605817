//! Runs a command in this process's group and on its terminal, as if it had been started directly: signals to this
//! process reach the command, and it ends with this process.

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

/// A command gets a watchdog after this time. For a shorter command, starting one would cost more than it is worth.
const WATCHED_AFTER: Duration = Duration::from_millis(50);

/// The end of a command.
#[derive(Clone, Debug)]
pub struct CommandEnd {
    /// The command's exit status.
    pub status: ExitStatus,
    /// The signal by which this process was asked to end; the command and all below it were ended then.
    pub asked: Option<i32>,
    /// Those of them that could not be ended.
    pub left: Survivors,
}

impl CommandEnd {
    /// The status that this process should end with.
    pub fn to_pass_on(&self) -> ExitStatus {
        self.asked.map_or(self.status, ExitStatus::from_raw)
    }
}

/// Run a command to its end. Once it runs, `command` is dropped with the streams that it holds, and then `started` is
/// called. `mark` is a variable in its environment that no other process has, if there is one.
///
/// A request to end this process (SIGTERM, SIGHUP) ends the command and those of its descendants whose parents still
/// live; a second request kills them. If this process is killed, a watchdog ends them.
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
    // If no thread can be started for it, signals aren't forwarded, but the command still runs.
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
