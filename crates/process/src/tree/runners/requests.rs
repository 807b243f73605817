//! Requests that a runner waits for: from its owner, by a signal, or by its owner's death.

use std::io::{self, ErrorKind, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, getppid};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::tree::members::handle::{ProcessHandle, await_any};
use crate::tree::protocol::parse_end;

/// A reason to end the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tree) enum TreeEndRequest {
    /// The owner asks for it, and grants this grace.
    End(Duration),
    /// A signal asks for it: when an outer tree is ended, its inner runners are signalled, too, and a runner must not
    /// end before its tree.
    Signalled,
    /// The owner has died, or has closed the socket.
    OwnerGone,
}

/// The sources of requests. A source that has reported its end is not polled again.
pub(in crate::tree) struct RunnerRequests {
    owner: Option<ProcessHandle>,
    socket: Option<UnixStream>,
    received: String,
    signals: PipeReader,
}

impl RunnerRequests {
    /// Listen to the owner from now on, and to signals, which no longer end this process.
    ///
    /// # Errors
    /// The system refuses, or the owner is not this process's parent any more.
    pub(in crate::tree) fn from_owner(owner: u32, socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let pid = i32::try_from(owner).ok().and_then(Pid::from_raw);
        Ok(Self { socket: Some(socket), ..Self::of_parent(pid)? })
    }

    /// Listen without a socket, to signals and for the end of this process's parent.
    ///
    /// # Errors
    /// The system refuses.
    pub(in crate::tree) fn from_parent() -> io::Result<Self> {
        Self::of_parent(getppid())
    }

    fn of_parent(pid: Option<Pid>) -> io::Result<Self> {
        let (signals, writer) = io::pipe()?;
        rustix::io::ioctl_fionbio(&signals, true)?;
        for signal in [SIGTERM, SIGINT, SIGQUIT, SIGHUP] {
            signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
        }
        // Any handler will do: if SIGCHLD was ignored when this program was started, the system would collect each
        // child, and its status would be lost.
        signal_hook::flag::register(SIGCHLD, Arc::default())?;
        let handle = pid.and_then(|pid| ProcessHandle::open(pid).transpose()).transpose()?;
        // The id may have been reused before the handle was opened: the handle is the owner's only if the parent still
        // has that id.
        let handle = handle.filter(|_| getppid() == pid).ok_or(ErrorKind::NotConnected)?;
        Ok(Self { owner: Some(handle), socket: None, received: String::new(), signals })
    }

    /// Wait for a request, or until one of the other files is ready, for `patience` at most.
    pub(in crate::tree) fn wait<'a>(
        &'a mut self,
        others: impl IntoIterator<Item = BorrowedFd<'a>>,
        patience: Option<Duration>,
    ) -> Option<TreeEndRequest> {
        let own = [self.owner.as_ref().map(AsFd::as_fd), self.socket.as_ref().map(AsFd::as_fd)];
        let present = own.map(|fd| fd.is_some());
        let mut fds: Vec<BorrowedFd<'_>> = own.into_iter().flatten().collect();
        fds.push(self.signals.as_fd());
        for fd in others {
            fds.push(fd);
        }
        let mut ready = await_any(fds.into_iter(), patience).into_iter();
        let [owner, socket] = present.map(|present| present && ready.next().unwrap_or(false));
        let signalled = ready.next().unwrap_or(false);
        if owner {
            self.owner = None;
            return Some(TreeEndRequest::OwnerGone);
        }
        if socket && let Some(request) = self.receive() {
            return Some(request);
        }
        (signalled && self.signals.read(&mut [0; 64]).is_ok()).then_some(TreeEndRequest::Signalled)
    }

    fn receive(&mut self) -> Option<TreeEndRequest> {
        let mut buffer = [0; 256];
        match self.socket.as_mut()?.read(&mut buffer) {
            Ok(0) => self.hang_up(),
            Ok(read) => {
                self.received.push_str(&String::from_utf8_lossy(&buffer[..read]));
                let line = self.received.split_inclusive('\n').next_back().filter(|line| line.ends_with('\n'))?;
                let grace = parse_end(line);
                self.received.clear();
                grace.map(TreeEndRequest::End)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => None,
            Err(_) => self.hang_up(),
        }
    }

    fn hang_up(&mut self) -> Option<TreeEndRequest> {
        self.socket = None;
        Some(TreeEndRequest::OwnerGone)
    }
}
