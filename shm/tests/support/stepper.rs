//! A child that runs one system call or one instruction at a time, so that its parent can look at the board in between.

use std::path::Path;

use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::children::Writer;

/// Where a child stops after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// At the next instruction.
    Instruction,
    /// At the entry of the system call with this number and these first arguments.
    Entry(i64, [u64; 3]),
    /// At the exit of a system call.
    Exit,
    /// At a [`mark`].
    Mark,
    /// The child is gone.
    End,
}

/// A child that its parent single-steps. It is killed when this is dropped or when the parent ends.
pub(crate) struct Stepped {
    writer: Writer,
    pid: Pid,
}

impl Stepped {
    /// Start a child whose role begins with [`be_stepped`], where it stops.
    ///
    /// All steps must be made by the thread that called this.
    pub(crate) fn start(role: &str, board: &Path, seed: u64) -> Self {
        let writer = Writer::start(role, board, seed);
        let pid = Pid::from_raw(writer.pid().cast_signed());
        let mut stepped = Self { writer, pid };
        assert_eq!(stepped.wait(), At::Mark, "the child stops itself first");
        ptrace::setoptions(pid, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL).unwrap();
        stepped
    }

    pub(crate) fn pid(&self) -> u32 {
        self.writer.pid()
    }

    /// Run to the next instruction; a system call counts as one.
    pub(crate) fn instruction(&mut self) -> At {
        ptrace::step(self.pid, None).unwrap();
        self.wait()
    }

    /// Run to the next entry or exit of a system call.
    pub(crate) fn system_call(&mut self) -> At {
        ptrace::syscall(self.pid, None).unwrap();
        self.wait()
    }

    /// Run to the next mark without stopping in between.
    pub(crate) fn reach_mark(&mut self) {
        ptrace::cont(self.pid, None).unwrap();
        assert_eq!(self.wait(), At::Mark);
    }

    /// Run to the exit of the next system call for a lock. The first such call of every change of the table locks the
    /// table.
    pub(crate) fn reach_lock(&mut self) {
        loop {
            match self.system_call() {
                At::Entry(libc::SYS_fcntl, [_, command, _]) if command == libc::F_OFD_SETLK as u64 => break,
                At::Entry(..) | At::Exit => {}
                other => panic!("no lock was asked for: {other:?}"),
            }
        }
        assert_eq!(self.system_call(), At::Exit);
    }

    /// At the exit of a system call: make it fail with this error.
    pub(crate) fn fail_call(&mut self, error: nix::errno::Errno) {
        let mut registers = ptrace::getregs(self.pid).unwrap();
        registers.rax = i64::from(-(error as i32)).cast_unsigned();
        ptrace::setregs(self.pid, registers).unwrap();
    }

    /// Detach from the child and leave it stopped, like any stopped process, until it gets a SIGCONT.
    pub(crate) fn let_stop(self) -> Writer {
        ptrace::detach(self.pid, Signal::SIGSTOP).unwrap();
        self.writer
    }

    /// Send SIGKILL, and wait until the child is gone.
    pub(crate) fn kill(self) {
        self.writer.kill();
    }

    fn wait(&mut self) -> At {
        match waitpid(self.pid, Some(WaitPidFlag::__WALL)).unwrap() {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => At::Instruction,
            WaitStatus::Stopped(_, Signal::SIGSTOP) => At::Mark,
            WaitStatus::PtraceSyscall(_) => self.call(),
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => {
                self.writer.is_reaped();
                At::End
            }
            other => panic!("an unexpected stop: {other:?}"),
        }
    }

    fn call(&self) -> At {
        let registers = ptrace::getregs(self.pid).unwrap();
        match ptrace::syscall_info(self.pid).unwrap().op {
            libc::PTRACE_SYSCALL_INFO_ENTRY => {
                At::Entry(registers.orig_rax.cast_signed(), [registers.rdi, registers.rsi, registers.rdx])
            }
            libc::PTRACE_SYSCALL_INFO_EXIT => At::Exit,
            other => panic!("neither entry nor exit: {other}"),
        }
    }
}

/// In a child: stop, and continue only as the parent steps.
pub(crate) fn be_stepped() {
    ptrace::traceme().unwrap();
    mark();
}

/// In a child that is stepped: mark the beginning or the end of the part to be examined.
pub(crate) fn mark() {
    raise(Signal::SIGSTOP).unwrap();
}

/// Keeps this process on one processor until it is dropped: a step is then a switch from one process to the other, and
/// needs no message between two processors. Children started meanwhile stay on that processor.
pub(crate) struct OneProcessor(nix::sched::CpuSet);

impl OneProcessor {
    pub(crate) fn stay() -> Self {
        let here = Pid::from_raw(0);
        let all = nix::sched::sched_getaffinity(here).unwrap();
        let first = (0..nix::sched::CpuSet::count()).find(|at| all.is_set(*at).unwrap()).unwrap();
        let mut one = nix::sched::CpuSet::new();
        one.set(first).unwrap();
        nix::sched::sched_setaffinity(here, &one).unwrap();
        Self(all)
    }
}

impl Drop for OneProcessor {
    fn drop(&mut self) {
        let _ = nix::sched::sched_setaffinity(Pid::from_raw(0), &self.0);
    }
}
