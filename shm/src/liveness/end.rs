//! Being told that a process has ended, without looking again and again.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use told::{Ending, Stop};

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use untold::{Ending, Stop};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod told {
    use std::os::fd::OwnedFd;

    use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    use super::super::process::{ProcessMark, runs};

    /// The end of one process, to be waited for.
    pub(crate) struct Ending(OwnedFd);

    /// A word to who waits for an end: wait no longer.
    pub(crate) struct Stop(OwnedFd);

    impl Ending {
        /// The end of that very process; `None` where it has come already or cannot be waited for here.
        pub(crate) fn of(mark: ProcessMark, boot: [u8; 16]) -> Option<Self> {
            let pid = Pid::from_raw(i32::try_from(mark.pid).ok()?)?;
            let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
            // The number could have been another process's when the handle was taken, but not if its own still runs now.
            (runs(mark, boot) == Some(true)).then_some(Self(handle))
        }

        /// Wait for it. `false` when the word to stop came first, or waiting does not work.
        pub(crate) fn wait(&self, stop: &Stop) -> bool {
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

    impl Stop {
        pub(crate) fn new() -> Option<Self> {
            eventfd(0, EventfdFlags::CLOEXEC).ok().map(Self)
        }

        pub(crate) fn say(&self) {
            // It cannot fail: the count of a fresh one is far from full.
            let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod untold {
    use super::super::process::ProcessMark;

    /// Ends cannot be waited for here: there is never one of these.
    pub(crate) enum Ending {}

    pub(crate) struct Stop;

    impl Ending {
        pub(crate) fn of(_: ProcessMark, _: [u8; 16]) -> Option<Self> {
            None
        }

        pub(crate) fn wait(&self, _: &Stop) -> bool {
            match *self {}
        }
    }

    impl Stop {
        pub(crate) fn new() -> Option<Self> {
            Some(Self)
        }

        pub(crate) fn say(&self) {}
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::super::process::{ProcessMark, boot_id, of, own};
    use super::*;

    #[test]
    fn the_end_of_a_process_is_told_also_before_anybody_waits_for_it() {
        let mut child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
        let mark = of(child.id()).unwrap();
        let (ending, stop) = (Ending::of(mark, boot_id()).unwrap(), Stop::new().unwrap());
        child.kill().unwrap();
        assert!(ending.wait(&stop));
        assert!(Ending::of(mark, boot_id()).is_none(), "it has ended, though nobody collected it");
        child.wait().unwrap();
    }

    #[test]
    fn who_waits_can_be_told_to_stop_and_another_process_is_not_waited_for() {
        let stop = Stop::new().unwrap();
        stop.say();
        assert!(!Ending::of(own(), boot_id()).unwrap().wait(&stop));
        let before = ProcessMark { start_time: own().start_time - 1, ..own() };
        assert!(Ending::of(before, boot_id()).is_none(), "the number was another's");
    }
}
