//! Holding a process as a debugger does, so that only a kill has an effect on it.

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::sandbox::eventually;
use crate::support::skipped::skipped;

/// The process of a slot, held up.
pub(crate) struct Held(Pid);

impl Held {
    /// Hold the process of this slot; `None` if the system does not allow that. The same thread must later request the
    /// process's end.
    pub(crate) fn from_slot(slot: &Value) -> Option<Self> {
        let pid = Pid::from_raw(i32::try_from(slot["pid"].as_i64()?).ok()?);
        let refused = |error: &nix::Error| skipped(format_args!("ptrace is not allowed on this machine: {error}"));
        nix::sys::ptrace::attach(pid).inspect_err(refused).ok()?;
        // Wait for the stop: until then a request to end would continue the process, because it also sends SIGCONT.
        waitpid(pid, None).expect("it stops");
        Some(Self(pid))
    }

    /// Wait until it is killed. The holder collects a held process before its parent does.
    pub(crate) fn await_kill(self) {
        eventually("it is killed", || match waitpid(self.0, None) {
            Ok(WaitStatus::Stopped(..)) => None,
            _ => Some(()),
        });
    }

    /// Returns whether the process still exists.
    pub(crate) fn is_there(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ") && !stat.contains(") X ")
    }
}
