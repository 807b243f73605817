//! A process that is held as by a debugger: only a kill has an effect on it.

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::sandbox::eventually;
use crate::support::skipped::skipped;

/// The process of a slot, held up.
pub(crate) struct Held(Pid);

impl Held {
    /// Hold the process of this slot; `None` if the system does not allow that. The thread that calls this must also be
    /// the one that requests the end.
    pub(crate) fn of(slot: &Value) -> Option<Self> {
        let pid = Pid::from_raw(i32::try_from(slot["pid"].as_i64()?).ok()?);
        let refused = |error: &nix::Error| skipped(format_args!("ptrace is not allowed on this machine: {error}"));
        nix::sys::ptrace::attach(pid).inspect_err(refused).ok()?;
        // A process that has not stopped yet would continue on a request to end, because the request also sends
        // SIGCONT.
        waitpid(pid, None).expect("it stops");
        Some(Self(pid))
    }

    /// Wait until it is killed. A held process is collected by the process that holds it first.
    pub(crate) fn await_kill(self) {
        eventually("it is killed", || match waitpid(self.0, None) {
            Ok(WaitStatus::Stopped(..)) => None,
            _ => Some(()),
        });
    }

    /// Returns whether it is still there.
    pub(crate) fn is_there(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ") && !stat.contains(") X ")
    }
}
