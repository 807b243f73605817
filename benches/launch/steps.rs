//! The steps of a program until it executes another, counted with ptrace: system calls, and single instructions.
//!
//! A shell waits for a line before it executes the program, so that the program can be traced from its first
//! instruction on.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

/// Counts of one run, from the start of the program until another one has taken its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    /// System calls, the one that replaces the program included.
    pub(crate) calls: u64,
    /// Instructions outside of the kernel.
    pub(crate) instructions: u64,
}

/// Count system calls and instructions, in two runs. `None` if processes can't be traced, or the program exits without
/// executing another.
pub(crate) fn count(command: &Command) -> Option<Steps> {
    // The kernel stops a process on entry to a call and on exit from it.
    let calls = until_replaced(command, |pid| ptrace::syscall(pid, None))?.div_ceil(2);
    let instructions = until_replaced(command, |pid| ptrace::step(pid, None))?;
    Some(Steps { calls, instructions })
}

/// The number of times that `go_on` has to continue the program until it is replaced.
fn until_replaced(command: &Command, go_on: impl Fn(Pid) -> nix::Result<()>) -> Option<u64> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "read line; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().ok()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).ok()?);
    let program = Path::new(command.get_program()).canonicalize().ok()?;
    let counted = watch(pid, &program, || child.stdin.take().map(|mut pipe| pipe.write_all(b"go\n")), go_on);
    let _ = child.kill();
    let _ = child.wait();
    counted
}

/// Give up after this many steps; no runner worth counting takes more.
const MOST: u64 = 5_000_000;

fn watch<T>(
    pid: Pid,
    program: &Path,
    begin: impl FnOnce() -> T,
    go_on: impl Fn(Pid) -> nix::Result<()>,
) -> Option<u64> {
    ptrace::seize(pid, Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_TRACESYSGOOD).ok()?;
    begin();
    let mut stops = None;
    while stops.is_none_or(|stops| stops < MOST) {
        match waitpid(pid, None).ok()? {
            WaitStatus::PtraceEvent(..) if stops.is_some() => return stops,
            // An earlier event may be the start of the shell itself.
            WaitStatus::PtraceEvent(..) => {
                let now = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
                stops = (now == program).then_some(0);
            }
            WaitStatus::Stopped(..) | WaitStatus::PtraceSyscall(_) => stops = stops.map(|stops| stops + 1),
            _ => return None,
        }
        go_on(pid).ok()?;
    }
    None
}
