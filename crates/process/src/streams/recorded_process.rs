//! Process groups on record: known again later, also by another process, and never mistaken for strangers.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use vx_base::system::identity::{boot, started};

use crate::facts::group::members;

/// The pause between two looks at a group that ends.
const GLANCE: Duration = Duration::from_millis(10);

/// A process, with what tells it from all others that ever have its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedProcess {
    /// Its number.
    pub pid: u32,
    /// The time of its start, in the ticks of the system since its start.
    start: u64,
    /// The start of the system.
    boot: String,
}

impl RecordedProcess {
    /// The process with this number; `None` if there is none.
    pub fn from_pid(pid: u32) -> Option<Self> {
        Some(Self { pid, start: started(pid)?, boot: boot()?.to_owned() })
    }

    /// True while it is that very process.
    pub fn is_there(&self) -> bool {
        Self::from_pid(self.pid).as_ref() == Some(self)
    }

    /// End its group and all below it: asked first, and killed after this time. Nothing happens if it is gone, for its
    /// number may be another's by now.
    pub fn end_group(&self, grace: Duration) {
        let Some(group) = Pid::from_raw(self.pid.cast_signed()).filter(|_| self.is_there()) else { return };
        // A group that has ended meanwhile needs no signal.
        let _ = kill_process_group(group, Signal::TERM);
        if !self.wait(grace) {
            let _ = kill_process_group(group, Signal::KILL);
            self.wait(grace);
        }
    }

    /// Wait until nothing is left of the group; false if something is after this time.
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
