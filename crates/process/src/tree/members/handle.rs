//! A handle of one process, never of a later one with the same id.
//!
//! A process keeps its id until it has been collected. A pidfd refers to the process itself, and becomes readable at
//! its end; so as long as the handle is not readable, the id still belongs to that process.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, pidfd_open, pidfd_send_signal, waitid,
};

/// Whether this system has what guards stand on: handles of processes came last, with Linux 5.3.
pub fn has_guards() -> bool {
    pidfd_open(rustix::process::getpid(), PidfdFlags::empty()).is_ok()
}

/// Facts about a process at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tree) struct ProcessFacts {
    /// Its parent; `None` if that is outside of this pid namespace.
    pub parent: Option<Pid>,
    /// Its session; `None` if that is outside of this pid namespace (as for a command that is run inside a container),
    /// for kernel threads, and for a process that is about to be removed.
    pub session: Option<Pid>,
    /// The time of its start, in ticks since the system's boot.
    pub start: u64,
    /// It is stopped, as by Ctrl-Z.
    pub stopped: bool,
    /// Other facts are not known: it is about to be removed, or a thread other than the first is executing a program.
    pub changing: bool,
    /// It has no variables: it was started without any, has ended, is a kernel thread, or hides them from this user.
    /// False during an exec, while it does not have its variables yet.
    pub bare: bool,
}

impl ProcessFacts {
    /// The facts in `/proc` about the process that has this id now.
    pub(in crate::tree) fn from_pid(pid: Pid) -> Option<Self> {
        Self::read(pid).ok().flatten()
    }

    /// As [`from_pid`](Self::from_pid), with errors; `Ok(None)` if there is no such process.
    ///
    /// # Errors
    /// The system refuses to show the facts, or this process can't open another file.
    pub(in crate::tree) fn read(pid: Pid) -> io::Result<Option<Self>> {
        let mut buffer = [0; 1024];
        match File::open(format!("/proc/{pid}/stat")).and_then(|mut file| file.read(&mut buffer)) {
            Ok(read) => Ok(Self::parse(&buffer[..read])),
            Err(error) if error.kind() == ErrorKind::NotFound || is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The name, in parentheses, may hold any characters, even parentheses: the fields follow the last one.
    fn parse(stat: &[u8]) -> Option<Self> {
        let close = stat.iter().rposition(|byte| *byte == b')')?;
        let fields: Vec<&str> = std::str::from_utf8(stat.get(close + 2..)?).ok()?.split(' ').collect();
        let number = |at: usize| fields.get(at).and_then(|text: &&str| text.parse::<i32>().ok());
        // A process without a session shows a negative number.
        let pid = |number: i32| Pid::from_raw(number.max(0));
        let address = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        // To a user who may not see it, the address of the code is shown as 1.
        let [memory_bytes, code, variables, variables_end] = [20, 23, 47, 48].map(address);
        Some(Self {
            parent: pid(number(1)?),
            session: pid(number(3)?),
            start: fields.get(19)?.parse().ok()?,
            stopped: fields[0] == "T",
            changing: number(3)? < 0,
            bare: memory_bytes == 0 || code == 1 || variables_end != 0 && variables == variables_end,
        })
    }
}

/// The ticks since the system's boot, as [`ProcessFacts::start`] counts them.
pub(in crate::tree) fn now_ticks() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let per_second = rustix::param::clock_ticks_per_second();
    let nanoseconds_per_tick = 1_000_000_000 / per_second.max(1);
    now.tv_sec.cast_unsigned() * per_second + now.tv_nsec.cast_unsigned() / nanoseconds_per_tick
}

/// A handle of a process.
#[derive(Debug)]
pub(in crate::tree) struct ProcessHandle {
    pub pid: Pid,
    fd: OwnedFd,
}

impl ProcessHandle {
    /// Opens the process that has this id now; `Ok(None)` if there is none.
    pub(in crate::tree) fn open(pid: Pid) -> io::Result<Option<Self>> {
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => Ok(Some(Self { pid, fd })),
            Err(Errno::SRCH | Errno::INVAL) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Send it a signal. Returns whether it was sent: not to another user's process, nor to one that has been
    /// collected.
    pub(in crate::tree) fn signal(&self, signal: Signal) -> bool {
        pidfd_send_signal(&self.fd, signal).is_ok()
    }

    /// Collects a child that has ended, and returns its status; from then on, its id may be reused.
    pub(in crate::tree) fn collect(&self) -> Option<WaitIdStatus> {
        waitid(WaitId::PidFd(self.fd.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG).ok().flatten()
    }

    /// Returns the status of a child that has ended, without collecting it; it keeps its id.
    pub(in crate::tree) fn status(&self) -> Option<WaitIdStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::PidFd(self.fd.as_fd()), options).ok().flatten()
    }
}

impl AsFd for ProcessHandle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Recognizes the error for a process that ends while its facts are read.
fn is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::SRCH.raw_os_error())
}

/// Returns whether a child of this process, or one of its threads, has not ended. The system answers for one instant,
/// with the list of processes locked. A zombie does not count, unless another process traces it.
pub(in crate::tree) fn has_living_children() -> bool {
    // Without `EXITED`, the system skips children that have ended. `every_kind` is `__WALL`, which includes children
    // that don't signal their end to their parent.
    let every_kind = WaitIdOptions::from_bits_retain(0x4000_0000);
    let options = WaitIdOptions::STOPPED | WaitIdOptions::CONTINUED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::All, options | every_kind), Err(Errno::CHILD))
}

/// Wait until one of these files is ready, for `patience` at most, and return for each, in order, whether it is. A
/// process handle is ready once the process and all its threads have ended.
pub(in crate::tree) fn await_any<'a>(
    fds: impl Iterator<Item = BorrowedFd<'a>>,
    patience: Option<Duration>,
) -> Vec<bool> {
    let mut fds: Vec<PollFd<'a>> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let deadline = patience.and_then(|patience| Instant::now().checked_add(patience));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // A time that is too long for a `Timespec` means a wait without end.
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        // The end of any child interrupts the wait.
        if poll(&mut fds, timeout.as_ref()) != Err(Errno::INTR) {
            return fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_follow_a_name_that_may_hold_anything() {
        let stat = b"7 (a) S (b) Z 3 5 6 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 4 0 12345 1000 9";
        let facts = ProcessFacts::parse(stat).expect("all fields are there");
        assert_eq!((facts.parent, facts.session, facts.start), (Pid::from_raw(3), Pid::from_raw(6), 12345));
        let going = ProcessFacts::parse(b"7 (a) X 0 -1 -1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 4 0 12345 0 0")
            .expect("all are there");
        assert_eq!((going.parent, going.session, going.stopped, going.changing), (None, None, false, true));
        assert!(!facts.changing);
        let stopped = ProcessFacts::parse(b"7 (T) T 3 5 6 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 4 0 12345 1000 9");
        assert!(stopped.is_some_and(|facts| facts.stopped) && !facts.stopped);
        assert_eq!(ProcessFacts::parse(b"7 (a) S 0 0 0 0 -1"), None);
    }

    #[test]
    fn a_process_that_becomes_another_program_is_not_bare_before_it_has_its_variables() {
        let bare = |memory: u64, code: u64, variables: [u64; 2]| {
            let between = "0 ".repeat(23);
            let [start, end] = variables;
            let head = "7 (a) R 3 5 6 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 4 0 12345";
            let stat = format!("{head} {memory} 9 18446744073709551615 {code} {between}{start} {end} 0");
            ProcessFacts::parse(stat.as_bytes()).expect("all fields are there").bare
        };
        assert!(!bare(4096, 0, [0, 0]), "it becomes another program");
        assert!(!bare(4096, 4096, [8192, 8200]), "it has variables");
        assert!(bare(4096, 4096, [8192, 8192]), "it was started with none");
        assert!(bare(4096, 1, [0, 0]), "it does not show them");
        assert!(bare(0, 0, [0, 0]), "it has ended, or is the system's");
        assert!(!ProcessFacts::from_pid(rustix::process::getpid()).expect("this process is there").bare);
    }

    #[test]
    fn facts_of_nobody_are_none_and_those_that_cannot_be_read_an_error() {
        let mut child = std::process::Command::new("true").spawn().expect("a process");
        let pid = Pid::from_child(&child);
        child.wait().expect("its end");
        assert!(matches!(ProcessFacts::read(pid), Ok(None)));
        assert!(matches!(ProcessFacts::read(rustix::process::getpid()), Ok(Some(_))));
    }

    #[test]
    fn this_process_started_before_now_and_its_handle_is_silent() {
        let own = rustix::process::getpid();
        let facts = ProcessFacts::from_pid(own).expect("this process is there");
        assert!(facts.start <= now_ticks() && now_ticks() - facts.start < 360_000, "{facts:?} {}", now_ticks());
        let handle = ProcessHandle::open(own).expect("a handle").expect("this process is there");
        assert_eq!(await_any([handle.as_fd()].into_iter(), Some(Duration::ZERO)), [false]);
        assert!(handle.status().is_none(), "it is no child of its own");
    }
}
