//! The group of a program without a runner. Processes that leave the group are not followed.
//!
//! The program is not collected before its group has been killed, so the group's id can't belong to another group.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{ChildPipeEnds, PipedEnd, PipedEvent, PipedLaunch};
use crate::facts::exit::Exit;
use crate::facts::group::{Survivors, members};

/// Pause between two checks of a group that is about to end.
const GLANCE: Duration = Duration::from_millis(10);

/// A program that leads a group.
pub(super) struct Grouped {
    child: Child,
    pid: Pid,
    /// A pipe that is closed when the program ends; `None` from then on.
    ended: Option<PipeReader>,
    linger: Duration,
    grace: Duration,
    stage: GroupStage,
    /// The time of the next check, even if the pipe is still open.
    look_at: Option<Instant>,
}

enum GroupStage {
    Running,
    /// The program has ended, and its output is still open; the group is asked to end at this time.
    Lingering(Instant),
    /// The group was asked to end, and is killed at the time `until`.
    Asked {
        until: Instant,
        held_output: bool,
    },
}

impl Grouped {
    pub(super) fn start(launch: PipedLaunch, ends: ChildPipeEnds) -> io::Result<Self> {
        let (ended, writer) = io::pipe()?;
        let mut command = Command::new(&launch.program);
        launch.removed.iter().for_each(|name| _ = command.env_remove(name));
        command.args(&launch.arguments).envs(launch.environment).current_dir(&launch.directory).process_group(0);
        command.stdin(ends.stdin.map_or_else(Stdio::null, Stdio::from)).stdout(ends.output).stderr(ends.errors);
        let mut child = command.spawn()?;
        let pid = Pid::from_child(&child);
        let waiting = thread::Builder::new().name("child".into()).spawn(move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == Errno::INTR) {}
            drop(writer);
        });
        if let Err(error) = waiting {
            let _ = child.kill().and_then(|()| child.wait());
            return Err(error);
        }
        let (linger, grace) = (launch.linger, launch.grace);
        Ok(Self { child, pid, ended: Some(ended), linger, grace, stage: GroupStage::Running, look_at: None })
    }

    pub(super) fn awaited(&self) -> Option<BorrowedFd<'_>> {
        self.ended.as_ref().map(AsFd::as_fd)
    }

    pub(super) fn look_at(&self) -> Option<Instant> {
        self.look_at
    }

    pub(super) fn ask_to_end(&mut self, grace: Duration) {
        let until = Instant::now() + grace;
        self.stage = match self.stage {
            GroupStage::Asked { until: before, held_output } => {
                GroupStage::Asked { until: until.min(before), held_output }
            }
            _ => self.asked(until, false),
        };
        self.look_at = Some(Instant::now());
    }

    fn asked(&self, until: Instant, held_output: bool) -> GroupStage {
        let _ = kill_process_group(self.pid, Signal::TERM);
        // A stopped process acts on a signal only once it runs again.
        let _ = kill_process_group(self.pid, Signal::CONT);
        GroupStage::Asked { until, held_output }
    }

    pub(super) fn poll(&mut self, drained: bool, on_news: &mut dyn FnMut(PipedEvent<'_>)) -> bool {
        let now = Instant::now();
        if self.ended.is_some() && self.has_ended() {
            self.ended = None;
            on_news(PipedEvent::LeaderEnded);
            if matches!(self.stage, GroupStage::Running) {
                self.stage = GroupStage::Lingering(now + self.linger);
            }
        }
        let over = match self.stage {
            GroupStage::Running => false,
            GroupStage::Lingering(_) if drained => true,
            GroupStage::Lingering(until) => {
                if now >= until {
                    self.stage = self.asked(now + self.grace, true);
                }
                false
            }
            GroupStage::Asked { until, .. } => now >= until || self.is_alone(),
        };
        self.look_at = match (&self.stage, &self.ended) {
            (GroupStage::Running, _) => None,
            (GroupStage::Asked { until, .. }, Some(_)) => Some(*until),
            _ => Some(now + GLANCE),
        };
        if over {
            let _ = kill_process_group(self.pid, Signal::KILL);
            let held_output = matches!(self.stage, GroupStage::Asked { held_output: true, .. });
            let exit = self.child.wait().map(Exit::from);
            on_news(PipedEvent::Ended(exit.map(|exit| PipedEnd { exit, held_output, left: Survivors::default() })));
        }
        over
    }

    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        !matches!(waitid(WaitId::Pid(self.pid), options), Ok(None))
    }

    /// Returns whether the program has ended and no other process is in its group.
    fn is_alone(&self) -> bool {
        self.ended.is_none() && members(self.pid.as_raw_pid().cast_unsigned()).is_empty()
    }
}

impl Drop for Grouped {
    fn drop(&mut self) {
        // Once the child has been collected, the id may be another group's.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process_group(self.pid, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
