//! The runner between this process and a program on a terminal.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::unistd::{self, getpgid, getpgrp};
use rustix::process::{Pid, Signal, WaitIdStatus, getppid, set_child_subreaper};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGQUIT, SIGWINCH};

use super::{EndSignals, GRACE, STEP};
use crate::facts::exit::end_alike;
use crate::facts::group::Survivors;
use crate::tree::ending::TreeEnding;
use crate::tree::members::handle::{ProcessHandle, await_any};
use crate::tree::members::scan::Descendants;

/// The least time between two scans for orphans that have ended.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// The exit code for wrong usage.
const USAGE: u8 = 2;
/// Shells report a program that was ended by a signal with an exit code of this plus the signal's number.
const SHELLS_ADD: i32 = 128;
/// The exit code by which shells report a program that cannot be run.
const NOT_RUN: u8 = 126;

/// Be the runner of a program on a terminal, if this program was started as one; `words` is the command line without
/// the program's name. The processes that `spared` returns, and those below them, do not belong to the tree.
pub(in crate::tree) fn run(words: &[OsString], spared: fn() -> Vec<u32>) -> Option<ExitCode> {
    if words.first()? != STEP {
        return None;
    }
    let [_, owner, program, arguments @ ..] = words else { return Some(ExitCode::from(USAGE)) };
    let mut command = Command::new(program);
    command.args(arguments);
    Some(match serve(owner, command, spared) {
        Ok(status) => ExitCode::from(end_alike(status)),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: cannot run `{}`: {error}", program.to_string_lossy());
            ExitCode::from(NOT_RUN)
        }
    })
}

fn serve(owner: &OsString, mut command: Command, spared: fn() -> Vec<u32>) -> io::Result<ExitStatus> {
    let pid = owner.to_str().and_then(|owner| Pid::from_raw(owner.parse().ok()?));
    // The handle is the owner's only if the parent still has that id.
    let owner = pid.and_then(|pid| ProcessHandle::open(pid).transpose()).transpose()?.filter(|_| getppid() == pid);
    let owner = owner.ok_or(io::ErrorKind::NotConnected)?;
    let (mut requests, interrupted) = (EndSignals::listen()?, Arc::new(AtomicBool::new(false)));
    // Ctrl-C reaches the program, too; leave the decision to it.
    for signal in [SIGINT, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    let mut orphans = Orphans::listen()?;
    let (resized, writer) = io::pipe()?;
    signal_hook::low_level::pipe::register(SIGWINCH, writer)?;
    set_child_subreaper(Some(Pid::INIT))?;
    let mut child = command.spawn()?;
    let mut descendants = Descendants::all();
    // It is not collected before the end, so the id stays its own.
    descendants.lead_by(Pid::from_child(&child))?;
    let mut ending = TreeEnding::from_descendants(descendants);
    let asked = loop {
        let Some(leader) = ending.descendants.leader_handle() else { break false };
        let fds = [leader.as_fd(), requests.signals.as_fd(), owner.as_fd(), orphans.ended.as_fd(), resized.as_fd()];
        let [ended, asked, gone, orphaned, size] = await_any(fds.into_iter(), orphans.pause())[..] else { break false };
        if asked || gone {
            break true;
        }
        if ended {
            let status = ending.descendants.leader_status();
            break interrupted.load(Ordering::SeqCst) && status.is_some_and(|status| by_interrupt(&status));
        }
        if size {
            let _ = (&resized).read(&mut [0; 64]);
            // An owner in another group has lent the terminal, and relays the program's output: tell it the new size.
            if getpgid(Some(unistd::getppid())).is_ok_and(|group| group != getpgrp()) {
                owner.signal(Signal::WINCH);
            }
        }
        orphans.collect(orphaned, &mut ending);
    };
    if asked {
        ending.descendants.spare(spared().into_iter().filter_map(|pid| Pid::from_raw(pid.cast_signed())).collect());
        report(&ending.end(GRACE, TreeEnding::await_member));
    }
    let status = child.wait()?;
    requests.close();
    Ok(requests.signal().map_or(status, ExitStatus::from_raw))
}

/// Name the processes that could not be ended, on the program's standard error.
fn report(left: &Survivors) {
    if !left.is_none() {
        let _ = writeln!(io::stderr(), "warning: killed, and {left}");
    }
}

/// Collects adopted orphans that have ended: each keeps its process id until it is collected.
struct Orphans {
    /// A pipe that reports the end of any child.
    ended: io::PipeReader,
    looked_at: Option<Instant>,
    /// A child has ended since then.
    waiting: bool,
}

impl Orphans {
    /// Listen for the end of children. This also installs a handler: if SIGCHLD were ignored, the system would collect
    /// each child, and its status would be lost.
    fn listen() -> io::Result<Self> {
        let (ended, writer) = io::pipe()?;
        rustix::io::ioctl_fionbio(&ended, true)?;
        signal_hook::low_level::pipe::register(SIGCHLD, writer)?;
        Ok(Self { ended, looked_at: None, waiting: false })
    }

    /// The time until the next scan; `None` while no child has ended.
    fn pause(&self) -> Option<Duration> {
        let since = self.looked_at.map_or(BETWEEN_LOOKS, |at| at.elapsed());
        self.waiting.then(|| BETWEEN_LOOKS.saturating_sub(since))
    }

    /// Collect orphans that have ended, at most once per interval. Set `news` if the pipe is readable.
    fn collect(&mut self, news: bool, ending: &mut TreeEnding) {
        if news {
            self.waiting |= self.ended.read(&mut [0; 64]).is_ok();
        }
        if self.pause() == Some(Duration::ZERO) {
            ending.seen_empty();
            (self.waiting, self.looked_at) = (false, Some(Instant::now()));
        }
    }
}

/// Returns whether Ctrl-C has ended the program, or the program reports so by its exit code, as shells do.
fn by_interrupt(status: &WaitIdStatus) -> bool {
    let number = status.terminating_signal().or(status.exit_status().map(|code| code - SHELLS_ADD));
    number.is_some_and(|number| [SIGINT, SIGQUIT].contains(&number))
}
