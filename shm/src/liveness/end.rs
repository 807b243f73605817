//! Waiting for the end of a process without polling.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use supported::{ProcessEnd, StopSignal};

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use unsupported::{ProcessEnd, StopSignal};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod supported {
    use std::os::fd::OwnedFd;

    use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    use super::super::process::{ProcessMark, runs};

    /// Waits for the end of one process.
    pub(crate) struct ProcessEnd(OwnedFd);

    /// Stops a wait for a process's end.
    pub(crate) struct StopSignal(OwnedFd);

    impl ProcessEnd {
        /// Prepare to wait for exactly that process; `None` if it has ended already or cannot be waited for here.
        pub(crate) fn for_process(mark: ProcessMark, boot: [u8; 16]) -> Option<Self> {
            let pid = Pid::from_raw(i32::try_from(mark.pid).ok()?)?;
            let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
            // The handle could be of another process that got the number. Not if the marked process runs even now.
            (runs(mark, boot) == Some(true)).then_some(Self(handle))
        }

        /// Wait for it. Returns `false` if the stop signal came first, or waiting does not work.
        pub(crate) fn wait(&self, stop: &StopSignal) -> bool {
            let mut either = [PollFd::new(&self.0, PollFlags::IN), PollFd::new(&stop.0, PollFlags::IN)];
            loop {
                match poll(&mut either, None) {
                    Err(rustix::io::Errno::INTR) => {}
                    Err(_) => return false,
                    Ok(_) => return !either[0].revents().is_empty(),
                }
            }
        }
    }

    impl StopSignal {
        pub(crate) fn new() -> Option<Self> {
            eventfd(0, EventfdFlags::CLOEXEC).ok().map(Self)
        }

        pub(crate) fn send(&self) {
            // The write cannot fail: the count of a fresh event is far from its limit.
            let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod unsupported {
    use super::super::process::ProcessMark;

    /// This system cannot wait for ends, so no value of this type exists.
    pub(crate) enum ProcessEnd {}

    pub(crate) struct StopSignal;

    impl ProcessEnd {
        pub(crate) fn for_process(_: ProcessMark, _: [u8; 16]) -> Option<Self> {
            None
        }

        pub(crate) fn wait(&self, _: &StopSignal) -> bool {
            match *self {}
        }
    }

    impl StopSignal {
        pub(crate) fn new() -> Option<Self> {
            Some(Self)
        }

        pub(crate) fn send(&self) {}
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::super::process::{ProcessMark, boot_id, mark_of_pid, own};
    use super::*;

    #[test]
    fn an_end_before_the_wait_is_reported_too() {
        let mut child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
        let mark = mark_of_pid(child.id()).unwrap();
        let (ending, stop) = (ProcessEnd::for_process(mark, boot_id()).unwrap(), StopSignal::new().unwrap());
        child.kill().unwrap();
        assert!(ending.wait(&stop));
        assert!(ProcessEnd::for_process(mark, boot_id()).is_none(), "it has ended, though it was not collected");
        child.wait().unwrap();
    }

    #[test]
    fn a_wait_can_be_stopped_and_another_process_is_not_waited_for() {
        let stop = StopSignal::new().unwrap();
        stop.send();
        assert!(!ProcessEnd::for_process(own(), boot_id()).unwrap().wait(&stop));
        let before = ProcessMark { start_time: own().start_time - 1, ..own() };
        assert!(ProcessEnd::for_process(before, boot_id()).is_none(), "the number was another's");
    }
}
