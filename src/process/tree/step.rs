//! A child that shares this process's session and terminal: waited for, and ended with those below it on request.
//!
//! It has no runner, since a program on a terminal belongs to the terminal's session. Processes that have left their
//! parents are therefore out of sight. Nothing is ended when the child ends by itself: it may have started a daemon.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::Pid;
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::low_level::{pipe, unregister};

use super::ending::Ending;
use super::handle::{Handle, await_any};
use super::look::Descendants;

/// The grace of a child when this process is asked to end.
const GRACE: Duration = Duration::from_secs(2);

/// Wait for the child's end. A request to end this process (SIGTERM, SIGHUP) ends the child and those below it; the
/// status is then that signal, whatever the child's own is.
pub(in crate::process) fn wait_or_end(mut child: Child) -> io::Result<ExitStatus> {
    let pid = Pid::from_child(&child);
    let (Ok(Some(handle)), Ok(mut requests)) = (Handle::open(pid), Requests::listen()) else { return child.wait() };
    let asked = await_any([handle.as_fd(), requests.signals.as_fd()].into_iter(), None)[1];
    if asked {
        end(pid)?;
    }
    let status = child.wait()?;
    requests.close();
    Ok(requests.signal().map_or(status, ExitStatus::from_raw))
}

/// Signals that ask this process to end, while it waits.
struct Requests {
    signals: io::PipeReader,
    signal: Arc<AtomicUsize>,
    registered: Vec<SigId>,
}

impl Requests {
    fn listen() -> io::Result<Self> {
        let (signals, writer) = io::pipe()?;
        let mut requests = Self { signals, signal: Arc::default(), registered: Vec::new() };
        for (signal, number) in [(SIGTERM, SIGTERM as usize), (SIGHUP, SIGHUP as usize)] {
            // The number is stored before the pipe is written to, as handlers run in this order.
            let stored = signal_hook::flag::register_usize(signal, Arc::clone(&requests.signal), number)?;
            requests.registered.push(stored);
            requests.registered.push(pipe::register(signal, writer.try_clone()?)?);
        }
        Ok(requests)
    }

    fn signal(&self) -> Option<i32> {
        i32::try_from(self.signal.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
    }

    fn close(&mut self) {
        for id in self.registered.drain(..) {
            unregister(id);
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.close();
    }
}

/// End the child and those below it. The child itself is left to be collected.
fn end(pid: Pid) -> io::Result<()> {
    let mut descendants = Descendants::by_rule(move |found, _| found == pid);
    descendants.lead_by(pid)?;
    Ending::of(descendants).end(GRACE, Ending::await_member);
    Ok(())
}
