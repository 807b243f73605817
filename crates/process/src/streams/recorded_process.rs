//! Records of process groups, by which they are recognized later, even by another process, and never confused with
//! others.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use vx_base::system::identity::{boot, started};

use crate::facts::group::members;

/// Pause between two checks of a group that is about to end.
const GLANCE: Duration = Duration::from_millis(10);

/// A process, with facts that distinguish it from any other process with the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedProcess {
    /// Its process id.
    pub pid: u32,
    /// The time of its start, in ticks since the system's boot.
    start: u64,
    /// The identifier of that boot.
    boot: String,
}

impl RecordedProcess {
    /// The process with this id; `None` if there is none.
    pub fn from_pid(pid: u32) -> Option<Self> {
        Some(Self { pid, start: started(pid)?, boot: boot()?.to_owned() })
    }

    /// Returns whether this process is still running.
    pub fn is_there(&self) -> bool {
        Self::from_pid(self.pid).as_ref() == Some(self)
    }

    /// End its group: ask first, and kill after `grace`. Nothing happens if the process is gone, since its id may be
    /// another's by now.
    pub fn end_group(&self, grace: Duration) {
        let Some(group) = Pid::from_raw(self.pid.cast_signed()).filter(|_| self.is_there()) else { return };
        // A group that has ended meanwhile needs no signal.
        let _ = kill_process_group(group, Signal::TERM);
        if !self.wait(grace) {
            let _ = kill_process_group(group, Signal::KILL);
            self.wait(grace);
        }
    }

    /// Wait until no process of the group is left; returns false if some are left after this time.
    fn wait(&self, time: Duration) -> bool {
        let until = std::time::Instant::now() + time;
        while !members(self.pid).is_empty() {
            if std::time::Instant::now() >= until {
                return false;
            }
            std::thread::sleep(GLANCE);
        }
        true
    }
}
